package rating

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
)

// note notes for the cycle's end that a meter that is billed record by record has an accepted record: it may owe a
// fee at zero (§10.3).
func (gs *gathered) note(u *usage) {
	row, isNew := gs.row(u.product, u.SKU, u.place.number, gs.regions.names[u.place.number], u.Resource)
	if m := &gs.meters.list[row]; isNew && m.resource != "" {
		gs.list[m.gather].name, gs.list[m.gather].tag = string(u.Name), string(u.Tag)
	}
}

// Subscribe takes up the meters of the open customer that rows of subscribers.csv name in the open cycle, for the
// CycleEnd that follows: they owe a fee at zero without a record (§10.3). Of two rows about one meter that has no
// record, the first in order of region_code and resource_id gives its region.
func (r *Rater) Subscribe() { r.gathered.subscribe() }

// subscribe is Rater.Subscribe.
func (gs *gathered) subscribe() {
	list := gs.c.bk.books.Subscribers.Of(gs.c.customer)
	for i := range list {
		s := &list[i]
		if !s.Valid.Overlaps(gs.c.bounds) {
			continue
		}
		gs.scratch = append(gs.scratch[:0], s.Resource...)
		product, region := &gs.c.bk.books.Products[s.SKU], gs.regions.number(s.Region)
		row, _ := gs.row(product, s.SKU, region, s.Region, gs.scratch)
		gs.list[gs.meters.list[row].gather].recorded = true
	}
}

// recordFee is feeAtZero of a meter that is billed record by record.
func (e *monthEnd) recordFee(row int32, out *line.Charges, objs *[]Object) error {
	m := e.meters.list[row]
	e.scratch = append(e.scratch[:0], m.resource...)
	counted, _ := e.meters.find(graduatedMeter, m.sku, m.region, e.scratch)
	if !e.meters.list[counted].count.IsZero() {
		return nil
	}
	return e.feeAtZero(row, out, objs)
}

// feeAtZero appends the flat fee of tier 1 of a meter that has nothing to price, if its product has a fee at zero
// (§10.3).
func (e *monthEnd) feeAtZero(row int32, out *line.Charges, objs *[]Object) error {
	m := &e.meters.list[row]
	g := &e.gathered.list[m.gather]
	p := &e.c.bk.books.Products[m.sku]
	if !p.FeeAtZero || e.gathered.onlyHolds(m) {
		return nil
	}
	region := e.gathered.list[e.meters.list[g.meter].gather].region
	if e.c.trace != nil {
		e.c.trace(Step{Kind: StepZero, SKU: p.SKU, Scope: e.meters.scopeText(m)})
	}
	version, err := e.c.versionOfCycle(m.sku, region, e.c.bounds)
	if err != nil {
		return err
	}
	tier := &e.c.bk.books.Versions[version].Tiers[0]
	if tier.FlatFee.IsZero() {
		return nil
	}
	o := Object{SKU: m.sku, Region: region}
	if p.Meter == books.PerResource {
		o.Resource, o.Name, o.Tag = m.resource, g.name, g.tag
	}
	n := int32(len(out.Draws))
	*objs = append(*objs, o)
	return e.c.flatFee(&climb{
		sku: m.sku, version: version, at: e.c.bounds.From, record: int32(len(*objs) - 1), drawsFrom: n, drawsTo: n,
	}, 0, tier, out)
}

// zeroText describes why a fee at zero is owed.
func (s Step) zeroText() string {
	return fmt.Sprintf("meter %s: nothing to price, and fee_at_zero is YES: the flat fee of tier 1 is owed", s.meter())
}
