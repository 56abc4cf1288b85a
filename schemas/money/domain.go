package money

// domain describes a decimal type: its scale and its range.
type domain struct {
	name     string
	scale    int
	negative bool    // whether a minus is allowed
	max      uint128 // the largest magnitude, in units of 10^-scale
	outside  string  // the range in an error message
}

// The domains of §1.1, with the ranges of doc.go. They are read only.
var (
	quantityDomain = domain{"quantity", QuantityScale, false, uint128{maxQuantity >> 64, maxQuantity & mask64},
		"outside 0 to 10^15"}
	signedDomain = domain{"signed quantity", QuantityScale, true, uint128{maxQuantity >> 64, maxQuantity & mask64},
		"outside ±10^15"}
	priceDomain  = domain{"unit price", UnitPriceScale, false, uint128{0, maxUnitPrice}, "outside 0 to 10^9"}
	rateDomain   = domain{"rate", RateScale, false, uint128{0, maxRate}, "outside 0 to 1"}
	amountDomain = domain{"amount", AmountScale, true, uint128{maxAmount >> 64, maxAmount & mask64},
		"not between −10^18 and 10^18"}
)

// The limits of §1.1 in units of the scale: 10^15 and 10^9 and 1 at scale 10, all but 10^18 at scale 8.
const (
	maxQuantity  = 10_000_000_000_000_000_000_000_000
	maxUnitPrice = 10_000_000_000_000_000_000
	maxRate      = 10_000_000_000
	maxAmount    = 99_999_999_999_999_999_999_999_999
	maxTotal     = 99_999_999_999_999_999_999_999_999_999_999_999_999 // 38 digits, what DECIMAL(38) holds
	mask64       = 1<<64 - 1
)

// holds reports whether v is in the domain's range.
func (d *domain) holds(v int128) bool {
	return (d.negative || v.hi >= 0) && v.abs().cmp(d.max) <= 0
}

// rangeError is the error of an operation on operands given as text; y is empty if there is only one.
func (d *domain) rangeError(op, x, y string) error {
	return &RangeError{Type: d.name, Op: op, X: x, Y: y, Why: d.outside}
}

// fromRaw takes a stored integer at the domain's own scale.
func (d *domain) fromRaw(hi int64, lo uint64) (int128, error) {
	v := int128{hi, lo}
	if d.holds(v) {
		return v, nil
	}
	return int128{}, d.storedError(v, d.scale)
}

// storedError is the error of a stored integer outside the range. For a type without a sign, a negative integer gives
// the same error as a minus in text.
func (d *domain) storedError(v int128, scale int) error {
	e := &ParseError{Kind: OutOfRange, Text: scaledText(v, scale), Why: d.outside}
	if v.hi < 0 && !d.negative {
		e.Kind, e.Why = BadDecimal, whyMinus
	}
	return e
}

// add gives v + w, or a *RangeError outside the domain. Both operands are in it, so 128 bits cannot overflow.
func (d *domain) add(v, w int128) (int128, error) {
	sum, _ := v.add(w)
	if !d.holds(sum) {
		return int128{}, d.rangeError("+", fixedString(v, d.scale), fixedString(w, d.scale))
	}
	return sum, nil
}

// sub gives v − w, or a *RangeError outside the domain. Both operands are in it, so 128 bits cannot overflow.
func (d *domain) sub(v, w int128) (int128, error) {
	diff, _ := v.sub(w)
	if !d.holds(diff) {
		return int128{}, d.rangeError("−", fixedString(v, d.scale), fixedString(w, d.scale))
	}
	return diff, nil
}

// unmarshal parses text into dst; an error leaves dst unchanged.
func unmarshal(dst *int128, text []byte, d *domain) error {
	v, err := parse(text, d)
	if err != nil {
		return err
	}
	*dst = v
	return nil
}
