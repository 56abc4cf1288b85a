package settlement_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// Currencies of newMixed, as indexes in its books.
const cny, eur, jpy, usd = 0, 1, 2, 3

// newMixed returns a house with several currencies: the customers ann in USD, bob in JPY and cat in CNY, and the
// partners dist-a in EUR and res-1 in CNY.
func newMixed(t *testing.T, rates ...string) *house {
	t.Helper()
	h := newHouse(t)
	h.b.Mixed = true
	h.b.Currencies = []money.Currency{{Code: "CNY", Digits: 2}, {Code: "EUR", Digits: 2}, {Code: "JPY"},
		{Code: "USD", Digits: 2}}
	h.b.Customers[ann].Currency, h.b.Customers[bob].Currency = usd, jpy
	h.b.Partners[distA].Currency = eur
	for _, text := range rates { // sorted by pair and date, as in the book
		f := strings.Fields(text)
		h.b.Rates = append(h.b.Rates, books.ExchangeRate{From: f[0], To: f[1], Date: must(period.ParseDay(f[2])),
			Rate: must(money.ParseUnitPrice(f[3]))})
	}
	return h
}

// TestConvertedRows checks payments of 11.03 and 0.55 USD: 11.58 × 0.95 × 7.1234567891 = 78.365..., owed 78.37 CNY.
// Rounding each line, or converting a rounded 11.00 USD, would give 78.36. Performance is converted line by line to 8
// decimals. The distributor's row is converted from USD to EUR, not from the amount that the reseller owes: 11.001 ×
// 0.9 = 9.9009, and official 11.583 × 0.8 × 0.9 = 8.33976. The rate of 1 October is too late, and that of August is
// superseded. Invariant: SET-14.
func TestConvertedRows(t *testing.T) {
	t.Parallel()
	h := newMixed(t, "USD CNY 2026-08-31 7.1", "USD CNY 2026-09-30 7.1234567891", "USD CNY 2026-10-01 7.3",
		"USD EUR 2026-09-01 0.9")
	h.term(vendor, distA, "*", all, "official 0.8", "..")
	h.term(distA, resOne, "*", all, "payable 0.95", "..")
	rows := settle(t, h.book().Settler(h.cycle("2026-09")), []settlement.Line{
		h.line(ann, resOne, resale, machine, "2026-09-01", "11.033 11.03"),
		h.line(ann, resOne, resale, machine, "2026-09-02", "0.55 0.55"),
	})
	same(t, "rows", h.showRows(rows), []string{
		"2026-09 dist-a<-vendor[res-1] ann 2 compute 3 + 2 | 11.583 0.003 0 11.58 10.422 | 0 | 9.9 8.34 1.56",
		"2026-09 res-1<-dist-a[] ann 2 compute 3 + 2 | 11.583 0.003 0 11.58 82.48962961 | 78.37 | 0 0 0",
	})
	for i, want := range []string{"USD EUR 2026-09-01 0.9", "USD CNY 2026-09-30 7.1234567891"} {
		x := rows[i].Rate
		if got := fmt.Sprint(x.From, " ", x.To, " ", x.Date, " ", x.Rate.Trim()); got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
	}
}

