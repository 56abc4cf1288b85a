package cli

import (
	"errors"
	"io"

	"github.com/tollbook/tollbook/schemas/problem"
)

// sink is standard output. It remembers the first write error, so that callers need not check each write (CLI-7).
type sink struct {
	w       io.Writer
	style   Style
	err     error
	rounded bool             // a table showed amounts with fewer digits than they have
	OnJSON  func(result any) // nil, or called with each result that is printed as JSON: its type is the result's shape
}

// Write writes until a write fails, and then returns the same error on every call.
func (s *sink) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(p)
	s.err = err
	return n, err
}

// outputError says that a result could not be printed.
type outputError struct{ err error }

// Error returns the text of the write error.
func (e *outputError) Error() string { return "print the result: " + e.err.Error() }

// Unwrap returns the write error.
func (e *outputError) Unwrap() error { return e.err }

// Diagnosis implements problem.Diagnosed.
func (e *outputError) Diagnosis() (problem.Class, string) {
	return problem.ClassOf(e.err), "run it again with an output that takes all of it; " +
		"what the command had committed before stays (`tollbook runs`)"
}

// ended returns the error of a command that ended with err: an *outputError if its result could not be printed, unless
// the command failed for another reason.
func (s *sink) ended(err error) error {
	if s.err != nil && (err == nil || errors.Is(err, ErrNeedsAttention) || errors.Is(err, s.err)) {
		return &outputError{s.err}
	}
	return err
}
