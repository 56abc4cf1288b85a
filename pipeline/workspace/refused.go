package workspace

import "errors"

// RefusedError says that a command cannot be done as asked: nothing was done, exit code 2.
type RefusedError struct{ What, Hint string }

func (e *RefusedError) Error() string { return e.What }

// Refused is an error as a command reports it that cannot be done: with what to do, if the error says it.
func Refused(err error) *RefusedError {
	refused := &RefusedError{What: err.Error()}
	if hinted := interface{ Hint() string }(nil); errors.As(err, &hinted) {
		refused.Hint = hinted.Hint()
	}
	return refused
}
