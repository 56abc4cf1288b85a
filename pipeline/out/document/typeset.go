package document

import (
	"html/template"
	"math/big"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"github.com/tollbook/tollbook/schemas/visible"
)

// MinusSign is the minus of typeset numbers; it is as wide as a digit.
const MinusSign = "−"

// GroupedDigits formats a plain decimal for people: commas between thousands and the typographic minus.
func GroupedDigits(text string) string {
	sign := ""
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, text = MinusSign, rest
	}
	whole, decimals, _ := strings.Cut(text, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(whole[i])
	}
	if decimals != "" {
		b.WriteByte('.')
		b.WriteString(decimals)
	}
	return b.String()
}

// Rounded rounds a plain decimal half up, away from zero, to so many digits. Any other text is unchanged.
func Rounded(text string, digits int) string {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return text
	}
	text = r.FloatString(digits)
	if strings.Trim(text, "-0.") == "" { // there is no −0
		text = strings.TrimPrefix(text, "-")
	}
	return text
}

// TrimmedZeros removes the trailing zeros of a decimal.
func TrimmedZeros(text string) string {
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// SignificantDigits returns the number of digits of a decimal from its first to its last that is not 0 (zeros before
// the point count).
func SignificantDigits(text string) int {
	text = TrimmedZeros(strings.TrimPrefix(text, "-"))
	digits := strings.TrimLeft(strings.Replace(text, ".", "", 1), "0")
	if !strings.Contains(text, ".") {
		digits = strings.TrimRight(digits, "0")
	}
	return len(digits)
}

// CutText shortens a text to so many columns of a terminal; an ellipsis replaces the rest.
func CutText(text string, most int) string {
	if TextColumns(text) <= most {
		return text
	}
	n := 1 // of the ellipsis
	for at, r := range text {
		if n += TextColumns(string(r)); n > most {
			text = text[:at]
			break
		}
	}
	return visible.Closed(strings.TrimRight(text, " ")) + "…"
}

// PaddedText pads a text to a width.
func PaddedText(text string, to int, right bool) string {
	fill := strings.Repeat(" ", max(0, to-TextColumns(text)))
	if right {
		return fill + text
	}
	return text + fill
}

// TemplateFuncs returns the function of templates for a text of books or feeds that other text is beside.
func TemplateFuncs() template.FuncMap {
	return template.FuncMap{"bdi": func(text string) template.HTML {
		return template.HTML("<bdi>" + template.HTMLEscapeString(visible.Shielded(text)) + "</bdi>")
	}, "visible": visible.Shielded}
}

// TextColumns returns the width of a text on a terminal: wide characters take two columns, combining marks none.
func TextColumns(text string) (n int) {
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case width.LookupRune(r).Kind() == width.EastAsianWide ||
			width.LookupRune(r).Kind() == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
