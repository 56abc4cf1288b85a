package problem

import (
	"cmp"
	"syscall"
)

// Class is what an error means for exit codes (§7.4), the run ledger, retries, tasks and HTTP.
type Class uint8

// The classes, in ascending order: of joined errors the greater class counts.
const (
	// Unclassified errors are failures of which no type says more. It is safe to run the command again.
	Unclassified Class = iota
	// Retryable errors are failures whose cause can disappear without action: a lock, a disk, a server.
	Retryable
	// Failed errors are failures that happen again until a person acts, such as a damaged lake.
	Failed
	// NotFound is a request for something that the lake does not have. Nothing was done, as in the classes that follow.
	NotFound
	// Gated runs had more rejects than the gates allow.
	Gated
	// Refused commands have an invalid command line, settings or books, or the state of the lake does not allow them.
	Refused
)

// NothingDone reports whether the command did nothing because its input or the state of the lake does not allow it.
func (c Class) NothingDone() bool { return c >= NotFound }

// Diagnosed is implemented by error types that say what the error means and what to do about it.
type Diagnosed interface {
	error
	// Diagnosis returns the class and what to do, or "".
	Diagnosis() (Class, string)
}

// Diagnose returns the class of an error and what to do about it, or "". The outermost type that is Diagnosed
// determines the class; the outermost one with a hint, or the operating system's error, the hint (invariant 4).
func Diagnose(err error) (class Class, hint string) {
	for _, inner := range unwrap(err) {
		c, do := Diagnose(inner)
		class, hint = max(class, c), cmp.Or(hint, do)
	}
	switch e := err.(type) { //nolint:errorlint // it visits each wrapped error
	case Diagnosed:
		own, do := e.Diagnosis()
		return own, cmp.Or(do, hint)
	case syscall.Errno:
		return Retryable, systemHint(e)
	}
	return class, hint
}

// unwrap returns the errors that an error wraps directly.
func unwrap(err error) []error {
	switch e := err.(type) { //nolint:errorlint // only the error itself
	case interface{ Unwrap() error }:
		return []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	}
	return nil
}

// ClassOf returns the class of an error.
func ClassOf(err error) Class {
	class, _ := Diagnose(err)
	return class
}

// HintOf returns what to do about an error, or "".
func HintOf(err error) string {
	_, hint := Diagnose(err)
	return hint
}

// Diagnosis implements Diagnosed.
func (p Problem) Diagnosis() (Class, string) { return Refused, p.Hint }

// Diagnosis implements Diagnosed, with the hint of the first problem.
func (ps Problems) Diagnosis() (Class, string) {
	if len(ps) == 0 {
		return Refused, ""
	}
	return ps[0].Diagnosis()
}

// HintRowBack is for books that no longer have a row that stored data names.
const HintRowBack = "put the row back: end it with valid_to instead of deleting it"
