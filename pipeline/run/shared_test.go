package run_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// shared is a workspace whose tasks workers of an engine can do.
type shared struct {
	*testing.T
	dir string
	o   workspace.Options
}

func newShared(t *testing.T) *shared {
	s := &shared{t, filepath.Join(t.TempDir(), "w"), workspace.Options{Build: "one"}}
	if err := os.CopyFS(s.dir, os.DirFS("../serve/testdata/access")); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.o.AsOf, err = period.ParseInstant("2026-09-25T00:00:00Z"); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *shared) open() *workspace.Workspace {
	s.Helper()
	w, err := workspace.Open(s.dir)
	if err != nil {
		s.Fatal(err)
	}
	return w
}

// refused checks that an error is a refusal with the given reason.
func (s *shared) refused(err error, why string) {
	s.Helper()
	if refused := new(workspace.RefusedError); !errors.As(err, &refused) || !strings.Contains(refused.What, why) {
		s.Errorf("%v, want a refusal: %s", err, why)
	}
}

// change replaces text in a file of the workspace and returns a function that restores it.
func (s *shared) change(name, old, text string) (undo func()) {
	s.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	was, err := os.ReadFile(path)
	if err != nil {
		s.Fatal(err)
	}
	changed := strings.Replace(string(was), old, text, 1)
	if changed == string(was) {
		s.Fatalf("%s has no %q", name, old)
	}
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			s.Fatal(err)
		}
	}
	write(changed)
	return func() { write(string(was)) }
}

// deliver puts a usage file with one record into the inbox.
func (s *shared) deliver(name, record, quantity string) {
	s.Helper()
	text := "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" + record +
		",cust-birch,res-birch,vm,east,2026-09-06T00:00:00+08:00,2026-09-06T01:00:00+08:00," + quantity + "\n"
	if err := os.WriteFile(filepath.Join(s.dir, "inbox", "usage", name), []byte(text), 0o644); err != nil {
		s.Fatal(err)
	}
}

func (s *shared) files() map[string]string {
	s.Helper()
	files := make(map[string]string)
	root := filepath.Join(s.dir, "lake")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "LOCK" {
			return err
		}
		b, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, root)] = string(b)
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return files
}

// TestSharedRunRefused checks that a worker of another build, or with other settings or books, is refused all tasks,
// and that tasks are refused after the run was committed. Invariants: TASK-3.
func TestSharedRunRefused(t *testing.T) {
	t.Parallel()
	e := &engineOf{shared: newShared(t)}
	doing := func(id lake.Hash, stage string) error {
		tasks := run.NewTasks(e.open(), e.o)
		return errors.Join(tasks.Do(t.Context(), id, stage, 0), tasks.Close())
	}
	e.fails = func(stage string, i int) error {
		if stage != "scan" || i > 0 {
			return nil
		}
		e.o.Build = "another"
		e.refused(doing(e.run, stage), "planned by another build")
		e.o.Build = "one"
		undo := e.change("books/prices.csv", ",1\n", ",2\n")
		e.refused(doing(e.run, stage), "planned with other books")
		undo()
		undo = e.change("tollbook.yaml", "\n", " # changed\n")
		e.refused(doing(e.run, stage), "planned with other settings")
		undo()
		e.refused(doing(e.run, "bucket"), "has no bucket task 0")
		e.refused(doing("00", stage), "no run has this name")
		return nil
	}
	report, err := e.nightly()
	if err != nil || !report.Changed || report.Manifest != 1 || len(e.done["bucket"]) == 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	for name := range e.files() {
		if strings.HasPrefix(name, "/runs/") || strings.HasPrefix(name, "/tmp/") {
			t.Errorf("%s is left after the commit", name)
		}
	}
	e.refused(doing(e.run, "bucket"), "was committed")
}

// TestSharedRunLosesFile checks that a run is refused if a file that a task made is lost, and that the next run is that
// of one process. Invariants: TASK-3.
func TestSharedRunLosesFile(t *testing.T) {
	t.Parallel()
	one, e := newShared(t), &engineOf{shared: newShared(t)}
	if _, err := run.Nightly(t.Context(), one.open(), one.o); err != nil {
		t.Fatal(err)
	}
	lost := false
	e.then = func(stage string) error {
		for name := range e.files() {
			if stage == "bucket" && strings.HasPrefix(name, "/lines/") && !lost {
				lost = true
				return os.Remove(filepath.Join(e.dir, "lake", name))
			}
		}
		return nil
	}
	_, err := e.nightly()
	e.refused(err, "which a task made, is not there")
	if _, err := e.nightly(); err != nil {
		t.Fatal(err)
	}
	same(t, one.files(), e.files())
}

// TestScanTaskOfChangedFile replaces a feed file while a scan task reads it, and restores it before the run continues.
// The run ingests nothing of the file, and the next run ingests it. Invariants: INGEST-6.
func TestScanTaskOfChangedFile(t *testing.T) {
	t.Parallel()
	e := &engineOf{shared: newShared(t)}
	inbox := filepath.Join(e.dir, "inbox", "usage")
	found, err := filepath.Glob(filepath.Join(inbox, "*"))
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	name := found[0]
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	e.fails = func(stage string, i int) error {
		if stage != "scan" || i > 0 {
			return nil
		}
		e.deliver("other.csv", "rec-other", "16")
		return os.Rename(filepath.Join(inbox, "other.csv"), name)
	}
	down := errors.New("the engine is down")
	e.then = func(string) error { return errors.Join(os.WriteFile(name, text, 0o644), down) }
	if _, err := e.nightly(); !errors.Is(err, down) {
		t.Fatalf("%v, want %v", err, down)
	}
	e.fails, e.then = nil, nil
	report, err := e.nightly()
	if err != nil || len(e.done["scan"]) > 0 {
		t.Fatalf("scan tasks %v were done again: %v", e.done["scan"], err)
	}
	deferred := slices.ContainsFunc(report.Files, func(f workspace.FileReport) bool {
		return filepath.Base(name) == filepath.Base(f.Name) && f.Deferred != "" && f.Rows == 0
	})
	if !deferred {
		t.Errorf("%+v, want %s left for the next run", report.Files, name)
	}
	after, err := run.Nightly(t.Context(), e.open(), e.o)
	if err != nil || after.Accepted == 0 || after.Duplicate > 0 {
		t.Errorf("the next run: %+v, %v", after, err)
	}
}

func same(t *testing.T, want, got map[string]string) {
	t.Helper()
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s differs", name)
		}
	}
	for name := range got {
		if _, is := want[name]; !is {
			t.Errorf("%s is too much", name)
		}
	}
}
