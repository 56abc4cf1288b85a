package query

import (
	"encoding/xml"
	"math/big"
	"strings"

	"github.com/tollbook/tollbook/schemas/visible"
)

// Axis is a scale of round steps that includes 0.
type Axis struct {
	Step         *big.Rat
	Below, Above int64 // axisSteps from 0
	Digits       int   // decimals of the labels
}

// AxisOf returns the axis that includes 0 and two values (DRAW-1); an empty one ends at 1. It has at most maxSteps
// axisSteps, and none is smaller than 10^-digits.
func AxisOf(bottom, top *big.Rat, digits int, maxSteps int64) Axis {
	if bottom.Sign() >= 0 && top.Sign() <= 0 {
		top = big.NewRat(1, 1)
	}
	for ; ; digits-- {
		unit := power(-digits)
		for _, n := range []int64{1, 2, 5} {
			step := new(big.Rat).Mul(unit, big.NewRat(n, 1))
			above, below := axisSteps(top, step), axisSteps(new(big.Rat).Neg(bottom), step)
			if sum := new(big.Int).Add(above, below); sum.Cmp(big.NewInt(maxSteps)) <= 0 {
				return Axis{Step: step, Below: below.Int64(), Above: above.Int64(), Digits: max(0, digits)}
			}
		}
	}
}

// power returns 10^n.
func power(n int) *big.Rat {
	p := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil))
	if n < 0 {
		p.Inv(p)
	}
	return p
}

// axisSteps returns the number of steps that include a value.
func axisSteps(value, step *big.Rat) *big.Int {
	r := new(big.Rat).Quo(value, step)
	n := new(big.Int).Add(r.Num(), r.Denom())
	n.Sub(n, big.NewInt(1))
	return n.Quo(n, r.Denom())
}

// At returns the value that is so many steps from 0.
func (x *Axis) At(steps int64) *big.Rat { return new(big.Rat).Mul(x.Step, big.NewRat(steps, 1)) }

// Text returns At as a decimal.
func (x *Axis) Text(steps int64) string { return x.At(steps).FloatString(x.Digits) }

// EscapeXML returns a text as markup in which it has no effect on other texts.
func EscapeXML(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(visible.Shielded(text))) // a Builder returns no error
	return b.String()
}
