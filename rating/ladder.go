package rating

import (
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// climb is an interval (position, end] of a meter that is to be priced by the tiers of one version.
type climb struct {
	kind               line.Kind // of the lines but flat fees
	sku, version       int32
	at                 period.Instant // of discounts and association
	position, end      money.Quantity
	free               money.Quantity // drawn from packages in addition to the interval: on the first line (§4.3)
	drawsFrom, drawsTo int32
	record             int32
	reversed           bool // the interval is taken back (§4.11)
	noFixed            bool // fixed discounts do not fit
}

// ladder appends one line per tier that the interval touches, and after it the tier's flat_fee where that is owed:
// where the tier's lower bound is in [position, end). An empty interval gives one line of quantity 0 at the tier of
// the next unit (§4.5).
func (c *client) ladder(k *climb, out *line.Charges) error {
	tiers := c.bk.books.Versions[k.version].Tiers
	from, lower, first := k.position, money.Quantity{}, true
	for i := range tiers {
		tier := &tiers[i]
		if !tier.Open && tier.UpTo.Cmp(from) <= 0 {
			lower = tier.UpTo
			continue
		}
		to := k.end
		if !tier.Open {
			to = to.Min(tier.UpTo)
		}
		quantity, err := to.Sub(from)
		if err != nil {
			return err
		}
		if err := c.step(k, i, tier, quantity, first, out); err != nil {
			return err
		}
		if !tier.FlatFee.IsZero() && lower.Cmp(k.position) >= 0 && lower.Cmp(k.end) < 0 {
			if err := c.flatFee(k, i, tier, out); err != nil {
				return err
			}
		}
		if to == k.end {
			return nil
		}
		from, lower, first = to, tier.UpTo, false
	}
	return nil
}

// step appends one tier's line; the packages' share is on the first.
func (c *client) step(k *climb, i int, tier *books.Tier, quantity money.Quantity, first bool, out *line.Charges) error {
	ch := line.Charge{
		UsageAmount: quantity.Signed(), Quantity: quantity.Signed(), UnitPrice: tier.UnitPrice,
		Record: k.record, Version: k.version, DrawsFrom: k.drawsTo, DrawsTo: k.drawsTo, Tier: int16(i + 1),
		Kind: k.kind,
	}
	if first {
		used, err := quantity.Add(k.free)
		if err != nil {
			return err
		}
		ch.UsageAmount, ch.Free, ch.DrawsFrom = used.Signed(), k.free.Signed(), k.drawsFrom
	}
	if k.reversed {
		takeBack(&ch)
	}
	if c.trace != nil {
		c.traceTier(k.version, i, quantity, k.reversed)
	}
	out.List = append(out.List, ch)
	return c.settle(&sale{charge: &out.List[len(out.List)-1], sku: k.sku, at: k.at, noFixed: k.noFixed})
}

// flatFee appends a tier's flat_fee line: one fee, no usage.
func (c *client) flatFee(k *climb, i int, tier *books.Tier, out *line.Charges) error {
	if c.trace != nil {
		c.traceFee(k.version, i, k.reversed)
	}
	ch := line.Charge{
		Quantity: c.bk.one, UnitPrice: tier.FlatFee,
		Record: k.record, Version: k.version, DrawsFrom: k.drawsTo, DrawsTo: k.drawsTo, Tier: int16(i + 1),
		Kind: line.FlatFee,
	}
	if k.reversed {
		takeBack(&ch)
	}
	out.List = append(out.List, ch)
	return c.settle(&sale{charge: &out.List[len(out.List)-1], sku: k.sku, at: k.at, noFixed: true})
}

// takeBack turns a charge that has no amounts yet into its own reversal.
func takeBack(ch *line.Charge) {
	ch.UsageAmount, ch.Free, ch.Quantity = ch.UsageAmount.Neg(), ch.Free.Neg(), ch.Quantity.Neg()
}
