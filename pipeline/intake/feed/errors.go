package feed

import (
	"fmt"
	"strings"
)

// FileError is why a file fails whole: nothing of it may be taken. Errors of the environment are not of this type.
type FileError struct {
	File   string // path below inbox/
	Line   int    // from 1; 0 where there are no lines
	Column int    // byte of the line, from 1; 0 where it is not known
	Text   string // what is wrong
	Hint   string // what usually helps; may be empty
}

// Error is `read inbox/usage/a.csv: line 1, column 8: unknown column "qty"`. The hint is not part of it.
func (e *FileError) Error() string {
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

// ChangedError says that a file is no longer what it was when it was hashed. Nothing of it may be taken under that
// hash.
type ChangedError struct {
	File string // path below inbox/
	How  string // grew, was cut short, was replaced, was removed, was written to
}

// Error is `inbox/usage/a.csv grew while it was read`.
func (e *ChangedError) Error() string {
	return "inbox/" + ShownName(e.File) + " " + e.How + " while it was read"
}
