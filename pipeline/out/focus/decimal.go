package focus

import (
	"fmt"
	"math/big"
	"math/bits"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
)

// Precision is the largest number of digits of a decimal.
const Precision = 38

// Dec is a decimal; the place where it is declared says its scale.
type Dec = decimal128.Num

// Mul multiplies exactly. The scales add up.
func Mul(a, b Dec) (Dec, error) {
	if x, xSmall := small(a); xSmall {
		if y, ySmall := small(b); ySmall {
			hi, lo := bits.Mul64(x, y)
			product := decimal128.New(int64(hi), lo)
			if hi>>63 == 0 && product.FitsInPrecision(Precision) {
				if a.Sign()*b.Sign() < 0 {
					product = product.Negate()
				}
				return product, nil
			}
		}
	}
	return FromBig(new(big.Int).Mul(a.BigInt(), b.BigInt()))
}

// small returns the absolute value of a decimal if it fits into 64 bits.
func small(a Dec) (uint64, bool) {
	if a.Sign() < 0 {
		a = a.Negate()
	}
	return a.LowBits(), a.HighBits() == 0
}

// FromBig returns a decimal. It fails if the value has more than 38 digits.
func FromBig(v *big.Int) (Dec, error) {
	if v.BitLen() < 127 {
		if n := decimal128.FromBigInt(v); n.FitsInPrecision(Precision) {
			return n, nil
		}
	}
	return Dec{}, fmt.Errorf("%s has more than %d digits", v, Precision)
}

// Upscale increases the scale of a decimal by a number of digits.
func Upscale(a Dec, digits int) (Dec, error) {
	return Mul(a, decimal128.GetScaleMultiplier(digits))
}

// Round decreases the scale of a decimal by a number of digits, rounding half away from zero.
func Round(a Dec, digits int) Dec {
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

// Quotient returns a / b at a scale, rounded half away from zero; a and b have the given scales.
func Quotient(a Dec, aScale int, b Dec, bScale, scale int) (Dec, error) {
	num := new(big.Int).Mul(a.BigInt(), Power(scale+bScale+1))
	num.Quo(num, new(big.Int).Mul(b.BigInt(), Power(aScale)))
	v, err := FromBig(num)
	return Round(v, 1), err
}

// Part returns a × num / den, cut toward zero; 0 ≤ num ≤ den.
func Part(a Dec, num, den int64) Dec {
	v := new(big.Int).Mul(a.BigInt(), big.NewInt(num))
	return decimal128.FromBigInt(v.Quo(v, big.NewInt(den)))
}

// Power returns 10 to the power n, for n ≥ 0.
func Power(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// AppendDec appends a decimal without trailing zeros in its fraction.
func AppendDec(dst []byte, a Dec, scale int) []byte {
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
