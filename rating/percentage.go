package rating

import (
	"fmt"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// transfer is a record of a percentage product: the n-th record of its meter, with the amount of money q after the
// amount before (§10.3).
type transfer struct {
	n         int64
	before, q money.Quantity
	retracted bool // not an event, and free
}

// free reports whether the record is within the allowances.
func (t *transfer) free(terms *books.PercentageTerms) (bool, error) {
	if !terms.HasEvents && !terms.HasAllowed || terms.HasEvents && t.n > terms.FreeEvents {
		return false, nil
	}
	if !terms.HasAllowed {
		return true, nil
	}
	end, err := t.before.Add(t.q)
	return err == nil && end.Cmp(terms.FreeAmount) <= 0, err
}

// paying returns the part of a record above the allowances, to which the rate applies. Once the allowance of records is
// used up, the allowance of money ends too.
func (t *transfer) paying(terms *books.PercentageTerms) (money.Quantity, error) {
	if !terms.HasAllowed || terms.HasEvents && t.n > terms.FreeEvents || t.before.Cmp(terms.FreeAmount) >= 0 {
		return t.q, nil
	}
	rest, err := terms.FreeAmount.Sub(t.before)
	if err != nil {
		return rest, err
	}
	return t.q.Sub(rest)
}

// fee returns what the record costs, and the part of it to which the rate applies.
func (t *transfer) fee(rate money.UnitPrice, terms *books.PercentageTerms) (fee money.Amount, paying money.Quantity,
	err error) {
	if t.retracted {
		return fee, paying, nil
	}
	free, err := t.free(terms)
	if err != nil || free {
		return fee, paying, err
	}
	if paying, err = t.paying(terms); err != nil {
		return fee, paying, err
	}
	if fee, err = money.MulR8(paying, rate); err != nil {
		return fee, paying, err
	}
	if fee, err = fee.Add(terms.FixedFee); err != nil {
		return fee, paying, err
	}
	if fee.Cmp(terms.MinFee) < 0 {
		fee = terms.MinFee
	}
	if terms.HasMax && fee.Cmp(terms.MaxFee) > 0 {
		fee = terms.MaxFee
	}
	return fee, paying, nil
}

// percentage charges a share of the record, whose quantity is an amount of money, and counts the record.
func (rp *recordPricer) percentage(u *usage, out *table.LineCharges) error {
	v, err := rp.price(u)
	if err != nil {
		return err
	}
	t, err := rp.transfer(u)
	if err != nil {
		return fmt.Errorf("meter: %w", err)
	}
	tiers := rp.c.Book.Books.Versions[v].Tiers
	end, err := t.before.Add(t.q)
	if err != nil {
		return fmt.Errorf("meter: %w", err)
	}
	k := tariff.Climb{
		Kind: table.UsageLine, SKU: u.SKU, Version: v, At: u.Start, Position: t.before, End: end, Reversed: u.reversed,
		DrawsFrom: u.drawsFrom, DrawsTo: u.drawsTo, Record: u.index, NoFixed: true,
	}
	if len(tiers) > 1 {
		return rp.c.Ladder(&k, out)
	}
	if err := rp.charge(&k, &t, &tiers[0], out); err != nil {
		return err
	}
	if !tiers[0].FlatFee.IsZero() && t.before.IsZero() && !t.q.IsZero() {
		return rp.c.FlatFee(&k, 0, &tiers[0], out)
	}
	return nil
}

// transfer advances the meter's two counters by a record. A reversed record counts as the last one and moves them back.
func (rp *recordPricer) transfer(u *usage) (transfer, error) {
	region, resource := scopeOf(u.product, u.place.number, u.Resource)
	at, _ := rp.meters.find(graduatedMeter, u.SKU, region, resource)
	number, _ := rp.meters.find(eventsMeter, u.SKU, region, resource)
	amount, events := &rp.meters.list[at], &rp.meters.list[number]
	t := transfer{before: amount.count, q: u.Quantity, retracted: u.Retracted}
	before, after := amount.count, amount.count
	var err error
	if u.reversed {
		if before, err = after.Sub(u.Quantity); err != nil {
			return t, err
		}
		t.before, amount.count = before, before
	} else {
		if after, err = before.Add(u.Quantity); err != nil {
			return t, err
		}
		amount.count = after
	}
	n, ok := events.count.Whole()
	if !ok {
		return t, fmt.Errorf("number of records %s: not whole", events.count.Trim())
	}
	t.n = n + 1
	switch one := rp.c.Book.One.Abs(); {
	case u.Retracted:
	case u.reversed:
		t.n = n
		events.count, err = events.count.Sub(one)
	default:
		events.count, err = events.count.Add(one)
	}
	if rp.c.Trace != nil {
		rp.c.Trace(tariff.DerivationStep{
			Kind: tariff.StepEvent, SKU: u.product.SKU, Scope: rp.meters.scopeText(amount),
			Measure: u.product.Measure,
			Before:  before, Quantity: u.Quantity, After: after, Number: t.n,
			Retracted: u.Retracted, Negative: u.reversed,
		})
	}
	return t, err
}

// charge appends the line of a record, at the price of one tier.
func (rp *recordPricer) charge(k *tariff.Climb, t *transfer, tier *books.Tier, out *table.LineCharges) error {
	fee, paying, err := t.fee(tier.UnitPrice, &tier.Percentage)
	if err != nil {
		return err
	}
	if rp.c.Trace != nil {
		rp.c.Trace(tariff.DerivationStep{
			Kind: tariff.StepShare, Tier: 1, Quantity: paying, Price: tier.UnitPrice, Before: t.before, Number: t.n,
			Allowance: tier.Percentage,
			Amount:    fee, Negative: k.Reversed, Retracted: t.retracted,
		})
	}
	ch := table.Charge{
		UsageAmount: t.q.Signed(), Quantity: paying.Signed(), UnitPrice: tier.UnitPrice,
		Record: k.Record, Version: k.Version, DrawsFrom: k.DrawsFrom, DrawsTo: k.DrawsTo, Tier: 1, Kind: k.Kind,
	}
	if k.Reversed {
		tariff.TakeBack(&ch)
		fee = fee.Neg()
	}
	out.List = append(out.List, ch)
	return rp.c.SettleAt(&tariff.Sale{Charge: &out.List[len(out.List)-1], SKU: k.SKU, At: k.At, NoFixed: true}, fee)
}
