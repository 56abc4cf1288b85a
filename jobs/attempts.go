package jobs

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake/task"
)

// attempts notes what the workers of an engine did for a run.
type attempts struct{ entry *ledger.Entry }

// add notes one attempt. It is called by one goroutine at a time.
func (a *attempts) add(one *task.Attempt) {
	e := a.entry
	at := slices.IndexFunc(e.Tasks, func(t ledger.Tasks) bool { return t.Stage == one.Stage })
	if at < 0 {
		at = len(e.Tasks)
		e.Tasks = append(e.Tasks, ledger.Tasks{Stage: one.Stage})
	}
	t := &e.Tasks[at]
	t.Attempts++
	who, found := slices.BinarySearchFunc(e.Workers, one.Worker, func(w ledger.Worker, name string) int {
		return strings.Compare(w.Name, name)
	})
	if !found {
		if len(e.Workers) == ledger.MaxWorkers {
			return
		}
		e.Workers = slices.Insert(e.Workers, who, ledger.Worker{Name: one.Worker})
	}
	w := &e.Workers[who]
	w.Seconds += one.Seconds
	if one.Failure == nil {
		t.Done++
		w.Done++
		return
	}
	w.Failed++
	if t.Failure == "" {
		t.Failure = one.Failure.Text
	}
}
