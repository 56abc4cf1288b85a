package lake_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/objects"
)

// commits is the result of one writer's commit.
type commits struct {
	committed bool // the commit was confirmed
	fenced    bool // the commit was refused
}

// TestTwoCoordinators lets two writers start from one state and commit at the same time, 1,000 times. The store
// mishandles one of eight requests: it fails, answers 409 or 503, loses the response, delays the request or lists late.
// At most one writer commits. A confirmed commit is in the chain, a refused one is not. Invariants: CHAIN-1, CHAIN-3,
// OBJECTS-7.
func TestTwoCoordinators(t *testing.T) {
	t.Parallel()
	const perStore = 25
	races := 1000
	if testing.Short() {
		races = 200
	}
	faults := []objects.Fault{objects.Fail, objects.Busy, objects.Forget, objects.Delay, objects.Stale}
	var confirmed, refused, other int
	var store *objects.Mem
	for race := range races {
		if race%perStore == 0 {
			store = objects.NewMem()
			if _, err := night(over(t, store), lake.Options{}, 0); err != nil {
				t.Fatal(err)
			}
		}
		before := length(t, store)
		random := rand.New(rand.NewPCG(uint64(race), 21))
		writers := [2]*lake.Txn{begin(t, open(t, over(t, store))), begin(t, open(t, over(t, store)))}
		store.Plan = func(objects.Request) objects.Fault { // called for one request at a time
			if random.IntN(8) > 0 {
				return objects.None
			}
			return faults[random.IntN(len(faults))]
		}
		var group sync.WaitGroup
		var results [2]commits
		for w, txn := range writers {
			group.Go(func() { results[w] = commit(t, txn, race, w) })
		}
		group.Wait()
		store.Plan = nil
		store.Arrive()
		after := length(t, store)
		for w, r := range results {
			content := store.Objects()[fmt.Sprintf("manifests/%06d.json", before+1)]
			own := after > before && manifestOf(t, content).AsOf == asOf(race, w)
			switch {
			case r.committed && !own:
				t.Fatalf("race %d: the commit of writer %d was confirmed and is not in the chain:\n%s", race, w,
					content)
			case r.fenced && own:
				t.Fatalf("race %d: the commit of writer %d was refused and is in the chain", race, w)
			case r.committed:
				confirmed++
			case r.fenced:
				refused++
			default:
				other++
			}
		}
		if after > before+1 {
			t.Fatalf("race %d: the chain grew from %d to %d", race, before, after)
		}
	}
	t.Logf("of %d commits, %d were confirmed, %d refused, %d ended with another error", 2*races, confirmed, refused,
		other)
	if confirmed == 0 || refused == 0 {
		t.Error("no commit was confirmed, or none was refused")
	}
}

// asOf returns the as-of of a writer in a race, which differs from that of every other writer.
func asOf(race, writer int) string {
	return fmt.Sprintf("2026-10-%02dT%02d:%02d:%02dZ", 1+race/500, race/60%24, race%60, writer)
}

// commit writes a file and commits it.
func commit(t *testing.T, txn *lake.Txn, race, writer int) commits {
	t.Helper()
	txn.Next().SetRun(asOf(race, writer), "night")
	err := replace(txn, dayKey("2026-09-01", writer), fmt.Sprintf("race %d, writer %d", race, writer))
	if err != nil {
		return commits{}
	}
	changed, err := txn.Commit(context.Background())
	fenced := new(lake.FencedError)
	if err == nil && !changed {
		t.Errorf("race %d: writer %d changed nothing", race, writer)
	}
	return commits{committed: changed, fenced: errors.As(err, &fenced)}
}

// length returns the number of the newest manifest. It reads the complete chain and every file of the newest state.
func length(t *testing.T, store *objects.Mem) int64 {
	t.Helper()
	snap, err := open(t, over(t, store)).Head()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := snap.History()
	if err != nil || int64(len(chain)) != snap.Manifest.Number {
		t.Fatalf("%d manifests, %v; want %d", len(chain), err, snap.Manifest.Number)
	}
	report, err := snap.CheckFiles(context.Background(), nil)
	if err != nil || len(report.Findings) > 0 {
		t.Fatalf("the files of the newest state: %v, %v", report, err)
	}
	return snap.Manifest.Number
}

// manifestOf decodes a manifest.
func manifestOf(t *testing.T, text string) lake.Manifest {
	t.Helper()
	var m lake.Manifest
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}
