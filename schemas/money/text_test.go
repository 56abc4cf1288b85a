package money

import (
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestShown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, all, trim, two, none string }{
		{"0", "0.00000000", "0", "0.00", "0"},
		{"1.5", "1.50000000", "1.5", "1.50", "1.5"},
		{"-1.5", "-1.50000000", "-1.5", "-1.50", "-1.5"},
		{"100", "100.00000000", "100", "100.00", "100"},
		{"1000000", "1000000.00000000", "1000000", "1000000.00", "1000000"},
		{"-0.00000001", "-0.00000001", "-0.00000001", "-0.00000001", "-0.00000001"},
		{"0.045", "0.04500000", "0.045", "0.045", "0.045"},
		{"0.1", "0.10000000", "0.1", "0.10", "0.1"},
		{"999999999999999999.99999999", "999999999999999999.99999999", "999999999999999999.99999999",
			"999999999999999999.99999999", "999999999999999999.99999999"},
		{"184467440737.09551616", "184467440737.09551616", "184467440737.09551616", "184467440737.09551616",
			"184467440737.09551616"},
	} {
		a := amount(t, c.in)
		if a.String() != c.all || a.Trim() != c.trim || a.StringFixed(2) != c.two || a.StringFixed(0) != c.none {
			t.Errorf("%s: %q, %q, %q, %q", c.in, a.String(), a.Trim(), a.StringFixed(2), a.StringFixed(0))
		}
	}
	a := amount(t, "1.5")
	if a.StringFixed(8) != "1.50000000" || a.StringFixed(99) != "1.50000000" || a.StringFixed(-1) != "1.5" {
		t.Errorf("digits outside the scale: %q, %q, %q", a.StringFixed(8), a.StringFixed(99), a.StringFixed(-1))
	}
	if got := fmt.Sprintf("%s %v", quantity(t, "2.50"), price(t, "3")); got != "2.5000000000 3.0000000000" {
		t.Errorf("through fmt: %s", got)
	}
	if got := string(quantity(t, "7").AppendText([]byte("q="))); got != "q=7.0000000000" {
		t.Errorf("appended: %s", got)
	}
	if q, s, p, r := quantity(t, "2.50"), signed(t, "-2.50"), price(t, "10"), rate(t, "0.10"); q.Trim() != "2.5" ||
		s.Trim() != "-2.5" || p.Trim() != "10" || r.Trim() != "0.1" {
		t.Errorf("trimmed: %s %s %s %s", q.Trim(), s.Trim(), p.Trim(), r.Trim())
	}
}

// TestTextRoundTrip checks that a value that is written as text is read back unchanged, and that as a rational it is
// raw / 10^scale.
func TestTextRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		raw := drawRaw(r, "quantity", limitQuantity, false)
		q := quantityRaw(t, raw)
		if quantity(t, q.String()) != q || quantity(t, q.Trim()) != q || string(q.AppendText(nil)) != q.String() ||
			q.Rat().Cmp(new(big.Rat).SetFrac(raw, bigPow10(10))) != 0 || q.String() != q.Rat().FloatString(10) {
			t.Fatalf("%s, %s, %s", q, q.Trim(), q.Rat())
		}
		s := signedRaw(t, drawRaw(r, "signed", limitQuantity, true))
		if signed(t, s.String()) != s || signed(t, s.Trim()) != s || string(s.AppendText(nil)) != s.String() ||
			s.String() != s.Rat().FloatString(10) {
			t.Fatalf("%s, %s, %s", s, s.Trim(), s.Rat())
		}
		p := priceRaw(t, drawRaw(r, "price", limitPrice, false))
		if price(t, p.String()) != p || price(t, p.Trim()) != p || string(p.AppendText(nil)) != p.String() ||
			p.String() != p.Rat().FloatString(10) {
			t.Fatalf("%s, %s, %s", p, p.Trim(), p.Rat())
		}
		d := rateRaw(t, drawRaw(r, "rate", limitRate, false))
		if rate(t, d.String()) != d || rate(t, d.Trim()) != d || string(d.AppendText(nil)) != d.String() ||
			d.String() != d.Rat().FloatString(10) {
			t.Fatalf("%s, %s, %s", d, d.Trim(), d.Rat())
		}
		a := amountRaw(t, drawRaw(r, "amount", limitAmount, true))
		digits := rapid.IntRange(-1, 9).Draw(r, "digits")
		if amount(t, a.String()) != a || amount(t, a.Trim()) != a || amount(t, a.StringFixed(digits)) != a ||
			string(a.AppendText(nil)) != a.String() || a.String() != a.Rat().FloatString(8) {
			t.Fatalf("%s, %s, %s, %s", a, a.Trim(), a.StringFixed(digits), a.Rat())
		}
	})
}
