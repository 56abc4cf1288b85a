package event

import (
	"github.com/tollbook/tollbook/schemas/reason"
)

// Decision is what became of one row that passed on its own.
type Decision struct {
	File      int32
	Row       int64
	Duplicate bool
	Why       reason.Reason // None = accepted or duplicate
	Column    string
	Value, ID string
}

// Source is where a record came from: all that a reject keeps of it.
type Source struct {
	File   string // below inbox/
	Hash   string
	Row    int64
	Header string // what must precede Raw to read it again
	Raw    string
}
