package task

import (
	"context"

	"github.com/tollbook/tollbook/schemas/problem"
)

// Engine makes processes do the tasks of planned runs and of publishes. Without one, a run does its tasks in goroutines
// (Local).
type Engine interface {
	// Do returns when the result of each task is stored in the lake. It calls report for each attempt that it learns
	// of, one at a time. If a task cannot be done, the error is a *Failure.
	Do(ctx context.Context, w *Work, report func(*Attempt)) error
	// Close ends everything that the engine started.
	Close() error
}

// Work is tasks of a planned run or of a publish.
type Work struct {
	Run   string // hash of the plan, or of what is published
	Build string // of the program that planned it: only that build does its tasks
	Stage string
	Tasks []int // ascending
}

// Attempt is one attempt of a worker to do a task.
type Attempt struct {
	Stage   string
	Task    int
	Number  int    // 1 = the first try
	Worker  string // which process
	Seconds float64
	Failure *Failure // nil = the task is done
}

// Class determines whether a failed task is tried again.
type Class string

// The classes.
const (
	// Refused tasks are not tried again: the settings, books, build or data must change first.
	Refused Class = "refused"
	// Broken tasks are not tried again either: a person must act, for example because a file of the lake is damaged.
	Broken Class = "broken"
	// Failed tasks are tried again after a pause, because a failure of the store or the disk can be temporary.
	Failed Class = "failed"
	// Crashed tasks are tried again by another process, a few times: their worker ended without a result.
	Crashed Class = "crashed"
)

// Final reports whether tasks of the class are not tried again.
func (c Class) Final() bool { return c == Refused || c == Broken }

// Failure is the reason why a task was not done.
type Failure struct {
	Class Class  `json:"class"`
	Text  string `json:"text"`
	What  string `json:"hint"` // what to do about it; "" = unknown
}

// Error says what failed.
func (f *Failure) Error() string { return f.Text }

// Diagnosis implements problem.Diagnosed.
func (f *Failure) Diagnosis() (problem.Class, string) {
	return map[Class]problem.Class{Refused: problem.Refused, Broken: problem.Failed}[f.Class], f.What
}

// MaxFailures is how often a task is tried, with pauses of 1 s, 2 s, 4 s, up to 1 min.
const MaxFailures = 8
