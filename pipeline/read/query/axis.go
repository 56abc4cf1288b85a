package query

import (
	"math/big"
	"strings"
)

// maxSteps is the maximum number of steps of an axis, maxDigits that of the decimals of a step.
const (
	maxSteps  = 7
	maxDigits = 10
)

// axisTo returns the axis of Mbps that contains a value.
func axisTo(top *big.Rat) Axis { return AxisOf(new(big.Rat), top, maxDigits, maxSteps) }

// label is a step's number, with thin spaces between thousands.
func label(x *Axis, i int64) string {
	whole, rest, found := strings.Cut(x.Text(i), ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "\u202f" + whole[at:]
	}
	if found {
		return whole + "." + rest
	}
	return whole
}
