package jobs

import (
	"math"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake"
)

// attempts records in the entry of a run what the workers of an engine did.
type attempts struct{ entry *ledger.Entry }

// add records one attempt. It is called by one goroutine at a time.
func (a *attempts) add(one *lake.TaskAttempt) {
	t := a.stage(one.Stage)
	t.Attempts++
	switch {
	case one.Failure == nil:
		t.Done++
		t.Seconds = append(t.Seconds, make([]float64, max(0, one.Task+1-len(t.Seconds)))...)
		t.Seconds[one.Task] = math.Round(one.Seconds*1e6) / 1e6
	case t.Failure == "":
		t.Failure = one.Failure.Text
	}
	w := a.worker(one.Worker)
	if w == nil {
		return
	}
	w.Seconds += one.Seconds
	if one.Failure == nil {
		w.Done++
	} else {
		w.Failed++
	}
}

// stage returns the entry's record of a stage's tasks.
func (a *attempts) stage(name string) *ledger.Tasks {
	e := a.entry
	at := slices.IndexFunc(e.Tasks, func(t ledger.Tasks) bool { return t.Stage == name })
	if at < 0 {
		at = len(e.Tasks)
		e.Tasks = append(e.Tasks, ledger.Tasks{Stage: name})
	}
	return &e.Tasks[at]
}

// worker returns the entry's record of a worker; nil = the entry already has the maximum number of workers.
func (a *attempts) worker(name string) *ledger.Worker {
	e := a.entry
	at, found := slices.BinarySearchFunc(e.Workers, name, func(w ledger.Worker, name string) int {
		return strings.Compare(w.Name, name)
	})
	if !found {
		if len(e.Workers) == ledger.MaxWorkers {
			return nil
		}
		e.Workers = slices.Insert(e.Workers, at, ledger.Worker{Name: name})
	}
	return &e.Workers[at]
}
