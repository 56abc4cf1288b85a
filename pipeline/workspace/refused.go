package workspace

import "errors"

// RefusedError reports that a command cannot be done as requested: nothing was done, exit code 2.
type RefusedError struct{ What, Hint string }

func (e *RefusedError) Error() string { return e.What }

// Refused converts an error to a RefusedError, with the error's hint if it has one.
func Refused(err error) *RefusedError {
	refused := &RefusedError{What: err.Error()}
	if hinted := interface{ Hint() string }(nil); errors.As(err, &hinted) {
		refused.Hint = hinted.Hint()
	}
	return refused
}
