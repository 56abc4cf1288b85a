package books

import (
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Budget is one row of budgets.csv: what a customer expects to be billed in each month while the row is in force. It
// changes no line.
type Budget struct {
	Customer   int32
	Amount     money.Amount // above 0
	Thresholds []int        // percents of Amount, ascending
	Valid      period.Span  // from the start of a month to the start of a month
}

func budgetsFormat() Format {
	return Format{File: "budgets.csv", Key: "customer_id",
		Meaning: "what customers expect to be billed per month; `tollbook query budgets` compares", Columns: []Column{
			id("customer_id", "whose budget it is"),
			number("amount", "amount", "", "the budget of one month, above 0, with at most the digits of the "+
				"customer's currency"),
			{Name: "thresholds", Type: "list", Default: "100",
				Meaning: "percents of the amount, ascending, joined by ;: each gives an alert when it is reached"},
			{Name: "valid_from", Type: "time",
				Meaning: "first instant in force: the first day of a month in the contract zone; empty = ever since"},
			{Name: "valid_to", Type: "time",
				Meaning: "first instant no longer in force: the first day of a month; empty = open"},
		}}
}
