package run_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
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

// damaged is a storage whose files of a retry are read as if they were empty.
type damaged struct{ storage.Storage }

// Open implements storage.Storage.
func (d damaged) Open(name string) (storage.ReadFile, error) {
	f, err := d.Storage.Open(name)
	if strings.Contains(name, "-retry") {
		f = empty{f}
	}
	return f, err
}

// empty is a file without content.
type empty struct{ storage.ReadFile }

// Read implements storage.ReadFile.
func (empty) Read([]byte) (int, error) { return 0, io.EOF }

// Size implements storage.ReadFile.
func (empty) Size() int64 { return 0 }

// TestRetryDamaged checks that a file that fails as a whole in a retry is reported by its name in the inbox, not by
// that of the file in which its rejects were written for the retry.
func TestRetryDamaged(t *testing.T) {
	t.Parallel()
	s := newRejected(t).shared
	s.o.Wrap = func(st storage.Storage) storage.Storage { return damaged{st} }
	report, err := run.RetryRejects(t.Context(), s.open(), s.o)
	if err != nil {
		t.Fatal(err)
	}
	const fault = "read inbox/usage/first.csv: the file is empty"
	if len(report.Files) != 1 || report.Files[0].Fault != fault || report.Files[0].Name != "usage/first.csv" {
		t.Errorf("%+v, want %s", report.Files, fault)
	}
}

// TestDismissOrder checks that the rejects of a dismissal are in the order of their files, rows and hashes, also if
// several contents of one file name have the record.
func TestDismissOrder(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	hashOf := make(map[string]string) // of the file, by reason
	for why, rest := range map[string]string{
		"unknown_sku":   "none,east,2026-09-05T00:00:00+08:00,2026-09-05T01:00:00+08:00,1",
		"bad_decimal":   "vm,east,2026-09-05T00:00:00+08:00,2026-09-05T01:00:00+08:00,one",
		"missing_value": "vm,east,2026-09-05T00:00:00+08:00,2026-09-05T01:00:00+08:00,",
		"bad_time":      "vm,east,2026-09-05T00:00:00+08:00,noon,1",
	} {
		text := "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
			"rec-new,cust-aurora,res-new," + rest + "\n"
		hashOf[why] = fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
		if err := os.WriteFile(filepath.Join(s.dir, "inbox/usage/again.csv"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if report, err := run.Ingest(t.Context(), s.open(), s.o); err != nil || report.Rejected != 1 {
			t.Fatalf("%s: %+v, %v", why, report, err)
		}
	}
	d := run.DismissOptions{Names: []string{"rec-new"}, By: "anna", Why: "a typing error"}
	for range 10 { // a repetition changes nothing
		report, err := run.DismissRejects(t.Context(), s.open(), d, s.o)
		if err != nil || len(report.Rejects) != len(hashOf) {
			t.Fatalf("%+v, %v", report, err)
		}
		if !slices.IsSortedFunc(report.Rejects, func(a, b run.DismissedRow) int {
			return strings.Compare(hashOf[a.Reason], hashOf[b.Reason])
		}) {
			t.Fatalf("%+v are not in the order of %v", report.Rejects, hashOf)
		}
	}
}
