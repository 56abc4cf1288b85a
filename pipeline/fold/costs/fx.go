package costs

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// conversion is the rates from a delivery's currency to others (§11.5): fx of its source, or the row of rates.csv that
// applies to the delivery's period. A closed cycle keeps the rates that it was rated with (§11.4, FCOST-7). It is for
// one goroutine at a time.
type conversion struct {
	books *books.Books
	from  string
	cycle period.Cycle
	fixed money.UnitPrice            // fx of the source, to the workspace's currency; 0 = none
	kept  []books.ExchangeRate       // of the close of the cycle
	rates map[string]money.UnitPrice // by currency, those that it was billed by or that were looked up
}

// to is the rate to a currency. Errors: *settlement.MissingRateError.
func (c *conversion) to(currency string) (money.UnitPrice, error) {
	if currency == c.from || c.from == "" { // a delivery of nothing has no currency
		return par(), nil
	}
	if rate, known := c.rates[currency]; known {
		return rate, nil
	}
	rate := c.fixed
	if currency != c.books.Currency || rate == (money.UnitPrice{}) {
		x := c.row(currency)
		if x == nil {
			return rate, &settlement.MissingRateError{Cycle: c.cycle, From: c.from, To: currency}
		}
		rate = x.Rate
	}
	c.rates[currency] = rate
	return rate, nil
}

// row is the row of rates.csv to a currency: that of the close of the cycle, or else today's; nil = none.
func (c *conversion) row(currency string) *books.ExchangeRate {
	for i := range c.kept {
		if c.kept[i].From == c.from && c.kept[i].To == currency {
			return &c.kept[i]
		}
	}
	return c.books.Rates.On(c.from, currency, c.cycle.Last())
}

// par is the rate of a currency to itself.
func par() money.UnitPrice {
	one, _ := money.ParseUnitPrice("1")
	return one
}

// isPar reports whether a rate converts to the same currency.
func isPar(rate money.UnitPrice) bool { return rate == par() }

// costRates are the rates by which cost files were converted last, by source, period and currency.
type costRates map[rateKey]map[string]money.UnitPrice

type rateKey struct {
	source string
	period period.Cycle
}

func costRatesKey() lake.FileKey {
	return lake.FileKey{Table: tables.CostRates().Name, Bucket: lake.NoBucket}
}

// readCostRates reads the rates that the lake has.
func readCostRates(txn *lake.SubTxn) (costRates, error) {
	out := make(costRates)
	err := each(txn.Open, txn.Next().Find(costRatesKey()), tables.CostRates(),
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
				all[rateKey{name, c}] = x.rates
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

// convert finds the rates of a delivery to all currencies of the books, as far as there are any.
func (s *survey) convert(one *source, d *Delivery) (err error) {
	d.conversion = &conversion{books: s.stage.Books, from: d.Currency, cycle: d.Period, fixed: one.Fx[d.Period],
		rates: make(map[string]money.UnitPrice)}
	if d.Period <= s.stage.Closed {
		maps.Copy(d.conversion.rates, s.rates[rateKey{d.Source, d.Period}])
		if d.conversion.kept, err = settle.KeptRates(s.stage.Txn, d.Period); err != nil {
			return err
		}
	}
	for _, c := range s.stage.Books.Currencies {
		_, _ = d.conversion.to(cmp.Or(c.Code, s.stage.Currency)) // a currency without a rate may not be needed
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
		if _, err := p.delivery.conversion.to(p.currency); err != nil {
			none.List = append(none.List, &settlement.MissingRateError{Cycle: r.cycle, From: p.delivery.Currency,
				To: p.currency})
		}
		if _, err := r.margins.paidRate(p.currency); err != nil {
			none.List = append(none.List, &settlement.MissingRateError{Cycle: r.margins.billedIn, From: p.currency,
				To: r.margins.currency})
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

// paidRate is the rate from a customer's currency to the workspace's for the cycle that bills the lines (§10.7).
// Errors: *settlement.MissingRateError.
func (m *margins) paidRate(currency string) (money.UnitPrice, error) {
	if currency == m.currency {
		return par(), nil
	}
	x := m.rates.Rates.On(currency, m.currency, m.billedIn.Last())
	if x == nil {
		return money.UnitPrice{}, &settlement.MissingRateError{Cycle: m.billedIn, From: currency, To: m.currency}
	}
	return x.Rate, nil
}

// left is R8(paid × x − cost × fx): what a payment leaves of a cost, each in the workspace's currency (§11.6).
func left(paid money.Amount, x money.UnitPrice, c money.Cost, fx money.UnitPrice) (money.Amount, error) {
	if isPar(x) && isPar(fx) {
		return paid.LessR8(c)
	}
	return money.AmountFromRat(new(big.Rat).Sub(new(big.Rat).Mul(paid.Rat(), x.Rat()),
		new(big.Rat).Mul(c.Rat(), fx.Rat())))
}
