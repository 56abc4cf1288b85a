package money

import (
	"math/big"
	"math/bits"
)

// uint128 is an unsigned 128-bit integer: the magnitude on which all operations work.
type uint128 struct {
	hi, lo uint64
}

// int128 is a two's complement 128-bit integer, with the layout of Arrow's decimal128. Only totals can come near its
// lowest number, and they check for it.
type int128 struct {
	hi int64
	lo uint64
}

// maxPow10 is the exponent of the largest power of ten that fits a uint64.
const maxPow10 = 19

// pow10 holds the powers of ten of a uint64; it is read only.
var pow10 = [maxPow10 + 1]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

func (x uint128) isZero() bool { return x.hi|x.lo == 0 }

func (x uint128) cmp(y uint128) int {
	switch {
	case x == y:
		return 0
	case x.hi < y.hi || (x.hi == y.hi && x.lo < y.lo):
		return -1
	default:
		return 1
	}
}

// add gives x + y and whether it overflowed 128 bits.
func (x uint128) add(y uint128) (sum uint128, carry bool) {
	lo, c := bits.Add64(x.lo, y.lo, 0)
	hi, c := bits.Add64(x.hi, y.hi, c)
	return uint128{hi, lo}, c != 0
}

// sub gives x − y for y ≤ x.
func (x uint128) sub(y uint128) uint128 {
	lo, b := bits.Sub64(x.lo, y.lo, 0)
	hi, _ := bits.Sub64(x.hi, y.hi, b)
	return uint128{hi, lo}
}

// mul64 gives the exact product x × y in 192 bits.
func (x uint128) mul64(y uint64) uint192 {
	h0, lo := bits.Mul64(x.lo, y)
	h1, m := bits.Mul64(x.hi, y)
	mid, c := bits.Add64(h0, m, 0)
	return uint192{h1 + c, mid, lo}
}

// quoRem64 gives x / d and x mod d for d > 0.
func (x uint128) quoRem64(d uint64) (q uint128, r uint64) {
	if x.hi == 0 {
		return uint128{0, x.lo / d}, x.lo % d
	}
	q.hi, r = x.hi/d, x.hi%d
	q.lo, r = bits.Div64(r, x.lo, d)
	return q, r
}

// quoRem gives x / d and x mod d for d > 0.
func (x uint128) quoRem(d uint128) (q, r uint128) {
	if d.hi == 0 {
		q, r64 := x.quoRem64(d.lo)
		return q, uint128{0, r64}
	}
	// The quotient is below 2^64. Dividing by the top 64 bits of the normalized d gives the quotient or one more; the
	// estimate is reduced by one and corrected once (Hacker's Delight, divlu for two words).
	n := uint(bits.LeadingZeros64(d.hi))
	top := d.hi<<n | d.lo>>(64-n)
	half := uint128{x.hi >> 1, x.hi<<63 | x.lo>>1}
	est, _ := bits.Div64(half.hi, half.lo, top)
	est >>= 63 - n
	if est != 0 {
		est--
	}
	p := d.mul64(est)
	r = x.sub(uint128{p.mid, p.lo})
	if r.cmp(d) >= 0 {
		est++
		r = r.sub(d)
	}
	return uint128{0, est}, r
}

func (x uint128) big() *big.Int {
	z := new(big.Int).SetUint64(x.hi)
	z.Lsh(z, 64)
	return z.Or(z, new(big.Int).SetUint64(x.lo))
}

// uint128FromBig converts a non-negative integer to 128 bits; it returns false if that needs more.
func uint128FromBig(z *big.Int) (uint128, bool) {
	if z.BitLen() > 128 {
		return uint128{}, false
	}
	lo := new(big.Int).And(z, new(big.Int).SetUint64(1<<64-1)).Uint64()
	hi := new(big.Int).Rsh(z, 64).Uint64()
	return uint128{hi, lo}, true
}

// uint192 is the exact product of a 128-bit and a 64-bit integer.
type uint192 struct {
	hi, mid, lo uint64
}

// addSmall gives x + y. A product plus half a power of ten cannot overflow 192 bits: its factors are range-checked.
func (x uint192) addSmall(y uint64) uint192 {
	lo, c := bits.Add64(x.lo, y, 0)
	mid, c := bits.Add64(x.mid, 0, c)
	return uint192{x.hi + c, mid, lo}
}

// quoRem gives x / d and x mod d for d > 0.
func (x uint192) quoRem(d uint64) (q uint192, r uint64) {
	q.hi, r = x.hi/d, x.hi%d
	q.mid, r = bits.Div64(r, x.mid, d)
	q.lo, r = bits.Div64(r, x.lo, d)
	return q, r
}

// narrow converts x to 128 bits; it returns false if that needs more.
func (x uint192) narrow() (uint128, bool) {
	return uint128{x.mid, x.lo}, x.hi == 0
}

func (v int128) isZero() bool { return uint64(v.hi)|v.lo == 0 }

func (v int128) sign() int {
	switch {
	case v.hi < 0:
		return -1
	case v.isZero():
		return 0
	default:
		return 1
	}
}

func (v int128) neg() int128 {
	lo, b := bits.Sub64(0, v.lo, 0)
	hi, _ := bits.Sub64(0, uint64(v.hi), b)
	return int128{int64(hi), lo}
}

// abs gives the magnitude, also of the lowest number, -2^127.
func (v int128) abs() uint128 {
	if v.hi < 0 {
		v = v.neg()
	}
	return uint128{uint64(v.hi), v.lo}
}

// signed gives the magnitude x, below 2^127, with a sign.
func (x uint128) signed(negative bool) int128 {
	v := int128{int64(x.hi), x.lo}
	if negative {
		return v.neg()
	}
	return v
}

func (v int128) cmp(w int128) int {
	switch {
	case v == w:
		return 0
	case v.hi < w.hi || (v.hi == w.hi && v.lo < w.lo):
		return -1
	default:
		return 1
	}
}

// add gives v + w; it returns false if that overflows 128 bits.
func (v int128) add(w int128) (int128, bool) {
	lo, c := bits.Add64(v.lo, w.lo, 0)
	hi, _ := bits.Add64(uint64(v.hi), uint64(w.hi), c)
	s := int128{int64(hi), lo}
	return s, (v.hi^s.hi)&(w.hi^s.hi) >= 0
}

// sub gives v − w; it returns false if that overflows 128 bits.
func (v int128) sub(w int128) (int128, bool) {
	lo, b := bits.Sub64(v.lo, w.lo, 0)
	hi, _ := bits.Sub64(uint64(v.hi), uint64(w.hi), b)
	s := int128{int64(hi), lo}
	return s, (v.hi^w.hi)&(v.hi^s.hi) >= 0
}

func (v int128) big() *big.Int {
	z := v.abs().big()
	if v.hi < 0 {
		z.Neg(z)
	}
	return z
}

// rat gives v / 10^scale.
func (v int128) rat(scale int) *big.Rat {
	return new(big.Rat).SetFrac(v.big(), new(big.Int).SetUint64(pow10[scale]))
}

// absInt64 gives |n|, also of the lowest int64.
func absInt64(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
