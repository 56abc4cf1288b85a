package rating

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
)

// noteMeter notes for the cycle's end that a meter that is billed record by record has an accepted record: it may owe a
// fee at zero (§10.3).
func (r *Rater) noteMeter(u *usage) {
	row, isNew := r.gatherRow(u.product, u.SKU, u.place.number, r.regionNames[u.place.number], u.Resource)
	if m := &r.meters.list[row]; isNew && m.resource != "" {
		r.gathers[m.gather].name, r.gathers[m.gather].tag = string(u.Name), string(u.Tag)
	}
}

// Subscribe takes up the meters of the open customer that rows of subscribers.csv name in the open cycle, for the
// CycleEnd that follows: they owe a fee at zero without a record (§10.3). Of two rows about one meter that has no
// record, the first in order of region_code and resource_id gives its region.
func (r *Rater) Subscribe() {
	list := r.bk.books.SubscribersOf(r.customer)
	for i := range list {
		s := &list[i]
		if !s.Valid.Overlaps(r.bounds) {
			continue
		}
		r.scratch = append(r.scratch[:0], s.Resource...)
		row, _ := r.gatherRow(&r.bk.books.Products[s.SKU], s.SKU, r.regionNumber(s.Region), s.Region, r.scratch)
		r.gathers[r.meters.list[row].gather].recorded = true
	}
}

// recordFee is feeAtZero of a meter that is billed record by record.
func (r *Rater) recordFee(row int32, out *line.Charges, objs *[]Object) error {
	m := r.meters.list[row]
	r.scratch = append(r.scratch[:0], m.resource...)
	counted, _ := r.meters.find(graduatedMeter, m.sku, m.region, r.scratch)
	if !r.meters.list[counted].count.IsZero() {
		return nil
	}
	return r.feeAtZero(row, out, objs)
}

// feeAtZero appends the flat fee of tier 1 of a meter that has nothing to price, if its product has a fee at zero
// (§10.3).
func (r *Rater) feeAtZero(row int32, out *line.Charges, objs *[]Object) error {
	m := &r.meters.list[row]
	g := &r.gathers[m.gather]
	p := &r.bk.books.Products[m.sku]
	if !p.FeeAtZero || r.onlyHolds(m) {
		return nil
	}
	region := r.gathers[r.meters.list[g.meter].gather].region
	if r.trace != nil {
		r.trace(Step{Kind: StepZero, SKU: p.SKU, Scope: r.scopeText(m)})
	}
	version, err := r.versionOfCycle(m.sku, region, r.bounds)
	if err != nil {
		return err
	}
	tier := &r.bk.books.Versions[version].Tiers[0]
	if tier.FlatFee.IsZero() {
		return nil
	}
	o := Object{SKU: m.sku, Region: region}
	if p.Meter == books.PerResource {
		o.Resource, o.Name, o.Tag = m.resource, g.name, g.tag
	}
	n := int32(len(out.Draws))
	*objs = append(*objs, o)
	return r.flatFee(&climb{
		sku: m.sku, version: version, at: r.bounds.From, record: int32(len(*objs) - 1), drawsFrom: n, drawsTo: n,
	}, 0, tier, out)
}

// zeroText describes why a fee at zero is owed.
func (s Step) zeroText() string {
	return fmt.Sprintf("meter %s: nothing to price, and fee_at_zero is YES: the flat fee of tier 1 is owed", s.meter())
}
