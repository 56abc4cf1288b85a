package inbox

import (
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/schemas/problem"
)

// ChangedError reports that a file is no longer what it was when it was hashed. None of its content may be ingested
// under that hash.
type ChangedError struct {
	File string // path below inbox/
	How  string // grew, was cut short, was replaced, was removed, was written to
}

// Error returns a text like `inbox/usage/a.csv grew while it was read`.
func (e *ChangedError) Error() string {
	return "inbox/" + feed.ShownName(e.File) + " " + e.How + " while it was read"
}

// Diagnosis implements problem.Diagnosed.
func (e *ChangedError) Diagnosis() (problem.Class, string) { return problem.Retryable, "" }
