package costs

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// RatesOf returns the rows of rates.csv that a cycle's margins use, in no order. A cost is converted to the customer's
// currency and to the workspace's, a payment to the workspace's (§11.5, §11.6). files are the files of margins of the
// cycle. fx reports whether the settings of a source have a rate to the workspace's currency for the cycle: that rate
// replaces the row.
func RatesOf(o rows.FileOpener, files []lake.FileEntry, b *books.Books, cycle period.Cycle,
	fx func(source string) bool) ([]books.ExchangeRate, error) {
	type pair struct{ from, to string }
	used := make(map[pair]bool)
	err := EachMargin(o, files, tables.Margins(), func(row rows.Row[tables.Margin]) error {
		cost, paid := row.Word(tables.MarginCurrency), row.Word(tables.MarginPaymentCurrency)
		used[pair{paid, b.Currency}] = true
		if row.Word(tables.MarginOriginCycle) != cycle.String() {
			return nil // costs of a closed cycle keep the rates of its close
		}
		if paid != b.Currency {
			used[pair{cost, paid}] = true
		}
		if !fx(row.Word(tables.MarginSource)) {
			used[pair{cost, b.Currency}] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var list []books.ExchangeRate
	for p := range used {
		if x := b.Rates.On(p.from, p.to, cycle.Last()); x != nil && p.from != p.to {
			list = append(list, *x)
		}
	}
	return list, nil
}
