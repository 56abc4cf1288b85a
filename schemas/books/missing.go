package books

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/problem"
)

// What names something that the books no longer contain.
const (
	ByLines   = "lines"
	ByRecords = "accepted records"
)

// MissingError reports that the books no longer contain something that stored data name.
type MissingError struct {
	Book, What, ID string
	By             string // what names it: ByLines or ByRecords
}

// Missing returns a *MissingError.
func Missing(by, book, what, id string) error { return &MissingError{book, what, id, by} }

// Error names what is missing.
func (e *MissingError) Error() string {
	return fmt.Sprintf("no %s %q, which %s name", e.What, e.ID, e.By)
}

// Diagnosis implements problem.Diagnosed.
func (e *MissingError) Diagnosis() (problem.Class, string) {
	return problem.Refused, problem.HintRowBack
}
