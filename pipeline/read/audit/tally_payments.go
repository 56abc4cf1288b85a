package audit

import (
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// paymentTotals holds payments by customer. All payments of a customer have one currency.
type paymentTotals map[string]money.AmountTotal

// Add adds the amount of a row in a column. Error: a sum out of range.
func (p paymentTotals) Add(customer string, row rows.Row[tables.Any], column tables.AmountColumn[tables.Any]) error {
	d, sum := row.Cols.Amount(column).At(row.I), p[customer]
	part, err := money.AmountTotalFromRaw(d.Hi, d.Lo)
	if err == nil {
		err = sum.AddTotal(part)
	}
	p[customer] = sum
	return err
}
