package money

import (
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestPublishedExamples checks published examples: a price per measure times a quantity, followed by the rounding of a
// line.
func TestPublishedExamples(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, quantity, price, official, payment, truncated string
	}{
		{"cut-1, 10 GB for 25874 s", "71.8722222222", "0.0006400000", "0.04599822", "0.04", "0.00599822"},
		{"cut-2, an amount after discount", "512.12456789", "1", "512.12456789", "512.12", "0.00456789"},
		{"grad-1, tier 1", "3", "0.3", "0.9", "0.9", "0"},
		{"grad-1, tier 2", "5", "0.2", "1", "1", "0"},
		{"grad-2, up to 10240 GB", "40", "0.24", "9.6", "9.6", "0"},
		{"grad-2, beyond", "50", "0.23", "11.5", "11.5", "0"},
		{"vol-1, 400 units", "400", "0.6", "240", "240", "0"},
		{"vol-1, 1000 units", "1000", "0.58", "580", "580", "0"},
		{"p95-fee", "780", "15", "11700", "11700", "0"},
		{"enh-fee", "160", "120", "19200", "19200", "0"},
	} {
		got, err := MulR8(quantity(t, c.quantity), price(t, c.price))
		if err != nil || got != amount(t, c.official) {
			t.Errorf("%s: official %s, %v; want %s", c.name, got, err, c.official)
		}
		payment := got.Cut(2, Truncate)
		truncated, err := got.Sub(payment)
		if err != nil || payment != amount(t, c.payment) || truncated != amount(t, c.truncated) {
			t.Errorf("%s: payment %s truncated %s, %v; want %s and %s", c.name, payment, truncated, err, c.payment,
				c.truncated)
		}
	}
	if got := amount(t, "10.275").Rd(2); got != amount(t, "10.28") {
		t.Errorf("round-1: R2(10.275) = %s", got)
	}
	if got := amount(t, "1023.5").Rd(0); got != amount(t, "1024") {
		t.Errorf("round-2: Rd(1023.5) = %s", got)
	}
	const day = 24 * 60 * 60
	if got, err := Prorate(amount(t, "1000.00"), 70*day, 100*day, 2); err != nil || got != amount(t, "700.00") {
		t.Errorf("refund-1: %s, %v", got, err)
	}
	if got, err := QuantityFromRat(big.NewRat(900*26, 30)); err != nil || got != quantity(t, "780") {
		t.Errorf("p95-fee: 900 Mbps × 26/30 = %s, %v", got, err)
	}
	if got, err := QuantityFromRat(big.NewRat(300*16, 30)); err != nil || got != quantity(t, "160") {
		t.Errorf("enh-fee: 300 Mbps × 16/30 = %s, %v", got, err)
	}
	if got, err := QuantityFromRat(big.NewRat(10*25874, 3600)); err != nil || got != quantity(t, "71.8722222222") {
		t.Errorf("cut-1: 10 × 25874/3600 = %s, %v", got, err)
	}
}

