package lake_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/objects"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// over returns the storage of a lake over a store, as another machine would have it.
func over(t testing.TB, store objects.Store) *objects.Storage {
	t.Helper()
	st, err := objects.New(store, storage.NewMem(), objects.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// stored returns a store after all nights.
func stored(t *testing.T) *objects.Mem {
	t.Helper()
	store := objects.NewMem()
	history(t, over(t, store))
	return store
}

// named returns the contents, by name, of the manifests and of all files that the newest state of a storage has.
func named(t testing.TB, st storage.Storage) map[string]string {
	t.Helper()
	snap, err := open(t, st).Head()
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	read := func(name string) {
		f, err := st.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		out[name] = string(text)
	}
	for n := int64(1); n <= snap.Manifest.Number; n++ {
		read(fmt.Sprintf("manifests/%06d.json", n))
	}
	files, lists, err := snap.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range lists {
		read(name)
	}
	for _, e := range files {
		read(e.Path)
	}
	return out
}

// folder returns what named returns after all nights in a folder.
func folder(t testing.TB) map[string]string {
	t.Helper()
	m := storage.NewMem()
	history(t, m)
	return named(t, m)
}

// TestChainEqualsFolder checks that the same nights produce the same files and the same manifests, byte for byte, in a
// folder and in an object store.
func TestChainEqualsFolder(t *testing.T) {
	t.Parallel()
	for _, form := range forms {
		m, store := storage.NewMem(), objects.NewMem()
		historyWith(t, m, form.o)
		historyWith(t, over(t, store), form.o)
		if diff := cmp.Diff(named(t, m), named(t, over(t, store))); diff != "" {
			t.Errorf("lists %s: folder and store differ (-folder +store):\n%s", form.name, diff)
		}
		for name := range store.Objects() {
			if strings.HasPrefix(name, "tmp/") || name == "LOCK" {
				t.Errorf("%s is in the store", name)
			}
		}
	}
}

// TestChainFaults makes each request of all nights fail in each way. The night is repeated on another machine until it
// succeeds. In the end, also after delayed requests have arrived, the newest state has the same files as without
// faults. Invariants: CHAIN-1, CHAIN-3, OBJECTS-7.
func TestChainFaults(t *testing.T) {
	t.Parallel()
	want := folder(t)
	for fault, name := range map[objects.Fault]string{objects.Fail: "fail", objects.Busy: "busy",
		objects.Forget: "forget", objects.Delay: "delay", objects.Stale: "stale"} {
		for _, early := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/early=%v", name, early), func(t *testing.T) {
				t.Parallel()
				for n := int64(1); faultAt(t, want, fault, n, early); n += step() {
					if n > 1000 {
						t.Fatal("the nights do not end")
					}
				}
			})
		}
	}
}

// faultAt makes request n fail and reports whether there was such a request. If early is set, delayed requests arrive
// before the night is repeated.
func faultAt(t *testing.T, want map[string]string, fault objects.Fault, n int64, early bool) (met bool) {
	t.Helper()
	store := objects.NewMem()
	store.Plan = func(r objects.Request) objects.Fault {
		if r.N == n {
			met = true
			return fault
		}
		return objects.None
	}
	for k := range nights {
		_, err := night(over(t, store), lake.Options{}, k)
		if early {
			store.Arrive()
		}
		if err != nil {
			_, err = night(over(t, store), lake.Options{}, k)
		}
		if err != nil {
			t.Fatalf("request %d: night %d, repeated: %v", n, k, err)
		}
	}
	store.Plan = nil
	store.Arrive()
	if diff := cmp.Diff(want, named(t, over(t, store))); diff != "" {
		t.Fatalf("request %d: the newest state differs (-want +got):\n%s", n, diff)
	}
	return met
}

// TestLostAnswers checks that a commit whose response was lost is recognized and reported as committed. Invariant:
// CHAIN-3.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	store := objects.NewMem()
	fault := objects.Forget
	store.Plan = func(r objects.Request) objects.Fault {
		if r.Kind == "create" && r.Name == "manifests/000001.json" {
			return fault
		}
		return objects.None
	}
	if changed, err := night(over(t, store), lake.Options{}, 0); !changed || err != nil {
		t.Errorf("the answer was lost: %v, %v; want a commit", changed, err)
	}
	store.Set("manifests/000001.json", nil)
	store.Set("HEAD", nil)
	fault = objects.Delay
	var unknown *lake.UnknownCommitError
	if changed, err := night(over(t, store), lake.Options{}, 0); changed || !errors.As(err, &unknown) {
		t.Errorf("the request is on its way: %v, %v; want an error that says that the outcome is not known", changed,
			err)
	}
	store.Arrive()
	if snap, err := open(t, over(t, store)).Head(); err != nil || snap.Manifest.Number != 1 {
		t.Errorf("after it arrived: %v, %v", snap, err)
	}
}

