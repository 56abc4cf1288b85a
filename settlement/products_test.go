package settlement

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/money"
)

// TestProductsAgreeWithRationals checks that a sum of products, rounded once, equals that of exact rationals, and that
// a value out of range is an error.
func TestProductsAgreeWithRationals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.IntRange(0, 8).Draw(t, "digits")
		var sum products
		exact := new(big.Rat)
		for range rapid.IntRange(0, 20).Draw(t, "lines") {
			a, r := drawAmount(t), drawRate(t)
			sum.add(a, r)
			exact.Add(exact, new(big.Rat).Mul(a.Rat(), r.Rat()))
		}
		got, err := sum.rd(digits)
		text := exact.FloatString(digits) // half away from zero
		want, parsed := money.ParseAmount(text)
		if (err != nil) != (parsed != nil) || err == nil && got != want {
			t.Fatalf("%s: %s, %v, want %s, %v", exact.FloatString(18), got, err, text, parsed)
		}
	})
}

func drawAmount(t *rapid.T) money.Amount {
	limit, _ := new(big.Int).SetString("99999999999999999999999999", 10)
	n := new(big.Int).SetUint64(rapid.Uint64().Draw(t, "amount"))
	if rapid.Bool().Draw(t, "large") {
		n.Mul(n, new(big.Int).SetUint64(rapid.Uint64Range(0, 5_421_011).Draw(t, "times")))
	}
	if rapid.IntRange(0, 9).Draw(t, "edge") == 0 || n.Cmp(limit) > 0 {
		n.Set(limit)
	}
	if rapid.Bool().Draw(t, "negative") {
		n.Neg(n)
	}
	lo := new(big.Int).And(n, new(big.Int).SetUint64(1<<64-1)).Uint64()
	a, err := money.AmountFromRaw(new(big.Int).Rsh(n, 64).Int64(), lo)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func drawRate(t *rapid.T) money.Rate {
	raw := rapid.OneOf(rapid.SampledFrom([]uint64{0, 1, 5_000_000_000, 9_999_999_999, 10_000_000_000}),
		rapid.Uint64Range(0, 10_000_000_000)).Draw(t, "rate")
	r, err := money.RateFromRaw(0, raw)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestProductsRound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount, rate string
		times        int
		digits       int
		want         string
	}{
		{"0.01", "0.5", 1, 2, "0.01"},
		{"-0.01", "0.5", 1, 2, "-0.01"},
		{"0.01", "0.4999999999", 1, 2, "0"},
		{"0.01", "0.5", 3, 2, "0.02"}, // 0.015
		{"100", "0.0049999999", 1, 0, "0"},
		{"100", "0.005", 1, 0, "1"},
		{"-100", "0.005", 1, 0, "-1"},
		{"18.4", "1", 1, 0, "18"}, // 18.4 × 10^18 is below 2^64, but above it with the half unit for rounding
		{"0.00000001", "0.5", 1, 8, "0.00000001"},
		{"-0.00000001", "0.4", 1, 8, "0"},
		{"999999999999999999.99999999", "1", 1, 8, "999999999999999999.99999999"},
		{"-999999999999999999.99999999", "1", 1, 8, "-999999999999999999.99999999"},
	} {
		a, err := money.ParseAmount(c.amount)
		if err != nil {
			t.Fatal(err)
		}
		r, err := money.ParseRate(c.rate)
		if err != nil {
			t.Fatal(err)
		}
		var sum products
		for range c.times {
			sum.add(a, r)
		}
		if got, err := sum.rd(c.digits); err != nil || got.Trim() != c.want {
			t.Errorf("%d × %s × %s to %d: %s, %v, want %s", c.times, c.amount, c.rate, c.digits, got.Trim(), err,
				c.want)
		}
	}
	var sum products
	for _, text := range []string{"-999999999999999999.99999999", "-0.00000001"} {
		a, err := money.ParseAmount(text)
		if err != nil {
			t.Fatal(err)
		}
		one, err := money.ParseRate("1")
		if err != nil {
			t.Fatal(err)
		}
		sum.add(a, one)
	}
	const want = "sum of amounts × rates, −1000000000000000000.00000000: outside the range of an amount"
	if _, err := sum.rd(2); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
