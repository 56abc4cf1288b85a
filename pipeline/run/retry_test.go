package run_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// newRejected returns a workspace whose lake has a reject that the current books would accept.
func newRejected(t *testing.T) *engineOf {
	t.Helper()
	s := newShared(t)
	const row = "rec-new,cust-new,res-new,vm,east,2026-09-05T00:00:00+08:00,2026-09-05T01:00:00+08:00,1\n"
	s.change("inbox/usage/first.csv", "rec-aurora,", row+"rec-aurora,")
	if report, err := run.Nightly(t.Context(), s.open(), s.o); err != nil || report.Rejected != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	s.change("books/customers.csv", "cust-aurora,", "cust-new,New Ltd,m-1,2026-01-01,\ncust-aurora,")
	return &engineOf{shared: s}
}

// unreadable is a storage that fails once, when the first file of a retry is opened for reading.
type unreadable struct {
	storage.Storage
	failed *atomic.Bool
}

// Open implements storage.Storage.
func (u *unreadable) Open(name string) (storage.ReadFile, error) {
	if strings.Contains(name, "-retry") && u.failed.CompareAndSwap(false, true) {
		return nil, syscall.EIO
	}
	return u.Storage.Open(name)
}

// TestEngineRetry checks that a retry of rejects with an engine gives the same lake and report as one process, also if
// a worker cannot read the retried rows at first and the same command continues the run. Invariants: TASK-3, ENGINE-2.
func TestEngineRetry(t *testing.T) {
	t.Parallel()
	one := newRejected(t)
	want, err := run.RetryRejects(t.Context(), one.open(), one.o)
	if err != nil || want.Accepted != 1 {
		t.Fatalf("%+v, %v", want, err)
	}
	e := newRejected(t)
	var failed atomic.Bool
	o := e.options()
	e.o.Wrap = func(st storage.Storage) storage.Storage { return &unreadable{st, &failed} } // for the workers only
	if _, err = run.RetryRejects(t.Context(), e.open(), o); err == nil || !failed.Load() {
		t.Fatalf("%v, want an error of the worker", err)
	}
	e.o.Wrap = nil
	got, err := run.RetryRejects(t.Context(), e.open(), e.options())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, exact()...); diff != "" {
		t.Errorf("report (- one process, + engine):\n%s", diff)
	}
	same(t, one.files(), e.files())
	if !slices.Equal(e.done["scan"], []int{0}) || len(e.done["bucket"]) == 0 {
		t.Errorf("done were %v, want one scan task and those of buckets", e.done)
	}
}

// TestEngineIngest checks that only the same command continues an ingest with an engine: a nightly run is another run.
// Invariants: TASK-3.
func TestEngineIngest(t *testing.T) {
	t.Parallel()
	one := newShared(t)
	want, err := run.Ingest(t.Context(), one.open(), one.o)
	if err != nil {
		t.Fatal(err)
	}
	e := &engineOf{shared: newShared(t)}
	down := errors.New("the engine is down")
	e.fails = func(stage string, i int) error {
		if stage == "bucket" && i == 1 {
			return down
		}
		return nil
	}
	broken := func(do func() (*workspace.Report, error)) map[string][]int {
		t.Helper()
		if _, err := do(); !errors.Is(err, down) {
			t.Fatalf("%v, want %v", err, down)
		}
		return e.done
	}
	ingest := func() (*workspace.Report, error) { return run.Ingest(t.Context(), e.open(), e.options()) }
	broken(ingest)
	if done := broken(e.nightly); len(done["scan"]) == 0 {
		t.Errorf("a night after an ingest did %v, want its own scan tasks", done)
	}
	if done := broken(ingest); len(done["scan"]) == 0 {
		t.Errorf("an ingest after a night did %v, want its own scan tasks", done)
	}
	e.fails = nil
	got, err := ingest()
	if err != nil {
		t.Fatal(err)
	}
	if len(e.done["scan"]) > 0 {
		t.Errorf("done were %v, want bucket tasks only", e.done)
	}
	if diff := cmp.Diff(want, got, exact()...); diff != "" {
		t.Errorf("report (- one process, + engine):\n%s", diff)
	}
	same(t, one.files(), e.files())
	if _, err := os.Stat(filepath.Join(e.dir, "lake", "runs")); !os.IsNotExist(err) {
		t.Errorf("runs/ of the lake: %v, want that it is not there", err)
	}
}
