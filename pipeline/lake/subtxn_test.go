package lake_test

import (
	"context"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// rewrite replaces the files of a key with a new file, in a subtransaction.
func rewrite(t *testing.T, s *lake.SubTxn, key lake.FileKey, text string) lake.FileEntry {
	t.Helper()
	w, err := s.Create(key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	e, err := w.Finish(int64(len(text)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Next().Replace(key, e); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestTasksOfBuckets checks that tasks of two buckets transfer their changes to the next state as bytes, in either
// order, that neither sees the other's changes, and that neither can change a file of the other. Invariants: TASK-1.
func TestTasksOfBuckets(t *testing.T) {
	t.Parallel()
	var heads []lake.Hash
	for _, order := range [][]int{{0, 1}, {1, 0}} {
		l := open(t, storage.NewMem())
		txn, err := l.Begin()
		if err != nil {
			t.Fatal(err)
		}
		for b := range 2 {
			if err := replace(txn, dayKey("2026-09-01", b), "before"); err != nil {
				t.Fatal(err)
			}
		}
		if err := txn.Next().SetBuckets(2); err != nil {
			t.Fatal(err)
		}
		s, states := txn.Sub(), txn.BucketStates(2)
		results := make([]*lake.Changes, 2)
		for b := range 2 {
			state, err := lake.TaskRoundTrip("state", states[b])
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Enter(state); err != nil {
				t.Fatal(err)
			}
			if got := s.Next().Find(dayKey("2026-09-01", 1-b)); len(got) != 0 {
				t.Fatalf("bucket %d has files of the other one: %v", b, got)
			}
			rewrite(t, s, dayKey("2026-09-02", b), "new")
			if err := s.Next().Replace(dayKey("2026-09-01", b)); err != nil {
				t.Fatal(err)
			}
			if err := s.Next().Replace(dayKey("2026-09-01", 1-b)); err == nil {
				t.Fatalf("bucket %d changes a file of the other one", b)
			}
			if results[b], err = lake.TaskRoundTrip("changes", s.Leave()); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(txn.Next().Entries.Files(lakekey.Cycle("2026-09"))); n != 2 {
			t.Fatalf("%d files before changes are taken", n)
		}
		for _, b := range order {
			if err := txn.Take(results[b]); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := txn.Commit(context.Background()); err != nil {
			t.Fatal(err)
		}
		snap, err := l.Head()
		if err != nil {
			t.Fatal(err)
		}
		files, err := snap.Files(lakekey.Cycle("2026-09"))
		if err != nil || len(files) != 2 || files[0].Day.String() != "2026-09-02" ||
			files[1].Day.String() != "2026-09-02" {
			t.Fatalf("files are %v, %v", files, err)
		}
		heads = append(heads, snap.Hash)
	}
	if heads[0] != heads[1] {
		t.Errorf("the order of tasks changes the state: %v", heads)
	}
}

// TestTaskState checks that a task starts with the files of the base and the changes that the run has made to them, and
// only if it has the same base. Invariants: TASK-1.
func TestTaskState(t *testing.T) {
	t.Parallel()
	l := open(t, storage.NewMem())
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := nights[0](txn); err != nil {
		t.Fatal(err)
	}
	if _, err := txn.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	if txn, err = l.Begin(); err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	if err := txn.Next().Entries.Replace(dayKey("2026-09-01", 1)); err != nil {
		t.Fatal(err)
	}
	s, state := txn.Sub(), txn.BucketStates(2)[1]
	if err := s.Enter(state); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range append(s.Next().Files(lakekey.Cycle("2026-09")), s.Next().Files(lake.Cycle{})...) {
		got = append(got, e.Table+" "+e.Day.String())
	}
	if diff := cmp.Diff([]string{"lines 2026-09-02", "rejects "}, got); diff != "" {
		t.Errorf("files of bucket 1 (-want +got):\n%s", diff)
	}
	state.Base = "00000000000000000000000000000000"
	if err := s.Enter(state); err == nil {
		t.Error("a task of another base begins")
	}
}

// TestTakeOtherBucket checks that changes of a bucket with a file of another bucket are refused. Invariants: TASK-1.
func TestTakeOtherBucket(t *testing.T) {
	t.Parallel()
	txn, err := open(t, storage.NewMem()).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	bad := &lake.Changes{Bucket: 1, Replaced: []lake.Replacement{{FileKey: dayKey("2026-09-01", 0)}}}
	if err := txn.Take(bad); err == nil {
		t.Error("files of bucket 0 were taken from the task of bucket 1")
	}
}

// TestTaskFilesInBetween checks that the changes of a task include a file that the task itself created and replaced,
// and that this file is deleted after the run. Invariants: TASK-2.
func TestTaskFilesInBetween(t *testing.T) {
	t.Parallel()
	m := storage.NewMem()
	txn, err := open(t, m).Begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := txn.Next().SetBuckets(1); err != nil {
		t.Fatal(err)
	}
	s := txn.Sub()
	if err := s.Enter(txn.BucketStates(1)[0]); err != nil {
		t.Fatal(err)
	}
	first := rewrite(t, s, dayKey("2026-09-01", 0), "rated")
	last := rewrite(t, s, dayKey("2026-09-01", 0), "paid")
	changes := s.Leave()
	made := map[string]bool{}
	for _, e := range changes.Made {
		made[e.Path] = true
	}
	if diff := cmp.Diff(map[string]bool{first.Path: true, last.Path: true}, made); diff != "" {
		t.Errorf("made (-want +got):\n%s", diff)
	}
	if err := txn.Take(changes); err != nil {
		t.Fatal(err)
	}
	if _, err := txn.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	entries, err := m.List("lines")
	if err != nil || len(entries) != 1 || entries[0].Name != last.Path {
		t.Errorf("the lake has %v, %v", entries, err)
	}
}
