package rating

import (
	"fmt"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// recordPricer prices records one by one: flat, graduated and percentage. Its counters are in meters.
type recordPricer struct {
	c       *tariff.Client
	regions *regions
	meters  *meters
	// below is, by index, how far meters are below 0; nil = none can be: only cost files have negative quantities.
	below map[int32]money.Quantity
}

// price returns the version in force at the record's usage_start.
func (rp *recordPricer) price(u *usage) (int32, error) {
	v := rp.c.Version(u.SKU, u.place.book, u.Start)
	if v == tariff.NoVersion {
		return v, tariff.NoPrice(rp.regions.names[u.place.number], u.Start)
	}
	if rp.c.Trace != nil {
		rp.c.TracePrice(u.SKU, rp.c.List, u.place.book, rp.regions.names[u.place.number], u.Start, v)
	}
	return v, nil
}

// flat prices the complete quantity at the single tier (§4.4).
func (rp *recordPricer) flat(u *usage, out *table.LineCharges) error {
	v, err := rp.price(u)
	if err != nil {
		return err
	}
	ch := table.Charge{
		UsageAmount: u.used.Signed(), Free: u.free.Signed(), Quantity: u.left.Signed(),
		UnitPrice: rp.c.Book.Books.Versions[v].Tiers[0].UnitPrice,
		Record:    u.index, Version: v, DrawsFrom: u.drawsFrom, DrawsTo: u.drawsTo, Tier: 1, Kind: table.UsageLine,
	}
	if u.reversed {
		tariff.TakeBack(&ch)
	}
	out.List = append(out.List, ch)
	return rp.c.Settle(&tariff.Sale{Charge: &out.List[len(out.List)-1], SKU: u.SKU, At: u.Start})
}

// graduated splits the record's interval at the tiers of its version (§4.5).
func (rp *recordPricer) graduated(u *usage, out *table.LineCharges) error {
	v, err := rp.price(u)
	if err != nil {
		return err
	}
	region, resource := scopeOf(u.product, u.place.number, u.Resource)
	index, _ := rp.meters.find(graduatedMeter, u.SKU, region, resource)
	m := &rp.meters.list[index]
	position, end := m.count, m.count
	unpriced, err := u.uncharged(m.count)
	if err != nil {
		return err
	}
	if u.reversed {
		position, err = end.Sub(u.left)
	} else {
		end, err = position.Add(u.left)
	}
	if err != nil {
		return fmt.Errorf("meter: %w", err)
	}
	after := end
	if u.reversed {
		after = position
	}
	if rp.c.Trace != nil {
		rp.meters.traceMeter(m, u.left, after, u.reversed)
	}
	m.count = after
	return rp.c.Ladder(&tariff.Climb{
		Kind: table.UsageLine, SKU: u.SKU, Version: v, At: u.Start, Position: position, End: end, Reversed: u.reversed,
		Free: u.free, Unpriced: unpriced, DrawsFrom: u.drawsFrom, DrawsTo: u.drawsTo, Record: u.index,
	}, out)
}

// uncharged limits what a reversed record of a product with a conversion takes off a meter to the meter's count, and
// returns the rest, which packages covered. The record can count more now than when it drew (§10.2).
func (u *usage) uncharged(held money.Quantity) (rest money.Quantity, err error) {
	if !u.reversed || u.product.Convert.IsZero() || u.left.Cmp(held) <= 0 {
		return rest, nil
	}
	rest, err = u.left.Sub(held)
	u.left = held
	return rest, err
}