func TestMulR8Literal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ quantity, price, want string }{
		{"0", "0", "0"},
		{"0", "1000000000", "0"},
		{"1000000000000000", "0", "0"},
		{"0.0000000001", "0.0000000001", "0"},
		{"0.0000000001", "49.9999999999", "0"},
		{"0.0000000001", "50", "0.00000001"}, // 0.000000005, half a unit
		{"0.0000000001", "149.9999999999", "0.00000001"},
		{"0.0000000001", "150", "0.00000002"}, // 0.000000015, half a unit above one
		{"3", "0.333333335", "1.00000001"},    // 1.000000005, half a unit
		{"3", "0.3333333349", "1"},            // 1.0000000047
		{"1", "1000000000", "1000000000"},
		{"1844674407.3709551615", "1", "1844674407.37095516"}, // 2^64 − 1 as raw integer
		{"1844674407.3709551616", "1", "1844674407.37095516"}, // 2^64 as raw integer
		// 2^63 as raw integer; the result is 2^64, one word longer
		{"922337203.6854775808", "200", "184467440737.09551616"},
		// reduced by 0.09223372036854775808: …37.0032824396…
		{"922337203.6854775808", "199.9999999999", "184467440737.00328244"},
		{"1844674407.3709551615", "1000000000", "out"},
		// 2^65 − 1 as raw integer: the product exceeds 128 bits only by a carry
		{"3689348814.7419103231", "1000000000", "out"},
		{"999999999999999.9999999999", "1", "1000000000000000"},
		{"1000000000000000", "999.9999999999", "999999999999900000"},
		{"999999999999999.9999999999", "999.9999999999", "999999999999899999.9999999"},
		{"1000000000", "999999999.9999999999", "999999999999999999.9"},
		{"999999999.9999999999", "1000000000", "999999999999999999.9"},
		{"1000000000", "1000000000", "out"},
		{"1000000000000000", "1000000000", "out"}, // limit × limit
	} {
		q, p := quantity(t, c.quantity), price(t, c.price)
		got, err := MulR8(q, p)
		up, errUp := MulSignedR8(q.Signed(), p)
		down, errDown := MulSignedR8(q.Signed().Neg(), p)
		if c.want == "out" {
			var e *RangeError
			for _, err := range []error{err, errUp, errDown} {
				if !errors.As(err, &e) {
					t.Errorf("%s × %s: %v, want a *RangeError", c.quantity, c.price, err)
				}
			}
			continue
		}
		want := amount(t, c.want)
		if err != nil || got != want {
			t.Errorf("%s × %s = %s, %v; want %s", c.quantity, c.price, got, err, want)
		}
		if errUp != nil || up != want || errDown != nil || down != want.Neg() {
			t.Errorf("±%s × %s = %s, %s; want ±%s", c.quantity, c.price, up, down, want)
		}
	}
}

func TestMulRateR8Literal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ amount, rate, want string }{
		{"100", "0.85", "85"},
		{"0.00000001", "0.5", "0.00000001"}, // half a unit
		{"0.00000001", "0.4999999999", "0"},
		{"0.00000003", "0.5", "0.00000002"},      // 1.5 units, rounded up from the half
		{"602.49949163", "0.85", "512.12456789"}, // 512.1245678855
		{"999999999999999999.99999999", "1", "999999999999999999.99999999"},
		{"999999999999999999.99999999", "0.9999999999", "999999999899999999.99999999"},
		{"999999999999999999.99999999", "0", "0"},
		{"0", "1", "0"},
	} {
		a, r := amount(t, c.amount), rate(t, c.rate)
		want := amount(t, c.want)
		if got, err := a.MulRateR8(r); err != nil || got != want {
			t.Errorf("%s × %s = %s, %v; want %s", c.amount, c.rate, got, err, want)
		}
		if got, err := a.Neg().MulRateR8(r); err != nil || got != want.Neg() {
			t.Errorf("-%s × %s = %s, %v; want -%s", c.amount, c.rate, got, err, want)
		}
	}
}

// checkProduct compares an amount with x × y rounded by the reference.
func checkProduct(t testing.TB, what string, got Amount, err error, x, y *big.Rat) {
	want := refRaw(t, refRound(new(big.Rat).Mul(x, y), 8, "half_up"), 8)
	if want.CmpAbs(bigInt(t, limitAmount)) > 0 {
		if !isRange(err) || got != (Amount{}) {
			t.Fatalf("%s: %s, %v; want a *RangeError", what, got, err)
		}
		return
	}
	if err != nil || bigOf(got.Raw()).Cmp(want) != 0 {
		t.Fatalf("%s = %s, %v; want %s units", what, got, err, want)
	}
}

func checkMul(t testing.TB, rawQ, rawP, rawA, rawR *big.Int) {
	q, p, a, r := signedRaw(t, rawQ), priceRaw(t, rawP), amountRaw(t, rawA), rateRaw(t, rawR)
	got, err := MulSignedR8(q, p)
	checkProduct(t, q.String()+" × "+p.String(), got, err, q.Rat(), p.Rat())
	got, err = MulR8(q.Abs(), p)
	checkProduct(t, q.Abs().String()+" × "+p.String(), got, err, q.Abs().Rat(), p.Rat())
	got, err = a.MulRateR8(r)
	checkProduct(t, a.String()+" × "+r.String(), got, err, a.Rat(), r.Rat())
	for _, unit := range []uint64{pow10[productScale], pow10[RateScale]} {
		fast, fastFits := mulHalfUp(q.v.abs(), p.v.lo, unit)
		wide, wideFits := mulHalfUpWide(q.v.abs(), p.v.lo, unit)
		if fast != wide || fastFits != wideFits {
			t.Fatalf("%s × %s / %d: %v %v on the fast path, %v %v on the wide one", q, p, unit, fast, fastFits, wide,
				wideFits)
		}
	}
}

func TestProductsAgainstReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		checkMul(t, drawRaw(r, "quantity", limitQuantity, true), drawRaw(r, "price", limitPrice, false),
			drawRaw(r, "amount", limitAmount, true), drawRaw(r, "rate", limitRate, false))
	})
}

func FuzzMulR8(f *testing.F) {
	f.Add(uint64(0), uint64(718722222222), uint64(6400000), false)
	f.Add(uint64(542101), uint64(1590897978359414784), uint64(1e19), true)
	f.Add(uint64(0), uint64(1<<64-1), uint64(1e12), false)
	f.Add(uint64(1), uint64(0), uint64(1e10), true)
	f.Fuzz(func(t *testing.T, hi, lo, y uint64, negative bool) {
		q, a := fuzzRaw(t, hi, lo, limitQuantity), fuzzRaw(t, hi, lo, limitAmount)
		if negative {
			q.Neg(q)
			a.Neg(a)
		}
		checkMul(t, q, fuzzRaw(t, 0, y, limitPrice), a, fuzzRaw(t, 0, y, limitRate))
	})
}

// checkSum compares v + w and v − w of a type with math/big within [low, high].
func checkSum(t testing.TB, what string, x, y, low, high *big.Int, add, sub func() (int64, uint64, error)) {
	for _, c := range []struct {
		op   string
		want *big.Int
		run  func() (int64, uint64, error)
	}{{"+", new(big.Int).Add(x, y), add}, {"−", new(big.Int).Sub(x, y), sub}} {
		hi, lo, err := c.run()
		if c.want.Cmp(low) < 0 || c.want.Cmp(high) > 0 {
			var e *RangeError
			if !errors.As(err, &e) || e.Op != c.op || e.X == "" || e.Y == "" || hi != 0 || lo != 0 {
				t.Fatalf("%s: %s %s %s: %v, want a *RangeError with both operands", what, x, c.op, y, err)
			}
			continue
		}
		if err != nil || bigOf(hi, lo).Cmp(c.want) != 0 {
			t.Fatalf("%s: %s %s %s = %s, %v; want %s", what, x, c.op, y, bigOf(hi, lo), err, c.want)
		}
	}
}

type fixed interface {
	Raw() (int64, uint64)
}

// sums makes sums and differences of values comparable across types.
func sums[V fixed](x, y V, op func(V, V) (V, error)) func() (int64, uint64, error) {
	return func() (int64, uint64, error) {
		v, err := op(x, y)
		hi, lo := v.Raw()
		return hi, lo, err
	}
}

