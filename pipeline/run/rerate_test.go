package run_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// newClosed returns a workspace with a closed September and a folder draft, which has the books with other prices.
func newClosed(t *testing.T) *engineOf {
	t.Helper()
	s := newShared(t)
	var err error
	if s.o.AsOf, err = period.ParseInstant("2026-10-05T00:00:00Z"); err == nil {
		_, err = run.Close(t.Context(), s.open(), september(t), false, s.o)
	}
	if err == nil {
		err = os.CopyFS(s.draft(), os.DirFS(filepath.Join(s.dir, "books")))
	}
	if err != nil {
		t.Fatal(err)
	}
	s.change("draft/prices.csv", ",1\n", ",3\n")
	return &engineOf{shared: s}
}

func september(t *testing.T) period.Cycle {
	t.Helper()
	c, err := period.ParseCycle("2026-09")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s *shared) draft() string { return filepath.Join(s.dir, "draft") }

// ratedAgain has the files and the report after a re-rate of September with the draft, and its differences.
type ratedAgain struct {
	Files       map[string]string
	Report      *workspace.Report
	Differences []run.Difference
}

// rerate re-rates September with the draft.
func (e *engineOf) rerate(ro run.RerateOptions, o workspace.Options) (*ratedAgain, error) {
	e.Helper()
	ro.Books = e.draft()
	report, list, err := run.Rerate(e.Context(), e.open(), september(e.T), ro, o)
	return &ratedAgain{e.files(), report, list}, err
}

// exact returns options that compare numbers exactly.
func exact() []cmp.Option {
	return []cmp.Option{
		cmp.Comparer(func(a, b money.Amount) bool { return a == b }),
		cmp.Comparer(func(a, b money.QuantityTotal) bool { return a == b }),
		cmp.Comparer(func(a, b money.AmountTotal) bool { return a == b }),
	}
}

// equal checks that a re-rate has the same result as another one, which must have differences.
func (e *engineOf) equal(want, got *ratedAgain) {
	e.Helper()
	if len(want.Differences) == 0 {
		e.Fatal("the draft makes no difference")
	}
	if diff := cmp.Diff(want, got, exact()...); diff != "" {
		e.Errorf("re-rating (-want +got):\n%s", diff)
	}
}

// TestEngineRerate checks that a re-rate with the books of another folder leaves the same lake, report and differences
// in one process, through encoded tasks, and on an engine that was stopped in each stage and continued by the same
// command. Invariants: TASK-3, ENGINE-2.
func TestEngineRerate(t *testing.T) {
	t.Parallel()
	one := newClosed(t)
	want, err := one.rerate(run.RerateOptions{}, one.o)
	if err != nil {
		t.Fatal(err)
	}
	through := newClosed(t)
	through.o.TaskBytes, through.o.Workers = true, 3
	got, err := through.rerate(run.RerateOptions{}, through.o)
	if err != nil {
		t.Fatal(err)
	}
	through.equal(want, got)

	e := newClosed(t)
	down := errors.New("the engine is down")
	for _, stage := range []string{"rerate", "bucket"} {
		e.fails = func(of string, i int) error {
			if of == stage && i == 2 {
				return down
			}
			return nil
		}
		if _, err := e.rerate(run.RerateOptions{}, e.options()); !errors.Is(err, down) {
			t.Fatalf("%v, want %v", err, down)
		}
		if did := e.done[stage]; !slices.Equal(did, []int{0, 1}) {
			t.Errorf("stage %s: done were %v, want tasks 0 and 1", stage, did)
		}
		e.o.AsOf++
	}
	e.fails = nil
	if got, err = e.rerate(run.RerateOptions{}, e.options()); err != nil {
		t.Fatal(err)
	}
	e.equal(want, got)
	if len(e.done["rerate"]) > 0 || len(e.done["bucket"]) != 2 {
		t.Errorf("done were %v, want two bucket tasks", e.done)
	}
}

// TestEngineRerateDryRun checks that a dry run with an engine gives no tasks to workers, returns the same result as one
// process, and writes nothing.
func TestEngineRerateDryRun(t *testing.T) {
	t.Parallel()
	one, e := newClosed(t), newClosed(t)
	want, err := one.rerate(run.RerateOptions{DryRun: true}, one.o)
	if err != nil {
		t.Fatal(err)
	}
	before := e.files()
	got, err := e.rerate(run.RerateOptions{DryRun: true}, e.options())
	if err != nil {
		t.Fatal(err)
	}
	e.equal(want, got)
	same(t, before, got.Files)
	if len(e.done) > 0 {
		t.Errorf("done were %v, want nothing", e.done)
	}
}

