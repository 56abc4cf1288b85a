package query

import (
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// TestOfRow checks the currencies of rows. ann is in CNY and was billed in CNY, bob is in JPY, and cid was billed in
// USD but is no longer in the books. The partner hub is in EUR, pat in CNY. Invariants: CURRENCY-1, CURRENCY-2.
func TestOfRow(t *testing.T) {
	t.Parallel()
	f := &CurrencyFinder{Billed: map[string]string{"cid": "USD", "ann": "CNY"}, Books: &books.Books{
		Currency: "CNY", Digits: 2, Mixed: true,
		Currencies: []money.Currency{{Code: "CNY", Digits: 2}, {Code: "EUR", Digits: 2}, {Code: "JPY"}},
		Customers:  []books.Customer{{ID: "ann"}, {ID: "bob", Currency: 2}},
		Partners:   []books.Partner{{ID: "hub", Currency: 1}, {ID: "pat"}},
	}}
	for _, c := range []struct {
		table *tables.Table
		ids   string // pairs column=id
		want  string
	}{
		{tables.Lines().Table, "customer_id=bob partner_id=hub", "JPY"},
		{tables.Lines().Table, "customer_id=cid partner_id=hub", "USD"},
		{tables.PartnerStatements().Table, "customer_id=bob partner_id=hub", "EUR"},
		{tables.PartnerAccounts().Table, "partner_id=hub counterparty_id=bob", "EUR"},
		{tables.Coupons().Table, "customer_id=bob partner_id=pat", "JPY"},
		{tables.Invoices().Table, "issuer_id=hub recipient_id=pat", "CNY"},
		{tables.Invoices().Table, "issuer_id=pat recipient_id=hub", "EUR"},
		{tables.Invoices().Table, "issuer_id=hub recipient_id=bob", "JPY"},
		{tables.InvoiceRecords().Table, "invoice_id=i", ""},
		{tables.Taxes().Table, "buyer_id=hub seller_id=vendor", "EUR"},
		{tables.Taxes().Table, "buyer_id=cid", "USD"},
		{tables.Lines().Table, "customer_id=dan", "error"},
	} {
		cols := parquet.NewColumns(tables.Untyped(c.table))
		cols.N = 1
		for i := range c.table.Columns {
			cols.Col(tables.ColumnOf[tables.Any](i)).AddWord("")
			cols.Col(tables.ColumnOf[tables.Any](i)).AddText("")
		}
		for pair := range strings.FieldsSeq(c.ids) {
			name, id, _ := strings.Cut(pair, "=")
			col := cols.Col(tables.ColumnOf[tables.Any](c.table.Index(name)))
			*col = parquet.Col{}
			col.AddWord(id)
			col.AddText(id)
		}
		got, err := f.OfRow(cols, 0)
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("%s, %s: %q, want %q", c.table.Name, c.ids, got, c.want)
		}
	}
}
