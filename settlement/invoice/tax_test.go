package invoice_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/invoice"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func taxAmount(text string) money.Amount { return must(money.ParseAmount(text)) }

func rate(text string) money.Rate { return must(money.ParseRate(text)) }

// at returns the first instant of a date in UTC.
func at(text string) period.Instant {
	return must(period.ParseValidity(text, must(period.LoadZone("UTC"))))
}

// span parses "2026-09-01..2026-10-01". An empty side has no bound.
func span(text string) period.Span {
	from, to, _ := strings.Cut(text, "..")
	s := period.Always()
	if from != "" {
		s.From = at(from)
	}
	if to != "" {
		s.To = at(to)
	}
	return s
}

// taxed adds up payments of lines that all have taxes t1, t2, … with the given rates, and returns the rows.
func taxed(t *testing.T, rules invoice.TaxRules, payments []string, rates ...string) []string {
	t.Helper()
	b := &books.Books{}
	for i, r := range rates {
		b.Taxes = append(b.Taxes, books.Tax{ID: fmt.Sprint("t", i+1), Rate: rate(r), Party: "*", Country: "*",
			Service: "*", Valid: span("..")})
	}
	set := must(invoice.NewTaxBook(b).At("acme", "net", at("2026-09-01")))
	sum := invoice.NewTaxSum(rules)
	for _, p := range payments {
		if err := sum.AddLine(taxAmount(p), set); err != nil {
			t.Fatal(err)
		}
	}
	var out []string
	for _, r := range must(sum.Rows()) {
		out = append(out, fmt.Sprintf("%s %s of %s: %s", r.ID, r.Rate.Trim(), r.Taxable.Trim(), r.Tax.Trim()))
	}
	return out
}

// TestTax checks that tax is rounded once, per bill or per line (TAX-2).
func TestTax(t *testing.T) {
	t.Parallel()
	exclusive, inclusive := invoice.TaxRules{Digits: 2}, invoice.TaxRules{Digits: 2, Inclusive: true}
	perLine, inclusiveLine := invoice.TaxRules{Digits: 2, PerLine: true}, invoice.TaxRules{Digits: 2, PerLine: true,
		Inclusive: true}
	for _, c := range []struct {
		rules    invoice.TaxRules
		payments []string
		rates    []string
		want     []string
	}{
		// 99.99 × 0.08875 = 8.8741…, × 0.02125 = 2.1247…, × 0.005 = 0.49995
		{exclusive, []string{"99.99"}, []string{"0.08875", "0.02125", "0.005"},
			[]string{"t1 0.08875 of 99.99: 8.87", "t2 0.02125 of 99.99: 2.12", "t3 0.005 of 99.99: 0.5"}},
		{exclusive, []string{"90"}, []string{"0.1"}, []string{"t1 0.1 of 90: 9"}},
		{inclusive, []string{"110"}, []string{"0.1"}, []string{"t1 0.1 of 110: 10"}},
		// 120 / 1.2 = 100
		{inclusive, []string{"120"}, []string{"0.15", "0.05"},
			[]string{"t1 0.15 of 120: 15", "t2 0.05 of 120: 5"}},
		// 0.10 × 0.1 = 0.01; line by line each 0.005 is rounded to 0.01
		{exclusive, []string{"0.05", "0.05"}, []string{"0.1"}, []string{"t1 0.1 of 0.1: 0.01"}},
		{perLine, []string{"0.05", "0.05"}, []string{"0.1"}, []string{"t1 0.1 of 0.1: 0.02"}},
		{perLine, []string{"0.05", "-0.05"}, []string{"0.1"}, []string{"t1 0.1 of 0: 0"}},
		// 0.04 × 0.1 / 1.1 = 0.0036; three of them 0.0109
		{inclusive, []string{"0.04", "0.04", "0.04"}, []string{"0.1"}, []string{"t1 0.1 of 0.12: 0.01"}},
		{inclusiveLine, []string{"0.04", "0.04", "0.04"}, []string{"0.1"}, []string{"t1 0.1 of 0.12: 0"}},
		// halves are rounded away from zero, whatever the sign
		{exclusive, []string{"-0.05"}, []string{"0.1"}, []string{"t1 0.1 of -0.05: -0.01"}},
		// digits below the currency's count exactly: 0.049999 × 0.1 = 0.0049999
		{exclusive, []string{"0.049999"}, []string{"0.1"}, []string{"t1 0.1 of 0.049999: 0"}},
		{invoice.TaxRules{}, []string{"1005"}, []string{"0.1"}, []string{"t1 0.1 of 1005: 101"}},
		{exclusive, []string{"90"}, []string{"0"}, []string{"t1 0 of 90: 0"}},
	} {
		if got := taxed(t, c.rules, c.payments, c.rates...); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v at %v (-want +got):\n%s", c.rules, c.payments, c.rates, cmp.Diff(c.want, got))
		}
	}
}

