package document

import (
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/schemas/period"
)

// minus is the minus of typeset numbers; it is as wide as a digit.
const minus = "−"

// Grouped is a plain decimal as people read it: commas between thousands and the typographic minus.
func Grouped(text string) string { return grouped(text) }

// grouped puts commas between thousands of a decimal's text, and the typographic minus before it.
func grouped(text string) string {
	sign := ""
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, text = minus, rest
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

// trimmed takes the zeros that end a decimal away.
func trimmed(text string) string {
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// shown is a cell for people: amounts with the currency's digits at least, quantities without zeros at the end.
func (c *cell) shown(k kind, h *Header) string {
	switch k {
	case words, coded:
		return c.text
	case count:
		return grouped(strconv.FormatInt(c.count, 10))
	case amount:
		return grouped(c.amount.StringFixed(h.Digits))
	case instant:
		if c.count == 0 {
			return ""
		}
		return h.time(period.Instant(c.count))
	}
	return grouped(trimmed(c.text))
}

// plain is a cell as data: all digits, no grouping.
func (c *cell) plain(k kind) string {
	switch k {
	case count, coded:
		return strconv.FormatInt(c.count, 10)
	case amount:
		return c.amount.String()
	case instant:
		if c.count == 0 {
			return ""
		}
		return period.Instant(c.count).String()
	}
	return c.text
}

// significant is how many digits a decimal's text has from its first to its last that is not 0 (zeros before the point
// count).
func significant(text string) int {
	text = trimmed(strings.TrimPrefix(text, "-"))
	digits := strings.TrimLeft(strings.Replace(text, ".", "", 1), "0")
	if !strings.Contains(text, ".") {
		digits = strings.TrimRight(digits, "0")
	}
	return len(digits)
}
