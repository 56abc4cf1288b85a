package run

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// marginTotals returns the control totals of a cycle's margins. Their payments must be equal to those of the lines of
// cost files, in each currency (§11.6).
func (t *TotalsState) marginTotals(cycle string, files []lake.FileEntry) ([]lake.TableTotal, error) {
	margins, err := sumBuckets(files, tables.Margins().Name)
	if err != nil || margins.all.rows == 0 {
		return nil, err
	}
	const payment = "payment_amount"
	ofCosts := func(e lake.FileEntry) bool { return e.Day == lake.CostsDay || e.Day == lake.RestatedDay }
	list := margins.all.totals(cycle + "/margins.")
	byMoney := slices.DeleteFunc(slices.Clone(list), func(t lake.TableTotal) bool {
		return strings.Count(t.Name, ".") == 1
	})
	paid := slices.DeleteFunc(slices.Clone(margins.all.columns), func(column string) bool {
		return !strings.HasPrefix(column, payment+".")
	})
	if len(paid) == 0 {
		lines, err := sumBuckets(slices.DeleteFunc(slices.Clone(files), func(e lake.FileEntry) bool {
			return !ofCosts(e)
		}), tables.Lines().Name)
		if err != nil {
			return nil, err
		}
		if m, l := margins.all.text(payment), lines.all.text(payment); m != l {
			return nil, &TotalsError{Name: payment + " of the cost files of cycle " + cycle, Left: l + " in lines",
				Right: m + " in margins"}
		}
		return append(withCurrencies(list, byMoney), byMoney...), nil
	}
	lines, err := t.moneyOfLines(slices.DeleteFunc(slices.Clone(files), func(e lake.FileEntry) bool {
		return e.Table == tables.Sums().Name && !ofCosts(e)
	}))
	if err != nil {
		return nil, err
	}
	billed := lines[slices.Index(amountsOfSums[:], tables.SumPaymentAmount)]
	for _, column := range paid {
		currency := strings.TrimPrefix(column, payment+".")
		if m, l := margins.all.text(column), billed.Of(currency).String(); m != l {
			return nil, &TotalsError{Name: payment + " of the cost files of cycle " + cycle + " in " + currency,
				Left: l + " in lines", Right: m + " in margins"}
		}
	}
	return append(withCurrencies(list, byMoney), byMoney...), nil
}
