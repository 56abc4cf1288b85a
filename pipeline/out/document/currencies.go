package document

import (
	"fmt"
	"slices"
)

// converts reports whether a row is about a customer of another currency than the partner's (§10.7).
func (s *Statement) converts() bool {
	return slices.ContainsFunc(s.Rows, func(r Row) bool { return r.Currency != "" })
}

// inCurrencies is a part with a row for each customer or row of the statement. Where customers have other currencies
// than the partner, their amounts have no sum, and rows say how they were converted (DOC-12).
func (s *Statement) inCurrencies(p *part) *part {
	if !s.converts() {
		return p
	}
	for i := range p.cols {
		switch p.cols[i].title {
		case "Official", "Discount", "Truncated", "To pay":
			p.cols[i].sum = false
		}
	}
	p.about = append(p.about, fmt.Sprintf("Official, discount, truncated and to pay are in the customer's currency, "+
		"all other amounts in %s. Each amount is converted exactly and rounded once.", s.Header.Currency))
	if p.name != "customer" {
		p.cols = append(p.cols, column{name: "customer_currency", title: "Customer currency"},
			column{name: "fx_rate", title: "Exchange rate"}, column{name: "fx_date", title: "Rate date"})
	}
	return p
}

// conversion are the cells of a row's currency and rate, in a statement that converts.
func (s *Statement) conversion(r *Row) []cell {
	if !s.converts() {
		return nil
	}
	currency := r.Currency
	if currency == "" {
		currency = s.Header.Currency
	}
	return []cell{word(currency), word(r.Rate), word(r.RateDate)}
}

// withoutPaid is a part with sums over customers, without what these pay where they have other currencies than the
// partner.
func (s *Statement) withoutPaid(p *part) *part {
	at := slices.IndexFunc(p.cols, func(c column) bool { return c.title == "To pay" })
	if !s.converts() || at < 0 {
		return p
	}
	p.cols = slices.Delete(p.cols, at, at+1)
	p.rank--
	rows := p.rows
	p.rows = func(yield func([]cell) bool) {
		for cells := range rows {
			if !yield(slices.Delete(cells, at, at+1)) {
				return
			}
		}
	}
	return p
}
