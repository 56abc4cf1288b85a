package money

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestCutLiteral(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in                         string
		digits                     int
		truncate, halfUp, halfEven string
	}{
		{"0", 2, "0", "0", "0"},
		{"0.004", 2, "0", "0", "0"},
		{"0.005", 2, "0", "0.01", "0"},
		{"0.00500001", 2, "0", "0.01", "0.01"},
		{"0.00499999", 2, "0", "0", "0"},
		{"0.015", 2, "0.01", "0.02", "0.02"},
		{"0.025", 2, "0.02", "0.03", "0.02"},
		{"1.005", 2, "1", "1.01", "1"},
		{"10.275", 2, "10.27", "10.28", "10.28"},
		{"1.2", 0, "1", "1", "1"},
		{"0.5", 0, "0", "1", "0"},
		{"1.5", 0, "1", "2", "2"},
		{"2.5", 0, "2", "3", "2"},
		{"1023.5", 0, "1023", "1024", "1024"},
		{"1022.5", 0, "1022", "1023", "1022"},
		{"512.12456789", 2, "512.12", "512.12", "512.12"},
		{"512.12456789", 8, "512.12456789", "512.12456789", "512.12456789"},
		{"512.12456789", 9, "512.12456789", "512.12456789", "512.12456789"},
		{"512.12456785", 7, "512.1245678", "512.1245679", "512.1245678"},
		{"512.62456789", -1, "512", "513", "513"},
		{"184467440737.09551615", 2, "184467440737.09", "184467440737.10", "184467440737.10"}, // 2^64 − 1 raw
		{"184467440737.09551616", 4, "184467440737.0955", "184467440737.0955", "184467440737.0955"},
		{"999999999999999999.994", 2, "999999999999999999.99", "999999999999999999.99", "999999999999999999.99"},
		{"999999999999999998.5", 0, "999999999999999998", "999999999999999999", "999999999999999998"},
	} {
		a := amount(t, c.in)
		for mode, want := range map[Mode]string{Truncate: c.truncate, HalfUp: c.halfUp, HalfEven: c.halfEven} {
			if got := a.Cut(c.digits, mode); got != amount(t, want) {
				t.Errorf("%s to %d by %s: %s, want %s", c.in, c.digits, mode, got, want)
			}
			if got := a.Neg().Cut(c.digits, mode); got != amount(t, want).Neg() {
				t.Errorf("-%s to %d by %s: %s, want -%s", c.in, c.digits, mode, got, want)
			}
		}
		if a.Rd(c.digits) != amount(t, c.halfUp) || a.Td(c.digits) != amount(t, c.truncate) {
			t.Errorf("%s to %d: Rd %s, Td %s", c.in, c.digits, a.Rd(c.digits), a.Td(c.digits))
		}
	}
}

// TestCutCarriesPastTheRange checks the only carry past the range (doc.go, invariant 3). It is exact, and all functions
// that write or read it refuse it.
func TestCutCarriesPastTheRange(t *testing.T) {
	t.Parallel()
	top := amount(t, "999999999999999999.99999999")
	for _, c := range []struct {
		a    Amount
		want string
	}{{top, "1000000000000000000.00000000"}, {top.Neg(), "-1000000000000000000.00000000"}} {
		got := c.a.Rd(2)
		if got.String() != c.want {
			t.Errorf("%s: %s, want %s", c.a, got, c.want)
		}
		if _, err := got.MarshalText(); err == nil {
			t.Errorf("%s was written", got)
		}
		if _, err := AmountFromRaw(got.Raw()); kindOf(t, err) != "out_of_range" {
			t.Errorf("%s was taken back: %v", got, err)
		}
		if back, err := got.MulRateR8(rate(t, "1")); err == nil || !back.IsZero() {
			t.Errorf("%s × 1 = %s", got, back)
		}
		truncated, err := c.a.Sub(got)
		if err != nil || truncated.Abs() != amount(t, "0.00000001") {
			t.Errorf("%s − %s = %s, %v", c.a, got, truncated, err)
		}
	}
	if got := top.Td(0); got != amount(t, "999999999999999999") {
		t.Errorf("Td(0) of the largest amount: %s", got)
	}
}

func TestMode(t *testing.T) {
	t.Parallel()
	for word, mode := range map[string]Mode{"truncate": Truncate, "half_up": HalfUp, "half_even": HalfEven} {
		got, err := ParseMode(word)
		if err != nil || got != mode || mode.String() != word {
			t.Errorf("%s: %s, %v", word, got, err)
		}
	}
	for _, word := range []string{"", "half_down", "HALF_UP", "Mode(0)"} {
		if got, err := ParseMode(word); err == nil || got != 0 {
			t.Errorf("%q: %s, %v; want an error", word, got, err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("an amount was cut by no mode")
		}
	}()
	amount(t, "1").Cut(2, 0)
}

func checkCut(t testing.TB, raw *big.Int, digits int) {
	a := amountRaw(t, raw)
	for _, mode := range []Mode{Truncate, HalfUp, HalfEven} {
		want := refRaw(t, refRound(a.Rat(), digits, mode.String()), 8)
		if got := a.Cut(digits, mode); bigOf(got.Raw()).Cmp(want) != 0 {
			t.Fatalf("%s to %d by %s: %s, want %s units", a, digits, mode, got, want)
		}
	}
}

func TestCutAgainstReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		checkCut(t, drawRaw(r, "amount", limitAmount, true), rapid.IntRange(0, 8).Draw(r, "digits"))
	})
}

func FuzzCut(f *testing.F) {
	f.Add(uint64(0), uint64(500000), uint8(2), true)
	f.Add(uint64(5421010), uint64(1), uint8(0), false)
	f.Fuzz(func(t *testing.T, hi, lo uint64, digits uint8, negative bool) {
		raw := fuzzRaw(t, hi, lo, limitAmount)
		if negative {
			raw.Neg(raw)
		}
		checkCut(t, raw, int(digits%9))
	})
}

// TestRoundRat checks that RoundRat rounds the exact value once, half away from zero.
func TestRoundRat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		num, den int64
		digits   int
		want     string
	}{
		{1, 3, 2, "0.33000000"}, {2, 3, 2, "0.67000000"}, {1, 200, 2, "0.01000000"}, {-1, 200, 2, "-0.01000000"},
		// 0.0049999999 is below the half, although with eight decimals it is 0.005
		{49_999_999, 10_000_000_000, 2, "0.00000000"}, {5, 2, 0, "3.00000000"},
	} {
		got, err := RoundRat(big.NewRat(c.num, c.den), c.digits)
		if err != nil || got.String() != c.want {
			t.Errorf("RoundRat(%d/%d, %d) = %s, %v, want %s", c.num, c.den, c.digits, got, err, c.want)
		}
	}
	if _, err := RoundRat(big.NewRat(1, 1), 9); err == nil {
		t.Error("9 digits: no error")
	}
	if _, err := RoundRat(new(big.Rat).SetInt64(1e18), 2); err == nil {
		t.Error("10^18: no error")
	}
}