// TestEngineRerateBeginsAgain checks that a re-rate starts again if its draft, its tasks or the books have changed, and
// that a worker refuses a draft other than that of the plan. Invariants: TASK-3.
func TestEngineRerateBeginsAgain(t *testing.T) {
	t.Parallel()
	one, e := newClosed(t), newClosed(t)
	down := errors.New("the engine is down")
	e.fails = func(stage string, i int) error {
		if stage == "rerate" && i == 1 {
			return down
		}
		return nil
	}
	if _, err := e.rerate(run.RerateOptions{}, e.options()); !errors.Is(err, down) {
		t.Fatalf("%v, want %v", err, down)
	}
	for _, w := range []*engineOf{one, e} {
		w.change("draft/prices.csv", ",3\n", ",4\n")
	}
	if _, _, err := run.Rerate(t.Context(), one.open(), september(t), run.RerateOptions{}, one.o); err != nil {
		t.Fatal(err) // as below: a re-rating without a difference is stored too
	}
	want, err := one.rerate(run.RerateOptions{}, one.o)
	if err != nil {
		t.Fatal(err)
	}
	var undo func()
	e.fails = func(stage string, i int) error {
		if stage == "rerate" && undo == nil {
			undo = e.change("draft/prices.csv", ",4\n", ",5\n")
		}
		return nil
	}
	_, err = e.rerate(run.RerateOptions{}, e.options())
	e.refused(err, "draft changed since it was planned")
	undo()
	e.fails = func(stage string, i int) error {
		if stage == "bucket" {
			return down
		}
		return nil
	}
	if _, err := e.rerate(run.RerateOptions{}, e.options()); !errors.Is(err, down) {
		t.Fatalf("%v, want %v", err, down)
	}
	e.fails = nil
	by := func(dir string) []run.Difference {
		t.Helper()
		_, list, err := run.Rerate(t.Context(), e.open(), september(t), run.RerateOptions{Books: dir}, e.options())
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if list := by(""); len(list) > 0 || len(e.done["rerate"]) == 0 {
		t.Errorf("the workspace's books: %v after %v, want all tasks and no difference", list, e.done)
	}
	e.fails = func(stage string, i int) error {
		if stage == "bucket" {
			return down
		}
		return nil
	}
	if _, err := e.rerate(run.RerateOptions{}, e.options()); !errors.Is(err, down) {
		t.Fatalf("%v, want %v", err, down)
	}
	e.fails = nil
	found, err := filepath.Glob(filepath.Join(e.dir, "lake", "runs", "*", "bucket", "000003.task"))
	if err == nil {
		err = os.WriteFile(found[0], []byte("another task\n"), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.rerate(run.RerateOptions{}, e.options())
	if err != nil {
		t.Fatal(err)
	}
	e.equal(want, got)
	if len(e.done["rerate"]) == 0 {
		t.Errorf("done were %v, want all tasks again", e.done)
	}
}

// TestRerateTaskIsStrict checks that a worker refuses a modified task of a re-rate, and that the run refuses a modified
// result. Invariants: TASKENC-1.
func TestRerateTaskIsStrict(t *testing.T) {
	t.Parallel()
	e := newClosed(t)
	damaged := ""
	e.fails = func(stage string, i int) error {
		if stage != "rerate" || damaged == "" {
			return nil
		}
		found, err := filepath.Glob(filepath.Join(e.dir, "lake", "runs", "*", "rerate", damaged))
		if err != nil || len(found) == 0 {
			return err
		}
		text, err := os.ReadFile(found[0])
		if err != nil {
			return err
		}
		changed := strings.Replace(string(text), `"version":1`, `"version":1,"version":1`, 1)
		return os.WriteFile(found[0], []byte(changed), 0o644)
	}
	for _, c := range [][2]string{
		{"000000.task", "decode a rerate task"}, {"000000.result", "decode a rerate result"},
	} {
		damaged = c[0]
		_, err := e.rerate(run.RerateOptions{}, e.options())
		if err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v, want: %s", c[0], err, c[1])
		}
	}
}
