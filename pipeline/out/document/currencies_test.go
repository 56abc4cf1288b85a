package document

import (
	"bytes"
	"github.com/tollbook/tollbook/pipeline/out/document/layout"
	"strings"
	"testing"
)

// TestStatementInTwoCurrencies checks a customer with 100 CNY and one with 10 USD, converted at 7. The amounts owed, 90
// and 63, have a sum; 100 CNY and 10 USD have none. Invariant: DOC-12.
func TestStatementInTwoCurrencies(t *testing.T) {
	t.Parallel()
	s := Statement{Header: header(t), Partner: layout.Party{ID: "north"}, Kind: "reseller", Rows: []Row{
		row(t, "ann", "Ann", "net", "+", "100", "0", "90"), row(t, "bob", "Bob", "net", "+", "10", "0", "63")}}
	s.Rows[1].Currency, s.Rows[1].Rate, s.Rows[1].RateDate = "USD", "7.0000000000", "2026-09-30"
	s.Rows[1].Performance = yuan(t, "70")
	s.Summary.Owed, s.Summary.Net = sum(t, "153"), sum(t, "153")
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
