package rating

import (
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// Counted returns what a record of a sum or a count counts, before conversion (§10.1). A retraction counts nothing.
func Counted(p *books.Product, quantity money.Quantity, retracted bool) money.Quantity {
	if p.Aggregation != books.Count {
		return quantity
	}
	if retracted {
		return money.Quantity{}
	}
	one, err := money.QuantityFromInt(1)
	if err != nil {
		return money.Quantity{} // 1 is in range
	}
	return one
}

// Summed reports whether the lines of a product's records contain the quantities of the feed.
func Summed(p *books.Product) bool {
	return p.Aggregation == books.Sum && p.Convert.IsZero() && !p.Prorate
}

// EndUsage returns the usage_amount of the month-end lines of a gathered position (§6.6, §10.1).
func EndUsage(p *books.Product, row *table.PositionRow) (money.SignedQuantity, error) {
	switch {
	case p.Prorate:
		var at Meter
		err := at.Read(row.Draws)
		return at.Total, err
	case p.Aggregation == books.TimeWeighted: // its levels have their own positions
		return money.SignedQuantity{}, nil
	case p.Aggregation.Figure():
		q, err := p.Convert.Convert(row.Count)
		return q.Signed(), err
	}
	q, err := p.Convert.Convert(row.Usage)
	return q.Signed(), err
}

// Used returns the quantity, in the product's measure, of the record that was rated or reversed last.
func (r *Rater) Used() money.Quantity { return r.used }

// measure computes what a record counts: 1 for a count, and the quantity in the product's measure (§10.1, §10.2). Each
// record gets the difference of two rounded totals, so that rounding errors do not add up.
func (rp *recordPricer) measure(u *usage) error {
	p := u.product
	u.raw = Counted(p, u.Quantity, u.Retracted)
	u.used, u.left = u.raw, u.raw
	if p.Aggregation == books.Count && rp.c.Trace != nil {
		rp.c.Trace(tariff.DerivationStep{Kind: tariff.StepCounts, SKU: p.SKU, Before: u.Quantity, Quantity: u.raw,
			Measure: p.Measure})
	}
	if p.Convert.IsZero() || p.Aggregation.Figure() {
		return nil
	}
	region, resource := scopeOf(p, u.place.number, u.Resource)
	index, _ := rp.meters.find(measureMeter, u.SKU, region, resource)
	m := &rp.meters.list[index]
	if rp.below != nil {
		return rp.measureSigned(u, index)
	}
	low, high := m.count, m.count
	var err error
	if u.reversed {
		low, err = high.Sub(u.raw)
	} else {
		high, err = low.Add(u.raw)
	}
	if err != nil {
		return &tariff.TotalError{What: "unconverted position", Err: err}
	}
	from, err := p.Convert.Convert(low)
	if err != nil {
		return err
	}
	to, err := p.Convert.Convert(high)
	if err != nil {
		return err
	}
	if u.used, err = to.Sub(from); err != nil {
		return err
	}
	u.left = u.used
	if rp.c.Trace != nil {
		rp.c.Trace(tariff.DerivationStep{
			Kind: tariff.StepConvert, SKU: p.SKU, Scope: rp.meters.scopeText(m), Measure: p.Measure,
			Conversion: p.Convert,
			Lower:      low, Upper: high, Before: from, After: to, Quantity: u.used, Negative: u.reversed,
		})
	}
	if m.count = high; u.reversed {
		m.count = low
	}
	return nil
}

// measureSigned is measure for meters that can be negative: C(-x) = -C(x).
func (rp *recordPricer) measureSigned(u *usage, index int32) error {
	m, convert := &rp.meters.list[index], u.product.Convert
	moved := u.raw.Signed()
	if u.reversed {
		moved = moved.Neg()
	}
	from, err := m.count.Signed().Sub(rp.below[index].Signed())
	if err != nil {
		return err
	}
	to, err := from.Add(moved)
	if err != nil {
		return &tariff.TotalError{What: "unconverted position", Err: err}
	}
	before, err := convertSigned(convert, from)
	if err != nil {
		return err
	}
	after, err := convertSigned(convert, to)
	if err != nil {
		return err
	}
	counted, err := after.Sub(before)
	if err != nil {
		return err
	}
	u.used, u.left = counted.Abs(), counted.Abs()
	if m.count, rp.below[index] = to.Abs(), (money.Quantity{}); to.Sign() < 0 {
		m.count, rp.below[index] = money.Quantity{}, to.Abs()
	}
	return nil
}

// convertSigned returns C(q), with C(-x) = -C(x).
func convertSigned(c money.Conversion, q money.SignedQuantity) (money.SignedQuantity, error) {
	out, err := c.Convert(q.Abs())
	if q.Sign() < 0 {
		return out.Signed().Neg(), err
	}
	return out.Signed(), err
}

// cutDraws limits what a reversed record returns to packages to what it counts now: because of a conversion, that can
// be less than what it drew (§10.2). The draws keep their order.
func (u *usage) cutDraws(draws []table.PackageDraw) ([]table.PackageDraw, error) {
	if Summed(u.product) {
		return draws, nil
	}
	u.free = u.free.Min(u.used)
	return cutDraws(draws, u.used)
}

// ReturnedDraws returns the draws that go back to packages when a record of a product with a conversion is reversed.
// from and to are the meter's unconverted position before and after the reversal (§10.2).
func ReturnedDraws(p *books.Product, from, to money.Quantity, draws []table.PackageDraw) ([]table.PackageDraw, error) {
	high, err := p.Convert.Convert(from)
	if err != nil {
		return nil, err
	}
	low, err := p.Convert.Convert(to)
	if err != nil {
		return nil, err
	}
	most, err := high.Sub(low)
	if err != nil {
		return nil, err
	}
	return cutDraws(draws, most)
}

// cutDraws limits draws to a total quantity, beginning with the first.
func cutDraws(draws []table.PackageDraw, rest money.Quantity) ([]table.PackageDraw, error) {
	cut := draws[:0:0]
	for _, d := range draws {
		d.Quantity = d.Quantity.Min(rest)
		var err error
		if rest, err = rest.Sub(d.Quantity); err != nil {
			return nil, err
		}
		if !d.Quantity.IsZero() {
			cut = append(cut, d)
		}
	}
	return cut, nil
}
