package feedfile

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is why a file fails completely: nothing of it may be taken. Errors of the environment are not of this type.
type Error struct {
	File   string // path below inbox/
	Line   int    // from 1; 0 where there are no lines
	Column int    // byte of the line, from 1; 0 where it is not known
	Text   string // what is wrong
	Hint   string // what usually helps; may be empty
}

// Error is `read inbox/usage/a.csv: line 1, column 8: unknown column "qty"`. The hint is not part of it.
func (e *Error) Error() string {
	var at strings.Builder
	if e.Line > 0 {
		fmt.Fprintf(&at, "line %d", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&at, ", column %d", e.Column)
		}
		at.WriteString(": ")
	}
	return "read inbox/" + ShownName(e.File) + ": " + at.String() + e.Text
}

// ShownName is a name as messages write it: quoted, as Go quotes a string, where it is not UTF-8 or holds characters
// that do not print.
func ShownName(name string) string {
	if utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return name
	}
	return strconv.Quote(name)
}

// Guard calls into the Parquet library, which panics on some broken files: the panic becomes an error.
func Guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return do()
}
