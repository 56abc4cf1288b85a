package money

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestTotalBeyondOneAmount(t *testing.T) {
	t.Parallel()
	top := amount(t, "999999999999999999.99999999")
	var sum AmountTotal
	for range 3 {
		if err := sum.Add(top); err != nil {
			t.Fatal(err)
		}
	}
	if sum.String() != "2999999999999999999.99999997" || sum.StringFixed(2) != sum.String() {
		t.Errorf("three of the largest amount: %s", sum)
	}
	if a, err := sum.Amount(); err == nil || !a.IsZero() {
		t.Errorf("as an amount: %s", a)
	}
	for range 2 {
		if err := sum.Add(top.Neg()); err != nil {
			t.Fatal(err)
		}
	}
	if a, err := sum.Amount(); err != nil || a != top {
		t.Errorf("back in range: %s, %v", a, err)
	}
	rest := sum
	if err := rest.SubTotal(sum); err != nil || !rest.IsZero() {
		t.Errorf("less itself: %s, %v", rest, err)
	}
	if err := rest.SubTotal(sum); err != nil || rest.String() != "-999999999999999999.99999999" {
		t.Errorf("0 less it: %s, %v", rest, err)
	}

	var used QuantityTotal
	for range 2 {
		if err := used.Add(quantity(t, "1000000000000000")); err != nil {
			t.Fatal(err)
		}
	}
	if q, err := used.Quantity(); err == nil || !q.IsZero() || used.String() != "2000000000000000.0000000000" {
		t.Errorf("%s as a quantity: %s", used, q)
	}
	if err := used.AddSigned(signed(t, "-1000000000000000")); err != nil {
		t.Fatal(err)
	}
	if q, err := used.Quantity(); err != nil || q.Trim() != "1000000000000000" || used.IsZero() ||
		used.Cmp(QuantityTotal{}) != 1 {
		t.Errorf("%s as a quantity: %s, %v", used, q, err)
	}
}

func TestTotalEndsAt38Digits(t *testing.T) {
	t.Parallel()
	top := bigInt(t, limitTotal)
	sum, err := AmountTotalFromRaw(rawOf(top))
	if err != nil || sum.String() != "999999999999999999999999999999.99999999" {
		t.Fatalf("%s, %v", sum, err)
	}
	before := sum
	err = sum.Add(amount(t, "0.00000001"))
	if !isRange(err) || sum != before {
		t.Errorf("past the end: %s, %v", sum, err)
	}
	if err.Error() != "total 999999999999999999999999999999.99999999 + 0.00000001: more than 38 digits" {
		t.Errorf("the error: %v", err)
	}
	if err := sum.AddTotal(before); err == nil || sum != before {
		t.Errorf("past 128 bits: %s, %v", sum, err)
	}
	if err := sum.Add(amount(t, "-0.00000001")); err != nil || sum.Cmp(before) != -1 {
		t.Errorf("one down: %s, %v", sum, err)
	}
	text, err := before.MarshalText()
	var back AmountTotal
	if err != nil || back.UnmarshalText(text) != nil || back != before {
		t.Errorf("read back %s, %v", back, err)
	}
	if err := back.UnmarshalText([]byte("1000000000000000000000000000000")); kindOf(t, err) != "out_of_range" ||
		back != before {
		t.Errorf("read past the end: %s, %v", back, err)
	}
}

func TestTotalOfAnyScale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scale int
		want  string
	}{{0, "-12345"}, {2, "-123.45"}, {10, "-0.0000012345"}, {19, "-0.0000000000000012345"}} {
		sum, err := NewTotal(c.scale)
		if err != nil {
			t.Fatal(err)
		}
		if err := sum.Add(-1, 1<<64-12345); err != nil || sum.String() != c.want {
			t.Errorf("scale %d: %s, %v; want %s", c.scale, sum, err, c.want)
		}
	}
	wide, err := NewTotal(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := wide.Add(rawOf(bigInt(t, limitTotal))); err != nil || wide.String() != limitTotal {
		t.Errorf("38 digits: %s, %v", wide, err)
	}
	if err := wide.Add(0, 1); err == nil || wide.String() != limitTotal {
		t.Errorf("past them: %s", wide)
	}
	for _, scale := range []int{-1, 20} {
		if _, err := NewTotal(scale); err == nil {
			t.Errorf("scale %d was taken", scale)
		}
	}
}

// TestTotalsAgainstReference checks that a total does not depend on how its amounts are grouped.
func TestTotalsAgainstReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		want, wantUsed := new(big.Int), new(big.Int)
		var halves [2]AmountTotal
		var used [2]QuantityTotal
		plain, err := NewTotal(AmountScale)
		if err != nil {
			t.Fatal(err)
		}
		for i := range rapid.IntRange(0, 40).Draw(r, "lines") {
			raw, q := drawRaw(r, "amount", limitAmount, true), drawRaw(r, "quantity", limitQuantity, true)
			want.Add(want, raw)
			wantUsed.Add(wantUsed, q)
			hi, lo := rawOf(raw)
			for _, err := range []error{halves[i%2].Add(amountRaw(t, raw)), plain.Add(hi, lo),
				used[i%2].AddSigned(signedRaw(t, q))} {
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		sum, sumUsed := halves[0], used[0]
		if sum.AddTotal(halves[1]) != nil || sumUsed.AddTotal(used[1]) != nil {
			t.Fatal("a total of few lines overflowed")
		}
		text := new(big.Rat).SetFrac(want, bigPow10(8)).FloatString(8)
		if bigOf(sum.Raw()).Cmp(want) != 0 || bigOf(plain.Raw()).Cmp(want) != 0 || sum.String() != text ||
			plain.String() != text || sum.IsZero() != (want.Sign() == 0) {
			t.Fatalf("%s and %s, want %s units", sum, plain, want)
		}
		back, err := QuantityTotalFromRaw(rawOf(wantUsed))
		if err != nil || back != sumUsed || bigOf(sumUsed.Raw()).Cmp(wantUsed) != 0 {
			t.Fatalf("%s, want %s units", sumUsed, wantUsed)
		}
		if got := sum.Rat(); got.Cmp(new(big.Rat).SetFrac(want, bigPow10(AmountScale))) != 0 {
			t.Fatalf("%s, want %s units", got, want)
		}
		if got := sumUsed.Rat(); got.Cmp(new(big.Rat).SetFrac(wantUsed, bigPow10(QuantityScale))) != 0 {
			t.Fatalf("%s, want %s units", got, wantUsed)
		}
	})
}
