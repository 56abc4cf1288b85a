package ledger

import (
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/problem"
)

// format is the version of the entries' layout.
const format = 1

// Outcome is the result of a run in one word.
type Outcome string

// The outcomes.
const (
	Running        Outcome = "running"
	Done           Outcome = "done"
	NeedsAttention Outcome = "look"        // done, and a person should check
	NothingNew     Outcome = "nothing new" // nothing was written
	Refused        Outcome = "refused"     // command, settings or books are wrong: nothing was done
	Gated          Outcome = "gated"       // more rejects than the gates allow: nothing was done
	Failed         Outcome = "failed"
	Killed         Outcome = "killed"      // its process ended without reporting; never written, derived when reading
	Interrupted    Outcome = "interrupted" // by a signal: nothing was committed
	Panicked       Outcome = "panicked"
	Skipped        Outcome = "skipped" // a firing that had nothing to do, with the reason
)

// Finished reports whether a run completed its job.
func (o Outcome) Finished() bool {
	return o == Done || o == NeedsAttention || o == NothingNew || o == Skipped
}

// OutcomeOf returns the outcome of a run that ended with an error.
func OutcomeOf(err error) Outcome {
	switch class := problem.ClassOf(err); {
	case class == problem.Gated:
		return Gated
	case class.NothingDone():
		return Refused
	}
	return Failed
}

// Entry is one attempt of a run.
type Entry struct {
	Format  int       `json:"format"`
	ID      string    `json:"id"`   // 20261003T013000.000Z-nightly: the start, UTC, and the kind
	Kind    string    `json:"kind"` // jobs.Kind
	Command string    `json:"command"`
	Why     string    `json:"why"`           // jobs.Why
	Due     string    `json:"due,omitempty"` // the firing that the run performs, RFC 3339 in UTC
	AsOf    string    `json:"as_of"`         // the run's clock, RFC 3339 in UTC
	Started time.Time `json:"started"`       // the real clock, UTC
	Ended   time.Time `json:"ended,omitzero"`
	Outcome Outcome   `json:"outcome"`
	Error   string    `json:"error,omitempty"`
	Hint    string    `json:"hint,omitempty"`
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Version string    `json:"version,omitempty"`

	AcceptRejects string `json:"accept_rejects,omitempty"` // why it can reject more than its gates allow

	Changed  bool  `json:"changed"`            // it committed; for a publish: the views show something new
	Manifest int64 `json:"manifest,omitempty"` // the live state; for a publish: the state in the views, afterwards

	// hash of that manifest, since after a restore another state can have its number; "" = not known
	State lake.Hash `json:"state,omitempty"`
	// origin of the lake afterwards (lake.Snapshot.Origin); "" = not known, or an empty lake
	Lake lake.Hash `json:"lake,omitempty"`
	// it began on an empty lake while the ledger named an earlier one, and the origin is not known
	NewLake bool `json:"new_lake,omitempty"`

	// of the feed files that it ingested: rows = accepted + duplicate + rejected
	Rows         int64            `json:"rows"`
	Accepted     int64            `json:"accepted"`
	Duplicate    int64            `json:"duplicate"`
	Rejected     int64            `json:"rejected"`
	Reasons      map[string]int64 `json:"reasons,omitempty"` // rejects by reason
	DaysFolded   int              `json:"days_folded"`
	LinesWritten int64            `json:"lines_written"`
	// feed files that failed completely or changed while they were read, at most 100
	NotTaken  []NotTaken `json:"not_taken,omitempty"`
	Notes     []string   `json:"notes,omitempty"`
	Owed      *Owed      `json:"publish_owed,omitempty"`
	Published int64      `json:"published,omitempty"` // the manifest that the views show since this run

	Tasks   []Tasks  `json:"tasks,omitempty"`   // for a run on an engine, by stage
	Workers []Worker `json:"workers,omitempty"` // workers that did them, by name, at most MaxWorkers

	Stages []Stage `json:"stages,omitempty"` // in order; the last one of an unfinished run is where it stopped
}

// endedBadly reports whether a run can have committed without an entry that says so: it is active, or ended before.
func (e *Entry) endedBadly() bool {
	return !e.Outcome.Finished() && e.Outcome != Refused && e.Outcome != Gated
}

// describedBy reports whether a manifest and the entry describe the same run.
func (e *Entry) describedBy(m *lake.Manifest) bool {
	return m.Command == e.Command && m.AsOf == e.AsOf
}

// Stage is one stage of a run.
type Stage struct {
	Name    string  `json:"name"` // `open` (settings and books), or a stage of the pipeline
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu_seconds"` // of all threads of the process
	Peak    int64   `json:"peak_bytes"`  // peak resident memory of the process during the stage; 0 = not known
	Rows    int64   `json:"rows,omitempty"`
}

// Tasks counts the tasks of a stage that workers of an engine did in this run.
type Tasks struct {
	Stage    string `json:"stage"` // hash, scan, rerate, count, slice, bucket, reject or publish
	Done     int    `json:"done"`
	Attempts int    `json:"attempts"`          // known attempts; Done if each task succeeded at the first
	Failure  string `json:"failure,omitempty"` // of the first failed attempt
	// duration of the successful attempt by task number; 0 = another run did the task, or not known
	Seconds []float64 `json:"seconds,omitempty"`
}

// Longest returns the duration of the longest task, and its share of the time of all tasks.
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

// MaxWorkers is the maximum number of workers in an entry.
const MaxWorkers = 1000

// Seconds is the duration of a run by the real clock; ok is false if the run did not end.
func (e *Entry) Seconds() (seconds float64, ok bool) {
	if e.Ended.IsZero() {
		return 0, false
	}
	return e.Ended.Sub(e.Started).Seconds(), true
}

// Peak is the peak resident memory of the process during the run, in bytes; 0 = not known.
func (e *Entry) Peak() int64 {
	var most int64
	for i := range e.Stages {
		most = max(most, e.Stages[i].Peak)
	}
	return most
}

// MaxNotTaken is the maximum number of files that were not taken in an entry.
const MaxNotTaken = 100

// NotTaken is a feed file of which nothing was taken.
type NotTaken struct {
	File string `json:"file"` // below inbox/
	Why  string `json:"why"`
}

// Owed says why the state that a run committed was not published.
type Owed struct {
	Why  string `json:"why"`
	Hint string `json:"hint,omitempty"`
}
