package bss

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestEarned spreads 100.00 for a year from 16 August, paid with three balances of 33.33 and a debt of 0.01. 46 of 365
// days are 12.60 and 77 are 21.10, as in the query deferred-revenue. 33.33 alone gives 7.03; the first of the largest
// parts gets the remaining cent.
func TestEarned(t *testing.T) {
	t.Parallel()
	amount := func(text string) money.Amount {
		a, err := money.ParseAmount(text)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	day := func(text string) period.Day {
		d, err := period.ParseDay(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	p := &paid{}
	p.term.first, p.term.end = day("2026-08-16"), day("2027-08-16")
	for i, text := range []string{"33.33", "0", "0", "33.33", "33.33", "0.01"} {
		p.whole[i] = amount(text)
	}
	for _, c := range []struct{ month, sum, first, other string }{
		{"2026-09", "12.60", "4.20", "4.20"}, {"2026-10", "21.10", "7.04", "7.03"},
		{"2027-08", "100", "33.33", "33.33"},
	} {
		cycle, err := period.ParseCycle(c.month)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.earned(cycle, 2)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := got.total()
		if err != nil || sum != amount(c.sum) || got[0] != amount(c.first) || got[3] != amount(c.other) {
			t.Errorf("%s: %v, %v, %v; want %s of which %s and %s", c.month, sum, got, err, c.sum, c.first, c.other)
		}
	}
}
