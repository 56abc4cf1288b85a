package money

import (
	"math/big"
	"slices"
)

// The functions of this file compute with costs in 128 and 192 bits. If a result does not fit, they use math/big, so
// the caller always gets the same result.

// quoRound gives x / 10^digits rounded half away from zero; fits is false if the result does not fit.
func (x uint128) quoRound(digits int) (q uint128, fits bool) {
	unit := pow10[digits]
	q, rest := x.quoRem64(unit)
	if rest >= unit/2 {
		return q.addOne()
	}
	return q, true
}

func (x uint128) addOne() (sum uint128, fits bool) {
	sum, carry := x.add(uint128{0, 1})
	return sum, !carry
}

// quo20 gives x / 10^20, the first digit of the fraction, and whether the fraction is above 0.
func (x uint192) quo20() (q uint192, digit uint64, more bool) {
	q, rest := x.quoRem(pow10[maxPow10])
	q, digit = q.quoRem(10)
	return q, digit, digit|rest != 0
}

// R10 rounds the cost half away from zero to a quantity. The error is a *RangeError.
func (c Cost) R10() (SignedQuantity, error) {
	mag, fits := c.v.abs().quoRound(CostScale - QuantityScale)
	if !fits || mag.cmp(signedDomain.max) > 0 {
		return SignedQuantityFromRat(c.Rat())
	}
	return SignedQuantity{mag.signed(c.v.hi < 0)}, nil
}

// MulR8 is R8(c × p): the exact product, rounded once. The error is a *RangeError.
func (c Cost) MulR8(p UnitPrice) (Amount, error) {
	q, digit, _ := c.v.abs().mul64(p.v.lo).quo20() // 18 + 10 - 8 decimals
	if digit >= 5 {
		q = q.addSmall(1)
	}
	mag, fits := q.narrow()
	if !fits || mag.cmp(amountDomain.max) > 0 {
		return AmountFromRat(new(big.Rat).Mul(c.Rat(), p.Rat()))
	}
	return Amount{mag.signed(c.v.hi < 0)}, nil
}

// LessR8 is R8(a − c): the exact difference, rounded once. The error is a *RangeError.
func (a Amount) LessR8(c Cost) (Amount, error) {
	up, fits := a.v.abs().mul64(pow10[CostScale-AmountScale]).narrow()
	if fits && up.hi>>63 == 0 {
		if rest, fits := up.signed(a.v.hi < 0).sub(c.v); fits {
			mag, fits := rest.abs().quoRound(CostScale - AmountScale)
			if fits && mag.cmp(amountDomain.max) <= 0 {
				return Amount{mag.signed(rest.hi < 0)}, nil
			}
		}
	}
	return AmountFromRat(new(big.Rat).Sub(a.Rat(), c.Rat()))
}

// BelowMargin reports whether a is below c × (1 + share), exactly.
func (a Amount) BelowMargin(c Cost, share UnitPrice) bool {
	factor := pow10[UnitPriceScale] + share.v.lo // a share is at most 10^19
	q, _, more := c.v.abs().mul64(factor).quo20()
	mag, fits := q.narrow()
	if !fits || mag.hi>>62 != 0 || factor < share.v.lo {
		least := new(big.Rat).Add(big.NewRat(1, 1), share.Rat())
		return a.Rat().Cmp(least.Mul(least, c.Rat())) < 0
	}
	least := mag.signed(c.v.hi < 0) // the product towards zero
	if more && c.v.hi >= 0 {
		return a.v.cmp(least) <= 0
	}
	return a.v.cmp(least) < 0
}

// CostOf converts a quantity to a cost; ok is false if it is out of range.
func CostOf(q Quantity) (c Cost, ok bool) { return CostFromDecimal(q.v.hi, q.v.lo, QuantityScale) }

// Weights are the proportions by which costs are split.
type Weights struct {
	rats  []*big.Rat
	units []uint64 // the same proportions as integers; nil = they do not fit
	sum   uint64
}

// NewWeights returns Weights; the weights must not be negative or all 0.
func NewWeights(rats []*big.Rat) *Weights {
	w := &Weights{rats: rats}
	common := big.NewInt(1)
	for _, r := range rats {
		gcd := new(big.Int).GCD(nil, nil, common, r.Denom())
		common.Mul(common, new(big.Int).Quo(r.Denom(), gcd))
	}
	sum, units := new(big.Int), make([]uint64, len(rats))
	for i, r := range rats {
		n := new(big.Int).Mul(r.Num(), new(big.Int).Quo(common, r.Denom()))
		if n.Sign() < 0 || sum.Add(sum, n).BitLen() > 64 {
			return w
		}
		units[i] = n.Uint64()
	}
	if w.sum = sum.Uint64(); w.sum > 0 {
		w.units = units
	}
	return w
}

// IsZero reports whether a weight is 0.
func (w *Weights) IsZero(i int) bool { return w.rats[i].Sign() == 0 }

// Split appends to dst the parts that splitCost gives for a cost.
func (w *Weights) Split(dst []Cost, c Cost) ([]Cost, error) {
	if w.units == nil {
		parts, err := splitCost(c, w.rats)
		return append(dst, parts...), err
	}
	first := len(dst)
	total, left := c.v.abs(), c.v.abs()
	var memory [8]remainder
	rests := memory[:0]
	for i, n := range w.units {
		q, rest := total.mul64(n).quoRem(w.sum)
		part, _ := q.narrow() // at most the total
		left = left.sub(part)
		dst = append(dst, Cost{part.signed(false)})
		rests = append(rests, remainder{i, rest})
	}
	if !left.isZero() { // fewer units are left than there are remainders above 0
		slices.SortStableFunc(rests, func(a, b remainder) int { return b.compare(a) })
		for _, r := range rests[:left.lo] {
			part, _ := dst[first+r.index].v.abs().addOne()
			dst[first+r.index] = Cost{part.signed(false)}
		}
	}
	if c.v.hi < 0 {
		for i := first; i < len(dst); i++ {
			dst[i] = dst[i].Neg()
		}
	}
	return dst, nil
}

// remainder is the remainder of a share after its floor.
type remainder struct {
	index int
	rest  uint64
}

func (r remainder) compare(o remainder) int {
	switch {
	case r.rest < o.rest:
		return -1
	case r.rest > o.rest:
		return 1
	}
	return 0
}
