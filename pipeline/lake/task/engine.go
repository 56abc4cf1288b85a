package task

import "context"

// Engine has processes do the tasks of planned runs and of publishes. Without one, a run does its tasks in goroutines
// (Local).
type Engine interface {
	// Do has tasks of a stage done and returns when the result of each is stored in the lake. It calls report for each
	// attempt that it hears of, one at a time. If a task cannot be done, the error is a *Failure.
	Do(ctx context.Context, w *Work, report func(*Attempt)) error
	// Close ends what the engine started.
	Close() error
}

// Work is tasks of a planned run or of a publish.
type Work struct {
	Run   string // hash of the plan, or of what is published
	Build string // of the program that planned it: the only one that does its tasks
	Stage string
	Tasks []int // ascending
}

// Attempt is one try of a task by a worker.
type Attempt struct {
	Stage   string
	Task    int
	Number  int    // 1 = the first try
	Worker  string // which process
	Seconds float64
	Failure *Failure // nil = the task is done
}

// Class says whether a task that failed is tried again.
type Class string

// The classes.
const (
	// Refused tasks are not tried again: settings, books, build or data must change before.
	Refused Class = "refused"
	// Failed tasks are tried again after a pause: the store or the disk may work then.
	Failed Class = "failed"
	// Crashed tasks are tried again by another process, a few times: their worker ended without a result.
	Crashed Class = "crashed"
)

// Failure says why a task is not done.
type Failure struct {
	Class Class  `json:"class"`
	Text  string `json:"text"`
	What  string `json:"hint"` // what to do about it; "" = nothing is known
}

// Error says what failed.
func (f *Failure) Error() string { return f.Text }

// Hint says what to do about it.
func (f *Failure) Hint() string { return f.What }

// Tries are how often a task of each class is begun at most, and the pauses between.
const (
	MaxFailures = 8 // with pauses of 1 s, 2 s, 4 s, up to 1 min
	MaxCrashes  = 4
)
