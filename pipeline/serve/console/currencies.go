package console

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	moneyof "github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Currencies links to the page in each currency of the caller's customers and partners; it returns nothing if there is
// only one.
func Currencies(v *View) []Block {
	if !v.Mixed() || v.Call.Scope.Customer != "" {
		return nil
	}
	b := v.Call.State.Workspace.Books
	has := map[string]bool{v.Currency(): true}
	if v.Call.Scope.Partner == "" {
		for i := range b.Customers {
			has[b.CustomerCurrency(int32(i)).Code] = true
		}
		for i := range b.Partners {
			has[b.PartnerCurrency(int32(i)).Code] = true
		}
	} else if partner := b.Partner(v.Call.Scope.Partner); partner >= 0 {
		has[b.PartnerCurrency(partner).Code] = true
		for i := range b.Associations {
			if a := &b.Associations[i]; a.Partner == partner {
				has[b.CustomerCurrency(a.Customer).Code] = true
			}
		}
	}
	block := Block{ID: "currencies", Title: v.F("币种：%s", "In %s", v.Currency())}
	for _, one := range b.Currencies {
		if has[one.Code] && one.Code != v.Currency() {
			block.Links = append(block.Links, Link{Text: one.Code, Href: v.Here("currency", one.Code)})
		}
	}
	if len(block.Links) == 0 {
		return nil
	}
	return []Block{block}
}

// IsPayment reports whether a control total is the sum of payments in the page's currency. Cycles that were billed in
// one currency have one sum, in the workspace's.
func IsPayment(v *View, name string) bool {
	payment := tables.Lines().Name + ".payment_amount"
	return name == payment && v.Currency() == v.Call.State.Workspace.Books.Currency || name == payment+"."+v.Currency()
}

// PaymentsOf shows payments by currency.
func PaymentsOf(v *View, p *money.PerCurrency, href string) Cell {
	list := p.List()
	if !v.Mixed() || len(list) == 1 && list[0].Currency == v.Currency() || len(list) == 0 {
		return v.Money(p.Of(v.Currency()), href)
	}
	texts, shown := make([]string, len(list)), make([]string, len(list))
	for i, one := range list {
		cell := v.MoneyIn(one.Total, one.Currency, "")
		texts[i], shown[i] = cell.Text+" "+one.Currency, cell.Shown+" "+one.Currency
	}
	return Cell{Text: strings.Join(texts, "; "), Shown: strings.Join(shown, "; "), Href: href}
}

// CurrencyOfPartner returns the currency of a party of a statement; for the vendor it is that of the buyer, otherwise.
func CurrencyOfPartner(b *books.Books, id, otherwise string) string {
	if code := b.Partner(id); code >= 0 {
		return b.PartnerCurrency(code).Code
	}
	return otherwise
}

// CurrencyOfRow returns the currency of the amounts in a row of the lake: in a workspace of one currency the page's.
func CurrencyOfRow(v *View, r rows.Row[tables.Any]) string {
	if !v.Mixed() {
		return v.Currency()
	}
	b := v.Call.State.Workspace.Books
	code, err := (&moneyof.CurrencyFinder{Books: b}).OfRow(r.Cols, r.I)
	if err != nil { // the books no longer have the customer or partner
		return b.Currency
	}
	return code
}

// WithColumn inserts a column before another one.
func WithColumn(t *Table, before string, c Column, cell func(row int) Cell) {
	at := slices.IndexFunc(t.Columns, func(one Column) bool { return one.Name == before })
	t.Columns = slices.Insert(t.Columns, at, c)
	for i := range t.Rows {
		t.Rows[i] = slices.Insert(t.Rows[i], at, cell(i))
	}
	if len(t.Total) > 0 {
		t.Total = slices.Insert(t.Total, at, Cell{})
	}
}
