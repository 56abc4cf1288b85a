package money

import (
	"fmt"
	"math/big"
	"slices"
)

// CostScale is the number of decimals of Cost (§11.1).
const CostScale = 18

// Cost is a cost or a quantity of a vendor's cost file, or a sum of them: scale 18, any sign. One value of a file is
// below 10^18; a sum may have up to 38 digits. The zero value is 0; values compare with ==.
type Cost struct{ v int128 }

// CostText reports which parts of a cost's text the text form of §1.1 does not allow.
type CostText struct {
	Exponent     bool // 1e-3
	LeadingPoint bool // .5
	Rounded      bool // digits beyond the scale, which were rounded half away from zero
}

// ParseCost reads `-?digits(.digits)?` or `-?.digits`, with an optional exponent (§11.1). Digits beyond the scale
// are rounded half away from zero. The error is a *ParseError.
func ParseCost(s string) (Cost, CostText, error) {
	var form CostText
	if s == "" {
		return Cost{}, form, &ParseError{Kind: Missing, Why: "missing value"}
	}
	digits, point, negative, ok := scanCost(s, &form)
	if !ok {
		return Cost{}, form, &ParseError{Kind: BadDecimal, Text: s, Why: "not a decimal number"}
	}
	tooLarge := &ParseError{Kind: OutOfRange, Text: s, Why: "not between −10^18 and 10^18"}
	keep := point + CostScale // number of digits that count; it can exceed the digits that exist
	switch {
	case len(digits) == 0 || keep < 0:
		form.Rounded = len(digits) > 0
		return Cost{}, form, nil
	case point > CostScale:
		return Cost{}, form, tooLarge
	}
	up := false
	if keep < len(digits) {
		form.Rounded = true
		up = digits[keep] >= '5'
		digits = digits[:keep]
	}
	var mag uint128
	for i := range keep {
		digit := byte('0')
		if i < len(digits) {
			digit = digits[i]
		}
		mag, _ = mag.shiftIn(digit - '0') // at most 36 digits
	}
	if up {
		mag, _ = mag.add(uint128{0, 1})
	}
	if mag.cmp(costLimit()) >= 0 {
		return Cost{}, form, tooLarge
	}
	return Cost{mag.signed(negative)}, form, nil
}

// costLimit is 10^18 in units of 10^-18.
func costLimit() uint128 {
	limit, _ := uint128{0, pow10[CostScale]}.mul64(pow10[CostScale]).narrow()
	return limit
}

// scanCost splits a text into its significant digits, the position of the point among them (0 = before the first) and
// its sign. Trailing zeros are dropped.
func scanCost(s string, form *CostText) (digits []byte, point int, negative, ok bool) {
	rest := s
	if negative = rest[0] == '-'; negative {
		rest = rest[1:]
	}
	whole, fraction, seen := 0, 0, false
	for ; rest != ""; rest = rest[1:] {
		c := rest[0]
		switch {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
			if seen {
				fraction++
			} else {
				whole++
			}
			continue
		case c == '.' && !seen:
			seen = true
			continue
		}
		break
	}
	if seen && fraction == 0 || whole+fraction == 0 {
		return nil, 0, false, false
	}
	form.LeadingPoint = whole == 0
	point = whole
	if rest != "" {
		exponent, fine := costExponent(rest)
		if !fine {
			return nil, 0, false, false
		}
		form.Exponent = true
		point += exponent
	}
	for len(digits) > 0 && digits[0] == '0' {
		digits, point = digits[1:], point-1
	}
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return digits, point, negative, true
}

// farExponent replaces larger exponents: every value with one is 0 or out of range.
const farExponent = 1 << 20

// costExponent reads e3, E-10 or e+3.
func costExponent(s string) (n int, ok bool) {
	if s[0] != 'e' && s[0] != 'E' {
		return 0, false
	}
	s = s[1:]
	sign := 1
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = min(n*10+int(s[i]-'0'), farExponent)
	}
	return sign * n, s != ""
}

// CostFromRaw takes a stored count of 10^-18, two's complement over 128 bits as Arrow's decimal128 holds it.
func CostFromRaw(hi int64, lo uint64) (Cost, error) {
	v := int128{hi, lo}
	if !holdsTotal(v) {
		return Cost{}, &ParseError{Kind: OutOfRange, Text: fixedString(v, CostScale), Why: "more than 38 digits"}
	}
	return Cost{v}, nil
}

// CostFromDecimal converts a stored decimal, two's complement over 128 bits. ok is false if it has more decimals than a
// Cost or is out of range.
func CostFromDecimal(hi int64, lo uint64, scale int) (c Cost, ok bool) {
	if scale < 0 || scale > CostScale {
		return Cost{}, false
	}
	v := int128{hi, lo}
	mag, fits := v.abs().mul64(pow10[CostScale-scale]).narrow()
	if !fits || mag.cmp(costLimit()) >= 0 {
		return Cost{}, false
	}
	return Cost{mag.signed(hi < 0)}, true
}

// Raw gives the count of 10^-18, two's complement over 128 bits.
func (c Cost) Raw() (hi int64, lo uint64) { return c.v.hi, c.v.lo }

