package lake_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/objects"
)

const hour = 3600

// dayText commits a text as the lines of a day.
func dayText(t testing.TB, store objects.Store, text string) error {
	t.Helper()
	txn, err := open(t, over(t, store)).Begin()
	if err != nil {
		return err
	}
	if err := replace(txn, dayKey("2026-09-01", 0), text); err != nil {
		return errors.Join(err, txn.Close())
	}
	_, err = txn.Commit(context.Background())
	return err
}

// must fails the test if a run without faults returns an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// texts returns the contents of the data files in a store.
func texts(store *objects.Mem) []string {
	var out []string
	for name, text := range store.Objects() {
		if strings.HasPrefix(name, "lines/") {
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return out
}

// TestSweep checks that a file is deleted one day after the state that had it was replaced, and not earlier (CHAIN-6).
func TestSweep(t *testing.T) {
	t.Parallel()
	store := objects.NewMem()
	must(t, dayText(t, store, "first"))
	store.Advance(25 * hour)
	must(t, dayText(t, store, "second"))
	store.Advance(23 * hour)
	must(t, dayText(t, store, "third"))
	if got, want := texts(store), []string{"first", "second", "third"}; !slices.Equal(got, want) {
		t.Errorf("23 hours after the first was replaced the store has %q, want %q", got, want)
	}
	store.Advance(2 * hour)
	must(t, dayText(t, store, "third")) // changes nothing
	if got, want := texts(store), []string{"second", "third"}; !slices.Equal(got, want) {
		t.Errorf("25 hours after the first was replaced the store has %q, want %q", got, want)
	}
	store.Advance(48 * hour)
	must(t, dayText(t, store, "fourth"))
	store.Advance(48 * hour)
	must(t, dayText(t, store, "fourth"))
	want := named(t, over(t, store))
	want["HEAD"] = store.Objects()["HEAD"]
	if diff := cmp.Diff(want, store.Objects()); diff != "" {
		t.Errorf("after two days the store has more than the newest state and the manifests (-want +got):\n%s", diff)
	}
}

// TestSweepOfLeftovers checks that the files of a run that did not commit, and the mark of a sweep that was killed, are
// deleted after a day (CHAIN-6).
func TestSweepOfLeftovers(t *testing.T) {
	t.Parallel()
	store := objects.NewMem()
	must(t, dayText(t, store, "first"))
	txn := begin(t, open(t, over(t, store)))
	must(t, replace(txn, dayKey("2026-09-01", 0), "given up"))
	must(t, txn.Close())
	store.Set("sweeps/killed", []byte{})
	store.Advance(25 * hour)
	must(t, dayText(t, store, "second"))
	if got, want := texts(store), []string{"first", "second"}; !slices.Equal(got, want) {
		t.Errorf("the store has %q, want %q", got, want)
	}
	if _, left := store.Objects()["sweeps/killed"]; left {
		t.Error("the mark of a sweep that was killed is left")
	}
}

// TestSweepFails checks that a run commits even if the store refuses deletions (CHAIN-6).
func TestSweepFails(t *testing.T) {
	t.Parallel()
	store := objects.NewMem()
	must(t, dayText(t, store, "first"))
	store.Advance(25 * hour)
	must(t, dayText(t, store, "second"))
	store.Advance(48 * hour)
	store.Plan = func(r objects.Request) objects.Fault {
		if r.Kind == "delete" {
			return objects.Fail
		}
		return objects.None
	}
	must(t, dayText(t, store, "third"))
	if got, want := texts(store), []string{"first", "second", "third"}; !slices.Equal(got, want) {
		t.Errorf("the store has %q, want %q", got, want)
	}
}

// TestRevived checks that a run that uses an existing file that no state has commits only if no sweep is in progress
// and the file still exists (CHAIN-7).
func TestRevived(t *testing.T) {
	t.Parallel()
	store := objects.NewMem()
	must(t, dayText(t, store, "first"))
	must(t, dayText(t, store, "second"))
	running := func(text string, meanwhile func()) error {
		txn := begin(t, open(t, over(t, store)))
		must(t, replace(txn, dayKey("2026-09-01", 0), text))
		meanwhile()
		_, err := txn.Commit(context.Background())
		return err
	}
	mark := func() { store.Set("sweeps/other", []byte{}) }
	var sweeping *lake.SweepError
	if err := running("first", mark); !errors.As(err, &sweeping) {
		t.Errorf("another process deletes old files: %v", err)
	}
	must(t, running("third", mark))
	store.Set("sweeps/other", nil)
	err := running("first", func() {
		for name, text := range store.Objects() {
			if text == "first" {
				store.Set(name, nil)
			}
		}
	})
	if err == nil || !strings.Contains(err.Error(), "was uploaded") {
		t.Errorf("the file was deleted after it was uploaded: %v", err)
	}
	must(t, running("first", func() {}))
}

// hooked calls a function before its n-th request.
type hooked struct {
	objects.Store
	n  *int
	do func()
}

func (h hooked) step() {
	if *h.n--; *h.n == 0 {
		h.do()
	}
}

func (h hooked) Get(ctx context.Context, name string, offset, n int64) ([]byte, int64, error) {
	h.step()
	return h.Store.Get(ctx, name, offset, n)
}

func (h hooked) Create(ctx context.Context, name string, content []byte) error {
	h.step()
	return h.Store.Create(ctx, name, content)
}

func (h hooked) Put(ctx context.Context, name string, content *io.SectionReader) error {
	h.step()
	return h.Store.Put(ctx, name, content)
}

func (h hooked) Stat(ctx context.Context, name string) (objects.Object, error) {
	h.step()
	return h.Store.Stat(ctx, name)
}

func (h hooked) List(ctx context.Context, prefix string, visit func(objects.Object)) error {
	h.step()
	return h.Store.List(ctx, prefix, visit)
}

func (h hooked) Delete(ctx context.Context, name string) error {
	h.step()
	return h.Store.Delete(ctx, name)
}

// TestSweepAndWriter interleaves a run that sweeps with a run that writes a file that the sweep is about to delete. One
// of them runs before the n-th request of the other, for each n. Whatever is committed is complete (CHAIN-6, CHAIN-7).
func TestSweepAndWriter(t *testing.T) {
	t.Parallel()
	sweeper := func(t *testing.T, store objects.Store) error { t.Helper(); return beginAndClose(over(t, store)) }
	writer := func(t *testing.T, store objects.Store) error { t.Helper(); return dayText(t, store, "first") }
	for name, c := range map[string]struct {
		outer, inner func(*testing.T, objects.Store) error
	}{
		"writer during the sweep": {sweeper, writer}, "sweep during the writer": {writer, sweeper},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outcomes := make(map[string]int)
			for n := 1; ; n++ {
				store := objects.NewMem()
				must(t, dayText(t, store, "first"))
				store.Advance(25 * hour)
				must(t, dayText(t, store, "second"))
				store.Advance(25 * hour)
				left := n
				var inner error
				outer := c.outer(t, hooked{store, &left, func() { inner = c.inner(t, store) }})
				if left > 0 {
					break
				}
				outcomes[fmt.Sprintf("%v %v", outer == nil, inner == nil)]++
				snap, err := open(t, over(t, store)).Head()
				if err != nil {
					t.Fatal(err)
				}
				report, err := snap.CheckFiles(context.Background(), nil)
				if err != nil || len(report.Findings) > 0 {
					t.Errorf("request %d: %v, %v after %v and %v", n, report, err, outer, inner)
				}
				must(t, dayText(t, store, "third"))
			}
			if len(outcomes) < 1 {
				t.Error("nothing was interleaved")
			}
			t.Log(slices.Sorted(maps.Keys(outcomes)), outcomes)
		})
	}
}

