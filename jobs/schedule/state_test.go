package schedule

import (
	"testing"
	"time"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestResetIsANight checks that a night that sets the lake's clock back ingests the inbox as any night does, and that a
// run with a future as-of does not count.
func TestResetIsANight(t *testing.T) {
	t.Parallel()
	s := State{Intake: period.Past}
	s.ran(run{"run nightly --reset-clock", 5}, 10)
	if s.Intake != 5 {
		t.Errorf("newest intake %v, want 5", s.Intake)
	}
	s.ran(run{"run nightly", 11}, 10)
	if s.Intake != 5 {
		t.Errorf("after a run of the future: newest intake %v, want 5", s.Intake)
	}
}

// TestIdleRunsPublishNothing checks that a publish stays owed after a run of a kind that publishes only if it changed
// the lake.
func TestIdleRunsPublishNothing(t *testing.T) {
	t.Parallel()
	const asOf = "2026-10-01T00:00:00Z"
	for kind, owed := range map[jobs.Kind]bool{jobs.Prune: true, jobs.Rejects: true, jobs.Rebucket: true,
		jobs.Nightly: false} {
		f := found{state: State{Unpaid: period.Past}, manifest: 2, good: map[jobs.Kind]time.Time{}}
		_, err := f.entries([]ledger.Entry{
			{Kind: string(jobs.Nightly), AsOf: asOf, Outcome: ledger.NeedsAttention, Manifest: 2, Changed: true,
				Owed: &ledger.Owed{Why: "no server"}},
			{Kind: string(kind), AsOf: asOf, Outcome: ledger.NothingNew, Manifest: 2},
		}, period.Forever)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.state.Unpaid != period.Past; got != owed {
			t.Errorf("after an idle %s: a publish is owed: %v, want %v", kind, got, owed)
		}
	}
}
