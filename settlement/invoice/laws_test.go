package invoice_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/settlement/invoice"
)

// mills returns an amount in units of 0.001.
func mills(n int64) money.Amount {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return taxAmount(fmt.Sprintf("%s%d.%03d", sign, n/1000, n%1000))
}

// rowsOf returns the tax rows for payments, in units of 0.001, that all have the same taxes.
func rowsOf(t *rapid.T, rules invoice.TaxRules, set *invoice.TaxSet, payments []int64) []invoice.TaxRow {
	sum := invoice.NewTaxSum(rules)
	for _, p := range payments {
		if err := sum.AddLine(mills(p), set); err != nil {
			t.Fatal(err)
		}
	}
	return must(sum.Rows())
}

// drawSet draws one to three taxes.
func drawSet(t *rapid.T) *invoice.TaxSet {
	b := &books.Books{}
	for i, n := range rapid.SliceOfN(rapid.IntRange(0, 10000), 1, 3).Draw(t, "rates") {
		text := fmt.Sprintf("%d.%04d", n/10000, n%10000)
		b.Taxes = append(b.Taxes, books.Tax{ID: fmt.Sprint("t", i), Rate: rate(text), Party: "*", Country: "*",
			Service: "*", Valid: span("..")})
	}
	return must(invoice.NewTaxBook(b).At("acme", "net", at("2026-09-01")))
}

func drawPayments(t *rapid.T) []int64 {
	return rapid.SliceOfN(rapid.Int64Range(-1e9, 1e9), 1, 8).Draw(t, "payments")
}

// TestLaws checks that splitting lines does not change a tax that is rounded once, in any order, that a line and its
// negative have no tax, and that ten times the payments have ten times the tax, with one decimal less. Invariants:
// TAX-2, TAX-3.
func TestLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		set, payments := drawSet(t), drawPayments(t)
		rules := invoice.TaxRules{Inclusive: rapid.Bool().Draw(t, "inclusive"), Digits: 2}
		whole := rowsOf(t, rules, set, payments)
		var split, tenfold, both []int64
		for _, p := range payments {
			part := rapid.Int64Range(-1e9, 1e9).Draw(t, "part")
			split = append(split, p-part, part)
			tenfold, both = append(tenfold, 10*p), append(both, p, -p)
		}
		slices.Reverse(split)
		if got := rowsOf(t, rules, set, split); !slices.Equal(got, whole) {
			t.Fatalf("split: %v, want %v", got, whole)
		}
		fine := rules
		fine.Digits++
		for i, row := range rowsOf(t, rules, set, tenfold) {
			one := rowsOf(t, fine, set, payments)[i]
			if ten := new(big.Rat).Mul(one.Tax.Rat(), big.NewRat(10, 1)); row.Tax.Rat().Cmp(ten) != 0 {
				t.Fatalf("ten times %s is %s", one.Tax, row.Tax)
			}
		}
		for _, perLine := range []bool{false, true} {
			rules.PerLine = perLine
			for _, row := range rowsOf(t, rules, set, both) {
				if !row.Tax.IsZero() || !row.Taxable.IsZero() {
					t.Fatalf("lines and their opposites: %v", row)
				}
			}
		}
	})
}

// TestDivideLaws checks that the parts of a tax add up to it and that each differs from its exact tax by less than a
// unit. Invariant: TAX-4.
func TestDivideLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var exact []*big.Rat
		total := new(big.Rat)
		for _, n := range drawPayments(t) {
			e := big.NewRat(n, 7000)
			exact = append(exact, e)
			total.Add(total, e)
		}
		row := must(money.RoundRat(total, 2))
		parts, err := invoice.DivideRounded(row, exact, 2)
		if err != nil {
			t.Fatal(err)
		}
		sum, unit := new(big.Rat), big.NewRat(1, 100)
		for i, p := range parts {
			sum.Add(sum, p.Rat())
			if away := new(big.Rat).Sub(p.Rat(), exact[i]); away.Abs(away).Cmp(unit) > 0 {
				t.Fatalf("part %s of exact %s", p, exact[i].FloatString(6))
			}
		}
		if sum.Cmp(row.Rat()) != 0 {
			t.Fatalf("parts add up to %s, not %s", sum.FloatString(2), row)
		}
	})
}
