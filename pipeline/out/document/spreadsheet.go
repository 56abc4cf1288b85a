package document

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// BOM is the beginning of the file (SHEET-1).
const BOM = "\ufeff"

// sheetDigits is how many significant digits of a number a spreadsheet keeps, maxLiteral the largest number of UTF-16
// units of a text in a formula.
const (
	sheetDigits = 15
	maxLiteral  = 255
)

// SheetText returns a text as a cell (SHEET-2 to SHEET-4). Invalid UTF-8 becomes U+FFFD.
func SheetText(text string) string { return string(AppendSheetText(nil, []byte(text))) }

// AppendSheetText appends a text as a cell, without the quotes of CSV.
func AppendSheetText(dst, text []byte) []byte {
	clean := cellsWithin(strings.ToValidUTF8(string(text), string(utf8.RuneError)))
	switch {
	case clean == "" || clean == "+" || clean == "-":
		return append(dst, clean...)
	case beginsFormula(clean):
		return append(append(dst, '\''), clean...)
	case !guessed(clean):
		return append(dst, clean...)
	case fitsLiteral(clean):
		return appendLiteral(dst, clean)
	case unicode.IsDigit(firstRune(clean)):
		return append(append(dst, '\''), clean...)
	}
	return append(dst, clean...)
}

// SheetNumber returns a decimal as a cell (SHEET-5).
func SheetNumber(text string) string { return string(AppendSheetNumber(nil, []byte(text))) }

// AppendSheetNumber appends a decimal as a cell.
func AppendSheetNumber(dst, text []byte) []byte {
	if ExactInSheet(text) {
		return append(dst, text...)
	}
	return appendLiteral(dst, string(text))
}

// ExactInSheet reports whether a spreadsheet keeps all digits of a decimal: there are at most 15 from the first to the
// last that is not 0.
func ExactInSheet(text []byte) bool {
	digits := bytes.ReplaceAll(bytes.TrimPrefix(text, []byte("-")), []byte("."), nil)
	return len(bytes.Trim(digits, "0")) <= sheetDigits
}

// appendLiteral appends ="text".
func appendLiteral(dst []byte, text string) []byte {
	dst = append(dst, `="`...)
	dst = append(dst, strings.ReplaceAll(text, `"`, `""`)...)
	return append(dst, '"')
}

// starts reports whether a character begins a formula, or must not be at the beginning of a cell.
func starts(r rune) bool { return strings.ContainsRune("=+-@\t\r\n\x00＝＋－＠", r) }

// beginsFormula reports whether a text begins with such a character, possibly after blanks.
func beginsFormula(text string) bool {
	return starts(firstRune(text)) || starts(firstRune(strings.TrimLeftFunc(text, unicode.IsSpace)))
}

// firstRune returns the first character of a text; for an empty one a character without meaning here.
func firstRune(text string) rune {
	r, _ := utf8.DecodeRuneInString(text)
	return r
}

// cellsWithin puts an apostrophe after characters that may separate cells, if a formula would follow (SHEET-3).
func cellsWithin(text string) string {
	const separators = ";\t\r\n"
	if !strings.ContainsAny(text, separators) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		b.WriteByte(text[i])
		if strings.IndexByte(separators, text[i]) < 0 {
			continue
		}
		rest := strings.TrimLeft(text[i+1:], " \"\u00a0")
		if next := firstRune(rest); rest != "" && starts(next) && strings.IndexByte(separators, rest[0]) < 0 {
			b.WriteByte('\'')
		}
	}
	return b.String()
}

// guessed reports whether a spreadsheet might read a text as something else.
func guessed(text string) bool {
	return strings.ContainsFunc(text, unicode.IsDigit) || text[0] == '#' || strings.EqualFold(text, "true") ||
		strings.EqualFold(text, "false")
}

// fitsLiteral reports whether a text can be a literal in a formula.
func fitsLiteral(text string) bool {
	if strings.ContainsAny(text, "\t\r\n\x00") {
		return false
	}
	return len(utf16.Encode([]rune(text)))+strings.Count(text, `"`) <= maxLiteral
}
