package costs

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/costs/margins"
	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// costRates are the rates by which cost files were converted last, by source, period and currency.
type costRates map[rateKey]map[string]money.UnitPrice

type rateKey struct {
	source string
	period period.Cycle
}

func costRatesKey() manifest.FileKey {
	return manifest.FileKey{Table: tables.CostRates().Name, Bucket: manifest.NoBucket}
}

// readCostRates reads the rates that the lake has.
func readCostRates(txn *lake.SubTxn) (costRates, error) {
	out := make(costRates)
	err := margins.Each(txn.Open, txn.Next().Find(costRatesKey()), tables.CostRates(),
		func(row rows.Row[tables.CostRate]) error {
			at := rateKey{source: row.Word(tables.CostRateSource)}
			var err error
			if at.period, err = period.ParseCycle(row.Word(tables.CostRatePeriod)); err != nil {
				return err
			}
			if out[at] == nil {
				out[at] = make(map[string]money.UnitPrice)
			}
			out[at][row.Word(tables.CostRateTo)], err = row.UnitPrice(tables.CostRateRate)
			return err
		})
	return out, err
}

// keepRates writes the rates by which the deliveries were converted.
func (w *writer) keepRates(found *survey) error {
	all := maps.Clone(found.rates)
	for name, one := range found.sources {
		for c := range one.deliveries {
			if x := found.conversions(c)[name]; x != nil {
				all[rateKey{name, c}] = x.Rates
			}
		}
	}
	out := parquet.NewColumns(tables.CostRates())
	for _, at := range slices.SortedFunc(maps.Keys(all), func(a, b rateKey) int {
		return cmp.Or(strings.Compare(a.source, b.source), cmp.Compare(a.period, b.period))
	}) {
		for _, to := range slices.Sorted(maps.Keys(all[at])) {
			out.Word(tables.CostRateSource).Add(at.source)
			out.Word(tables.CostRatePeriod).Add(at.period.String())
			out.Word(tables.CostRateTo).Add(to)
			out.Quantity(tables.CostRateRate).Add(all[at][to].Raw())
			out.N++
		}
	}
	return w.file(costRatesKey(), out.Any(), nil)
}

// convert finds the rates of a delivery to all currencies of the books, as far as there are any. A delivery of nothing
// has the currency of its source: what it takes back was in it.
func (s *survey) convert(one *source, d *Delivery) (err error) {
	d.conversion = &margins.Conversion{Books: s.stage.Books, From: cmp.Or(d.Currency, one.currency), Cycle: d.Period,
		Fixed: one.Fx[d.Period], Rates: make(map[string]money.UnitPrice)}
	if d.Period <= s.stage.Closed {
		maps.Copy(d.conversion.Rates, s.rates[rateKey{d.Source, d.Period}])
		if d.conversion.Kept, err = settle.KeptRates(s.stage.Txn, d.Period); err != nil {
			return err
		}
	}
	for _, c := range s.stage.Books.Currencies {
		_, _ = d.conversion.To(cmp.Or(c.Code, s.stage.Currency)) // a currency without a rate may not be needed
	}
	return nil
}

// MissingRatesError is the rates that rates.csv lacks for customers of cost files, and for their margins (§10.7).
type MissingRatesError struct {
	List []*settlement.MissingRateError
}

func (e *MissingRatesError) Error() string {
	var parts []string
	for _, one := range e.List {
		parts = append(parts, one.Error())
	}
	return strings.Join(parts, "; ")
}

// convert finds the rates by which the groups of customers are priced and their payments compared with costs. It comes
// before anything is priced. Errors: *MissingRatesError.
func (r *rated) convert() error {
	type pair struct {
		delivery *Delivery
		currency string
	}
	seen := make(map[pair]bool)
	var none MissingRatesError
	for i := range r.found {
		f := &r.found[i]
		p := pair{f.of.delivery, r.books.CustomerCurrency(f.customer).Code}
		if seen[p] {
			continue
		}
		seen[p] = true
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
