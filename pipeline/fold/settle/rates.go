package settle

import (
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// keepRates stores the exchange rates of a cycle that the run closes: for each pair of currencies the row of rates.csv
// that applies (SETTLE-5). It includes the currencies of vendors' costs, which are not in the books.
func (s *Step) keepRates(cycle period.Cycle) error {
	if !s.Books.Mixed && !s.Costs {
		return nil
	}
	var codes []string
	for _, c := range s.Books.Currencies {
		codes = append(codes, c.Code)
	}
	if s.Costs {
		for i := range s.Books.Rates {
			codes = append(codes, s.Books.Rates[i].From, s.Books.Rates[i].To)
		}
		slices.Sort(codes)
		codes = slices.Compact(codes)
	}
	out := parquet.NewColumns(tables.ExchangeRates())
	for _, from := range codes {
		for _, to := range codes {
			x := s.Books.Rates.On(from, to, cycle.Last())
			if x == nil {
				continue
			}
			out.Word(tables.ExchangeRateFrom).Add(from)
			out.Word(tables.ExchangeRateTo).Add(to)
			out.Word(tables.ExchangeRateDate).Add(x.Date.String())
			out.Quantity(tables.ExchangeRateRate).Add(x.Rate.Raw())
			out.N++
		}
	}
	return rows.PutFile(s.Txn, ratesKey(cycle), out, nil)
}

func ratesKey(cycle period.Cycle) lake.FileKey {
	return lake.FileKey{Table: tables.ExchangeRates().Name, Cycle: lake.CycleOf(cycle),
		Bucket: lake.NoBucket}
}

// ReadRates reads the rates with which a cycle was closed; none for an open cycle.
func ReadRates(snap *lake.Snapshot, cycle period.Cycle) ([]books.ExchangeRate, error) {
	files, err := snap.Find(ratesKey(cycle))
	if err != nil {
		return nil, err
	}
	return readRates(snap, files)
}

func readRates(from rows.FileOpener, files []lake.FileEntry) (list []books.ExchangeRate, err error) {
	for _, e := range files {
		add := func(cols *parquet.Columns[tables.ExchangeRate], i int) error {
			x := books.ExchangeRate{From: cols.Word(tables.ExchangeRateFrom).At(i),
				To: cols.Word(tables.ExchangeRateTo).At(i)}
			raw := cols.Quantity(tables.ExchangeRateRate).At(i)
			var rateErr, dateErr error
			x.Rate, rateErr = money.UnitPriceFromRaw(raw.Hi, raw.Lo)
			x.Date, dateErr = period.ParseDay(cols.Word(tables.ExchangeRateDate).At(i))
			list = append(list, x)
			return errors.Join(rateErr, dateErr)
		}
		err = errors.Join(err, rows.EachRow(from, e, tables.ExchangeRates(), nil, add))
	}
	return list, err
}

// keptRates are the rates with which cycles were closed before the run.
type keptRates map[period.Cycle][]books.ExchangeRate

// keptRates reads the rates; nil in a workspace with one currency.
func (s *Step) keptRates() (keptRates, error) {
	if !s.Books.Mixed {
		return nil, nil
	}
	kept := keptRates{}
	for _, cycle := range s.Cycles {
		if !s.Closed(cycle) {
			continue
		}
		rates, err := KeptRates(s.Txn, cycle)
		if err != nil {
			return nil, err
		}
		if rates != nil {
			kept[cycle] = rates
		}
	}
	return kept, nil
}

// KeptRates reads the rates with which a cycle was closed before the run. An open cycle, or one that needed none, has
// none.
func KeptRates(txn *lake.SubTxn, cycle period.Cycle) ([]books.ExchangeRate, error) {
	return readRates(txn, txn.Next().Find(ratesKey(cycle)))
}