// TestPin checks that a sweep keeps the files of a pinned state and deletes them a day after the pin ended (CHAIN-8).
func TestPin(t *testing.T) {
	t.Parallel()
	store := objects.NewMem()
	must(t, dayText(t, store, "first"))
	first, err := open(t, over(t, store)).Head()
	must(t, err)
	must(t, first.Pin("reader"))
	must(t, first.Pin("reader"))
	for _, text := range []string{"second", "third"} {
		must(t, dayText(t, store, text))
		store.Advance(25 * hour)
	}
	must(t, dayText(t, store, "fourth"))
	if diff := cmp.Diff([]string{"first", "fourth", "third"}, texts(store)); diff != "" {
		t.Error(diff)
	}
	newest, err := open(t, over(t, store)).Head()
	must(t, err)
	no := func(int64, lake.Hash) bool { return false }
	must(t, newest.Unpin(context.Background(), "other", no))
	store.Advance(50 * hour)
	must(t, dayText(t, store, "fifth"))
	if diff := cmp.Diff([]string{"fifth", "first", "fourth"}, texts(store)); diff != "" {
		t.Error(diff)
	}
	must(t, newest.Unpin(context.Background(), "reader",
		func(number int64, _ lake.Hash) bool { return number == 1 }))
	must(t, newest.Unpin(context.Background(), "reader", no))
	store.Advance(50 * hour)
	must(t, dayText(t, store, "sixth"))
	if diff := cmp.Diff([]string{"fifth", "sixth"}, texts(store)); diff != "" {
		t.Error(diff)
	}
}
