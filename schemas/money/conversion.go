package money

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// ConversionRounding says how a converted quantity is rounded to a number of decimals (§10.2).
type ConversionRounding uint8

// The roundings of a conversion.
const (
	RoundR10  ConversionRounding = iota // to 10 decimals, half away from zero
	RoundUp                             // ^N
	RoundDown                           // vN
	RoundHalf                           // ~N: half away from zero
)

// Conversion converts a feed's unit to the measure of a product: it multiplies or divides by a factor, then rounds
// (§10.2). The zero value is no conversion; values compare with ==.
type Conversion struct {
	Factor   Quantity // above 0; 0 = no conversion
	Divides  bool
	Rounding ConversionRounding
	Digits   uint8 // of RoundUp, RoundDown and RoundHalf: 0 to 10
}

// IsZero reports whether nothing is converted.
func (c Conversion) IsZero() bool { return c.Factor.IsZero() }

// conversionSigns are the marks of roundings in the text form, indexed by ConversionRounding.
const conversionSigns = " ^v~"

// ParseConversion reads `*F` or `/F`, then nothing, `^N`, `vN` or `~N`: F is a decimal above 0, N a whole number from 0
// to 10.
func ParseConversion(text string) (Conversion, error) {
	var c Conversion
	if text == "" || text[0] != '*' && text[0] != '/' {
		return c, fmt.Errorf("conversion %q: does not begin with * or /", text)
	}
	c.Divides = text[0] == '/'
	factor, digits := text[1:], ""
	if at := strings.IndexAny(factor, conversionSigns[1:]); at >= 0 {
		c.Rounding = ConversionRounding(strings.IndexByte(conversionSigns, factor[at]))
		factor, digits = factor[:at], factor[at+1:]
		switch {
		case len(digits) == 1 && digits[0] >= '0' && digits[0] <= '9':
			c.Digits = digits[0] - '0'
		case digits == "10":
			c.Digits = QuantityScale
		default:
			return Conversion{}, fmt.Errorf("conversion %q: %q is not a whole number from 0 to 10", text, digits)
		}
	}
	var err error
	if c.Factor, err = ParseQuantity(factor); err != nil {
		return Conversion{}, fmt.Errorf("conversion %q: factor: %w", text, err)
	}
	if c.Factor.IsZero() {
		return Conversion{}, fmt.Errorf("conversion %q: factor: %w", text, errors.New("not above 0"))
	}
	return c, nil
}

// String is the text form that ParseConversion reads; "" for no conversion.
func (c Conversion) String() string {
	if c.IsZero() {
		return ""
	}
	text := "*" + c.Factor.Trim()
	if c.Divides {
		text = "/" + c.Factor.Trim()
	}
	if c.Rounding != RoundR10 {
		text += fmt.Sprintf("%c%d", conversionSigns[c.Rounding], c.Digits)
	}
	return text
}

// Convert is C(q): q multiplied or divided by the factor, exactly, then rounded once. The error is a *RangeError if the
// result is above the range of quantities.
func (c Conversion) Convert(q Quantity) (Quantity, error) {
	if c.IsZero() {
		return q, nil
	}
	r := new(big.Rat)
	if c.Divides {
		r.Quo(q.Rat(), c.Factor.Rat())
	} else {
		r.Mul(q.Rat(), c.Factor.Rat())
	}
	return c.round(r)
}

// Covered is a converted quantity: all of it, the part that packages cover, and what is left to price.
type Covered struct{ Used, Free, Left Quantity }

// Cover converts the usage of a meter at the cycle's end, and deducts what packages cover: drawn is the sum of the
// draws of its records, which may exceed the converted sum (§10.2).
func (c Conversion) Cover(usage, drawn Quantity) (Covered, error) {
	used, err := c.Convert(usage)
	if err != nil {
		return Covered{}, err
	}
	covered := Covered{Used: used, Free: drawn.Min(used)}
	covered.Left, err = used.Sub(covered.Free)
	return covered, err
}

// ConvertRat is C(x) for an exact value of at least 0.
func (c Conversion) ConvertRat(x *big.Rat) (Quantity, error) {
	r := new(big.Rat)
	switch {
	case c.IsZero():
		r.Set(x)
	case c.Divides:
		r.Quo(x, c.Factor.Rat())
	default:
		r.Mul(x, c.Factor.Rat())
	}
	return c.round(r)
}

// round rounds x, which is not below 0.
func (c Conversion) round(x *big.Rat) (Quantity, error) {
	if c.Rounding == RoundR10 {
		return QuantityFromRat(x)
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Digits)), nil)
	num, rest := new(big.Int).QuoRem(new(big.Int).Mul(x.Num(), unit), x.Denom(), new(big.Int))
	up := c.Rounding == RoundUp && rest.Sign() != 0
	if c.Rounding == RoundHalf {
		up = rest.Lsh(rest, 1).Cmp(x.Denom()) >= 0
	}
	if up {
		num.Add(num, big.NewInt(1))
	}
	return QuantityFromRat(new(big.Rat).SetFrac(num, unit))
}