// TestSets checks that the most specific of several rows of a tax applies, and that an exempt party has no tax (TAX-1).
func TestSets(t *testing.T) {
	t.Parallel()
	b := &books.Books{}
	for _, row := range []struct{ id, party, country, service, rate, valid string }{
		{"city", "*", "FR", "*", "0.002", "2024-02-01.."},
		{"vat", "*", "*", "*", "0.01", ".."},
		{"vat", "*", "*", "net", "0.02", ".."},
		{"vat", "*", "DE", "*", "0.19", ".."},
		{"vat", "ann", "*", "*", "0.05", "..2024-04-01"},
		{"vat", "ann", "DE", "*", "0.06", "2024-03-15..2024-03-20"},
	} {
		b.Taxes = append(b.Taxes, books.Tax{ID: row.id, Rate: rate(row.rate), Country: row.country, Party: row.party,
			Service: row.service, Valid: span(row.valid)})
	}
	b.Money.Parties = []books.Party{{ID: "ann", Country: "DE"}, {ID: "eve", Country: "DE", TaxExempt: true},
		{ID: "fay", Country: "FR"}, {ID: "max", Country: "DE"}}
	book := invoice.NewTaxBook(b)
	for _, c := range []struct{ party, service, at, want string }{
		{"bob", "app", "2024-05-01", "[.., ..) vat 0.01 = 0.01"},
		{"bob", "net", "2024-05-01", "[.., ..) vat 0.02 = 0.02"},
		{"max", "net", "2024-05-01", "[.., ..) vat 0.19 = 0.19"},
		{"fay", "net", "2024-05-01", "[2024-02-01, ..) city 0.002 vat 0.02 = 0.022"},
		{"fay", "net", "2024-01-31", "[.., 2024-02-01) vat 0.02 = 0.02"},
		{"ann", "net", "2024-03-01", "[.., 2024-03-15) vat 0.05 = 0.05"},
		{"ann", "net", "2024-03-15", "[2024-03-15, 2024-03-20) vat 0.06 = 0.06"},
		{"ann", "net", "2024-03-20", "[2024-03-20, 2024-04-01) vat 0.05 = 0.05"},
		{"ann", "net", "2024-04-01", "[2024-04-01, ..) vat 0.19 = 0.19"},
		{"eve", "net", "2024-04-01", "[.., ..) = 0"},
		{"ann", "net", "2024-03-16", "[2024-03-15, 2024-03-20) vat 0.06 = 0.06"},
		{"bob", "net", "2024-06-01", "[.., ..) vat 0.02 = 0.02"},
	} {
		if got := showSet(must(book.At(c.party, c.service, at(c.at)))); got != c.want {
			t.Errorf("%s, %s, %s: %s, want %s", c.party, c.service, c.at, got, c.want)
		}
	}
}

