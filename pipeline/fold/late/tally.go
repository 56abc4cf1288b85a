package late

import (
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/position"
)

// tally adds up what records count in a meter that counts record by record (rating.Counters), whatever they drew when
// they were billed.
type tally struct {
	counted, priced, free, events money.Quantity
}

// add counts a record of the product that drew a quantity from packages.
func (t *tally) add(p *books.Product, r *rating.Record, drew money.Quantity) error {
	counted := rating.Counted(p, r.Quantity, r.Retracted)
	drew = drew.Min(counted)
	left, err := counted.Sub(drew)
	if err != nil {
		return err
	}
	event := rating.Counted(&books.Product{Counting: books.Counting{Aggregation: books.Count}}, r.Quantity, r.Retracted)
	for _, sum := range [...]struct {
		to   *money.Quantity
		more money.Quantity
	}{{&t.counted, counted}, {&t.priced, left}, {&t.free, drew}, {&t.events, event}} {
		if *sum.to, err = sum.to.Add(sum.more); err != nil {
			return err
		}
	}
	return nil
}

// count returns the count of the product's meter for a kind of position.
func (t *tally) count(p *books.Product, kind position.Kind) (money.Quantity, error) {
	switch {
	case kind == position.Measure:
		return t.counted, nil
	case kind == position.Events:
		return t.events, nil
	case !p.Draws():
		return t.counted, nil
	case p.Convert.IsZero():
		return t.priced, nil
	}
	converted, err := p.Convert.Convert(t.counted)
	if err != nil {
		return converted, err
	}
	return converted.Sub(t.free.Min(converted))
}
