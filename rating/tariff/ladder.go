package tariff

import (
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// Climb is an interval (position, end] of a meter to be priced by the tiers of one version.
type Climb struct {
	Kind               table.KindOfLine // of the lines, except flat fees
	SKU, Version       int32
	At                 period.Instant // decides discounts and association
	Position, End      money.Quantity
	Free               money.Quantity // drawn from packages in addition to the interval: on the first line (§4.3)
	Unpriced           money.Quantity // used in addition, without a charge: on the first line (§10.2)
	DrawsFrom, DrawsTo int32
	Record             int32
	Reversed           bool // the interval is reversed (§4.11)
	NoFixed            bool // fixed discounts do not apply
}

// Ladder appends one line per tier that the interval touches, followed by the tier's flat_fee if its lower bound is in
// [position, end). An empty interval gives one line of quantity 0 in the tier of the next unit (§4.5).
func (c *Client) Ladder(k *Climb, out *table.LineCharges) error {
	tiers := c.Book.Books.Versions[k.Version].Tiers
	from, lower, first := k.Position, money.Quantity{}, true
	for i := range tiers {
		tier := &tiers[i]
		if !tier.Open && tier.UpTo.Cmp(from) <= 0 {
			lower = tier.UpTo
			continue
		}
		to := k.End
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
		if !tier.FlatFee.IsZero() && lower.Cmp(k.Position) >= 0 && lower.Cmp(k.End) < 0 {
			if err := c.FlatFee(k, i, tier, out); err != nil {
				return err
			}
		}
		if to == k.End {
			return nil
		}
		from, lower, first = to, tier.UpTo, false
	}
	return nil
}

// step appends one tier's line. The first line includes the quantity drawn from packages.
func (c *Client) step(k *Climb, i int, tier *books.Tier, quantity money.Quantity, first bool,
	out *table.LineCharges) error {
	ch := table.Charge{
		UsageAmount: quantity.Signed(), Quantity: quantity.Signed(), UnitPrice: tier.UnitPrice,
		Record: k.Record, Version: k.Version, DrawsFrom: k.DrawsTo, DrawsTo: k.DrawsTo, Tier: int16(i + 1),
		Kind: k.Kind,
	}
	if first {
		used, err := quantity.Add(k.Free)
		if err == nil {
			used, err = used.Add(k.Unpriced)
		}
		if err != nil {
			return err
		}
		ch.UsageAmount, ch.Free, ch.DrawsFrom = used.Signed(), k.Free.Signed(), k.DrawsFrom
	}
	if k.Reversed {
		TakeBack(&ch)
	}
	if c.Trace != nil {
		c.traceTier(k.Version, i, quantity, k.Reversed)
	}
	out.List = append(out.List, ch)
	return c.Settle(&Sale{Charge: &out.List[len(out.List)-1], SKU: k.SKU, At: k.At, NoFixed: k.NoFixed})
}

// FlatFee appends a tier's flat_fee line: one fee, no usage.
func (c *Client) FlatFee(k *Climb, i int, tier *books.Tier, out *table.LineCharges) error {
	if c.Trace != nil {
		c.traceFee(k.Version, i, k.Reversed)
	}
	ch := table.Charge{
		Quantity: c.Book.One, UnitPrice: tier.FlatFee,
		Record: k.Record, Version: k.Version, DrawsFrom: k.DrawsTo, DrawsTo: k.DrawsTo, Tier: int16(i + 1),
		Kind: table.FlatFeeLine,
	}
	if k.Reversed {
		TakeBack(&ch)
	}
	out.List = append(out.List, ch)
	return c.Settle(&Sale{Charge: &out.List[len(out.List)-1], SKU: k.SKU, At: k.At, NoFixed: true})
}

// TakeBack negates the quantities of a charge that has no amounts yet.
func TakeBack(ch *table.Charge) {
	ch.UsageAmount, ch.Free, ch.Quantity = ch.UsageAmount.Neg(), ch.Free.Neg(), ch.Quantity.Neg()
}