// showSet returns a set as `[from, to) tax rate … = rates`.
func showSet(s *invoice.TaxSet) string {
	bound := func(t period.Instant) string {
		if t == period.Past || t == period.Forever {
			return ".."
		}
		return t.String()[:len("2026-09-01")]
	}
	text := fmt.Sprintf("[%s, %s)", bound(s.Valid.From), bound(s.Valid.To))
	for _, one := range s.Taxes {
		text += " " + one.ID + " " + one.Rate.Trim()
	}
	return text + " = " + s.Rates.Trim()
}

// TestParts checks that the rows of a buyer do not depend on how its lines are distributed to parts (TAX-3).
func TestParts(t *testing.T) {
	t.Parallel()
	rules := invoice.TaxRules{Digits: 2, Inclusive: true}
	// 33.33 / 1.1 × 0.1 = 3.03; 33.33 / 1.3 × 0.1 = 2.5638…: together 5.5938…
	want := []string{"vat 0.1 66.66 5.59", "vat 0.2 10 1.54"}
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 1, 0, 2}} {
		parts := []struct{ rate, rates, taxable string }{
			{"0.1", "0.1", "33.33"}, {"0.1", "0.3", "30"}, {"0.1", "0.3", "3.33"},
			{"0.2", "0.3", "10"}, // 10 / 1.3 × 0.2 = 1.538…
		}
		sum := invoice.NewTaxSum(rules)
		for _, i := range order {
			p := invoice.TaxPart{ID: "vat", Rate: rate(parts[i].rate),
				Rates: must(money.ParseUnitPrice(parts[i].rates))}
			for _, err := range []error{p.Taxable.Add(taxAmount(parts[i].taxable)), sum.Add(&p)} {
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		var got []string
		for _, r := range must(sum.Rows()) {
			got = append(got, fmt.Sprintf("%s %s %s %s", r.ID, r.Rate.Trim(), r.Taxable.Trim(), r.Tax.Trim()))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("order %v (-want +got):\n%s", order, d)
		}
	}
}

// TestPartnerRows checks that a partner's tax is rounded once per seller, tax and rate, with what is in force at the
// end of the cycle, even if the tax of lines is rounded per line.
func TestPartnerRows(t *testing.T) {
	t.Parallel()
	b := &books.Books{}
	for _, row := range []struct{ party, service, rate, valid string }{
		{"*", "*", "0.1", "..2026-10-01"}, {"*", "*", "0.2", "2026-10-01.."}, {"res", "net", "0.05", ".."},
	} {
		b.Taxes = append(b.Taxes, books.Tax{ID: "vat", Rate: rate(row.rate), Country: "*", Party: row.party,
			Service: row.service, Valid: span(row.valid)})
	}
	bases := invoice.TaxBases{}
	for _, one := range []struct{ seller, partner, service, owed string }{
		{"vendor", "dist", "net", "0.05"}, {"vendor", "dist", "app", "0.04"}, {"vendor", "dist", "net", "0.05"},
		{"dist", "res", "net", "100"}, {"dist", "res", "app", "10"}, {"vendor", "res", "app", "10"},
		{"vendor", "none", "app", "0"}, {"vendor", "even", "app", "1"}, {"vendor", "even", "app", "-1"},
	} {
		if err := bases.Add(invoice.TaxBaseKey{Seller: one.seller, Partner: one.partner, Service: one.service},
			taxAmount(one.owed)); err != nil {
			t.Fatal(err)
		}
	}
	rules := func(string) invoice.TaxRules { return invoice.TaxRules{Digits: 2, PerLine: true} }
	rows := must(bases.Rows(invoice.NewTaxBook(b), rules, at("2026-10-01")-1))
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprintf("%s %s %s %s %s %s", r.Seller, r.Partner, r.ID, r.Rate.Trim(), r.Taxable.Trim(),
			r.Tax.Trim()))
	}
	want := []string{
		"dist res vat 0.05 100 5", "dist res vat 0.1 10 1",
		"vendor dist vat 0.1 0.14 0.01", // 0.014 in total; the parts have 0.005, 0.004 and 0.005
		"vendor even vat 0.1 0 0", "vendor res vat 0.1 10 1",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
