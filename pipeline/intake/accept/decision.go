package accept

import (
	"github.com/tollbook/tollbook/schemas/reason"
)

// EventDecision is the outcome for one row that passed the checks of its own columns.
type EventDecision struct {
	File      int32
	Row       int64
	Duplicate bool
	Why       reason.Reason // None = accepted or duplicate
	Column    string
	Value, ID string
}

// EventSource is where a record came from, with all that a reject stores about it.
type EventSource struct {
	File   string // below inbox/
	Hash   string
	Row    int64
	Header string // the lines that must precede Raw to parse it again
	Raw    string
}