func TestAddSubCmpAgainstReference(t *testing.T) {
	t.Parallel()
	zero := new(big.Int)
	rapid.Check(t, func(r *rapid.T) {
		limit := bigInt(t, limitQuantity)
		x, y := drawRaw(r, "q", limitQuantity, false), drawRaw(r, "r", limitQuantity, false)
		q, q2 := quantityRaw(t, x), quantityRaw(t, y)
		checkSum(t, "quantity", x, y, zero, limit, sums(q, q2, Quantity.Add), sums(q, q2, Quantity.Sub))
		if q.Cmp(q2) != x.Cmp(y) || (q == q2) != (x.Cmp(y) == 0) || q.IsZero() != (x.Sign() == 0) {
			t.Fatalf("%s and %s: Cmp %d", q, q2, q.Cmp(q2))
		}
		if low := q.Min(q2); low.Cmp(q) > 0 || low.Cmp(q2) > 0 || (low != q && low != q2) {
			t.Fatalf("Min(%s, %s) = %s", q, q2, low)
		}

		x, y = drawRaw(r, "s", limitQuantity, true), drawRaw(r, "s2", limitQuantity, true)
		s, s2 := signedRaw(t, x), signedRaw(t, y)
		checkSum(t, "signed quantity", x, y, new(big.Int).Neg(limit), limit, sums(s, s2, SignedQuantity.Add),
			sums(s, s2, SignedQuantity.Sub))
		if s.Cmp(s2) != x.Cmp(y) || s.Sign() != x.Sign() || s.Neg().Neg() != s || s.Abs().Cmp(s.Neg().Abs()) != 0 ||
			s.IsZero() != (x.Sign() == 0) {
			t.Fatalf("%s and %s: Cmp %d", s, s2, s.Cmp(s2))
		}

		limit = bigInt(t, limitPrice)
		x, y = drawRaw(r, "p", limitPrice, false), drawRaw(r, "p2", limitPrice, false)
		p, p2 := priceRaw(t, x), priceRaw(t, y)
		checkSum(t, "unit price", x, y, zero, limit, sums(p, p2, UnitPrice.Add), sums(p, p2, UnitPrice.Sub))
		if p.Cmp(p2) != x.Cmp(y) || p.IsZero() != (x.Sign() == 0) {
			t.Fatalf("%s and %s: Cmp %d", p, p2, p.Cmp(p2))
		}

		limit = bigInt(t, limitRate)
		x, y = drawRaw(r, "rate", limitRate, false), drawRaw(r, "rate2", limitRate, false)
		d, d2 := rateRaw(t, x), rateRaw(t, y)
		checkSum(t, "rate", x, y, zero, limit, sums(d, d2, Rate.Add), sums(d, d2, Rate.Sub))
		if d.Cmp(d2) != x.Cmp(y) || d.IsZero() != (x.Sign() == 0) {
			t.Fatalf("%s and %s: Cmp %d", d, d2, d.Cmp(d2))
		}

		limit = bigInt(t, limitAmount)
		x, y = drawRaw(r, "a", limitAmount, true), drawRaw(r, "b", limitAmount, true)
		a, b := amountRaw(t, x), amountRaw(t, y)
		checkSum(t, "amount", x, y, new(big.Int).Neg(limit), limit, sums(a, b, Amount.Add), sums(a, b, Amount.Sub))
		if a.Cmp(b) != x.Cmp(y) || a.Sign() != x.Sign() || a.Neg().Neg() != a || a.Abs().Sign() < 0 ||
			a.IsZero() != (x.Sign() == 0) {
			t.Fatalf("%s and %s: Cmp %d", a, b, a.Cmp(b))
		}
	})
}

func TestRangeErrorCarriesOperands(t *testing.T) {
	t.Parallel()
	_, sub := quantity(t, "1").Sub(quantity(t, "2"))
	_, add := amount(t, "999999999999999999.99999999").Add(amount(t, "0.00000001"))
	_, low := amount(t, "-999999999999999999.99999999").Sub(amount(t, "0.00000001"))
	_, mul := MulR8(quantity(t, "1000000000"), price(t, "1000000000"))
	_, whole := MulWhole(quantity(t, "2"), -3)
	_, block := CeilDiv(quantity(t, "2"), Quantity{})
	_, rat := QuantityFromRat(big.NewRat(-1, 3))
	_, sum := rate(t, "0.6").Add(rate(t, "0.5"))
	for _, c := range []struct {
		err  error
		want string
	}{
		{sub, "quantity 1.0000000000 − 2.0000000000: outside 0 to 10^15"},
		{add, "amount 999999999999999999.99999999 + 0.00000001: not between −10^18 and 10^18"},
		{low, "amount -999999999999999999.99999999 − 0.00000001: not between −10^18 and 10^18"},
		{mul, "amount 1000000000.0000000000 × 1000000000.0000000000: not between −10^18 and 10^18"},
		{whole, "quantity 2.0000000000 × -3: outside 0 to 10^15"},
		{block, "quantity 2.0000000000 ÷ up 0.0000000000: a block of size 0"},
		{rat, "quantity R10 -1/3: outside 0 to 10^15"},
		{sum, "rate 0.6000000000 + 0.5000000000: outside 0 to 1"},
	} {
		var e *RangeError
		if !errors.As(c.err, &e) || e.Error() != c.want {
			t.Errorf("got %v, want %s", c.err, c.want)
		}
	}
}
