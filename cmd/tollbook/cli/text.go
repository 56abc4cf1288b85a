package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/visible"
)

// Counted returns a number with its noun: one for 1, else many.
func Counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// TrimZeros removes the trailing zeros of a decimal.
func TrimZeros(text string) string { return document.TrimmedZeros(text) }

func Or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// Printable returns a text in which no invisible character changes a terminal or the order of what follows.
func Printable(text string) string { return visible.Shielded(text) }

// Called returns a name for a line of text, followed by the id; the id alone if there is no name.
func Called(name, id string) string { return document.PageParty{ID: id, Name: name}.Full() }

// Word returns a text as one word of a shell command: in single quotes if the shell would change it.
func Word(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
			strings.ContainsRune("/._-+:@%,=", r)
	}
	if text != "" && !strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// PrintLine prints a line without control characters, which texts of feeds and books can contain.
func PrintLine(w io.Writer, format string, args ...any) {
	fmt.Fprintln(w, Printable(fmt.Sprintf(format, args...)))
}

// Shown returns an untrusted value without control characters, cut to 40 columns for a cell of a table.
func Shown(text string) string {
	const most = 40 // columns
	return document.CutText(Printable(text), most)
}

// LineBytes is the maximum length of a text that a person enters, in bytes.
const LineBytes = 500

// OneLine reports whether a text is one line that is not empty, of valid UTF-8 and at most LineBytes.
func OneLine(text string) bool {
	odd := func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }
	return text != "" && len(text) <= LineBytes && !strings.ContainsFunc(text, odd)
}

// Local converts an RFC 3339 instant to the contract zone, for people. It returns any other text unchanged.
func Local(zone *period.Zone, text string) string {
	at, err := period.ParseInstant(text)
	if err != nil {
		return text
	}
	return zone.Show(at)
}
