package workspace

import (
	"log/slog"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/lake/task"
	"github.com/tollbook/tollbook/schemas/period"
)

// Options is how a run is to be done. None of it but AsOf, AcceptRejects and ResetClock changes what comes out.
type Options struct {
	AsOf       period.Instant // the run's clock
	Workers    int            // 0 = 1
	BatchRows  int            // 0 = default; for tests
	ChunkBytes int            // 0 = default; for tests
	CutBytes   int            // 0 = default (lake.Options); for tests
	RangeBytes int64          // of a large text file that a task reads (cuts.New); 0 = default; for tests
	BucketRows int64          // of publish.Options; 0 = default; for tests
	// TaskBytes encodes and decodes every task and every result, as if tasks ran in other processes; for tests.
	TaskBytes bool
	// Engine has worker processes do the tasks of a run, unless the run is dry; nil = goroutines of this process do.
	// Attempt is called for each attempt of a task that the engine reports, one at a time; nil = nothing.
	Engine  task.Engine
	Attempt func(*task.Attempt)
	// AsOfIsNow says that AsOf is the present time, so that a run that an engine is doing can be continued with its
	// own.
	AsOfIsNow bool
	// SharedRun is the run whose tasks other processes did and that is to be committed (run.PlanTasks); "" = this
	// process does all of the run.
	SharedRun string
	// Build names the program by its content: processes of another build do no tasks of a shared run.
	Build string
	// InboxUntil leaves feed files that changed after it, by mtime, for a later run: what a run that is caught up would
	// not have found. 0 = takes all.
	InboxUntil period.Instant
	// when the run began, by the real clock, for inbox.settle; 0 = leaves no file for its age
	Started   period.Instant
	HashCache string // file that remembers hashes of the inbox between runs (inbox.Hashes); "" = none
	// file with the state of the lake after which no work was left (SkipIfUnchanged); "" = none
	LastRunFile string
	Program     string // names this build of the program, for Standing; "" = not known
	// file that keeps the books open cycles are rated with (change.Prepare); "" = none, and changed books rate all of
	// them again
	BooksCopy string
	Log       *slog.Logger // nil = silent
	Progress  func(stage string, done, total int64)
	// Stage is called where a stage of the run begins (StageBegin to StagePublish), StageRows before it ends, where its
	// rows are known at no cost; both from the run's own goroutine. nil = nothing.
	Stage     func(name string)
	StageRows func(rows int64)
	// AcceptRejects is why a run may reject more than the gates of the settings allow; "" = it may not. It is kept in
	// the manifest of a run that needed it.
	AcceptRejects string
	// ResetClock makes AsOf the lake's clock also where nothing is new, if the newest state is of a later clock
	// (Nightly).
	ResetClock bool
	// LinkedInbox follows links that lead out of the inbox: a quote's inbox is a link to the file that is priced.
	LinkedInbox bool
	// CloseIf says what may be missing of a cycle that is closed; nil = anything.
	CloseIf *CloseTerms
	// Wrap wraps the disk for the run: fault tests put storage.Faulty here. nil = nothing.
	Wrap func(storage.Storage) storage.Storage
	// OpenFiles is how many files of the lake may have a file descriptor at a time (storage.Sparing). 0 = all that are
	// in use.
	OpenFiles int
	// Env gives environment variables: the credentials of the server that is published to. nil = none is set.
	Env func(string) string
	// StopAt is called at the named points of a commit and of a publish (lake.StopPoints, publish.StopPoints). nil =
	// nothing.
	StopAt func(point string) error
}

// Disk opens a folder as the run's options say.
func (o *Options) Disk(st storage.Storage) storage.Storage {
	if o.Wrap != nil {
		return o.Wrap(st)
	}
	return st
}

// Debug logs why something kept for later runs is of no use, with more about it in pairs: that costs time and changes
// nothing.
func (o *Options) Debug(what string, why error, more ...any) {
	if why != nil && o.Log != nil {
		o.Log.Debug(what, append(more, "why", why)...)
	}
}

// BeginStage reports that a stage begins.
func (o *Options) BeginStage(name string) {
	if o.Stage != nil {
		o.Stage(name)
	}
}

// CountRows reports how many rows the stage that is on has handled.
func (o *Options) CountRows(n int64) {
	if o.StageRows != nil {
		o.StageRows(n)
	}
}

// ResetClockFlag follows the command of a run that set the lake's clock back, in its manifest and in the run ledger.
const ResetClockFlag = " --reset-clock"
