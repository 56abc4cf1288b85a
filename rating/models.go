package rating

import (
	"errors"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/position"
)

// byModel prices or reverses a record of a sum or a count by its product's model.
func (r *Rater) byModel(u *usage, out *line.Charges) error {
	switch m := u.product.Model; {
	case m == books.Flat:
		return r.records.flat(u, out)
	case m == books.Graduated:
		return r.records.graduated(u, out)
	case m == books.Percentage:
		return r.records.percentage(u, out)
	case m.Usage() && m.PeriodLevel():
		return r.count(u, out)
	}
	return &tariff.NoUsageError{}
}

// figureByModel prices the figure of a meter by its product's model.
func (e *monthEnd) figureByModel(w *wholeMeter, out *line.Charges) error {
	switch m := w.product.Model; {
	case m == books.Graduated:
		return e.c.Ladder(&w.Climb, out)
	case m.Usage():
		return e.priceWhole(w, out)
	}
	return errors.New("its model takes no figure")
}

// tierByModel sets what the line of a tier charges for a part of a month-end meter: the part at the unit price, unless
// the model differs. It returns the quantity that the steps of an explanation show for the part.
func (e *monthEnd) tierByModel(w *wholeMeter, tier *books.Tier, part money.Quantity, ch *line.Charge) (money.Quantity,
	error) {
	switch m := w.product.Model; {
	case m == books.Stairstep:
		e.stairstep(tier, part, ch)
	case m == books.Block:
		return e.blocks(w, tier, part, ch)
	}
	return part, nil
}

// Results of Counters.
var (
	noCounters         []position.Kind
	tierCounters       = []position.Kind{position.Meter}
	measureCounters    = []position.Kind{position.Measure}
	convertedCounters  = []position.Kind{position.Meter, position.Measure}
	percentageCounters = []position.Kind{position.Meter, position.Events}
)

// Counters lists the kinds of positions that a product's meters count record by record: the position in tiers, the
// unconverted position (§10.2) and the number of records (§10.3).
func Counters(p *books.Product) []position.Kind {
	converts := !p.Convert.IsZero() && !p.Aggregation.Figure()
	switch {
	case p.Model == books.Percentage:
		return percentageCounters
	case p.Model == books.Graduated && !p.Aggregation.Figure() && converts:
		return convertedCounters
	case p.Model == books.Graduated && !p.Aggregation.Figure():
		return tierCounters
	case converts:
		return measureCounters
	}
	return noCounters
}
