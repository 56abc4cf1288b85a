package load

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// budgets reads budgets.csv.
func (l *loader) budgets() {
	var rows []Entry[books.Budget]
	l.each("budgets.csv", func(r *row) {
		b := books.Budget{Thresholds: r.percents("thresholds"), Valid: r.rec.Valid()}
		r.startsMonth("valid_from", b.Valid.From)
		r.startsMonth("valid_to", b.Valid.To)
		var ok bool
		currency := l.b.OwnCurrency()
		if b.Customer, ok = r.needCustomer("customer_id"); ok {
			currency = l.b.CustomerCurrency(b.Customer)
		}
		if b.Amount = r.budgetAmount("amount", currency); ok {
			rows = append(rows, Entry[books.Budget]{Row: b, Span: b.Valid, At: r.rec.Mark("customer_id")})
		}
	})
	byCustomer := func(a, b *books.Budget) int { return cmp.Compare(a.Customer, b.Customer) }
	rows = SortEntries(rows, byCustomer)
	Overlaps(l.files, "budgets.csv", rows, byCustomer, func(b *books.Budget) string {
		return "customer_id " + l.b.Customers[b.Customer].ID
	})
	l.b.Budgets = RowsOf(rows)
}

// budgetAmount is an amount above 0 with at most the currency's digits.
func (r *row) budgetAmount(name string, currency money.Currency) money.Amount {
	a, ok := Decimal(r.rec, name, money.ParseAmount[string])
	switch {
	case !ok:
	case a.Sign() <= 0:
		r.rec.Fail(name, "remove the row if there is no budget", "not above 0")
	case a.Td(currency.Digits) != a:
		r.rec.Fail(name, "", "more decimals than %s has, which is %d", currency.Code, currency.Digits)
	}
	return a
}

// maxPercent is the largest threshold.
const maxPercent = 1000

// percents are ascending whole numbers.
func (r *row) percents(name string) []int {
	var out []int
	for text := range strings.SplitSeq(r.rec.Text(name), ";") {
		n, err := strconv.Atoi(text)
		switch {
		case err != nil || n < 1 || n > maxPercent || strconv.Itoa(n) != text:
			r.rec.Fail(name, "write percents as 50;80;100", "%q is not a whole number from 1 to %d",
				settings.ShortYAML(text), maxPercent)
			return out
		case len(out) > 0 && n <= out[len(out)-1]:
			r.rec.Fail(name, "write percents as 50;80;100", "%d after %d: want them ascending", n, out[len(out)-1])
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
		r.rec.Fail(name, "write "+first.String()+", or the first day of another month",
			"a budget is of complete months")
	}
}
