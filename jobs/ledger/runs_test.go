package ledger

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// stateOf returns the manifest of a lake that has ingested the given numbers of usage rows and rejected ones, and one
// row of orders.
func stateOf(number int64, command, asOf string, read, rejected int) lake.Manifest {
	total := func(name string, n int) lake.TableTotal { return lake.TableTotal{Name: name, Value: fmt.Sprint(n)} }
	return lake.Manifest{Number: number, Command: command, AsOf: asOf, Totals: []lake.TableTotal{
		total("2026-09/lines.rows", 77), total("rows.orders.accepted", 1), total("rows.orders.read", 1),
		total("rows.usage.accepted", read-rejected),
		total("rows.usage.read", read), total("rows.usage.rejected", rejected)}}
}

func attempt(id, command, asOf string, outcome Outcome, manifest int64) Entry {
	return Entry{ID: id, Command: command, AsOf: asOf, Outcome: outcome, Manifest: manifest, Changed: manifest != 0 &&
		outcome != NothingNew}
}

// told returns each run as one line: ID, outcome, manifest, rows read and rejected.
func told(runs []Run) (list []string) {
	for _, r := range runs {
		line := fmt.Sprintf("%s %s %d: %d %d", r.ID, r.Outcome, r.Committed, r.Rows, r.Rejected)
		if r.Rebuilt {
			line += " rebuilt"
		}
		if r.Owes {
			line += " owes"
		}
		list = append(list, line)
	}
	return list
}

func TestJoin(t *testing.T) {
	t.Parallel()
	chain := []lake.Manifest{ // newest first
		stateOf(4, "ingest --retry-rejects", "d4", 150, 3),
		stateOf(3, "run nightly", "d3", 150, 8),
		stateOf(2, "run nightly", "d2", 100, 8),
		stateOf(1, "run nightly", "d1", 60, 5),
	}
	for _, c := range []struct {
		name    string
		entries []Entry
		want    []string
	}{
		{"no ledger", nil, []string{"4 done 4: 0 -5 rebuilt", "3 done 3: 50 0 rebuilt", "2 look 2: 40 3 rebuilt",
			"1 look 1: 61 5 rebuilt"}},
		{"all there", []Entry{
			attempt("a", "run nightly", "d1", NeedsAttention, 1), attempt("b", "run nightly", "d1", NothingNew, 1),
			attempt("c", "run nightly", "d2", NeedsAttention, 2),
			attempt("d", "run nightly", "d3", Gated, 0), attempt("e", "run nightly", "d3", Done, 3),
			attempt("f", "ingest --retry-rejects", "d4", Done, 4),
		}, []string{"f done 4: 0 -5", "e done 3: 50 0", "d gated 0: 0 0", "c look 2: 40 3", "b nothing new 0: 0 0",
			"a look 1: 61 5"}},
		{"a hole, and the oldest gone", []Entry{attempt("c", "run nightly", "d2", NeedsAttention, 2),
			attempt("f", "ingest --retry-rejects", "d4", Done, 4)},
			[]string{"f done 4: 0 -5", "3 done 3: 50 0 rebuilt", "c look 2: 40 3", "1 look 1: 61 5 rebuilt"}},
		{"killed after its commit; another as-of is another run", []Entry{
			attempt("a", "run nightly", "d1", NeedsAttention, 1), attempt("b", "run nightly", "d1", Killed, 0),
			attempt("c", "run nightly", "d2", Killed, 0), attempt("d", "run nightly", "d2", NothingNew, 2),
		}, []string{"4 done 4: 0 -5 rebuilt", "3 done 3: 50 0 rebuilt", "d nothing new 0: 0 0", "c killed 2: 40 3",
			"b killed 0: 0 0", "a look 1: 61 5"}},
		{"the ledger of a lake that was moved away", []Entry{attempt("a", "run nightly", "c1", Done, 1),
			attempt("b", "close --cycle 2026-08", "c2", Done, 2)},
			[]string{"4 done 4: 0 -5 rebuilt", "3 done 3: 50 0 rebuilt", "2 look 2: 40 3 rebuilt",
				"1 look 1: 61 5 rebuilt", "b done 0: 0 0", "a done 0: 0 0"}},
	} {
		if diff := cmp.Diff(c.want, told(Join(c.entries, chain, false))); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.name, diff)
		}
	}
	got := Join([]Entry{attempt("a", "run nightly", "d1", Failed, 0)}, nil, true)
	if len(got) != 1 || got[0].ID != "a" {
		t.Errorf("without a lake: %v", told(got))
	}
}

