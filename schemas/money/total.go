package money

import (
	"fmt"
	"math/big"
)

// Total is a sum of stored decimals of one scale, for control totals of many lines. It is exact up to 38 digits, which
// is far beyond the range of one amount and fits a DECIMAL(38) column.
type Total struct {
	v     int128
	scale int
}

// NewTotal gives a total of 0 at a scale of 0 to 19.
func NewTotal(scale int) (Total, error) {
	if scale < 0 || scale > maxPow10 {
		return Total{}, fmt.Errorf("scale %d of a total outside 0 to %d", scale, maxPow10)
	}
	return Total{scale: scale}, nil
}

// Add adds a stored integer of the total's scale, two's complement over 128 bits. Past 38 digits it returns a
// *RangeError and leaves the total unchanged.
func (t *Total) Add(hi int64, lo uint64) error { return accumulate(&t.v, int128{hi, lo}, t.scale) }

// Raw gives the sum, two's complement over 128 bits.
func (t Total) Raw() (hi int64, lo uint64) { return t.v.hi, t.v.lo }

// String gives the sum with all digits of its scale.
func (t Total) String() string { return fixedString(t.v, t.scale) }

// accumulate adds w to *sum; an error leaves it unchanged.
func accumulate(sum *int128, w int128, scale int) error {
	s, fits := sum.add(w)
	if !fits || !holdsTotal(s) {
		return &RangeError{Type: "total", Op: "+", X: scaledText(*sum, scale), Y: scaledText(w, scale),
			Why: outsideTotal}
	}
	*sum = s
	return nil
}

const outsideTotal = "more than 38 digits"

// holdsTotal reports whether v has at most 38 digits. All magnitudes below 2^126 do, which one comparison shows.
func holdsTotal(v int128) bool { return uint64(v.hi)+1<<62 < 1<<63 || holdsLargeTotal(v) }

func holdsLargeTotal(v int128) bool {
	return v.abs().cmp(uint128{maxTotal >> 64, maxTotal & mask64}) <= 0
}

// The domains of totals, for reading them back. They are read only.
var (
	amountTotalDomain = domain{"total of amounts", AmountScale, true, uint128{maxTotal >> 64, maxTotal & mask64},
		outsideTotal}
	quantityTotalDomain = domain{"total of quantities", QuantityScale, true, uint128{maxTotal >> 64, maxTotal & mask64},
		outsideTotal}
)

// AmountTotal is a sum of amounts, exact up to 38 digits. The zero value is 0; values compare with ==.
type AmountTotal struct{ v int128 }

// AmountTotalFromRaw takes a stored sum in units of 10^-8, two's complement over 128 bits. The error is a *ParseError
// of kind OutOfRange.
func AmountTotalFromRaw(hi int64, lo uint64) (AmountTotal, error) {
	v, err := amountTotalDomain.fromRaw(hi, lo)
	return AmountTotal{v}, err
}

// Add adds an amount. Past 38 digits it returns a *RangeError and leaves the total unchanged.
func (t *AmountTotal) Add(a Amount) error { return accumulate(&t.v, a.v, AmountScale) }

// AddTotal adds another total; its errors are those of Add.
func (t *AmountTotal) AddTotal(u AmountTotal) error { return accumulate(&t.v, u.v, AmountScale) }

// SubTotal subtracts another total; its errors are those of Add.
func (t *AmountTotal) SubTotal(u AmountTotal) error {
	return accumulate(&t.v, u.v.neg(), AmountScale)
}

// Amount gives the sum as an amount, or a *RangeError if it is outside an amount's range.
func (t AmountTotal) Amount() (Amount, error) {
	if !amountDomain.holds(t.v) {
		return Amount{}, amountDomain.rangeError(OpTotal, t.String(), "")
	}
	return Amount(t), nil
}

// Raw gives the sum in units of 10^-8, two's complement over 128 bits.
func (t AmountTotal) Raw() (hi int64, lo uint64) { return t.v.hi, t.v.lo }

// Rat gives the sum as a rational.
func (t AmountTotal) Rat() *big.Rat { return t.v.rat(AmountScale) }

// Abs gives the sum without its sign.
func (t AmountTotal) Abs() AmountTotal {
	if t.v.hi < 0 {
		return AmountTotal{t.v.neg()}
	}
	return t
}

