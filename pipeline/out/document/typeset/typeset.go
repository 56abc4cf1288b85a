package typeset

import (
	"html/template"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"github.com/tollbook/tollbook/schemas/plain"
)

// Minus is the minus of typeset numbers; it is as wide as a digit.
const Minus = "−"

// Grouped formats a plain decimal for people: commas between thousands and the typographic minus.
func Grouped(text string) string {
	sign := ""
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, text = Minus, rest
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

// Trimmed removes the trailing zeros of a decimal.
func Trimmed(text string) string {
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// Significant returns the number of digits of a decimal from its first to its last that is not 0 (zeros before the
// point count).
func Significant(text string) int {
	text = Trimmed(strings.TrimPrefix(text, "-"))
	digits := strings.TrimLeft(strings.Replace(text, ".", "", 1), "0")
	if !strings.Contains(text, ".") {
		digits = strings.TrimRight(digits, "0")
	}
	return len(digits)
}

// Cut shortens a text to so many columns of a terminal; an ellipsis replaces the rest.
func Cut(text string, most int) string {
	if Columns(text) <= most {
		return text
	}
	n := 1 // of the ellipsis
	for at, r := range text {
		if n += Columns(string(r)); n > most {
			text = text[:at]
			break
		}
	}
	return plain.Closed(strings.TrimRight(text, " ")) + "…"
}

// Padded pads a text to a width.
func Padded(text string, to int, right bool) string {
	fill := strings.Repeat(" ", max(0, to-Columns(text)))
	if right {
		return fill + text
	}
	return text + fill
}

// Funcs returns the function of templates for a text of books or feeds that other text is beside.
func Funcs() template.FuncMap {
	return template.FuncMap{"bdi": func(text string) template.HTML {
		return template.HTML("<bdi>" + template.HTMLEscapeString(plain.Visible(text)) + "</bdi>")
	}, "visible": plain.Visible}
}

// Columns returns the width of a text on a terminal: wide characters take two columns, combining marks none.
func Columns(text string) (n int) {
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