// Rat gives c as an exact rational.
func (c Cost) Rat() *big.Rat { return c.v.rat(CostScale) }

// String gives all 18 decimals.
func (c Cost) String() string { return fixedString(c.v, CostScale) }

// Trim gives the shortest text: "-1.5", "0".
func (c Cost) Trim() string { return trimmedString(c.v, CostScale, 0) }

// MarshalText gives what String gives; it makes JSON strings.
func (c Cost) MarshalText() ([]byte, error) { return marshalFixed(c.v, CostScale) }

// UnmarshalText reads what MarshalText gives; an error leaves c unchanged.
func (c *Cost) UnmarshalText(text []byte) error {
	v, form, err := ParseCost(string(text))
	if err == nil && form.Rounded {
		err = &ParseError{Kind: BadDecimal, Text: string(text), Why: "more than 18 decimals"}
	}
	if err != nil {
		return err
	}
	*c = v
	return nil
}

// Cmp gives -1, 0 or 1 as c is below, equal to or above d.
func (c Cost) Cmp(d Cost) int { return c.v.cmp(d.v) }

// IsZero reports whether c is 0.
func (c Cost) IsZero() bool { return c.v.isZero() }

// Sign gives -1, 0 or 1.
func (c Cost) Sign() int { return c.v.sign() }

// Neg gives −c.
func (c Cost) Neg() Cost { return Cost{c.v.neg()} }

// Add gives c + d, exactly, or a *RangeError if that has more than 38 digits.
func (c Cost) Add(d Cost) (Cost, error) {
	sum := c.v
	err := accumulate(&sum, d.v, CostScale)
	return Cost{sum}, err
}

// Sub gives c − d, exactly, or a *RangeError if that has more than 38 digits.
func (c Cost) Sub(d Cost) (Cost, error) { return c.Add(d.Neg()) }

// splitCost splits a cost in proportion to weights, by largest remainder at scale 18; of equal remainders the earlier
// one comes first. Weights must not be negative or all 0. A negative cost is split by its absolute value and the parts
// are negated (§11.2).
func splitCost(c Cost, weights []*big.Rat) ([]Cost, error) {
	sum := new(big.Rat)
	for i, w := range weights {
		if w.Sign() < 0 {
			return nil, fmt.Errorf("split %s: weight %d is negative: %s", c, i, w.RatString())
		}
		sum.Add(sum, w)
	}
	if sum.Sign() == 0 {
		return nil, fmt.Errorf("split %s: no weight above 0 among %d", c, len(weights))
	}
	units := c.v.abs().big()
	left := new(big.Int).Set(units)
	parts, rests, order := make([]*big.Int, len(weights)), make([]*big.Rat, len(weights)), make([]int, len(weights))
	for i, w := range weights {
		exact := new(big.Rat).Mul(new(big.Rat).SetInt(units), new(big.Rat).Quo(w, sum))
		parts[i] = new(big.Int).Quo(exact.Num(), exact.Denom())
		rests[i] = exact.Sub(exact, new(big.Rat).SetInt(parts[i]))
		left.Sub(left, parts[i])
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rests[b].Cmp(rests[a]) })
	for _, i := range order[:left.Int64()] { // fewer units are left than there are remainders above 0
		parts[i].Add(parts[i], big.NewInt(1))
	}
	out := make([]Cost, len(weights))
	for i, part := range parts {
		mag, _ := uint128FromBig(part) // not above the units of c
		out[i] = Cost{mag.signed(c.v.hi < 0)}
	}
	return out, nil
}

// roundRat gives r × 10^scale rounded half away from zero.
func roundRat(r *big.Rat, scale int) *big.Int {
	num := new(big.Int).Mul(new(big.Int).Abs(r.Num()), new(big.Int).SetUint64(pow10[scale]))
	quotient, rest := num.QuoRem(num, r.Denom(), new(big.Int))
	if rest.Lsh(rest, 1).Cmp(r.Denom()) >= 0 {
		quotient.Add(quotient, big.NewInt(1))
	}
	if r.Sign() < 0 {
		quotient.Neg(quotient)
	}
	return quotient
}

// fromRat rounds r half away from zero to the scale of a domain.
func (d *domain) fromRat(r *big.Rat) (int128, error) {
	n := roundRat(r, d.scale)
	mag, fits := uint128FromBig(new(big.Int).Abs(n))
	if !fits || mag.cmp(d.max) > 0 || n.Sign() < 0 && !d.negative {
		return int128{}, d.rangeError("R", r.FloatString(d.scale), "")
	}
	return mag.signed(n.Sign() < 0), nil
}

// AmountFromRat gives R8(r). The error is a *RangeError.
func AmountFromRat(r *big.Rat) (Amount, error) {
	v, err := amountDomain.fromRat(r)
	return Amount{v}, err
}

// SignedQuantityFromRat gives R10(r). The error is a *RangeError.
func SignedQuantityFromRat(r *big.Rat) (SignedQuantity, error) {
	v, err := signedDomain.fromRat(r)
	return SignedQuantity{v}, err
}
