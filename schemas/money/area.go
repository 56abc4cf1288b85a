package money

import (
	"fmt"
	"math/big"
)

// Area is an exact sum of quantities, each multiplied by the microseconds that it lasted (§10.1). The zero value is 0.
type Area struct{ v uint128 }

// Add adds a quantity that lasted for micros microseconds; micros must not be negative. The error is a *RangeError.
func (a Area) Add(q Quantity, micros int64) (Area, error) {
	product, fits := q.v.abs().mul64(absInt64(micros)).narrow()
	sum, carry := a.v.add(product)
	if !fits || carry || micros < 0 {
		return a, quantityDomain.rangeError("×", q.String(), fmt.Sprint(micros))
	}
	return Area{sum}, nil
}

// Plus adds two areas. The error is a *RangeError.
func (a Area) Plus(b Area) (Area, error) {
	sum, carry := a.v.add(b.v)
	if carry {
		return a, quantityDomain.rangeError("+", a.String(), b.String())
	}
	return Area{sum}, nil
}

// IsZero reports whether the area is 0.
func (a Area) IsZero() bool { return a.v.isZero() }

// Over is the exact mean quantity over micros microseconds; micros must be above 0.
func (a Area) Over(micros int64) *big.Rat {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(QuantityScale), nil)
	return new(big.Rat).SetFrac(a.v.big(), scale.Mul(scale, big.NewInt(micros)))
}

// String is the area in units of 10^-10 of the quantity × microsecond. ParseArea reads it.
func (a Area) String() string { return a.v.big().String() }

// ParseArea reads what String writes.
func ParseArea(text string) (Area, error) {
	z, ok := new(big.Int).SetString(text, 10)
	if !ok || z.Sign() < 0 {
		return Area{}, fmt.Errorf("area %q: not a whole number", text)
	}
	v, fits := uint128FromBig(z)
	if !fits {
		return Area{}, fmt.Errorf("area %q: above 128 bits", text)
	}
	return Area{v}, nil
}
