package document

import (
	"cmp"
	"fmt"
	"slices"
)

// converts reports whether a row is about a customer of another currency than the partner's (§10.7).
func (s *Statement) converts() bool {
	return slices.ContainsFunc(s.Rows, func(r Row) bool { return r.Currency != "" })
}

// inCurrencies adapts a part with a row per customer or per row of the statement: if customers have other currencies
// than the partner, it drops the sum of their amounts and adds how rows were converted (DOC-12).
func (s *Statement) inCurrencies(p *PagePart) *PagePart {
	if !s.converts() {
		return p
	}
	for i := range p.Cols {
		switch p.Cols[i].Title {
		case "Official", "Discount", "Truncated", "To pay":
			p.Cols[i].Sum, p.Cols[i].Foreign = false, true
		}
	}
	p.About = append(p.About, fmt.Sprintf("Official, discount, truncated and to pay are in the customer's currency, "+
		"all other amounts in %s. Each amount is converted exactly and rounded once.", s.Header.Currency))
	p.Cols = append(p.Cols, PageColumn{Name: "customer_currency", Title: "Customer currency"})
	if p.Name != "customer" {
		p.Cols = append(p.Cols, PageColumn{Name: "fx_rate", Title: "Exchange rate"},
			PageColumn{Name: "fx_date", Title: "Rate date"})
	}
	return p
}

// conversion returns the cells of a row's currency and rate, if the statement converts.
func (s *Statement) conversion(r *Row) []PageCell {
	if !s.converts() {
		return nil
	}
	return append(s.customerCurrency(r.Currency), WordCell(r.Rate), WordCell(r.RateDate))
}

// customerCurrency returns the cell of a customer's currency, if the statement converts.
func (s *Statement) customerCurrency(currency string) []PageCell {
	if !s.converts() {
		return nil
	}
	return []PageCell{WordCell(cmp.Or(currency, s.Header.Currency))}
}

// withoutPaid removes from a part with sums over customers the amounts that they pay, if they have other currencies
// than the partner.
func (s *Statement) withoutPaid(p *PagePart) *PagePart {
	at := slices.IndexFunc(p.Cols, func(c PageColumn) bool { return c.Title == "To pay" })
	if !s.converts() || at < 0 {
		return p
	}
	p.Cols = slices.Delete(p.Cols, at, at+1)
	p.Rank--
	rows := p.Rows
	p.Rows = func(yield func([]PageCell) bool) {
		for cells := range rows {
			if !yield(slices.Delete(cells, at, at+1)) {
				return
			}
		}
	}
	return p
}
