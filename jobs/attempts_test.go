package jobs

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake"
)

// TestAttempts records tasks that end in another order than that of their numbers, one of them at its second attempt.
func TestAttempts(t *testing.T) {
	t.Parallel()
	var e ledger.Entry
	a := attempts{&e}
	for _, one := range []lake.TaskAttempt{
		{Stage: "scan", Task: 0, Number: 1, Worker: "b", Seconds: 2},
		{Stage: "bucket", Task: 3, Number: 1, Worker: "b", Seconds: 0.5},
		{Stage: "bucket", Task: 1, Number: 1, Worker: "a", Seconds: 9, Failure: &lake.TaskFailure{Text: "disk full"}},
		{Stage: "bucket", Task: 1, Number: 2, Worker: "b", Seconds: 1.5},
	} {
		a.add(&one)
	}
	want := ledger.Entry{
		Tasks: []ledger.Tasks{
			{Stage: "scan", Done: 1, Attempts: 1, Seconds: []float64{2}},
			{Stage: "bucket", Done: 2, Attempts: 3, Failure: "disk full", Seconds: []float64{0, 1.5, 0, 0.5}},
		},
		Workers: []ledger.Worker{{Name: "a", Failed: 1, Seconds: 9}, {Name: "b", Done: 3, Seconds: 4}},
	}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Errorf("the entry (- want, + got):\n%s", diff)
	}
	if longest, share := e.Tasks[1].Longest(); longest != 1.5 || share != 0.75 {
		t.Errorf("longest %v, %v of all", longest, share)
	}
}

// TestManyWorkers checks that all tasks are counted even if an entry has no room for the names of all workers.
func TestManyWorkers(t *testing.T) {
	t.Parallel()
	var e ledger.Entry
	a := attempts{&e}
	for i := range ledger.MaxWorkers + 2 {
		a.add(&lake.TaskAttempt{Stage: "bucket", Task: i, Number: 1, Worker: fmt.Sprintf("host/%04d", i), Seconds: 1})
	}
	if got := e.Tasks[0].Done; got != ledger.MaxWorkers+2 || len(e.Workers) != ledger.MaxWorkers {
		t.Errorf("%d tasks done, %d workers named", got, len(e.Workers))
	}
}
