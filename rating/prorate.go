package rating

import (
	"fmt"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// prorations are the prorated meters of the open customer.
type prorations struct {
	c        *tariff.Client
	regions  *regions
	meters   *meters
	gathered *gathered
	list     []Meter
}

// of returns the state of a meter. On first use it parses the state and finds the price version of the cycle.
func (ps *prorations) of(row int32) (*Meter, error) {
	m := &ps.meters.list[row]
	g := &ps.gathered.list[m.gather]
	if g.prorated == 0 {
		if len(ps.list) < cap(ps.list) { // reuses the memory of tiers
			ps.list = ps.list[:len(ps.list)+1]
		} else {
			ps.list = append(ps.list, Meter{})
		}
		if err := ps.list[len(ps.list)-1].Read(g.opened); err != nil {
			return nil, err
		}
		g.prorated = int32(len(ps.list))
	}
	p := &ps.list[g.prorated-1]
	if p.Version != tariff.NoVersion {
		return p, nil
	}
	region := ps.gathered.list[ps.meters.list[g.meter].gather].region
	trace := ps.c.Trace
	ps.c.Trace = nil // the cycle's end reports the source of the price
	version, err := ps.c.VersionOfCycle(m.sku, region, ps.c.Bounds)
	ps.c.Trace = trace
	p.Version = version
	return p, err
}

// add adds a record to its meter (§10.3). A retraction does not count.
func (ps *prorations) add(u *usage) error {
	if u.Retracted {
		return nil
	}
	row, isNew := ps.gathered.row(u.product, u.SKU, u.place.number, ps.regions.names[u.place.number], u.Resource)
	if m := &ps.meters.list[row]; isNew && m.resource != "" {
		ps.gathered.list[m.gather].name, ps.gathered.list[m.gather].tag = string(u.Name), string(u.Tag)
	}
	p, err := ps.of(row)
	if err != nil {
		return err
	}
	zone, change, before := ps.c.Book.Books.Zone, u.Signed(), p.Total
	days := tariff.DaysOf(zone, period.Span{From: u.Start, To: min(u.End, ps.c.Bounds.To)})
	of := tariff.DaysOf(zone, ps.c.Bounds)
	if p.Total, err = before.Add(change); err != nil {
		return fmt.Errorf("meter: %w", err)
	}
	if ps.c.Trace != nil {
		ps.c.Trace(tariff.DerivationStep{Kind: tariff.StepProrate, SKU: u.product.SKU,
			Scope:  ps.meters.scopeText(&ps.meters.list[row]),
			Change: change, Moved: [2]money.SignedQuantity{before, p.Total}, Days: days, Of: of})
	}
	if p.Highest.Cmp(p.Total) < 0 {
		p.Highest = p.Total
	}
	if u.product.Model == books.Volume {
		return AddPart(&p.Shared, change, days, of)
	}
	return p.Climb(ps.c.Book.Books.Versions[p.Version].Tiers, before, days, of)
}

// prorated appends the lines of a prorated meter: for graduated one per tier, each with its flat fee; for volume one
// line and the fee of its tier (§10.3).
func (e *monthEnd) prorated(row int32, out *table.LineCharges, objs *[]Object) error {
	p, err := e.prorations.of(row)
	if err != nil {
		return err
	}
	m := &e.meters.list[row]
	g := &e.gathered.list[m.gather]
	product, region := &e.c.Book.Books.Products[m.sku], e.gathered.list[e.meters.list[g.meter].gather].region
	if e.c.Trace != nil {
		if _, err := e.c.VersionOfCycle(m.sku, region, e.c.Bounds); err != nil {
			return err
		}
	}
	n := int32(len(out.Draws))
	*objs = append(*objs, Object{SKU: m.sku, Region: region, Resource: m.resource, Name: g.name, Tag: g.tag})
	k := tariff.Climb{Kind: table.PeriodLine, SKU: m.sku, Version: p.Version, At: e.c.Bounds.From, DrawsFrom: n,
		DrawsTo: n,
		Record:  int32(len(*objs) - 1)}
	tiers, zero := e.c.Book.Books.Versions[p.Version].Tiers, money.SignedQuantity{}
	if product.Model == books.Volume {
		held := 0
		if p.Total.Sign() > 0 {
			held = tierOf(tiers, p.Total.Abs())
		}
		err := e.proratedLine(&k, held, TierPart{Part: p.Total, Shared: p.Shared}, out)
		if err != nil || p.Total.Sign() <= 0 || tiers[held].FlatFee.IsZero() {
			return err
		}
		return e.c.FlatFee(&k, held, &tiers[held], out)
	}
	lower := zero
	for i := range tiers {
		if i < len(p.Tiers) {
			if err := e.proratedLine(&k, i, p.Tiers[i], out); err != nil {
				return err
			}
		}
		if lower.Cmp(p.Highest) < 0 && !tiers[i].FlatFee.IsZero() {
			if err := e.c.FlatFee(&k, i, &tiers[i], out); err != nil {
				return err
			}
		}
		lower = tiers[i].UpTo.Signed()
	}
	return nil
}

// proratedLine appends the line of a tier, unless no record changed it.
func (e *monthEnd) proratedLine(k *tariff.Climb, i int, t TierPart, out *table.LineCharges) error {
	if t.Part.IsZero() && t.Shared.IsZero() {
		return nil
	}
	tier := &e.c.Book.Books.Versions[k.Version].Tiers[i]
	if e.c.Trace != nil {
		e.c.Trace(tariff.DerivationStep{Kind: tariff.StepProrated, Tier: i + 1, Change: t.Part, Price: tier.UnitPrice,
			Moved: [2]money.SignedQuantity{{}, t.Shared}})
	}
	out.List = append(out.List, table.Charge{
		UsageAmount: t.Part, Quantity: t.Shared, UnitPrice: tier.UnitPrice, Record: k.Record, Version: k.Version,
		DrawsFrom: k.DrawsFrom, DrawsTo: k.DrawsTo, Tier: int16(i + 1), Kind: k.Kind,
	})
	return e.c.Settle(&tariff.Sale{Charge: &out.List[len(out.List)-1], SKU: k.SKU, At: k.At})
}
