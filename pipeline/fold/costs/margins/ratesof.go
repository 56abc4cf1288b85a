package margins

import (
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// RatesOf returns the rows of rates.csv that convert what files of margins contain of a cycle, in no order: costs to
// the customer's currency and to the workspace's, and payments to the workspace's (§11.5, §11.6). A cost whose source
// has an fx for the cycle needs no row to the workspace's currency.
func RatesOf(o Opener, files []manifest.FileEntry, b *books.Books, cycle period.Cycle,
	fx func(source string) bool) ([]books.ExchangeRate, error) {
	type pair struct{ from, to string }
	used := make(map[pair]bool)
	err := Each(o, files, tables.Margins(), func(row rows.Row[tables.Margin]) error {
		origin, k, _, err := Read(row)
		if err != nil {
			return err
		}
		used[pair{k.Paid, b.Currency}] = true
		if origin != cycle || k.Currency == "" {
			return nil // a closed cycle keeps its rates
		}
		if k.Paid != b.Currency {
			used[pair{k.Currency, k.Paid}] = true
		}
		if !fx(k.Source) {
			used[pair{k.Currency, b.Currency}] = true
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
