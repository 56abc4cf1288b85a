package workspace

import (
	"log/slog"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/period"
)

// Options says how to perform a run. Only AsOf, AcceptRejects and ResetClock affect its result.
type Options struct {
	AsOf       period.Instant // the run's clock
	Workers    int            // 0 = 1
	BatchRows  int            // 0 = default; for tests
	ChunkBytes int            // 0 = default; for tests
	CutBytes   int            // 0 = default (lake.Options); for tests
	RangeBytes int64          // accept.Config.RangeBytes; 0 = default; for tests
	SlotLines  int64          // rows.LineSlots.Fewest; 0 = default; for tests
	BucketRows int64          // publish.Options.BucketRows; 0 = default; for tests
	// FileRejects is rejectlist.Stage.Fewest; 0 = default; for tests.
	FileRejects int64
	// HashBytes is the size of all large feed files without a remembered hash from which an engine hashes them
	// (newfiles.Unhashed); 0 = default; for tests.
	HashBytes int64
	// TaskBytes encodes and decodes every task and result, as if tasks ran in other processes; for tests.
	TaskBytes bool
	// Engine makes worker processes do the tasks of a run, unless it is a dry run; nil = goroutines of this process.
	// Attempt is called for each attempt of a task that the engine reports, one at a time; nil = none.
	Engine  lake.Engine
	Attempt func(*lake.TaskAttempt)
	// AsOfIsNow says that AsOf is the current time. A run that an engine has begun can then be continued with its own
	// as-of.
	AsOfIsNow bool
	// Build identifies the program by its content: processes of another build do no tasks of a shared run.
	Build string
	// InboxUntil leaves feed files with a later mtime to a later run: a run that was performed on time would not have
	// found them. 0 = takes all.
	InboxUntil period.Instant
	// start of the run by the real clock, for inbox.settle; 0 = no file is too recent
	Started   period.Instant
	HashCache string // file that stores hashes of the inbox between runs (inbox.Hashes); "" = none
	// file with the books with which open cycles were rated (state.PrepareBooks); "" = none: changed books then rate
	// all of these cycles again
	BooksCopy string
	Log       *slog.Logger // nil = silent
	Progress  func(stage string, done, total int64)
	// Stage is called when a stage of the run begins (StageBegin to StagePublish), StageRows before it ends if its
	// number of rows is known at no cost. Both are called from the run's own goroutine. nil = none.
	Stage     func(name string)
	StageRows func(rows int64)
	// AcceptRejects is the reason why a run may reject more than the gates of the settings allow; "" = it may not. It
	// is stored in the manifest of a run that needed it.
	AcceptRejects string
	// ResetClock sets the lake's clock back to AsOf if the newest state has a later clock, even if nothing is new
	// (Nightly).
	ResetClock bool
	// LinkedInbox follows links that lead out of the inbox: the inbox of a quote contains a link to the priced file.
	LinkedInbox bool
	// CloseIf says which open items a cycle can be closed with; nil = any.
	CloseIf *CloseTerms
	// Wrap wraps the storage of the run; fault tests use storage.Faulty. nil = none.
	Wrap func(storage.Storage) storage.Storage
	// OpenFiles is how many files of the lake can have a file descriptor at the same time (storage.Sparing). 0 = no
	// limit.
	OpenFiles int
	// Env looks up environment variables: the credentials of the server to publish to. nil = none is set.
	Env func(string) string
	// StopAt is called at the named points of a commit and of a publish (lake.StopPoints, publish.StopPoints). nil =
	// nothing.
	StopAt func(point string) error
}

// Disk wraps a storage as the run's options say.
func (o *Options) Disk(st storage.Storage) storage.Storage {
	if o.Wrap != nil {
		return o.Wrap(st)
	}
	return st
}

// Debug logs why something stored for later runs cannot be used, with further attributes in pairs. That costs time and
// changes nothing.
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

// CountRows reports how many rows the current stage has processed.
func (o *Options) CountRows(n int64) {
	if o.StageRows != nil {
		o.StageRows(n)
	}
}

// ResetClockFlag ends the command of a run that set the lake's clock back, in its manifest and in the run ledger.
const ResetClockFlag = " --reset-clock"
