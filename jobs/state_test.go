package jobs

import (
	"testing"
	"time"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestResetIsANight checks that a nightly run that sets the lake's clock back counts as an intake, and that a run with
// a future as-of does not.
func TestResetIsANight(t *testing.T) {
	t.Parallel()
	s := State{Intake: period.Past}
	s.ran(scheduledRun{"run nightly --reset-clock", 5}, 10)
	if s.Intake != 5 {
		t.Errorf("newest intake %v, want 5", s.Intake)
	}
	s.ran(scheduledRun{"run nightly", 11}, 10)
	if s.Intake != 5 {
		t.Errorf("after a run of the future: newest intake %v, want 5", s.Intake)
	}
}

// TestIdleRunsPublishNothing checks that a publish stays pending after a run of a kind that publishes only if it
// changed the lake.
func TestIdleRunsPublishNothing(t *testing.T) {
	t.Parallel()
	const asOf = "2026-10-01T00:00:00Z"
	for kind, owed := range map[Kind]bool{Prune: true, Rejects: true, Rebucket: true,
		Nightly: false} {
		f := found{state: State{Unpaid: period.Past}, manifest: 2, good: map[Kind]time.Time{}}
		_, err := f.entries([]ledger.Entry{
			{Kind: string(Nightly), AsOf: asOf, Outcome: ledger.NeedsAttention, Manifest: 2, Changed: true,
				Owed: &ledger.Owed{Why: "no server"}},
			{Kind: string(kind), AsOf: asOf, Outcome: ledger.NothingNew, Manifest: 2},
		}, "", period.Forever)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.state.Unpaid != period.Past; got != owed {
			t.Errorf("after an idle %s: a publish is owed: %v, want %v", kind, got, owed)
		}
	}
}

// TestPaid checks which state is the newest published one according to the ledger.
func TestPaid(t *testing.T) {
	t.Parallel()
	entry := func(kind Kind, outcome ledger.Outcome, number int64) ledger.Entry {
		return ledger.Entry{Kind: string(kind), Command: string(kind), AsOf: "2026-10-01T00:00:00Z", Outcome: outcome,
			Manifest: number, Changed: outcome == ledger.Done, Lake: "ours"}
	}
	idle := entry(Prune, ledger.NothingNew, 3)
	publishes := idle
	publishes.Published = 3
	before := entry(Nightly, ledger.Done, 3)
	before.Lake = "before"
	older := entry(Nightly, ledger.Done, 3)
	older.Lake = ""
	owes := entry(Nightly, ledger.Done, 3)
	owes.Owed = new(ledger.Owed)
	other := entry(Publish, ledger.Done, 3)
	other.State = "another"
	same := other
	same.State = "third"
	one := entry(Publish, ledger.Done, 3)
	one.Command = "publish --cycle 2026-09"
	for name, c := range map[string]struct {
		last ledger.Entry
		paid int64
	}{
		"a night":                           {entry(Nightly, ledger.NothingNew, 3), 3},
		"a night that was killed":           {entry(Nightly, ledger.Killed, 0), 2},
		"a night whose publish failed":      {owes, 2},
		"a night on the lake before":        {before, 2},
		"a night whose lake is not known":   {older, 3},
		"a prune that was idle":             {idle, 2},
		"a prune that was idle, publishing": {publishes, 3},
		"a publish":                         {entry(Publish, ledger.Done, 3), 3},
		"a publish of one cycle":            {one, 2},
		"a publish of another manifest 3":   {other, 2},
		"a publish of this manifest 3":      {same, 3},
		"a night before a restore":          {entry(Nightly, ledger.Done, 4), 2},
	} {
		f := found{state: State{Unpaid: period.Past, Done: map[Kind]period.Instant{}}, manifest: 3,
			states: map[int64]lake.Hash{3: "third"}, good: map[Kind]time.Time{}}
		paid, err := f.entries([]ledger.Entry{entry(Nightly, ledger.Done, 2), c.last}, "ours", period.Forever)
		if err != nil || paid != c.paid {
			t.Errorf("%s: manifest %d, %v; want %d", name, paid, err, c.paid)
		}
	}
}

// TestEntriesBeforeRestore checks that a run counts only if the lake can have the state after it: not if the lake was
// restored to an earlier state since, or is another one.
func TestEntriesBeforeRestore(t *testing.T) {
	t.Parallel()
	cycle := period.CycleOf(2026, 9)
	idle := ledger.Entry{Kind: string(Monthly), Command: "run monthly --cycle 2026-09",
		AsOf: "2026-10-05T04:00:00Z", Outcome: ledger.NothingNew, Manifest: 3, State: "third", Lake: "ours"}
	owes := idle
	owes.Owed = &ledger.Owed{Why: "no server"}
	for name, c := range map[string]struct {
		change func(e *ledger.Entry)
		counts bool
	}{
		"of this state":         {func(*ledger.Entry) {}, true},
		"of an unknown state":   {func(e *ledger.Entry) { e.State, e.Lake = "", "" }, true},
		"of a missing manifest": {func(e *ledger.Entry) { e.Manifest, e.State = 1, "first" }, true},
		"of another manifest 3": {func(e *ledger.Entry) { e.State = "another" }, false},
		"of another lake":       {func(e *ledger.Entry) { e.Lake = "before" }, false},
		"of a later manifest":   {func(e *ledger.Entry) { e.Manifest = 4 }, false},
	} {
		for _, e := range []ledger.Entry{idle, owes} {
			c.change(&e)
			f := found{state: State{Unpaid: period.Past, Monthly: map[period.Cycle]period.Instant{},
				Done: map[Kind]period.Instant{}}, manifest: 3,
				states: map[int64]lake.Hash{2: "second", 3: "third"}, good: map[Kind]time.Time{}}
			if _, err := f.entries([]ledger.Entry{e}, "ours", period.Forever); err != nil {
				t.Fatal(err)
			}
			_, good := f.good[Monthly]
			_, ran := f.state.Monthly[cycle]
			owed := f.state.Unpaid != period.Past
			if good != c.counts || ran != c.counts || owed != (c.counts && e.Owed != nil) {
				t.Errorf("a run %s: it succeeded: %v, it ran: %v, a publish is owed: %v", name, good, ran, owed)
			}
		}
	}
}
