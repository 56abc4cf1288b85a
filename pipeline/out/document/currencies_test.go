package document

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// TestStatementInTwoCurrencies checks a customer with 100 CNY and one with 10 USD, converted at 7. The amounts owed, 90
// and 63, have a sum; 100 CNY and 10 USD have none. Invariant: DOC-12.
func TestStatementInTwoCurrencies(t *testing.T) {
	t.Parallel()
	s := twoCurrencies(t, "10")
	var out bytes.Buffer
	if err := s.Write(&out, Table, Options{}); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{"153.00", "USD", "7.0000000000", "2026-09-30", "in the customer's currency"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if strings.Contains(text, "110") {
		t.Errorf("a sum of two currencies in\n%s", text)
	}
}

// twoCurrencies is a statement with 100 CNY of one customer, and an amount in USD of another.
func twoCurrencies(t *testing.T, dollars string) *Statement {
	t.Helper()
	s := &Statement{Header: header(t), Partner: PageParty{ID: "north"}, Kind: "reseller", Rows: []Row{
		row(t, "ann", "Ann", "net", "+", "100", "0", "90"), row(t, "bob", "Bob", "net", "+", dollars, "0", "63")}}
	s.Rows[1].Currency, s.Rows[1].Rate, s.Rows[1].RateDate = "USD", "7.0000000000", "2026-09-30"
	s.Rows[1].Performance = yuan(t, "70")
	s.Summary.Owed, s.Summary.Net = sum(t, "153"), sum(t, "153")
	return s
}

// TestXLSXInTwoCurrencies checks that a workbook in a currency without digits shows the cents of customers who pay in
// another one, and names each customer's currency. Invariant: DOC-12.
func TestXLSXInTwoCurrencies(t *testing.T) {
	t.Parallel()
	s := twoCurrencies(t, "10.25")
	s.Header.Digits = 0
	f := open(t, written(t, s, XLSX))
	number, text := excelize.CellTypeUnset, excelize.CellTypeInlineString
	for sheet, paid := range map[string]string{"Customers": "G", "Rows": "L"} {
		cellIs(t, f, sheet, paid+"1", text, "To pay", "To pay", "")
		cellIs(t, f, sheet, paid+"2", number, "100", "100.00", "")
		cellIs(t, f, sheet, paid+"3", number, "10.25", "10.25", "")
	}
	for _, at := range []struct{ sheet, head, ann, bob string }{{"Customers", "J1", "J2", "J3"},
		{"Rows", "P1", "P2", "P3"}} {
		cellIs(t, f, at.sheet, at.head, text, "Customer currency", "Customer currency", "")
		cellIs(t, f, at.sheet, at.ann, text, "CNY", "CNY", "")
		cellIs(t, f, at.sheet, at.bob, text, "USD", "USD", "")
	}
	cellIs(t, f, "Customers", "I3", number, "63", "63", "")
}
