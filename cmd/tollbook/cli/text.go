package cli

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tollbook/tollbook/schemas/period"
)

// Counted is a number with its noun.
func Counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// TrimZeros takes the zeros at the end of a decimal away.
func TrimZeros(text string) string {
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

func Or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// Printable replaces what would disturb a terminal.
func Printable(text string) string {
	out := []rune(text)
	for i, r := range out {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			out[i] = '·'
		}
	}
	return string(out)
}

// Shown is a value from outside, fit for one cell of a table.
func Shown(text string) string {
	const most = 40 // characters
	text = Printable(text)
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// LineBytes is the most that a text that a person gives may have.
const LineBytes = 500

// OneLine reports whether a text says something on one line.
func OneLine(text string) bool {
	odd := func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }
	return text != "" && len(text) <= LineBytes && !strings.ContainsFunc(text, odd)
}

// Local is an instant for people, in the contract zone. The instant is a text as results have it, RFC 3339; any other
// text stays as it is.
func Local(zone *period.Zone, text string) string {
	at, err := period.ParseInstant(text)
	if err != nil {
		return text
	}
	return zone.Show(at)
}