// TestFence checks that of two writers that start from the same state the second commits nothing. Invariants: CHAIN-1,
// STO-10.
func TestFence(t *testing.T) {
	t.Parallel()
	store := stored(t)
	first, second := begin(t, open(t, over(t, store))), begin(t, open(t, over(t, store)))
	key := lake.FileKey{Table: "lines", Cycle: lakekey.Cycle("2026-10"), Day: lakekey.Day("2026-10-09"), Bucket: 0}
	for i, txn := range []*lake.Txn{first, second} {
		txn.Next().SetRun(fmt.Sprintf("2026-10-1%dT00:00:00Z", i), "night")
		if err := replace(txn, key, fmt.Sprintf("writer %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if changed, err := first.Commit(context.Background()); !changed || err != nil {
		t.Fatal(changed, err)
	}
	want := named(t, over(t, store))
	var fenced *lake.FencedError
	if changed, err := second.Commit(context.Background()); changed || !errors.As(err, &fenced) ||
		fenced.AsOf != "2026-10-10T00:00:00Z" || fenced.Number != 4 {
		t.Errorf("the second writer: %v, %v", changed, err)
	}
	if diff := cmp.Diff(want, named(t, over(t, store))); diff != "" {
		t.Errorf("the second writer changed the state (-before +after):\n%s", diff)
	}
}

// shy is a store that hides an object from the first reads of it.
type shy struct {
	objects.Store
	name string
	left int // reads for which the object is still hidden
}

// Get implements objects.Store.
func (s *shy) Get(ctx context.Context, name string, offset, n int64) ([]byte, int64, error) {
	if name == s.name && s.left > 0 {
		s.left--
		return nil, 0, fs.ErrNotExist
	}
	return s.Store.Get(ctx, name, offset, n)
}

// TestFencedBeforeShown checks that a writer is fenced by a manifest that the store reports as existing but returns
// only later. Invariant: CHAIN-3.
func TestFencedBeforeShown(t *testing.T) {
	t.Parallel()
	store := &shy{Store: stored(t), name: "manifests/000004.json"}
	first, second := begin(t, open(t, over(t, store))), begin(t, open(t, over(t, store)))
	key := lake.FileKey{Table: "lines", Cycle: lakekey.Cycle("2026-10"), Day: lakekey.Day("2026-10-09"), Bucket: 0}
	for i, txn := range []*lake.Txn{first, second} {
		txn.Next().SetRun(fmt.Sprintf("2026-10-1%dT00:00:00Z", i), "night")
		if err := replace(txn, key, fmt.Sprintf("writer %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if changed, err := first.Commit(context.Background()); !changed || err != nil {
		t.Fatal(changed, err)
	}
	store.left = 3
	var fenced *lake.FencedError
	if changed, err := second.Commit(context.Background()); changed || !errors.As(err, &fenced) {
		t.Errorf("the second writer: %v, %v; want that it is fenced", changed, err)
	}
	if store.left != 0 {
		t.Errorf("the manifest was hidden %d times less than it should be", store.left)
	}
}

// TestChainOfManyWriters runs eight writers at the same time, each on its own machine. The chain has exactly the
// confirmed commits (CHAIN-1).
func TestChainOfManyWriters(t *testing.T) {
	t.Parallel()
	const writers, commits = 8, 5
	store := objects.NewMem()
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for k := 0; k < commits; {
				txn, err := open(t, over(t, store)).Begin()
				if err == nil {
					err = replace(txn, dayKey("2026-09-01", w), fmt.Sprintf("commit %d of writer %d", k, w))
				}
				if err != nil {
					t.Error(err)
					return
				}
				changed, err := txn.Commit(context.Background())
				if fenced := new(lake.FencedError); errors.As(err, &fenced) {
					continue
				}
				if !changed || err != nil {
					t.Error(changed, err)
					return
				}
				k++
			}
		})
	}
	group.Wait()
	snap, err := open(t, over(t, store)).Head()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := snap.History()
	if err != nil || len(chain) != writers*commits {
		t.Errorf("%d manifests, %v; want %d", len(chain), err, writers*commits)
	}
	for w := range writers {
		found, err := snap.Find(dayKey("2026-09-01", w))
		if err != nil || len(found) != 1 || store.Objects()[found[0].Path] != fmt.Sprintf("commit 4 of writer %d", w) {
			t.Errorf("the newest file of writer %d is %v, %v", w, found, err)
		}
	}
}

// TestHeadIsHint checks that a reader finds the newest manifest regardless of the content of HEAD (CHAIN-2).
func TestHeadIsHint(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{
		"missing": "", "torn": "3 01234567", "wrong": "3 0123456789abcdef0123456789abcdef\n",
		"too high": "9 0123456789abcdef0123456789abcdef\n", "of the first manifest": "first",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := stored(t)
			switch head {
			case "":
				store.Set("HEAD", nil)
			case "first":
				first := store.Objects()["manifests/000001.json"]
				store.Set("HEAD", fmt.Appendf(nil, "1 %s\n", lake.HashBytes([]byte(first))))
			default:
				store.Set("HEAD", []byte(head))
			}
			if diff := cmp.Diff(folder(t), named(t, over(t, store))); diff != "" {
				t.Errorf("the reader sees another state (-want +got):\n%s", diff)
			}
		})
	}
}

