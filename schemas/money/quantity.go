package money

import (
	"fmt"
	"math/big"
)

// QuantityScale is the number of decimals of Quantity and SignedQuantity (§1.1).
const QuantityScale = 10

// Quantity is how much of something was used or bought, in its product's measure: scale 10, 0 to 10^15 inclusive
// (§1.1). The zero value is 0; values compare with ==.
type Quantity struct{ v int128 }

// ParseQuantity reads the text form of §1.1; a minus is not allowed, not even in "-0". The error is a *ParseError.
func ParseQuantity[T Text](s T) (Quantity, error) {
	v, err := parse(s, &quantityDomain)
	return Quantity{v}, err
}

// QuantityFromRaw takes a stored count of 10^-10, two's complement over 128 bits as Arrow's decimal128 holds it.
// The error is a *ParseError: BadDecimal below zero, OutOfRange above 10^15.
func QuantityFromRaw(hi int64, lo uint64) (Quantity, error) {
	v, err := quantityDomain.fromRaw(hi, lo)
	return Quantity{v}, err
}

// QuantityFromInt gives n as a Quantity, or a *RangeError outside 0 to 10^15.
func QuantityFromInt(n int64) (Quantity, error) {
	return MulWhole(Quantity{int128{0, pow10[QuantityScale]}}, n)
}

// QuantityFromRat is R10(r): r rounded half away from zero to 10 decimals (§4.7, a billed value times its share). The
// error is a *RangeError. A negative r is always out of range.
func QuantityFromRat(r *big.Rat) (Quantity, error) {
	if r.Sign() < 0 {
		return Quantity{}, quantityDomain.rangeError("R10", r.RatString(), "")
	}
	// floor((2 × num × 10^10 + den) / (2 × den))
	num := new(big.Int).SetUint64(2 * pow10[QuantityScale])
	num.Mul(num, r.Num()).Add(num, r.Denom())
	num.Quo(num, new(big.Int).Lsh(r.Denom(), 1))
	mag, fits := uint128FromBig(num)
	if !fits || mag.cmp(quantityDomain.max) > 0 {
		return Quantity{}, quantityDomain.rangeError("R10", r.RatString(), "")
	}
	return Quantity{mag.signed(false)}, nil
}

// Raw gives the count of 10^-10, two's complement over 128 bits.
func (q Quantity) Raw() (hi int64, lo uint64) { return q.v.hi, q.v.lo }

// Rat gives q as an exact rational.
func (q Quantity) Rat() *big.Rat { return q.v.rat(QuantityScale) }

// String gives all ten decimals: "1.5000000000".
func (q Quantity) String() string { return fixedString(q.v, QuantityScale) }

// Trim gives the shortest text: "1.5", "0".
func (q Quantity) Trim() string { return trimmedString(q.v, QuantityScale, 0) }

// AppendText appends what String gives.
func (q Quantity) AppendText(dst []byte) []byte { return appendFixed(dst, q.v, QuantityScale) }

// MarshalText gives what String gives; it makes JSON strings.
func (q Quantity) MarshalText() ([]byte, error) { return marshalFixed(q.v, QuantityScale) }

// UnmarshalText is ParseQuantity; an error leaves q unchanged.
func (q *Quantity) UnmarshalText(text []byte) error { return unmarshal(&q.v, text, &quantityDomain) }

// Cmp gives -1, 0 or 1 as q is below, equal to or above r.
func (q Quantity) Cmp(r Quantity) int { return q.v.cmp(r.v) }

// IsZero reports whether q is 0.
func (q Quantity) IsZero() bool { return q.v.isZero() }

// Min gives the smaller of q and r.
func (q Quantity) Min(r Quantity) Quantity {
	if r.v.cmp(q.v) < 0 {
		return r
	}
	return q
}

// Add gives q + r, exactly, or a *RangeError above 10^15.
func (q Quantity) Add(r Quantity) (Quantity, error) {
	v, err := quantityDomain.add(q.v, r.v)
	return Quantity{v}, err
}

// Sub gives q − r, exactly, or a *RangeError if that is below 0.
func (q Quantity) Sub(r Quantity) (Quantity, error) {
	v, err := quantityDomain.sub(q.v, r.v)
	return Quantity{v}, err
}

// Signed gives q as a SignedQuantity, which holds every Quantity.
func (q Quantity) Signed() SignedQuantity { return SignedQuantity(q) }

// MulWhole gives q × n, exactly, or a *RangeError outside 0 to 10^15.
func MulWhole(q Quantity, n int64) (Quantity, error) {
	mag, fits := q.v.abs().mul64(absInt64(n)).narrow()
	if !fits || mag.cmp(quantityDomain.max) > 0 || (n < 0 && !mag.isZero()) {
		return Quantity{}, quantityDomain.rangeError("×", q.String(), fmt.Sprint(n))
	}
	return Quantity{mag.signed(false)}, nil
}

// FloorDiv gives q / block rounded down to a whole number (§10.3, block_rounding). The error is a *RangeError if block
// is 0 or the result is above 10^15.
func FloorDiv(q, block Quantity) (Quantity, error) {
	if block.IsZero() {
		return Quantity{}, &RangeError{Type: quantityDomain.name, Op: "÷ down", X: q.String(), Y: block.String(),
			Why: "a block of size 0"}
	}
	n, _ := q.v.abs().quoRem(block.v.abs())
	raw, fits := n.mul64(pow10[QuantityScale]).narrow()
	if !fits || raw.cmp(quantityDomain.max) > 0 {
		return Quantity{}, quantityDomain.rangeError("÷ down", q.String(), block.String())
	}
	return Quantity{raw.signed(false)}, nil
}

// CeilDiv gives q / block rounded up to a whole number (§4.6, block). The error is a *RangeError if block is 0 or the
// result is above 10^15.
func CeilDiv(q, block Quantity) (Quantity, error) {
	if block.IsZero() {
		return Quantity{}, &RangeError{Type: quantityDomain.name, Op: "÷ up", X: q.String(), Y: block.String(),
			Why: "a block of size 0"}
	}
	n, rest := q.v.abs().quoRem(block.v.abs())
	if !rest.isZero() {
		n, _ = n.add(uint128{0, 1}) // n ≤ 10^25, no carry
	}
	raw, fits := n.mul64(pow10[QuantityScale]).narrow()
	if !fits || raw.cmp(quantityDomain.max) > 0 {
		return Quantity{}, quantityDomain.rangeError("÷ up", q.String(), block.String())
	}
	return Quantity{raw.signed(false)}, nil
}
