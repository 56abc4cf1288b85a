package money

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestCeilDivLiteral(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ q, block, want string }{
		{"0", "100", "0"},
		{"0.0000000001", "100", "1"},
		{"100", "100", "1"},
		{"100.0000000001", "100", "2"},
		{"250", "100", "3"},
		{"1", "0.3", "4"},
		{"1000000000000000", "1", "1000000000000000"},
		{"1000000000000000", "1000000000000000", "1"},
		{"999999999999999.9999999999", "1000000000000000", "1"},
		{"1000000000000000", "999999999999999.9999999999", "2"},
		{"1000000000000000", "1844674407.3709551616", "542102"}, // 10^25 / 2^64 = 542101.08…
		{"100000", "0.0000000001", "1000000000000000"},
		{"100000.0000000001", "0.0000000001", "out"},
		{"1000000000000000", "0.9999999999", "out"},
		{"1", "0", "out"},
		{"0", "0", "out"},
	} {
		got, err := CeilDiv(quantity(t, c.q), quantity(t, c.block))
		if c.want == "out" {
			if !isRange(err) || !got.IsZero() {
				t.Errorf("⌈%s / %s⌉ = %s, %v; want a *RangeError", c.q, c.block, got, err)
			}
		} else if err != nil || got != quantity(t, c.want) {
			t.Errorf("⌈%s / %s⌉ = %s, %v; want %s", c.q, c.block, got, err, c.want)
		}
	}
}

func TestMulWholeLiteral(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		q    string
		n    int64
		want string
	}{
		{"1.5", 3, "4.5"},
		{"1.5", 0, "0"},
		{"0", -7, "0"},
		{"0", -1 << 63, "0"},
		{"0.0000000001", 1<<63 - 1, "922337203.6854775807"},
		{"1000000000000000", 1, "1000000000000000"},
		{"500000000000000", 2, "1000000000000000"},
		{"500000000000000.0000000001", 2, "out"},
		{"1000000000000000", 1<<63 - 1, "out"},
		{"1", -1, "out"},
	} {
		got, err := MulWhole(quantity(t, c.q), c.n)
		if c.want == "out" {
			if !isRange(err) || !got.IsZero() {
				t.Errorf("%s × %d = %s, %v; want a *RangeError", c.q, c.n, got, err)
			}
		} else if err != nil || got != quantity(t, c.want) {
			t.Errorf("%s × %d = %s, %v; want %s", c.q, c.n, got, err, c.want)
		}
	}
	if got, err := QuantityFromInt(1000000000000000); err != nil || got.Trim() != "1000000000000000" {
		t.Errorf("from int: %s, %v", got, err)
	}
	for _, n := range []int64{-1, 1000000000000001, 1<<63 - 1, -1 << 63} {
		if got, err := QuantityFromInt(n); err == nil || !got.IsZero() {
			t.Errorf("from %d: %s, want an error", n, got)
		}
	}
}

func TestQuantityFromRatLiteral(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"0", "0"},
		{"1/3", "0.3333333333"},
		{"2/3", "0.6666666667"},
		{"1/20000000000", "0.0000000001"}, // half of the last digit
		{"1/20000000001", "0"},
		{"3/20000000000", "0.0000000002"},
		{"1000000000000000", "1000000000000000"},
		{"20000000000000000000000001/20000000000", "out"}, // 10^15 and half of the last digit
		{"40000000000000000000000001/40000000000", "1000000000000000"},
		{"340282366920938463463374607431768211456", "out"},
		{"-1/20000000001", "out"},
	} {
		r, _ := new(big.Rat).SetString(c.in)
		got, err := QuantityFromRat(r)
		if c.want == "out" {
			if !isRange(err) || !got.IsZero() {
				t.Errorf("R10(%s) = %s, %v; want a *RangeError", c.in, got, err)
			}
		} else if err != nil || got != quantity(t, c.want) {
			t.Errorf("R10(%s) = %s, %v; want %s", c.in, got, err, c.want)
		}
	}
}

