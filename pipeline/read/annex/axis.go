package annex

import (
	"math/big"
	"strings"
)

// axis is a scale from 0 to a round number of Mbps in round steps.
type axis struct {
	step   *big.Rat
	steps  int64
	digits int // decimals of the labels
}

// maxSteps is the maximum number of steps of an axis.
const maxSteps = 7

// axisTo returns the axis that contains a value. Its steps are 1, 2 or 5 times a power of ten, the smallest that keep
// their number within the limit.
func axisTo(top *big.Rat) axis {
	if top.Sign() <= 0 {
		top = big.NewRat(1, 1)
	}
	for digits := 10; ; digits-- {
		unit := power(-digits)
		for _, n := range []int64{1, 2, 5} {
			step := new(big.Rat).Mul(unit, big.NewRat(n, 1))
			steps := ceil(new(big.Rat).Quo(top, step))
			if steps.Cmp(big.NewInt(maxSteps)) <= 0 {
				return axis{step: step, steps: steps.Int64(), digits: max(0, digits)}
			}
		}
	}
}

// power is 10^n.
func power(n int) *big.Rat {
	p := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil))
	if n < 0 {
		p.Inv(p)
	}
	return p
}

func ceil(r *big.Rat) *big.Int {
	n := new(big.Int).Add(r.Num(), r.Denom())
	n.Sub(n, big.NewInt(1))
	return n.Quo(n, r.Denom())
}

func (x *axis) at(i int64) *big.Rat { return new(big.Rat).Mul(x.step, big.NewRat(i, 1)) }

func (x *axis) top() *big.Rat { return x.at(x.steps) }

// label is a step's number, with thin spaces between thousands.
func (x *axis) label(i int64) string {
	text := x.at(i).FloatString(x.digits)
	whole, rest, found := strings.Cut(text, ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "\u202f" + whole[at:]
	}
	if found {
		return whole + "." + rest
	}
	return whole
}
