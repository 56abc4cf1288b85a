package workspace

import "github.com/tollbook/tollbook/schemas/problem"

// RefusedError reports that a command cannot be done as requested: nothing was done, exit code 2.
type RefusedError struct{ What, Hint string }

func (e *RefusedError) Error() string { return e.What }

// Diagnosis implements problem.Diagnosed.
func (e *RefusedError) Diagnosis() (problem.Class, string) { return problem.Refused, e.Hint }
