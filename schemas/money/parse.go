package money

import (
	"bytes"
	"fmt"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// Text is the type of a decimal's text: a string, or bytes of a file, which need no copy.
type Text interface {
	~string | ~[]byte
}

// verdict is the result of scanning a decimal. whyMalformed explains a bad one.
type verdict uint8

const (
	wellFormed verdict = iota
	malformed
	overflowing // well formed and beyond 128 bits
)

// shortDigits is the number of decimal digits that always fit a uint64.
const shortDigits = 19

const whyMinus = "a minus is not allowed"

// parse reads the strict text form of §1.1 for a domain. It allocates only for an error.
func parse[T Text](s T, d *domain) (int128, error) {
	first := 0
	if d.negative && len(s) > 0 && s[0] == '-' {
		first = 1
	}
	var mag uint128
	var v verdict
	if len(s)-first <= shortDigits {
		mag, v = scanShort(s, first, d.scale)
	} else {
		mag, v = scanLong(s, first, d.scale)
	}
	if v != wellFormed || mag.cmp(d.max) > 0 {
		return int128{}, parseError(string(s), v, d)
	}
	return mag.signed(first == 1), nil
}

// scanShort reads the digits of s from first on, at most shortDigits characters, as units of 10^-scale.
func scanShort[T Text](s T, first, scale int) (uint128, verdict) {
	var acc uint64
	i := first
	for ; i < len(s); i++ {
		c := s[i] - '0'
		if c > 9 {
			break
		}
		acc = acc*10 + uint64(c)
	}
	if i == first {
		return uint128{}, malformed
	}
	kept := 0
	if i < len(s) {
		if s[i] != '.' || i+1 == len(s) {
			return uint128{}, malformed
		}
		for i++; i < len(s); i++ {
			c := s[i] - '0'
			if c > 9 || (kept == scale && c != 0) {
				return uint128{}, malformed
			}
			if kept < scale {
				acc = acc*10 + uint64(c)
				kept++
			}
		}
	}
	hi, lo := bits.Mul64(acc, pow10[scale-kept])
	return uint128{hi, lo}, wellFormed
}

// scanLong is scanShort for texts of any length. It checks the complete form before the range.
func scanLong[T Text](s T, first, scale int) (uint128, verdict) {
	whole, kept, ok := form(s, first, scale)
	if !ok {
		return uint128{}, malformed
	}
	var acc uint128
	over := false
	push := func(c byte) {
		var lost bool
		acc, lost = acc.shiftIn(c)
		over = over || lost
	}
	for i := first; i < whole; i++ {
		push(s[i] - '0')
	}
	for i := whole + 1; i <= whole+kept; i++ {
		push(s[i] - '0')
	}
	for ; kept < scale; kept++ {
		push(0)
	}
	if over {
		return uint128{}, overflowing
	}
	return acc, wellFormed
}

// form returns where the integer digits of s end and how many decimals are kept; those past scale are zeros.
func form[T Text](s T, first, scale int) (whole, kept int, ok bool) {
	for whole = first; whole < len(s) && s[whole]-'0' <= 9; whole++ {
	}
	switch {
	case whole == first:
		return 0, 0, false
	case whole == len(s):
		return whole, 0, true
	case s[whole] != '.' || whole+1 == len(s):
		return 0, 0, false
	}
	for i := whole + 1; i < len(s); i++ {
		if c := s[i] - '0'; c > 9 || (i-whole > scale && c != 0) {
			return 0, 0, false
		}
	}
	return whole, min(len(s)-whole-1, scale), true
}

// shiftIn gives x × 10 + c and whether it overflowed 128 bits.
func (x uint128) shiftIn(c byte) (uint128, bool) {
	p := x.mul64(10)
	sum, carry := uint128{p.mid, p.lo}.add(uint128{0, uint64(c)})
	return sum, p.hi != 0 || carry
}

// parseError says what is wrong with a text that parse rejected.
func parseError(text string, v verdict, d *domain) error {
	switch {
	case text == "":
		return &ParseError{Kind: Missing, Why: "missing value"}
	case v == malformed:
		return &ParseError{Kind: BadDecimal, Text: text, Why: whyMalformed(text, d)}
	default:
		return &ParseError{Kind: OutOfRange, Text: text, Why: d.outside}
	}
}

// whyMalformed names the first thing in text that the form of §1.1 does not allow.
func whyMalformed(text string, d *domain) string {
	first := 0
	if text[0] == '-' {
		if !d.negative {
			return whyMinus
		}
		first = 1
	}
	point := -1
	for i := first; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '.' && i == first:
			return "no digit before the point"
		case c == '.' && point >= 0:
			return "a second decimal point"
		case c == '.':
			point = i
		case c == ',' && decimalComma(text[first:i], text[i+1:]):
			return "decimal comma; write a point"
		case c < '0' || c > '9':
			return whyCharacter(text[i:], i > first)
		}
	}
	switch {
	case first == len(text):
		return "no digits"
	case point == len(text)-1:
		return "no digit after the point"
	default:
		return fmt.Sprintf("more than %d decimals", d.scale)
	}
}

// decimalComma reports whether a comma between two texts stands for the decimal point: digits follow, and not three as
// in thousands, unless the number begins with 0 or has points.
func decimalComma(before, after string) bool {
	return strings.Trim(after, "0123456789") == "" &&
		(len(after) != 3 || before == "0" || strings.Contains(before, "."))
}

// whyCharacter names the first character of rest; afterDigits distinguishes an exponent from a word.
func whyCharacter(rest string, afterDigits bool) string {
	switch c := rest[0]; {
	case c == ',' || c == '_' || c == '\'':
		return "thousands separator"
	case (c == 'e' || c == 'E') && afterDigits:
		return "an exponent"
	case c == '+':
		return "a plus sign"
	case c == '-':
		return whyMinus
	case bytes.IndexByte([]byte(" \t\r\n\v\f"), c) >= 0:
		return "a blank"
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return fmt.Sprintf("%q is not a digit", r)
}
