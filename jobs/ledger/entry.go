package ledger

import (
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
)

// format is the version of the entries' layout.
const format = 1

// Outcome is the one word for what a run came to.
type Outcome string

// The outcomes.
const (
	Running        Outcome = "running"
	Done           Outcome = "done"
	NeedsAttention Outcome = "look"        // done, and a person should look
	NothingNew     Outcome = "nothing new" // nothing was written
	Refused        Outcome = "refused"     // command, settings or books are wrong: nothing was done
	Gated          Outcome = "gated"       // more rejects than gates: allow: nothing was done
	Failed         Outcome = "failed"
	Killed         Outcome = "killed"      // its process ended without a word; never written, found by reading
	Interrupted    Outcome = "interrupted" // by a signal: nothing was committed
	Panicked       Outcome = "panicked"
	Skipped        Outcome = "skipped" // a firing that had nothing to run, with its reason
)

// Finished reports whether a run ended well: what it was to do is done.
func (o Outcome) Finished() bool {
	return o == Done || o == NeedsAttention || o == NothingNew || o == Skipped
}

// Entry is one attempt of a run.
type Entry struct {
	Format  int       `json:"format"`
	ID      string    `json:"id"`   // 20261003T013000.000Z-nightly: the start, UTC, and the kind
	Kind    string    `json:"kind"` // jobs.Kind
	Command string    `json:"command"`
	Why     string    `json:"why"`           // jobs.Why
	Due     string    `json:"due,omitempty"` // the firing it stands for, RFC 3339 in UTC
	AsOf    string    `json:"as_of"`         // the run's clock, RFC 3339 in UTC
	Started time.Time `json:"started"`       // the real clock, UTC
	Ended   time.Time `json:"ended,omitzero"`
	Outcome Outcome   `json:"outcome"`
	Error   string    `json:"error,omitempty"`
	Hint    string    `json:"hint,omitempty"`
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Version string    `json:"version,omitempty"`

	AcceptRejects string `json:"accept_rejects,omitempty"` // why it may reject more than its gates allow

	Changed  bool  `json:"changed"`            // it committed, or, of a publish, the views show something new
	Manifest int64 `json:"manifest,omitempty"` // the live state, or, of a publish, what the views show, after it

	// hash of Manifest, whose number another state has after the lake was restored; "" = not known
	State manifest.Hash `json:"state,omitempty"`
	// origin of the lake that it left (lake.Snapshot.Origin); "" = not known, or empty
	Lake manifest.Hash `json:"lake,omitempty"`
	// it began on an empty lake while the ledger named an earlier one, and does not say which lake it left
	NewLake bool `json:"new_lake,omitempty"`

	// Of the feed files that it took: Rows = Accepted + Duplicate + Rejected.
	Rows         int64            `json:"rows"`
	Accepted     int64            `json:"accepted"`
	Duplicate    int64            `json:"duplicate"`
	Rejected     int64            `json:"rejected"`
	Reasons      map[string]int64 `json:"reasons,omitempty"` // rejects by reason
	DaysFolded   int              `json:"days_folded"`
	LinesWritten int64            `json:"lines_written"`
	// feed files that failed completely or changed meanwhile, at most MaxNotTaken
	NotTaken  []NotTaken `json:"not_taken,omitempty"`
	Notes     []string   `json:"notes,omitempty"`
	Owed      *Owed      `json:"publish_owed,omitempty"`
	Published int64      `json:"published,omitempty"` // the manifest that the views show since this run

	Tasks   []Tasks  `json:"tasks,omitempty"`   // of a run on an engine, by stage
	Workers []Worker `json:"workers,omitempty"` // that did them, by name, at most MaxWorkers

	Stages []Stage `json:"stages,omitempty"` // in their order; the last one of a run that did not end is where it was
}

// endedBadly reports whether a run may have committed and not said so: it is on, or it ended before it could.
func (e *Entry) endedBadly() bool {
	return !e.Outcome.Finished() && e.Outcome != Refused && e.Outcome != Gated
}

// describedBy reports whether a manifest says of its run what the entry says.
func (e *Entry) describedBy(m *manifest.Manifest) bool {
	return m.Command == e.Command && m.AsOf == e.AsOf
}

// Stage is one stage of a run.
type Stage struct {
	Name    string  `json:"name"` // `open` (settings and books), or one of pipeline's
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu_seconds"` // of all threads of the process
	Peak    int64   `json:"peak_bytes"`  // the most memory of the process that was resident during it; 0 = not known
	Rows    int64   `json:"rows,omitempty"`
}

// Tasks counts the tasks of a stage that workers of an engine did in this run.
type Tasks struct {
	Stage    string `json:"stage"` // scan, rerate, bucket or publish
	Done     int    `json:"done"`
	Attempts int    `json:"attempts"`          // that are known; Done if each task was done at the first attempt
	Failure  string `json:"failure,omitempty"` // of the first attempt that failed
	// of the attempt that did each task, by the task's number; 0 = another run did it, or it is not known
	Seconds []float64 `json:"seconds,omitempty"`
}

// Longest returns how long the longest task took, and what fraction of the time of all tasks that is.
func (t *Tasks) Longest() (seconds, share float64) {
	var all float64
	for _, s := range t.Seconds {
		all += s
		seconds = max(seconds, s)
	}
	if all == 0 {
		return 0, 0
	}
	return seconds, seconds / all
}

// Worker is a process that did tasks.
type Worker struct {
	Name    string  `json:"name"`
	Done    int     `json:"done"`
	Failed  int     `json:"failed,omitempty"`
	Seconds float64 `json:"seconds"` // of all its attempts
}

// MaxWorkers is how many workers an entry names.
const MaxWorkers = 1000

// Seconds is how long a run took by the real clock; ok is false for one that did not end.
func (e *Entry) Seconds() (seconds float64, ok bool) {
	if e.Ended.IsZero() {
		return 0, false
	}
	return e.Ended.Sub(e.Started).Seconds(), true
}

// Peak is the most memory of the process that was resident during the run, bytes; 0 = not known.
func (e *Entry) Peak() int64 {
	var most int64
	for i := range e.Stages {
		most = max(most, e.Stages[i].Peak)
	}
	return most
}

// MaxNotTaken is how many files that were not taken an entry names.
const MaxNotTaken = 100

// NotTaken is a feed file of which nothing was taken.
type NotTaken struct {
	File string `json:"file"` // below inbox/
	Why  string `json:"why"`
}

// Owed says why what a run committed was not published then.
type Owed struct {
	Why  string `json:"why"`
	Hint string `json:"hint,omitempty"`
}
