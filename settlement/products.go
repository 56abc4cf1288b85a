package settlement

import (
	"fmt"
	"math/big"
	"math/bits"

	"github.com/tollbook/tollbook/schemas/money"
)

// products is Σ amount × rate, exact: an integer count of 10^-18, two's complement over 192 bits. A product needs 121
// bits at most (doc of package money), so 2^69 of them fit.
type products struct{ hi, mid, lo uint64 }

// add adds a × r.
func (p *products) add(a money.Amount, r money.Rate) {
	hi, lo := a.Raw()
	_, rate := r.Raw() // a rate is at most 10^10
	carried, w0 := bits.Mul64(lo, rate)
	w2, w1 := bits.Mul64(uint64(hi), rate)
	if hi < 0 {
		w2 -= rate // hi was treated as hi + 2^64
	}
	w1, c := bits.Add64(w1, carried, 0)
	w2 += c
	p.lo, c = bits.Add64(p.lo, w0, 0)
	p.mid, c = bits.Add64(p.mid, w1, c)
	p.hi, _ = bits.Add64(p.hi, w2, c)
}

// rd returns Rd of the sum (§1.1): rounded once, half away from zero, to 0 to 8 digits. A result outside an amount's
// range is an error.
func (p products) rd(digits int) (money.Amount, error) {
	negative := int64(p.hi) < 0
	if negative {
		p = p.neg()
	}
	unit := uint64(1)
	for range money.AmountScale + money.RateScale - digits {
		unit *= 10
	}
	var c, rest uint64
	lo, c := bits.Add64(p.lo, unit/2, 0)
	mid, c := bits.Add64(p.mid, 0, c)
	hi := p.hi + c
	hi, rest = bits.Div64(0, hi, unit)
	mid, rest = bits.Div64(rest, mid, unit)
	lo, _ = bits.Div64(rest, lo, unit)
	for range money.AmountScale - digits {
		hi, mid, lo = times10(hi, mid, lo)
	}
	if hi == 0 && int64(mid) >= 0 {
		raw := int64(mid)
		if negative {
			var borrow uint64
			lo, borrow = bits.Sub64(0, lo, 0)
			mid, _ = bits.Sub64(0, mid, borrow)
			raw = int64(mid)
		}
		if a, err := money.AmountFromRaw(raw, lo); err == nil {
			return a, nil
		}
	}
	sign := ""
	if negative {
		sign = "−"
	}
	return money.Amount{}, fmt.Errorf("sum of amounts × rates, %s%s: outside the range of an amount", sign, p)
}

// times10 multiplies three words by ten. Its argument, from rd, is below 2^188.
func times10(hi, mid, lo uint64) (uint64, uint64, uint64) {
	c0, lo := bits.Mul64(lo, 10)
	c1, mid := bits.Mul64(mid, 10)
	mid, c := bits.Add64(mid, c0, 0)
	return hi*10 + c1 + c, mid, lo
}

func (p products) neg() products {
	var n products
	var b uint64
	n.lo, b = bits.Sub64(0, p.lo, 0)
	n.mid, b = bits.Sub64(0, p.mid, b)
	n.hi, _ = bits.Sub64(0, p.hi, b)
	return n
}

// rat returns the sum as a fraction.
func (p products) rat() *big.Rat {
	negative := int64(p.hi) < 0
	if negative {
		p = p.neg()
	}
	n := new(big.Int).SetUint64(p.hi)
	n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(p.mid))
	n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(p.lo))
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(money.AmountScale+money.RateScale), nil)
	sum := new(big.Rat).SetFrac(n, scale)
	if negative {
		sum.Neg(sum)
	}
	return sum
}

// String returns a non-negative sum, rounded to eight decimals, for messages.
func (p products) String() string { return p.rat().FloatString(money.AmountScale) }
