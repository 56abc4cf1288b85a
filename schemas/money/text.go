package money

import (
	"math/big"
	"strconv"
	"strings"
)

// appendFixed appends v / 10^scale with all digits of the scale, 0 to maxPow10 of them.
func appendFixed(dst []byte, v int128, scale int) []byte {
	if v.hi < 0 {
		dst = append(dst, '-')
	}
	whole, frac := v.abs().quoRem64(pow10[scale])
	if whole.hi != 0 {
		// Only totals are this large. 2^127 has 39 digits, so the digits above the low 19 fit a uint64.
		top, rest := whole.quoRem64(pow10[maxPow10])
		dst = strconv.AppendUint(dst, top.lo, 10)
		dst = appendPadded(dst, rest, maxPow10)
	} else {
		dst = strconv.AppendUint(dst, whole.lo, 10)
	}
	if scale == 0 {
		return dst
	}
	return appendPadded(append(dst, '.'), frac, scale)
}

// appendPadded appends x as exactly width digits, zeros first.
func appendPadded(dst []byte, x uint64, width int) []byte {
	var buf [maxPow10]byte
	for i := width - 1; i >= 0; i-- {
		buf[i] = byte('0' + x%10)
		x /= 10
	}
	return append(dst, buf[:width]...)
}

// fixedRoom is enough for any value's text: a sign, 39 digits and a point.
const fixedRoom = 48

func fixedString(v int128, scale int) string {
	var buf [fixedRoom]byte
	return string(appendFixed(buf[:0], v, scale))
}

// trimmedString is fixedString without trailing zeros, but with at least keep decimals.
func trimmedString(v int128, scale, keep int) string {
	var buf [fixedRoom]byte
	text := appendFixed(buf[:0], v, scale)
	for cut := scale - max(keep, 0); cut > 0 && text[len(text)-1] == '0'; cut-- {
		text = text[:len(text)-1]
	}
	if text[len(text)-1] == '.' {
		text = text[:len(text)-1]
	}
	return string(text)
}

func marshalFixed(v int128, scale int) ([]byte, error) {
	return appendFixed(make([]byte, 0, fixedRoom), v, scale), nil
}

// scaledText writes v / 10^scale with all its digits, for any scale of a decimal128.
func scaledText(v int128, scale int) string {
	digits := new(big.Int).Abs(v.big()).String()
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - scale
	text := digits[:point]
	if scale > 0 {
		text += "." + digits[point:]
	}
	if v.hi < 0 {
		text = "-" + text
	}
	return text
}

// DecimalsText returns a number of decimals in words.
func DecimalsText(digits int) string {
	if digits == 1 {
		return "1 decimal"
	}
	return strconv.Itoa(digits) + " decimals"
}