// TestForeignManifest checks that a manifest that does not continue the chain is reported as damage (CHAIN-2).
func TestForeignManifest(t *testing.T) {
	t.Parallel()
	store := stored(t)
	third := store.Objects()["manifests/000003.json"]
	store.Set("manifests/000004.json", []byte(strings.Replace(third, `"number": 3`, `"number": 4`, 1)))
	var corrupt *lake.CorruptError
	if _, err := open1(t, over(t, store)); !errors.As(err, &corrupt) || corrupt.Name != "manifests/000004.json" {
		t.Errorf("a manifest with another parent: %v", err)
	}
}

func open1(t *testing.T, st storage.Storage) (*lake.Snapshot, error) {
	t.Helper()
	l, err := lake.Open(st, lake.Options{})
	if err != nil {
		return nil, err
	}
	return l.Head()
}

// TestChainDeletesNothing checks that no run deletes an object within a day: a reader of the first state can still read
// it after all nights (CHAIN-4). The checks of verify and doctor accept the leftover objects.
func TestChainDeletesNothing(t *testing.T) {
	t.Parallel()
	store := objects.NewMem()
	if _, err := night(over(t, store), lake.Options{}, 0); err != nil {
		t.Fatal(err)
	}
	old, err := open(t, over(t, store)).Head()
	if err != nil {
		t.Fatal(err)
	}
	store.Plan = func(r objects.Request) objects.Fault {
		if r.Kind == "delete" {
			t.Errorf("%s is deleted", r.Name)
		}
		return objects.None
	}
	for k := 1; k < len(nights); k++ {
		if _, err := night(over(t, store), lake.Options{}, k); err != nil {
			t.Fatal(err)
		}
	}
	if report, err := old.CheckFiles(context.Background(), nil); err == nil {
		t.Errorf("the check of an old state: %v; want that the lake has moved", report)
	}
	files, err := old.Files(lakekey.Cycle("2026-09"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range files {
		f, err := old.Open(e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(f); err != nil {
			t.Error(err)
		}
	}
	snap, err := open(t, over(t, store)).Head()
	if err != nil {
		t.Fatal(err)
	}
	report, err := snap.CheckFiles(context.Background(), nil)
	if err != nil || len(report.Findings) > 0 {
		t.Errorf("CheckFiles: %v, %v", report, err)
	}
	if found, err := snap.CheckNames(); err != nil || len(found) > 0 {
		t.Errorf("CheckNames: %v, %v", found, err)
	}
}

// TestChainIsProbed checks that the first run on a lake refuses a store that would replace existing objects, and writes
// nothing (CHAIN-5).
func TestChainIsProbed(t *testing.T) {
	t.Parallel()
	store := objects.NewMem()
	store.Plan = func(objects.Request) objects.Fault { return objects.Ignore }
	var probe *objects.ProbeError
	if _, err := open(t, over(t, store)).Begin(); !errors.As(err, &probe) {
		t.Errorf("Begin on a store without conditions: %v", err)
	}
	if left := store.Objects(); len(left) > 0 {
		t.Errorf("the store has %v", left)
	}
	if remote, err := lake.Probe(over(t, store)); !remote || !errors.As(err, &probe) {
		t.Errorf("Probe = %v, %v", remote, err)
	}
	if remote, err := lake.Probe(storage.NewMem()); remote || err != nil {
		t.Errorf("Probe of a folder = %v, %v", remote, err)
	}
}

// TestReadersOfChain reads while another goroutine writes: every state that is read is complete (LAKE-4).
func TestReadersOfChain(t *testing.T) {
	t.Parallel()
	readDuringRuns(t, over(t, objects.NewMem()), 40)
}
