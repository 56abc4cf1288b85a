package costs

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/settlement"
)

// keepRates writes the rates by which the deliveries were converted, and fx of each source for the cycles that end: a
// source's first delivery may come after the close (§11.4).
func (w *writer) keepRates(found *survey) error {
	all := maps.Clone(found.rates)
	maps.DeleteFunc(all, func(at RateKey, _ map[string]money.UnitPrice) bool { // fx that was taken away since
		one := found.sources[at.Source]
		return at.Period > found.stage.Closed && (one == nil || one.deliveries[at.Period] == nil)
	})
	for name, one := range found.sources {
		for c := range one.deliveries {
			if x := found.conversions(c)[name]; x != nil {
				all[RateKey{Source: name, Period: c}] = x.Rates
			}
		}
		for c, fx := range one.Fx {
			at := RateKey{Source: name, Period: c}
			if _, billed := all[at][w.books.Currency]; !billed && c > found.stage.Closed && found.stage.MonthEnd(c) {
				all[at] = maps.Clone(all[at])
				if all[at] == nil {
					all[at] = make(map[string]money.UnitPrice)
				}
				all[at][w.books.Currency] = fx
			}
		}
	}
	return rows.PutFile(w.txn, RatesKey(), all.Rows(), nil)
}

// convert finds the rates of a delivery to all currencies of the books for which there are any. An empty delivery has
// the currency of its source, in which the amounts that it takes back were billed.
func (s *survey) convert(one *source, d *Delivery) (err error) {
	d.conversion = &Conversion{Books: s.stage.Books, From: cmp.Or(d.Currency, one.currency), Cycle: d.Period,
		Fixed: one.Fx[d.Period], Rates: make(map[string]money.UnitPrice)}
	if d.Period <= s.stage.Closed {
		maps.Copy(d.conversion.Rates, s.rates[RateKey{Source: d.Source, Period: d.Period}])
		if d.conversion.Kept, err = settle.KeptRates(s.stage.Txn, d.Period); err != nil {
			return err
		}
	}
	for _, c := range s.stage.Books.Currencies {
		_, _ = d.conversion.To(cmp.Or(c.Code, s.stage.Currency)) // a currency without a rate may not be needed
	}
	return nil
}

// conversion is a delivery and the currency of a customer who bears a part of it.
type conversion struct {
	delivery *Delivery
	currency string
}

// conversions are those of the groups of a cycle.
type conversions map[conversion]bool

// convert finds the rates by which the groups of customers are priced and their payments compared with costs. It runs
// before pricing. Errors: *MissingRatesError.
func (r *rated) convert(needed conversions) error {
	var none MissingRatesError
	for p := range needed {
		if _, err := p.delivery.conversion.To(p.currency); err != nil {
			none.List = append(none.List, &settlement.MissingRateError{Cycle: r.cycle, From: p.delivery.Currency,
				To: p.currency})
		}
		if _, err := r.margins.PaidRate(p.currency); err != nil {
			none.List = append(none.List, &settlement.MissingRateError{Cycle: r.margins.BilledIn, From: p.currency,
				To: r.margins.Currency})
		}
	}
	if none.List == nil {
		return nil
	}
	slices.SortFunc(none.List, func(a, b *settlement.MissingRateError) int {
		return cmp.Or(cmp.Compare(a.Cycle, b.Cycle), strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
	none.List = slices.CompactFunc(none.List, func(a, b *settlement.MissingRateError) bool { return *a == *b })
	return &none
}
