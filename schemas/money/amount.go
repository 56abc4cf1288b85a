package money

import (
	"math/big"
	"math/bits"
)

// AmountScale is the number of decimals of Amount (§1.1).
const AmountScale = 8

// Amount is money in the one currency of a workspace: scale 8, strictly between −10^18 and 10^18 (§1.1). The zero
// value is 0; values compare with ==.
type Amount struct{ v int128 }

// ParseAmount reads the text form of §1.1; "-0" is 0. The error is a *ParseError.
func ParseAmount[T Text](s T) (Amount, error) {
	v, err := parse(s, &amountDomain)
	return Amount{v}, err
}

// AmountFromRaw takes a stored count of 10^-8, two's complement over 128 bits as Arrow's decimal128 holds it. The error
// is a *ParseError of kind OutOfRange.
func AmountFromRaw(hi int64, lo uint64) (Amount, error) {
	v, err := amountDomain.fromRaw(hi, lo)
	return Amount{v}, err
}

// Raw gives the count of 10^-8, two's complement over 128 bits.
func (a Amount) Raw() (hi int64, lo uint64) { return a.v.hi, a.v.lo }

// Rat gives a as an exact rational.
func (a Amount) Rat() *big.Rat { return a.v.rat(AmountScale) }

// String gives all eight decimals: "-1.50000000".
func (a Amount) String() string { return fixedString(a.v, AmountScale) }

// Trim gives the shortest text: "-1.5", "0".
func (a Amount) Trim() string { return trimmedString(a.v, AmountScale, 0) }

// StringFixed shows a to people with at least the given decimals, a currency's digits: "1.50" for 2. It shows more
// where the amount has more, so what is shown is always exact.
func (a Amount) StringFixed(digits int) string { return trimmedString(a.v, AmountScale, digits) }

// AppendText appends what String gives.
func (a Amount) AppendText(dst []byte) []byte { return appendFixed(dst, a.v, AmountScale) }

// MarshalText gives what String gives; it makes JSON strings. It is a *RangeError for the 10^18 that Cut can carry to.
func (a Amount) MarshalText() ([]byte, error) {
	if !amountDomain.holds(a.v) {
		return nil, amountDomain.rangeError("write", a.String(), "")
	}
	return marshalFixed(a.v, AmountScale)
}

// UnmarshalText is ParseAmount; an error leaves a unchanged.
func (a *Amount) UnmarshalText(text []byte) error { return unmarshal(&a.v, text, &amountDomain) }

// Cmp gives -1, 0 or 1 as a is below, equal to or above b.
func (a Amount) Cmp(b Amount) int { return a.v.cmp(b.v) }

// IsZero reports whether a is 0.
func (a Amount) IsZero() bool { return a.v.isZero() }

// Sign gives -1, 0 or 1.
func (a Amount) Sign() int { return a.v.sign() }

// Neg gives −a.
func (a Amount) Neg() Amount { return Amount{a.v.neg()} }

// Abs gives the size of a, whatever its sign.
func (a Amount) Abs() Amount { return Amount{a.v.abs().signed(false)} }

// Add gives a + b, exactly, or a *RangeError.
func (a Amount) Add(b Amount) (Amount, error) {
	v, err := amountDomain.add(a.v, b.v)
	return Amount{v}, err
}

// Sub gives a − b, exactly, or a *RangeError.
func (a Amount) Sub(b Amount) (Amount, error) {
	v, err := amountDomain.sub(a.v, b.v)
	return Amount{v}, err
}

// productScale is how many decimals the exact product of a quantity and a price has beyond an amount's.
const productScale = QuantityScale + UnitPriceScale - AmountScale

// MulR8 is R8(q × p), the official amount of §4.2: the exact product rounded half away from zero to 8 decimals.
// The error is a *RangeError.
func MulR8(q Quantity, p UnitPrice) (Amount, error) {
	mag, fits := mulHalfUp(q.v.abs(), p.v.lo, pow10[productScale])
	if !fits || mag.cmp(amountDomain.max) > 0 {
		return Amount{}, amountDomain.rangeError("×", q.String(), p.String())
	}
	return Amount{mag.signed(false)}, nil
}

// MulSignedR8 is MulR8 for a difference of quantities; a negative one mirrors the positive. The error is a *RangeError.
func MulSignedR8(q SignedQuantity, p UnitPrice) (Amount, error) {
	mag, fits := mulHalfUp(q.v.abs(), p.v.lo, pow10[productScale])
	if !fits || mag.cmp(amountDomain.max) > 0 {
		return Amount{}, amountDomain.rangeError("×", q.String(), p.String())
	}
	return Amount{mag.signed(q.v.hi < 0)}, nil
}

// MulRateR8 is R8(a × r), the amount that remains after a discount of §4.2; a negative amount mirrors the positive one.
// As a rate is at most 1, the result is always in range and the error is nil.
func (a Amount) MulRateR8(r Rate) (Amount, error) {
	mag, fits := mulHalfUp(a.v.abs(), r.v.lo, pow10[RateScale])
	if !fits || mag.cmp(amountDomain.max) > 0 {
		return Amount{}, amountDomain.rangeError("×", a.String(), r.String())
	}
	return Amount{mag.signed(a.v.hi < 0)}, nil
}

// MulPriceR8 is R8(a × p), which converts a to another currency, if p is the price of one unit of a's currency. A
// negative amount mirrors the positive one. The error is a *RangeError.
func (a Amount) MulPriceR8(p UnitPrice) (Amount, error) {
	mag, fits := mulHalfUp(a.v.abs(), p.v.lo, pow10[UnitPriceScale])
	if !fits || mag.cmp(amountDomain.max) > 0 {
		return Amount{}, amountDomain.rangeError("×", a.String(), p.String())
	}
	return Amount{mag.signed(a.v.hi < 0)}, nil
}

// mulHalfUp gives x × y / unit, the exact product rounded half up once; unit is a power of ten above 1. It returns
// false if the result needs more than 128 bits.
func mulHalfUp(x uint128, y, unit uint64) (uint128, bool) {
	if x.hi == 0 {
		hi, lo := bits.Mul64(x.lo, y)
		lo, c := bits.Add64(lo, unit/2, 0)
		hi += c // a product of 64-bit factors is below 2^128 − 2^64
		if hi < unit {
			q, _ := bits.Div64(hi, lo, unit)
			return uint128{0, q}, true
		}
	}
	return mulHalfUpWide(x, y, unit)
}

// mulHalfUpWide is mulHalfUp for factors of any size.
func mulHalfUpWide(x uint128, y, unit uint64) (uint128, bool) {
	q, _ := x.mul64(y).addSmall(unit / 2).quoRem(unit)
	return q.narrow()
}