func TestFromRaw(t *testing.T) {
	t.Parallel()
	one := big.NewInt(1)
	for _, c := range []struct {
		name   string
		limit  string
		signed bool
		take   func(hi int64, lo uint64) (string, error)
	}{
		{"quantity", limitQuantity, false, func(hi int64, lo uint64) (string, error) {
			v, err := QuantityFromRaw(hi, lo)
			return v.String(), err
		}},
		{"signed", limitQuantity, true, func(hi int64, lo uint64) (string, error) {
			v, err := SignedQuantityFromRaw(hi, lo)
			return v.String(), err
		}},
		{"price", limitPrice, false, func(hi int64, lo uint64) (string, error) {
			v, err := UnitPriceFromRaw(hi, lo)
			return v.String(), err
		}},
		{"rate", limitRate, false, func(hi int64, lo uint64) (string, error) {
			v, err := RateFromRaw(hi, lo)
			return v.String(), err
		}},
		{"amount", limitAmount, true, func(hi int64, lo uint64) (string, error) {
			v, err := AmountFromRaw(hi, lo)
			return v.String(), err
		}},
		{"amount total", limitTotal, true, func(hi int64, lo uint64) (string, error) {
			v, err := AmountTotalFromRaw(hi, lo)
			return v.String(), err
		}},
		{"quantity total", limitTotal, true, func(hi int64, lo uint64) (string, error) {
			v, err := QuantityTotalFromRaw(hi, lo)
			return v.String(), err
		}},
	} {
		top := bigInt(t, c.limit)
		below := "bad_decimal"
		if c.signed {
			below = ""
		}
		for _, e := range []struct {
			raw  *big.Int
			kind string
		}{
			{top, ""}, {new(big.Int).Add(top, one), "out_of_range"}, {big.NewInt(-1), below}, {big.NewInt(0), ""},
			{new(big.Int).Neg(top), below}, {new(big.Int).Lsh(one, 126), "out_of_range"},
		} {
			if c.limit == limitTotal && e.raw.BitLen() == 127 && e.raw.CmpAbs(top) < 0 {
				continue // 2^126 has 38 digits
			}
			_, err := c.take(rawOf(e.raw))
			if kindOf(t, err) != e.kind {
				t.Errorf("%s from %s: %v, want %q", c.name, e.raw, err, e.kind)
			}
		}
		_, err := c.take(-1<<63, 0)
		if want := map[bool]string{true: "out_of_range", false: "bad_decimal"}[c.signed]; kindOf(t, err) != want {
			t.Errorf("%s from −2^127: %v, want %s", c.name, err, want)
		}
	}
}

func checkQuantity(t testing.TB, rawQ, rawB *big.Int, n int64) {
	q, block := quantityRaw(t, rawQ), quantityRaw(t, rawB)
	limit := bigInt(t, limitQuantity)
	check := func(what string, got Quantity, err error, want *big.Int) {
		if want == nil || want.Sign() < 0 || want.Cmp(limit) > 0 {
			if !isRange(err) || !got.IsZero() {
				t.Fatalf("%s = %s, %v; want a *RangeError", what, got, err)
			}
		} else if err != nil || bigOf(got.Raw()).Cmp(want) != 0 {
			t.Fatalf("%s = %s, %v; want %s units", what, got, err, want)
		}
	}
	got, err := MulWhole(q, n)
	check("MulWhole", got, err, new(big.Int).Mul(rawQ, big.NewInt(n)))

	var blocks *big.Int
	if rawB.Sign() > 0 {
		blocks = new(big.Int).Add(rawQ, rawB)
		blocks.Sub(blocks, big.NewInt(1)).Quo(blocks, rawB).Mul(blocks, bigPow10(10))
	}
	got, err = CeilDiv(q, block)
	check("CeilDiv", got, err, blocks)

	if rawB.Sign() > 0 {
		x := new(big.Rat).SetFrac(rawQ, rawB)
		got, err = QuantityFromRat(x)
		check("R10", got, err, refRaw(t, refRound(x, 10, "half_up"), 10))
	}
}

func TestQuantityOpsAgainstReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		checkQuantity(t, drawRaw(r, "quantity", limitQuantity, false), drawRaw(r, "block", limitQuantity, false),
			rapid.Int64().Draw(r, "n"))
	})
}

func FuzzCeilDiv(f *testing.F) {
	f.Add(uint64(542101), uint64(1590897978359414784), uint64(1), uint64(0), int64(3))
	f.Add(uint64(0), uint64(1e12), uint64(0), uint64(3e9), int64(-1))
	f.Fuzz(func(t *testing.T, hi, lo, blockHi, blockLo uint64, n int64) {
		checkQuantity(t, fuzzRaw(t, hi, lo, limitQuantity), fuzzRaw(t, blockHi, blockLo, limitQuantity), n)
	})
}