// IsZero reports whether the sum is 0.
func (t AmountTotal) IsZero() bool { return t.v.isZero() }

// Cmp gives -1, 0 or 1 as t is below, equal to or above u.
func (t AmountTotal) Cmp(u AmountTotal) int { return t.v.cmp(u.v) }

// String gives all eight decimals.
func (t AmountTotal) String() string { return fixedString(t.v, AmountScale) }

// StringFixed shows the sum as Amount.StringFixed does.
func (t AmountTotal) StringFixed(digits int) string { return trimmedString(t.v, AmountScale, digits) }

// MarshalText gives what String gives; it makes JSON strings.
func (t AmountTotal) MarshalText() ([]byte, error) { return marshalFixed(t.v, AmountScale) }

// UnmarshalText reads the text form of §1.1. The error is a *ParseError and leaves t unchanged.
func (t *AmountTotal) UnmarshalText(text []byte) error {
	return unmarshal(&t.v, text, &amountTotalDomain)
}

// QuantityTotal is a sum of quantities, exact up to 38 digits. The zero value is 0; values compare with ==.
type QuantityTotal struct{ v int128 }

// QuantityTotalFromRaw takes a stored sum in units of 10^-10, two's complement over 128 bits. The error is a
// *ParseError of kind OutOfRange.
func QuantityTotalFromRaw(hi int64, lo uint64) (QuantityTotal, error) {
	v, err := quantityTotalDomain.fromRaw(hi, lo)
	return QuantityTotal{v}, err
}

// Add adds a quantity. Past 38 digits it returns a *RangeError and leaves the total unchanged.
func (t *QuantityTotal) Add(q Quantity) error { return accumulate(&t.v, q.v, QuantityScale) }

// AddSigned adds a difference of quantities; its errors are those of Add.
func (t *QuantityTotal) AddSigned(q SignedQuantity) error {
	return accumulate(&t.v, q.v, QuantityScale)
}

// AddTotal adds another total; its errors are those of Add.
func (t *QuantityTotal) AddTotal(u QuantityTotal) error { return accumulate(&t.v, u.v, QuantityScale) }

// Quantity gives the sum as a quantity, or a *RangeError if it is outside a quantity's range.
func (t QuantityTotal) Quantity() (Quantity, error) {
	if !quantityDomain.holds(t.v) {
		return Quantity{}, quantityDomain.rangeError(OpTotal, t.String(), "")
	}
	return Quantity(t), nil
}

// Signed gives the sum as a difference of quantities, or a *RangeError outside ±10^15.
func (t QuantityTotal) Signed() (SignedQuantity, error) {
	if !signedDomain.holds(t.v) {
		return SignedQuantity{}, signedDomain.rangeError(OpTotal, t.String(), "")
	}
	return SignedQuantity(t), nil
}

// Neg gives the sum with its sign turned.
func (t QuantityTotal) Neg() QuantityTotal { return QuantityTotal{t.v.neg()} }

// Raw gives the sum in units of 10^-10, two's complement over 128 bits.
func (t QuantityTotal) Raw() (hi int64, lo uint64) { return t.v.hi, t.v.lo }

// Rat gives the sum as a rational.
func (t QuantityTotal) Rat() *big.Rat { return t.v.rat(QuantityScale) }

// IsZero reports whether the sum is 0.
func (t QuantityTotal) IsZero() bool { return t.v.isZero() }

// Cmp gives -1, 0 or 1 as t is below, equal to or above u.
func (t QuantityTotal) Cmp(u QuantityTotal) int { return t.v.cmp(u.v) }

// Trim gives the shortest text: "-1.5", "0".
func (t QuantityTotal) Trim() string { return trimmedString(t.v, QuantityScale, 0) }

// String gives all ten decimals.
func (t QuantityTotal) String() string { return fixedString(t.v, QuantityScale) }

// MarshalText gives what String gives; it makes JSON strings.
func (t QuantityTotal) MarshalText() ([]byte, error) { return marshalFixed(t.v, QuantityScale) }

// UnmarshalText reads the text form of §1.1. The error is a *ParseError and leaves t unchanged.
func (t *QuantityTotal) UnmarshalText(text []byte) error {
	return unmarshal(&t.v, text, &quantityTotalDomain)
}
