package visible

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
)

// The characters around an isolated text (UAX 9): the text between them has the direction of its first letter.
const (
	begin = "\u2068"
	end   = "\u2069"
)

// Steers reports whether a character changes how the text after it is shown: a control character, a separator of lines,
// or a mark of writing direction.
func Steers(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}

// Shielded shows characters that steer a text by their code points, as ‹U+202E› (PLAIN-1). It keeps isolates around a
// text without such characters: Isolated writes them.
func Shielded(text string) string { return visible(text, true) }

// Isolated returns a name that other text is beside: Visible without any exception, and between isolates if it has a
// right-to-left character (PLAIN-2).
func Isolated(name string) string {
	name = visible(name, false)
	if strings.ContainsFunc(name, rightToLeft) {
		return begin + name + end
	}
	return name
}

func visible(text string, isolates bool) string {
	if !strings.ContainsFunc(text, Steers) {
		return text
	}
	var b strings.Builder
	inside := false
	for at, r := range text {
		switch {
		case isolates && !inside && strings.HasPrefix(text[at:], begin) && isClosed(text[at+len(begin):]):
			inside = true
			b.WriteRune(r)
		case inside && strings.HasPrefix(text[at:], end):
			inside = false
			b.WriteRune(r)
		case Steers(r):
			fmt.Fprintf(&b, "‹U+%04X›", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isClosed reports whether the first character of a text that steers it is the end of an isolate.
func isClosed(text string) bool {
	at := strings.IndexFunc(text, Steers)
	return at >= 0 && strings.HasPrefix(text[at:], end)
}

// rightToLeft reports whether a character is written from right to left, such as Hebrew and Arabic letters.
func rightToLeft(r rune) bool {
	p, _ := bidi.LookupRune(r)
	c := p.Class()
	return c == bidi.R || c == bidi.AL || c == bidi.AN
}

// Closed ends an isolate that a cut has left open, so that the text after the cut is outside.
func Closed(text string) string {
	if strings.LastIndex(text, begin) > strings.LastIndex(text, end) {
		return text + end
	}
	return text
}
