package feed

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tollbook/tollbook/schemas/problem"
)

// FormError is the reason why a file fails completely: none of its rows are taken. Errors of the environment have other
// types.
type FormError struct {
	File   string // path below inbox/
	Line   int    // from 1; 0 if there are no lines
	Column int    // byte of the line, from 1; 0 if unknown
	Text   string // what is wrong
	Hint   string // what usually helps; may be empty
}

// FormError returns a text like `read inbox/usage/a.csv: line 1, column 8: unknown column "qty"`, without the hint.
func (e *FormError) Error() string {
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

// Diagnosis implements problem.Diagnosed.
func (e *FormError) Diagnosis() (problem.Class, string) { return problem.Failed, e.Hint }

// ShownName returns a name as messages write it: quoted like a Go string if it is not UTF-8 or contains unprintable
// characters.
func ShownName(name string) string {
	if utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return name
	}
	return strconv.Quote(name)
}

// Guard calls into the Parquet library, which panics on some broken files, and turns a panic into an error.
func Guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return do()
}
