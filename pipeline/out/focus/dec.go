package focus

import (
	"fmt"
	"math/big"
	"math/bits"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// The scales of decimal columns: a quantity or a unit price has 10 decimals, their product 20. A cost has 20 as well,
// so that nothing is rounded on the way: an amount has 8 decimals, its share by a term 18.
const (
	priceScale  = 10
	costScale   = 20
	amountScale = 8
	precision   = 38
)

// dec is a decimal of a scale that its place says.
type dec = decimal128.Num

// mul multiplies exactly. The scales add up.
func mul(a, b dec) (dec, error) {
	if x, xSmall := small(a); xSmall {
		if y, ySmall := small(b); ySmall {
			hi, lo := bits.Mul64(x, y)
			product := decimal128.New(int64(hi), lo)
			if hi>>63 == 0 && product.FitsInPrecision(precision) {
				if a.Sign()*b.Sign() < 0 {
					product = product.Negate()
				}
				return product, nil
			}
		}
	}
	return fromBig(new(big.Int).Mul(a.BigInt(), b.BigInt()))
}

// small is the absolute value of a decimal that fits in 64 bits.
func small(a dec) (uint64, bool) {
	if a.Sign() < 0 {
		a = a.Negate()
	}
	return a.LowBits(), a.HighBits() == 0
}

// fromBig is a decimal that must fit in 38 digits.
func fromBig(v *big.Int) (dec, error) {
	if v.BitLen() < 127 {
		if n := decimal128.FromBigInt(v); n.FitsInPrecision(precision) {
			return n, nil
		}
	}
	return dec{}, fmt.Errorf("%s has more than %d digits", v, precision)
}

// upscale is a decimal with so many more zeros behind.
func upscale(a dec, digits int) (dec, error) {
	return mul(a, decimal128.GetScaleMultiplier(digits))
}

// round is a decimal of so many fewer digits, half away from zero.
func round(a dec, digits int) dec {
	unit := decimal128.GetScaleMultiplier(digits)
	q, rest := a.Div(unit)
	if rest.Sign() < 0 {
		rest = rest.Negate()
	}
	if rest.Add(rest).Cmp(unit) >= 0 {
		if a.Sign() < 0 {
			return q.Sub(decimal128.FromI64(1))
		}
		return q.Add(decimal128.FromI64(1))
	}
	return q
}

// quotient is a / b at a scale, rounded half away from zero; both have the scales given.
func quotient(a dec, aScale int, b dec, bScale, scale int) (dec, error) {
	num := new(big.Int).Mul(a.BigInt(), power(scale+bScale+1))
	num.Quo(num, new(big.Int).Mul(b.BigInt(), power(aScale)))
	v, err := fromBig(num)
	return round(v, 1), err
}

// part is a × num / den, cut toward zero; 0 ≤ num ≤ den.
func part(a dec, num, den int64) dec {
	v := new(big.Int).Mul(a.BigInt(), big.NewInt(num))
	return decimal128.FromBigInt(v.Quo(v, big.NewInt(den)))
}

func power(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// appendDec appends a decimal without zeros at the end of its fraction.
func appendDec(dst []byte, a dec, scale int) []byte {
	if a.Sign() < 0 {
		dst = append(dst, '-')
		a = a.Negate()
	}
	from := len(dst)
	if a.HighBits() == 0 {
		dst = strconv.AppendUint(dst, a.LowBits(), 10)
	} else {
		dst = a.BigInt().Append(dst, 10)
	}
	if digits := len(dst) - from; digits <= scale {
		zeros := scale - digits + 1
		dst = append(dst, make([]byte, zeros)...)
		copy(dst[from+zeros:], dst[from:])
		for i := range zeros {
			dst[from+i] = '0'
		}
	}
	dst = append(dst, 0)
	point := len(dst) - 1 - scale
	copy(dst[point+1:], dst[point:])
	dst[point] = '.'
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	if dst[len(dst)-1] == '.' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// maybe is a decimal or null.
type maybe struct {
	v  dec
	ok bool
}

func some(v dec) maybe { return maybe{v, true} }
