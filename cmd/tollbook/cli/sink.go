package cli

import (
	"errors"
	"io"
)

// sink is standard output. It remembers the first write that failed, so that those who print a result need not look
// (CLI-7).
type sink struct {
	w      io.Writer
	style  Style
	err    error
	OnJSON func(result any) // nil, or called with each result that is printed as JSON: its type is the result's shape
}

// Write writes until a write fails, and from then on fails the same way.
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

// Error names the write that failed.
func (e *outputError) Error() string { return "print the result: " + e.err.Error() }

// Unwrap is the write's error.
func (e *outputError) Unwrap() error { return e.err }

// Hint says what to do.
func (e *outputError) Hint() string {
	return "run it again with an output that takes all of it; " +
		"what the command had committed before stays (`tollbook runs`)"
}

// ended is the error of a command that ended with err: a result that was not printed is a failure. A command that
// failed for another reason keeps that one.
func (s *sink) ended(err error) error {
	if s.err != nil && (err == nil || errors.Is(err, ErrNeedsAttention) || errors.Is(err, s.err)) {
		return &outputError{s.err}
	}
	return err
}
