package money

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// costs draws costs of all sizes, including those next to a half of a rounding.
func costs() *rapid.Generator[Cost] {
	return rapid.Custom(func(t *rapid.T) Cost {
		hi := rapid.Uint64Range(0, 1<<rapid.IntRange(0, 61).Draw(t, "bits")).Draw(t, "hi")
		if rapid.Bool().Draw(t, "small") {
			hi = 0
		}
		v := uint128{hi, rapid.Uint64().Draw(t, "lo")}
		if rapid.Bool().Draw(t, "half") {
			q, _ := v.quoRem64(10_000_000_000)
			v, _ = q.mul64(10_000_000_000).narrow()
			v, _ = v.add(uint128{0, rapid.Uint64Range(4_999_999_999, 5_000_000_001).Draw(t, "around")})
		}
		return Cost{v.signed(rapid.Bool().Draw(t, "negative"))}
	})
}

// TestCostMath compares the arithmetic of costs in 128 and 192 bits with exact rationals.
func TestCostMath(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := costs().Draw(t, "cost")
		p := UnitPrice{uint128{0, rapid.Uint64Range(0, maxUnitPrice).Draw(t, "price")}.signed(false)}
		a := Amount{uint128{rapid.Uint64Range(0, 1<<21).Draw(t, "hi"), rapid.Uint64().Draw(t, "lo")}.signed(
			rapid.Bool().Draw(t, "minus"))}
		same := func(name string, got, want interface{ String() string }, err, wantErr error) {
			t.Helper()
			if (err == nil) != (wantErr == nil) || err == nil && got.String() != want.String() {
				t.Errorf("%s of %s, %s, %s: %s %v, want %s %v", name, c, p, a, got, err, want, wantErr)
			}
		}
		q, err := c.R10()
		wantQ, wantErr := SignedQuantityFromRat(c.Rat())
		same("R10", q, wantQ, err, wantErr)
		m, err := c.MulR8(p)
		wantM, wantErr := AmountFromRat(new(big.Rat).Mul(c.Rat(), p.Rat()))
		same("MulR8", m, wantM, err, wantErr)
		l, err := a.LessR8(c)
		wantL, wantErr := AmountFromRat(new(big.Rat).Sub(a.Rat(), c.Rat()))
		same("LessR8", l, wantL, err, wantErr)
		least := new(big.Rat).Add(big.NewRat(1, 1), p.Rat())
		least.Mul(least, c.Rat())
		for _, near := range []Amount{a, m, {m.v.neg()}} {
			if got, want := near.BelowMargin(c, p), near.Rat().Cmp(least) < 0; got != want {
				t.Errorf("%s below %s × (1 + %s): %v", near, c, p, got)
			}
		}
	})
}

// TestWeights compares splits calculated in integers with those in rationals.
func TestWeights(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var rats []*big.Rat
		positive := false
		for range rapid.IntRange(1, 12).Draw(t, "n") {
			n := rapid.Int64Range(0, 1<<rapid.IntRange(1, 60).Draw(t, "bits")).Draw(t, "weight")
			rats = append(rats, big.NewRat(n, rapid.SampledFrom([]int64{1, 3, 10, 1000}).Draw(t, "of")))
			positive = positive || n > 0
		}
		if !positive {
			return
		}
		c := costs().Draw(t, "cost")
		got, err := NewWeights(rats).Split(nil, c)
		want, wantErr := splitCost(c, rats)
		if err != nil || wantErr != nil || len(got) != len(want) {
			t.Fatalf("%v %v %v %v", got, err, want, wantErr)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("part %d of %s by %v: %s, want %s", i, c, rats, got[i], want[i])
			}
		}
	})
}

// TestCostFromDecimal compares decimals as they are stored in files with their texts.
func TestCostFromDecimal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		scale := rapid.IntRange(-1, 20).Draw(t, "scale")
		v := costs().Draw(t, "value").v
		got, ok := CostFromDecimal(v.hi, v.lo, scale)
		if scale < 0 || scale > CostScale {
			if ok {
				t.Errorf("scale %d was taken", scale)
			}
			return
		}
		want, form, err := ParseCost(fixedString(v, scale))
		if form != (CostText{}) || ok != (err == nil) || ok && got != want {
			t.Errorf("%s: %s %v, want %s %v", fixedString(v, scale), got, ok, want, err)
		}
	})
}