// TestKeptRates checks that a customer in the partner's currency needs no rate, that a line that is billed in another
// cycle has the rate of that cycle, and that a closed cycle keeps its rates, whatever the book has. Invariant: SET-14.
func TestKeptRates(t *testing.T) {
	t.Parallel()
	h := newMixed(t, "USD CNY 2026-09-30 7", "USD CNY 2026-10-31 8")
	rows := settle(t, h.book().Settler(h.cycle("2026-10")), []settlement.Line{
		h.line(cat, resTwo, resale, machine, "2026-09-01", "1 1")})
	if rows[0].Rate != nil || rows[0].Owed != amount("1") {
		t.Error("one currency:", rows[0])
	}
	late := []settlement.Line{h.line(ann, resTwo, resale, machine, "2026-09-01", "1 1")}
	for _, c := range []struct {
		cycle string
		kept  []books.ExchangeRate
		want  string
	}{
		{"2026-09", nil, "7"}, {"2026-10", nil, "8"},
		{"2026-10", []books.ExchangeRate{{From: "USD", To: "CNY", Rate: must(money.ParseUnitPrice("9"))}}, "9"},
		{"2026-10", []books.ExchangeRate{{From: "CNY", To: "USD", Rate: must(money.ParseUnitPrice("9"))}}, "8"},
	} {
		rows := settle(t, h.book().Settler(h.cycle(c.cycle), c.kept...), late)
		if rows[0].Owed != amount(c.want) || rows[0].Performance != amount(c.want) {
			t.Errorf("%s: owed %s, performance %s, want %s", c.cycle, rows[0].Owed, rows[0].Performance, c.want)
		}
	}
}

// TestMissingRates checks that rates are neither inverted nor combined, and that a line without a rate is an error with
// its cycle and pair. Invariant: SET-14.
func TestMissingRates(t *testing.T) {
	t.Parallel()
	h := newMixed(t, "CNY USD 2026-09-01 0.14", "EUR CNY 2026-09-01 8", "USD CNY 2026-10-01 7",
		"USD EUR 2026-09-01 0.9")
	h.b.Associations = []books.Association{
		{Customer: ann, Partner: resOne, Type: books.Resale, Valid: h.span("2026-09-10..")},
		{Customer: bob, Partner: distA, Type: books.Referral, Valid: h.span("2026-10-01..")},
		{Customer: cat, Partner: resTwo, Type: books.Resale, Valid: h.span("..")},
	}
	bk := h.book()
	for cycle, want := range map[string]string{
		"2026-08": "",
		"2026-09": "cycle 2026-09: no rate from USD to CNY up to 2026-09-30",
		"2026-10": "cycle 2026-10: no rate from JPY to EUR up to 2026-10-31",
	} {
		_, missing := bk.Conversions(h.cycle(cycle))
		got := ""
		for _, m := range missing {
			got += m.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", cycle, got, want)
		}
	}
	if rates, _ := bk.Conversions(h.cycle("2026-09")); len(rates) != 1 || rates[0].To != "EUR" {
		t.Error(rates) // the missing rate of the distributor
	}
	s := bk.Settler(h.cycle("2026-09"))
	l := h.line(ann, resTwo, resale, machine, "2026-09-11", "1 1")
	if err := s.Add(&l); err == nil || !strings.Contains(err.Error(), "no rate from USD to CNY up to 2026-09-30") {
		t.Error(err)
	}
}

// TestNetsPerCurrency checks that the payments of a partner's customers are separate per currency: 11.58 USD and 3 JPY
// are never added up. A row with an unknown customer is refused. Invariant: SET-14.
func TestNetsPerCurrency(t *testing.T) {
	t.Parallel()
	h := newMixed(t)
	n := h.book().Nets(h.cycle("2026-09"))
	for _, r := range []settlement.Row{
		{Customer: ann, Payment: amount("11.03"), Owed: amount("70")}, {Customer: bob, Payment: amount("3")},
		{Customer: ann, Payment: amount("0.55")},
	} {
		r.Cycle, r.Partner, r.Seller, r.Reseller = h.cycle("2026-09"), resOne, settlement.Vendor, settlement.None
		if err := n.AddRow(&r); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, p := range must(n.List())[0].Payment.List() {
		got = append(got, p.Currency+" "+p.Total.StringFixed(2))
	}
	same(t, "payments", got, []string{"JPY 3.00", "USD 11.58"})
	err := n.AddRow(&settlement.Row{Cycle: h.cycle("2026-09"), Partner: resOne, Seller: settlement.Vendor,
		Reseller: settlement.None, Customer: -1, Payment: amount("1")})
	if err == nil || !strings.Contains(err.Error(), "the currency of a row is unknown") {
		t.Errorf("a row without a customer: %v", err)
	}
}
