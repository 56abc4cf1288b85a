package run_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// shared is a workspace whose nights are run by several processes.
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

func (s *shared) plan() *run.Pending {
	s.Helper()
	p, err := run.PlanTasks(s.Context(), s.open(), place.NoCycle, s.o)
	if err != nil {
		s.Fatal(err)
	}
	return p
}

// do performs all tasks of a stage except leave and returns the tasks of the next stage.
func (s *shared) do(p *run.Pending, leave ...int) *run.Pending {
	s.Helper()
	for i := range p.Tasks {
		if slices.Contains(leave, i) {
			continue
		}
		if err := run.DoTask(s.Context(), s.open(), p.Run, p.Stage, i, s.o); err != nil {
			s.Fatal(err)
		}
	}
	next, err := run.NextTasks(s.Context(), s.open(), p.Run, s.o)
	if err != nil {
		s.Fatal(err)
	}
	return next
}

func (s *shared) commit(p *run.Pending) (*workspace.Report, error) {
	o := s.o
	o.SharedRun = string(p.Run)
	return run.Nightly(s.Context(), s.open(), o)
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

// TestSharedRunRefused checks that a process of another build, or with other settings or books, is refused all tasks,
// that a run with an unfinished task is not committed, and that its tasks are refused after it or another run was
// committed. Invariants: TASK-3.
func TestSharedRunRefused(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	p := s.plan()
	if p.Stage != "scan" || p.Tasks == 0 || len(p.Missing) != p.Tasks {
		t.Fatalf("planned %+v", p)
	}
	doing := func() error { return run.DoTask(t.Context(), s.open(), p.Run, p.Stage, 0, s.o) }
	s.o.Build = "another"
	s.refused(doing(), "planned by another build")
	s.o.Build = "one"
	undo := s.change("books/prices.csv", ",1\n", ",2\n")
	s.refused(doing(), "planned with other books")
	undo()
	undo = s.change("tollbook.yaml", "\n", " # changed\n")
	s.refused(doing(), "planned with other settings")
	undo()
	s.refused(run.DoTask(t.Context(), s.open(), p.Run, "bucket", 0, s.o), "has no bucket task 0")
	s.refused(run.DoTask(t.Context(), s.open(), "00", "scan", 0, s.o), "no run has this name")

	p = s.do(p)
	if p.Stage != "bucket" || p.Tasks == 0 {
		t.Fatalf("after the scan: %+v", p)
	}
	p = s.do(p, 1)
	if p.Stage != "bucket" || !slices.Equal(p.Missing, []int{1}) {
		t.Fatalf("bucket task 1 is missing: %+v", p)
	}
	_, err := s.commit(p)
	s.refused(err, "1 of "+fmt.Sprint(p.Tasks)+" bucket tasks are not done")
	ready := s.do(p)
	if ready.Stage != "" {
		t.Fatalf("all is done: %+v", ready)
	}
	report, err := s.commit(ready)
	if err != nil || !report.Changed || report.Manifest != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	for name := range s.files() {
		if strings.HasPrefix(name, "/runs/") || strings.HasPrefix(name, "/tmp/") {
			t.Errorf("%s is left after the commit", name)
		}
	}
	s.refused(run.DoTask(t.Context(), s.open(), p.Run, "bucket", 1, s.o), "was committed")
	_, err = s.commit(ready)
	s.refused(err, "was committed")
}

// TestSharedRunEnded checks that another run deletes the files of a planned run, and that a lost file of a task is
// detected. Invariants: TASK-3.
func TestSharedRunEnded(t *testing.T) {
	t.Parallel()
	one := newShared(t)
	if _, err := run.Nightly(t.Context(), one.open(), one.o); err != nil {
		t.Fatal(err)
	}
	want := one.files()

	s := newShared(t)
	p := s.do(s.plan())
	p = s.do(p)
	lost := ""
	for name := range s.files() {
		if strings.HasPrefix(name, "/lines/") {
			lost = name
		}
	}
	if err := os.Remove(filepath.Join(s.dir, "lake", lost)); err != nil {
		t.Fatal(err)
	}
	_, err := s.commit(p)
	s.refused(err, "is not there: do the task again")
	e := new(workspace.RefusedError)
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "`tollbook task do STAGE I`") {
		t.Errorf("%v: the hint does not name `tollbook task do`", err)
	}

	if _, err := run.Nightly(t.Context(), s.open(), s.o); err != nil {
		t.Fatal(err)
	}
	same(t, want, s.files())
	_, err = s.commit(p)
	s.refused(err, "another run was begun since")
}

// TestSharedRunPlannedTwice checks that a second plan ends the first one and that its run has the same result as one
// process. A feed file that changes in between ends a run. Invariants: TASK-3.
func TestSharedRunPlannedTwice(t *testing.T) {
	t.Parallel()
	one := newShared(t)
	if _, err := run.Nightly(t.Context(), one.open(), one.o); err != nil {
		t.Fatal(err)
	}
	s := newShared(t)
	first := s.do(s.plan())
	found, err := filepath.Glob(filepath.Join(s.dir, "inbox", "usage", "*"))
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	name := found[0]
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(slices.Clone(text), '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = run.NextTasks(t.Context(), s.open(), first.Run, s.o)
	s.refused(err, "changed since it was planned")
	if err := os.WriteFile(name, text, 0o644); err != nil {
		t.Fatal(err)
	}
	s.o.AsOf++
	second := s.plan()
	if second.Run == first.Run {
		t.Fatal("runs as of two instants have one name")
	}
	s.o.AsOf--
	second = s.plan()
	if second.Run != first.Run {
		t.Fatalf("the same plan is %s and %s", first.Run, second.Run)
	}
	if second.Stage != "scan" || len(second.Missing) != second.Tasks {
		t.Errorf("tasks of a plan that was replaced are done: %+v", second)
	}
	p := s.do(s.do(second))
	if _, err := s.commit(p); err != nil {
		t.Fatal(err)
	}
	same(t, one.files(), s.files())
}

// TestScanTaskOfChangedFile replaces a feed file while a scan task reads it, and restores it before the run continues.
// The run ingests nothing of the file, and the next run ingests it. Invariants: INGEST-6.
func TestScanTaskOfChangedFile(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	p := s.plan()
	s.deliver("other.csv", "rec-other", "16")
	found, err := filepath.Glob(filepath.Join(s.dir, "inbox", "usage", "*"))
	if err != nil || len(found) < 2 {
		t.Fatal(found, err)
	}
	name, other := found[0], filepath.Join(s.dir, "inbox", "usage", "other.csv")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, name); err != nil {
		t.Fatal(err)
	}
	for i := range p.Tasks {
		if err := run.DoTask(t.Context(), s.open(), p.Run, p.Stage, i, s.o); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(name, text, 0o644); err != nil {
		t.Fatal(err)
	}
	next, err := run.NextTasks(t.Context(), s.open(), p.Run, s.o)
	if err != nil {
		t.Fatal(err)
	}
	report, err := s.commit(s.do(next))
	if err != nil {
		t.Fatal(err)
	}
	deferred := slices.ContainsFunc(report.Files, func(f workspace.FileReport) bool {
		return strings.HasSuffix(name, filepath.Base(f.Name)) && f.Deferred != "" && f.Rows == 0
	})
	if !deferred {
		t.Errorf("%+v, want %s left for the next run", report.Files, name)
	}
	after, err := run.Nightly(t.Context(), s.open(), s.o)
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
