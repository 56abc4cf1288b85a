package books

import (
	"cmp"
	"strconv"
	"strings"

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

// budgets reads budgets.csv.
func (l *loader) budgets() {
	var rows []entry[Budget]
	l.each("budgets.csv", func(r *row) {
		b := Budget{Thresholds: r.percents("thresholds"), Valid: r.valid()}
		r.startsMonth("valid_from", b.Valid.From)
		r.startsMonth("valid_to", b.Valid.To)
		var ok bool
		currency := l.b.OwnCurrency()
		if b.Customer, ok = r.needCustomer("customer_id"); ok {
			currency = l.b.CustomerCurrency(b.Customer)
		}
		if b.Amount = r.budgetAmount("amount", currency); ok {
			rows = append(rows, entry[Budget]{row: b, span: b.Valid, at: r.mark("customer_id")})
		}
	})
	byCustomer := func(a, b *Budget) int { return cmp.Compare(a.Customer, b.Customer) }
	rows = sortEntries(rows, byCustomer)
	overlaps(l.files, "budgets.csv", rows, byCustomer, func(b *Budget) string {
		return "customer_id " + l.b.Customers[b.Customer].ID
	})
	l.b.Budgets = rowsOf(rows)
}

// budgetAmount is an amount above 0 with at most the currency's digits.
func (r *row) budgetAmount(name string, currency money.Currency) money.Amount {
	a, ok := decimal(r.record, name, money.ParseAmount[string])
	switch {
	case !ok:
	case a.Sign() <= 0:
		r.fail(name, "remove the row if there is no budget", "not above 0")
	case a.Td(currency.Digits) != a:
		r.fail(name, "", "more decimals than %s has, which is %d", currency.Code, currency.Digits)
	}
	return a
}

// maxPercent is the largest threshold.
const maxPercent = 1000

// percents are ascending whole numbers.
func (r *row) percents(name string) []int {
	var out []int
	for text := range strings.SplitSeq(r.text(name), ";") {
		n, err := strconv.Atoi(text)
		switch {
		case err != nil || n < 1 || n > maxPercent || strconv.Itoa(n) != text:
			r.fail(name, "write percents as 50;80;100", "%q is not a whole number from 1 to %d", shorten(text),
				maxPercent)
			return out
		case len(out) > 0 && n <= out[len(out)-1]:
			r.fail(name, "write percents as 50;80;100", "%d after %d: want them ascending", n, out[len(out)-1])
			return out
		}
		out = append(out, n)
	}
	return out
}

// startsMonth requires a bound of a validity to be the start of a month in the contract zone.
func (r *row) startsMonth(name string, t period.Instant) {
	zone := r.l.s.Zone
	if t == period.Past || t == period.Forever {
		return
	}
	if first := zone.Cycle(t).First(); zone.Start(first) != t {
		r.fail(name, "write "+first.String()+", or the first day of another month", "a budget is of complete months")
	}
}
