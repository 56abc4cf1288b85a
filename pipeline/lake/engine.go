package lake

import (
	"context"

	"github.com/tollbook/tollbook/schemas/problem"
)

// Engine makes processes do the tasks of planned runs and of publishes. Without one, a run does its tasks in goroutines
// (Local).
type Engine interface {
	// DoTask returns when the result of each task is stored in the lake. It calls report for each attempt that it
	// learns of, one at a time. If a task cannot be done, the error is a *TaskFailure.
	Do(ctx context.Context, w *TaskWork, report func(*TaskAttempt)) error
	// Close ends everything that the engine started.
	Close() error
}

// TaskWork is tasks of a planned run or of a publish.
type TaskWork struct {
	Run   string // hash of the plan, or of what is published
	Build string // of the program that planned it: only that build does its tasks
	Stage string
	Tasks []int // ascending
}

// TaskAttempt is one attempt of a worker to do a task.
type TaskAttempt struct {
	Stage   string
	Task    int
	Number  int    // 1 = the first try
	Worker  string // which process
	Seconds float64
	Failure *TaskFailure // nil = the task is done
}

// TaskClass determines whether a failed task is tried again.
type TaskClass string

// The classes.
const (
	// TaskRefused tasks are not tried again: the settings, books, build or data must change first.
	TaskRefused TaskClass = "refused"
	// TaskBroken tasks are not tried again either: a person must act, for example because a file of the lake is
	// damaged.
	TaskBroken TaskClass = "broken"
	// TaskFailed tasks are tried again after a pause, because a failure of the store or the disk can be temporary.
	TaskFailed TaskClass = "failed"
	// TaskCrashed tasks are tried again by another process, a few times: their worker ended without a result.
	TaskCrashed TaskClass = "crashed"
)

// Final reports whether tasks of the class are not tried again.
func (c TaskClass) Final() bool { return c == TaskRefused || c == TaskBroken }

// TaskFailure is the reason why a task was not done.
type TaskFailure struct {
	Class TaskClass `json:"class"`
	Text  string    `json:"text"`
	What  string    `json:"hint"` // what to do about it; "" = unknown
}

// Error says what failed.
func (f *TaskFailure) Error() string { return f.Text }

// Diagnosis implements problem.Diagnosed.
func (f *TaskFailure) Diagnosis() (problem.Class, string) {
	return map[TaskClass]problem.Class{TaskRefused: problem.Refused, TaskBroken: problem.Failed}[f.Class], f.What
}

// MaxTaskFailures is how often a task is tried, with pauses of 1 s, 2 s, 4 s, up to 1 min.
const MaxTaskFailures = 8
