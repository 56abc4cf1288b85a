package money

import "math/big"

// RateScale is the number of decimals of Rate.
const RateScale = 10

// Rate is a share that remains to be paid, such as a discount's or a term's: scale 10, 0 to 1 inclusive (§3.6, §3.9).
// The zero value is 0; values compare with ==.
type Rate struct{ v int128 }

// ParseRate reads the text form of §1.1; a minus is not allowed, not even in "-0". The error is a *ParseError.
func ParseRate[T Text](s T) (Rate, error) {
	v, err := parse(s, &rateDomain)
	return Rate{v}, err
}

// RateFromRaw takes a stored count of 10^-10, two's complement over 128 bits. The error is a *ParseError: BadDecimal
// below zero, OutOfRange above the range.
func RateFromRaw(hi int64, lo uint64) (Rate, error) {
	v, err := rateDomain.fromRaw(hi, lo)
	return Rate{v}, err
}

// Raw gives the count of 10^-10, two's complement over 128 bits; hi is always 0.
func (r Rate) Raw() (hi int64, lo uint64) { return r.v.hi, r.v.lo }

// Rat gives r as an exact rational.
func (r Rate) Rat() *big.Rat { return r.v.rat(RateScale) }

// String gives all ten decimals: "0.5000000000".
func (r Rate) String() string { return fixedString(r.v, RateScale) }

// Trim gives the shortest text: "0.5", "0".
func (r Rate) Trim() string { return trimmedString(r.v, RateScale, 0) }

// AppendText appends what String gives.
func (r Rate) AppendText(dst []byte) []byte { return appendFixed(dst, r.v, RateScale) }

// MarshalText gives what String gives; it makes JSON strings.
func (r Rate) MarshalText() ([]byte, error) { return marshalFixed(r.v, RateScale) }

// UnmarshalText is ParseRate; an error leaves r unchanged.
func (r *Rate) UnmarshalText(text []byte) error { return unmarshal(&r.v, text, &rateDomain) }

// Cmp gives -1, 0 or 1 as r is below, equal to or above s.
func (r Rate) Cmp(s Rate) int { return r.v.cmp(s.v) }

// IsZero reports whether r is 0.
func (r Rate) IsZero() bool { return r.v.isZero() }

// Add gives r + s, exactly, or a *RangeError above the range.
func (r Rate) Add(s Rate) (Rate, error) {
	v, err := rateDomain.add(r.v, s.v)
	return Rate{v}, err
}

// Sub gives r − s, exactly, or a *RangeError if that is below 0.
func (r Rate) Sub(s Rate) (Rate, error) {
	v, err := rateDomain.sub(r.v, s.v)
	return Rate{v}, err
}
