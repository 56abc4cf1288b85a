package money

import "math/big"

// UnitPriceScale is the number of decimals of UnitPrice (§1.1).
const UnitPriceScale = 10

// UnitPrice is the price of one unit of a product's measure, or a flat fee: scale 10, 0 to 10^9 inclusive (§1.1). The
// zero value is 0; values compare with ==.
type UnitPrice struct{ v int128 }

// ParseUnitPrice reads the text form of §1.1; a minus is not allowed, not even in "-0". The error is a *ParseError.
func ParseUnitPrice[T Text](s T) (UnitPrice, error) {
	v, err := parse(s, &priceDomain)
	return UnitPrice{v}, err
}

// UnitPriceFromRaw takes a stored count of 10^-10, two's complement over 128 bits. The error is a *ParseError:
// BadDecimal below zero, OutOfRange above the range.
func UnitPriceFromRaw(hi int64, lo uint64) (UnitPrice, error) {
	v, err := priceDomain.fromRaw(hi, lo)
	return UnitPrice{v}, err
}

// Raw gives the count of 10^-10, two's complement over 128 bits; hi is always 0.
func (p UnitPrice) Raw() (hi int64, lo uint64) { return p.v.hi, p.v.lo }

// Rat gives p as an exact rational.
func (p UnitPrice) Rat() *big.Rat { return p.v.rat(UnitPriceScale) }

// String gives all ten decimals: "0.5000000000".
func (p UnitPrice) String() string { return fixedString(p.v, UnitPriceScale) }

// Trim gives the shortest text: "0.5", "0".
func (p UnitPrice) Trim() string { return trimmedString(p.v, UnitPriceScale, 0) }

// AppendText appends what String gives.
func (p UnitPrice) AppendText(dst []byte) []byte { return appendFixed(dst, p.v, UnitPriceScale) }

// MarshalText gives what String gives; it makes JSON strings.
func (p UnitPrice) MarshalText() ([]byte, error) { return marshalFixed(p.v, UnitPriceScale) }

// UnmarshalText is ParseUnitPrice; an error leaves p unchanged.
func (p *UnitPrice) UnmarshalText(text []byte) error { return unmarshal(&p.v, text, &priceDomain) }

// Cmp gives -1, 0 or 1 as p is below, equal to or above r.
func (p UnitPrice) Cmp(r UnitPrice) int { return p.v.cmp(r.v) }

// IsZero reports whether p is 0.
func (p UnitPrice) IsZero() bool { return p.v.isZero() }

// Add gives p + r, exactly, or a *RangeError above the range.
func (p UnitPrice) Add(r UnitPrice) (UnitPrice, error) {
	v, err := priceDomain.add(p.v, r.v)
	return UnitPrice{v}, err
}

// Sub gives p − r, exactly, or a *RangeError if that is below 0.
func (p UnitPrice) Sub(r UnitPrice) (UnitPrice, error) {
	v, err := priceDomain.sub(p.v, r.v)
	return UnitPrice{v}, err
}
