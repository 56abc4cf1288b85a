package costs

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// Rates are the rates with which cost files were last converted, by source and period, and then by currency.
type Rates map[RateKey]map[string]money.UnitPrice

// RateKey is a source and a period.
type RateKey struct {
	Source string
	Period period.Cycle
}

// RatesKey is the key of the rates in the lake.
func RatesKey() lake.FileKey {
	return lake.FileKey{Table: tables.CostRates().Name, Bucket: lake.NoBucket}
}

// ReadRates reads the rates from the lake.
func ReadRates(txn *lake.SubTxn) (Rates, error) {
	out := make(Rates)
	err := EachMargin(txn, txn.Next().Find(RatesKey()), tables.CostRates(), func(row rows.Row[tables.CostRate]) error {
		at := RateKey{Source: row.Word(tables.CostRateSource)}
		var err error
		if at.Period, err = period.ParseCycle(row.Word(tables.CostRatePeriod)); err != nil {
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

// Rows returns the rates as rows, by source, period and currency.
func (r Rates) Rows() *parquet.Columns[tables.CostRate] {
	out := parquet.NewColumns(tables.CostRates())
	for _, at := range slices.SortedFunc(maps.Keys(r), func(a, b RateKey) int {
		return cmp.Or(strings.Compare(a.Source, b.Source), cmp.Compare(a.Period, b.Period))
	}) {
		for _, to := range slices.Sorted(maps.Keys(r[at])) {
			out.Word(tables.CostRateSource).Add(at.Source)
			out.Word(tables.CostRatePeriod).Add(at.Period.String())
			out.Word(tables.CostRateTo).Add(to)
			out.Quantity(tables.CostRateRate).Add(r[at][to].Raw())
			out.N++
		}
	}
	return out
}

// MissingRatesError lists the rates that rates.csv lacks for customers of cost files and for their margins (§10.7).
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
