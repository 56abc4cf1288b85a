package money

import "fmt"

import "math/big"

// SignedQuantity is a difference of quantities, for reversals and re-rating: scale 10, −10^15 to 10^15 inclusive. The
// zero value is 0; values compare with ==.
type SignedQuantity struct{ v int128 }

// ParseSignedQuantity reads the text form of §1.1; "-0" is 0. The error is a *ParseError.
func ParseSignedQuantity[T Text](s T) (SignedQuantity, error) {
	v, err := parse(s, &signedDomain)
	return SignedQuantity{v}, err
}

// SignedQuantityFromRaw takes a stored count of 10^-10, two's complement over 128 bits. The error is a *ParseError of
// kind OutOfRange.
func SignedQuantityFromRaw(hi int64, lo uint64) (SignedQuantity, error) {
	v, err := signedDomain.fromRaw(hi, lo)
	return SignedQuantity{v}, err
}

// Raw gives the count of 10^-10, two's complement over 128 bits.
func (q SignedQuantity) Raw() (hi int64, lo uint64) { return q.v.hi, q.v.lo }

// Rat gives q as an exact rational.
func (q SignedQuantity) Rat() *big.Rat { return q.v.rat(QuantityScale) }

// String gives all ten decimals: "-1.5000000000".
func (q SignedQuantity) String() string { return fixedString(q.v, QuantityScale) }

// Trim gives the shortest text: "-1.5", "0".
func (q SignedQuantity) Trim() string { return trimmedString(q.v, QuantityScale, 0) }

// AppendText appends what String gives.
func (q SignedQuantity) AppendText(dst []byte) []byte { return appendFixed(dst, q.v, QuantityScale) }

// MarshalText gives what String gives; it makes JSON strings.
func (q SignedQuantity) MarshalText() ([]byte, error) { return marshalFixed(q.v, QuantityScale) }

// UnmarshalText is ParseSignedQuantity; an error leaves q unchanged.
func (q *SignedQuantity) UnmarshalText(text []byte) error {
	return unmarshal(&q.v, text, &signedDomain)
}

// Cmp gives -1, 0 or 1 as q is below, equal to or above r.
func (q SignedQuantity) Cmp(r SignedQuantity) int { return q.v.cmp(r.v) }

// IsZero reports whether q is 0.
func (q SignedQuantity) IsZero() bool { return q.v.isZero() }

// Sign gives -1, 0 or 1.
func (q SignedQuantity) Sign() int { return q.v.sign() }

// Neg gives −q.
func (q SignedQuantity) Neg() SignedQuantity { return SignedQuantity{q.v.neg()} }

// Abs gives the size of q, whatever its sign.
func (q SignedQuantity) Abs() Quantity { return Quantity{q.v.abs().signed(false)} }

// Total gives q as a total.
func (q SignedQuantity) Total() QuantityTotal { return QuantityTotal(q) }

// Add gives q + r, exactly, or a *RangeError outside ±10^15.
func (q SignedQuantity) Add(r SignedQuantity) (SignedQuantity, error) {
	v, err := signedDomain.add(q.v, r.v)
	return SignedQuantity{v}, err
}

// Sub gives q − r, exactly, or a *RangeError outside ±10^15.
func (q SignedQuantity) Sub(r SignedQuantity) (SignedQuantity, error) {
	v, err := signedDomain.sub(q.v, r.v)
	return SignedQuantity{v}, err
}

// Share gives q × part / of, rounded half away from zero to 10 decimals: the charge for a part of a period (§10.3).
// part must be at least 0 and of above 0. The error is a *RangeError.
func Share(q SignedQuantity, part, of int64) (SignedQuantity, error) {
	product, fits := q.v.abs().mul64(absInt64(part)).narrow()
	if !fits || part < 0 || of <= 0 {
		return SignedQuantity{}, quantityDomain.rangeError("×", q.String(), fmt.Sprintf("%d/%d", part, of))
	}
	whole, rest := product.quoRem64(uint64(of))
	if rest >= uint64(of)-rest {
		whole, _ = whole.add(uint128{0, 1}) // the product fits, and of is above 0
	}
	return SignedQuantity{whole.signed(q.v.sign() < 0)}, nil
}
