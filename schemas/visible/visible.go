package visible

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mark is the byte order mark.
const Mark = "\ufeff"

// Flaw says what is wrong with an identity (TEXT-1): "U+200B, which nobody sees"; "" = nothing.
func Flaw(identity string) string {
	if n := len(identity); n == 0 || Printable(identity) && identity[0] != ' ' && identity[n-1] != ' ' {
		return ""
	}
	switch at, r := hidden(identity); {
	case at < 0:
		return ""
	case unicode.Is(unicode.Zs, r):
		return fmt.Sprintf("%U, white space at an end", r)
	default:
		return fmt.Sprintf("%U, which nobody sees", r)
	}
}

// FlawOf is Flaw for bytes.
func FlawOf(identity []byte) string {
	if n := len(identity); n == 0 || PrintableBytes(identity) && identity[0] != ' ' && identity[n-1] != ' ' {
		return ""
	}
	return Flaw(string(identity))
}

// Shown returns an identity with a flaw as people can read it: `acme<U+200B>`.
func Shown(identity string) string {
	var out strings.Builder
	for {
		at, r := hidden(identity)
		if at < 0 {
			out.WriteString(identity)
			return out.String()
		}
		_, size := utf8.DecodeRuneInString(identity[at:])
		fmt.Fprintf(&out, "%s<%U>", identity[:at], r)
		identity = identity[at+size:]
	}
}

// hidden finds the first character that an identity may not contain; at is −1 if there is none.
func hidden(text string) (at int, r rune) {
	trimmed := strings.TrimRightFunc(text, unicode.IsSpace)
	for at, r = range text {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || r == utf8.RuneError ||
			unicode.IsSpace(r) && (at == 0 || at >= len(trimmed)) {
			return at, r
		}
	}
	return -1, 0
}

// Printable reports whether a text is printable ASCII, as almost all identities are.
func Printable(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i]-' ' >= 0x7f-' ' {
			return false
		}
	}
	return true
}

// PrintableBytes is Printable for many texts in a row: then each without a blank at an end has no flaw.
func PrintableBytes(text []byte) bool {
	for ; len(text) >= 8; text = text[8:] {
		x := binary.LittleEndian.Uint64(text)
		if (x|(x-0x2020202020202020)|(x+0x0101010101010101))&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, b := range text {
		if b-' ' >= 0x7f-' ' {
			return false
		}
	}
	return true
}

// NotUTF8 says in which encoding a text is if it is not UTF-8 (TEXT-3); "" = it is.
func NotUTF8(text string) string {
	if encoding := UTF16(text); encoding != "" || utf8.ValidString(text) {
		return encoding
	}
	return "not UTF-8"
}

// UTF16 recognizes a file in UTF-16 by its first two bytes, with a mark or without; "" = it is none.
func UTF16(text string) string {
	if len(text) > 1 && (text[:2] == "\xff\xfe" || text[:2] == "\xfe\xff" ||
		text[0] != text[1] && (text[0] == 0 || text[1] == 0)) {
		return "UTF-16, not UTF-8"
	}
	return ""
}

// Unmarked returns a text of CSV without the marks before, and at the beginning of, the first fields of its header and
// of its first row (TEXT-2).
func Unmarked(text string) string {
	at := 0
	for range 2 {
		if !strings.Contains(text[at:], Mark) {
			break
		}
		rest := strings.TrimLeft(text[at:], Mark+"\r\n")
		lead := strings.ReplaceAll(text[at:len(text)-len(rest)], Mark, "")
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			rest = `"` + strings.TrimLeft(quoted, Mark)
		}
		if len(lead)+len(rest) < len(text)-at {
			text = text[:at] + lead + rest
		}
		at += len(lead)
		for quoted := false; at < len(text) && (quoted || text[at] != '\n'); at++ {
			quoted = quoted != (text[at] == '"')
		}
	}
	return text
}