// TestOwed checks that a publish is pending until a later run or a manual publish has published that manifest or a
// newer one. A publish that failed, or that covered only one cycle, does not count.
func TestOwed(t *testing.T) {
	t.Parallel()
	chain := []lake.Manifest{stateOf(3, "run nightly", "d3", 3, 0), stateOf(2, "run nightly", "d2", 2, 0),
		stateOf(1, "run nightly", "d1", 1, 0)}
	night := func(number int64, owed bool, shown int64) Entry {
		e := attempt(fmt.Sprintf("%c", 'a'+number), "run nightly", fmt.Sprintf("d%d", number), Done, number)
		if e.Published = shown; owed {
			e.Owed = &Owed{Why: "no server"}
		}
		return e
	}
	owes := func(entries ...Entry) (ids []string) {
		for _, r := range Join(entries, chain, true) {
			if r.Owes {
				ids = append(ids, r.ID)
			}
		}
		slices.Sort(ids)
		return ids
	}
	if diff := cmp.Diff([]string{"b", "c"}, owes(night(1, true, 0), night(2, true, 0))); diff != "" {
		t.Error(diff)
	}
	if got := owes(night(1, true, 0), night(2, true, 0), night(3, false, 3)); got != nil {
		t.Errorf("%v owe what the third night published", got)
	}
	hand := Entry{ID: "z", Kind: "publish", Command: "publish", Outcome: Done, Changed: true, Manifest: 1, Published: 1}
	if diff := cmp.Diff([]string{"c"}, owes(night(1, true, 0), night(2, true, 0), hand)); diff != "" {
		t.Error(diff)
	}
	failed, one := hand, hand
	failed.Outcome = Failed
	one.Command = "publish --cycle 2026-10"
	for _, e := range []Entry{failed, one} {
		if diff := cmp.Diff([]string{"b"}, owes(night(1, true, 0), e)); diff != "" {
			t.Errorf("after %s, %s: %s", e.Command, e.Outcome, diff)
		}
	}
}

// TestEndedBeforeItsPublish checks that the publish of a run that ended between its commit and its publish is pending,
// provided that runs publish, until a later run has published that manifest.
func TestEndedBeforeItsPublish(t *testing.T) {
	t.Parallel()
	chain := []lake.Manifest{stateOf(2, "run nightly", "d2", 2, 0), stateOf(1, "run nightly", "d1", 1, 0)}
	first := attempt("a", "run nightly", "d1", Done, 1)
	first.Published = 1
	shown := attempt("c", "prune", "d3", NothingNew, 2)
	shown.Published = 2
	for _, c := range []struct {
		outcome   Outcome
		publishes bool
		later     []Entry
		owes      bool
	}{
		{Killed, true, nil, true},
		{Failed, true, nil, true},
		{Running, true, nil, false},
		{Killed, false, nil, false},
		{Killed, true, []Entry{attempt("c", "prune", "d3", NothingNew, 2)}, true},
		{Killed, true, []Entry{shown}, false},
	} {
		second := attempt("b", "run nightly", "d2", c.outcome, 0)
		runs := Join(append([]Entry{first, second}, c.later...), chain, c.publishes)
		for _, r := range runs {
			if want := c.owes && r.ID == "b"; r.Owes != want {
				t.Errorf("%+v: run %s owes a publish: %v", c, r.ID, r.Owes)
			}
		}
	}
}
