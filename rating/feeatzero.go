package rating

import (
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/table"
)

// note records, for the cycle's end, that a meter that is billed record by record has an accepted record: a fee at zero
// may be due (§10.3).
func (gs *gathered) note(u *usage) {
	row, isNew := gs.row(u.product, u.SKU, u.place.number, gs.regions.names[u.place.number], u.Resource)
	if m := &gs.meters.list[row]; isNew && m.resource != "" {
		gs.list[m.gather].name, gs.list[m.gather].tag = string(u.Name), string(u.Tag)
	}
}

// Subscribe adds the open customer's meters in rows of subscribers.csv for the open cycle, for the following CycleEnd:
// a fee at zero is due for them even without a record (§10.3). If a meter without records has two rows, the first in
// order of region_code and resource_id determines its region.
func (r *Rater) Subscribe() { r.gathered.subscribe() }

// subscribe is Rater.Subscribe.
func (gs *gathered) subscribe() {
	list := gs.c.Book.Books.Subscribers.Of(gs.c.Customer)
	for i := range list {
		s := &list[i]
		if !s.Valid.Overlaps(gs.c.Bounds) {
			continue
		}
		gs.scratch = append(gs.scratch[:0], s.Resource...)
		product, region := &gs.c.Book.Books.Products[s.SKU], gs.regions.number(s.Region)
		row, _ := gs.row(product, s.SKU, region, s.Region, gs.scratch)
		gs.list[gs.meters.list[row].gather].recorded = true
	}
}

// recordFee is feeAtZero for a meter that is billed record by record.
func (e *monthEnd) recordFee(row int32, out *table.LineCharges, objs *[]Object) error {
	m := e.meters.list[row]
	e.scratch = append(e.scratch[:0], m.resource...)
	counted, _ := e.meters.find(graduatedMeter, m.sku, m.region, e.scratch)
	if !e.meters.list[counted].count.IsZero() {
		return nil
	}
	return e.feeAtZero(row, out, objs)
}

// feeAtZero appends the flat fee of tier 1 for a meter whose quantity is 0, if its product has a fee at zero (§10.3).
func (e *monthEnd) feeAtZero(row int32, out *table.LineCharges, objs *[]Object) error {
	m := &e.meters.list[row]
	g := &e.gathered.list[m.gather]
	p := &e.c.Book.Books.Products[m.sku]
	if !p.FeeAtZero || e.gathered.onlyHolds(m) {
		return nil
	}
	region := e.gathered.list[e.meters.list[g.meter].gather].region
	if e.c.Trace != nil {
		e.c.Trace(tariff.DerivationStep{Kind: tariff.StepZero, SKU: p.SKU, Scope: e.meters.scopeText(m)})
	}
	version, err := e.c.VersionOfCycle(m.sku, region, e.c.Bounds)
	if err != nil {
		return err
	}
	tier := &e.c.Book.Books.Versions[version].Tiers[0]
	if tier.FlatFee.IsZero() {
		return nil
	}
	o := Object{SKU: m.sku, Region: region}
	if p.Meter == books.PerResource {
		o.Resource, o.Name, o.Tag = m.resource, g.name, g.tag
	}
	n := int32(len(out.Draws))
	*objs = append(*objs, o)
	return e.c.FlatFee(&tariff.Climb{
		SKU: m.sku, Version: version, At: e.c.Bounds.From, Record: int32(len(*objs) - 1), DrawsFrom: n, DrawsTo: n,
	}, 0, tier, out)
}
