package workspace

// RefusedError says that a command cannot be done as asked: nothing was done, exit code 2.
type RefusedError struct{ What, Hint string }

func (e *RefusedError) Error() string { return e.What }
