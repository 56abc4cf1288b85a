package rating

import (
	"errors"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// byModel prices or reverses a record of a sum or a count by its product's model.
func (r *Rater) byModel(u *usage, out *table.LineCharges) error {
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
func (e *monthEnd) figureByModel(w *wholeMeter, out *table.LineCharges) error {
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
func (e *monthEnd) tierByModel(w *wholeMeter, tier *books.Tier, part money.Quantity, ch *table.Charge) (money.Quantity,
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
	noCounters         []table.KindOfPosition
	tierCounters       = []table.KindOfPosition{table.MeterPosition}
	measureCounters    = []table.KindOfPosition{table.MeasurePosition}
	convertedCounters  = []table.KindOfPosition{table.MeterPosition, table.MeasurePosition}
	percentageCounters = []table.KindOfPosition{table.MeterPosition, table.EventsPosition}
)

// Counters lists the kinds of positions that a product's meters count record by record: the position in tiers, the
// unconverted position (§10.2) and the number of records (§10.3).
func Counters(p *books.Product) []table.KindOfPosition {
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
