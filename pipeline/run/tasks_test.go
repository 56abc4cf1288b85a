package run_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// engineOf is an engine with one worker, a workspace in this process. If fails is set, its error is returned instead of
// performing a task; if then is set, it is called after the tasks of a stage.
type engineOf struct {
	*shared
	fails func(stage string, i int) error
	then  func(stage string) error
	run   lake.Hash        // the last one
	done  map[string][]int // indexes of tasks by stage
}

func (e *engineOf) Do(ctx context.Context, w *lake.TaskWork, report func(*lake.TaskAttempt)) error {
	tasks := run.NewTasks(e.open(), e.o)
	e.run = lake.Hash(w.Run)
	for _, i := range w.Tasks {
		if e.fails != nil {
			if err := e.fails(w.Stage, i); err != nil {
				return errors.Join(err, tasks.Close())
			}
		}
		if err := tasks.Do(ctx, lake.Hash(w.Run), w.Stage, i); err != nil {
			return errors.Join(run.FailureOf(err), tasks.Close())
		}
		e.done[w.Stage] = append(e.done[w.Stage], i)
		report(&lake.TaskAttempt{Stage: w.Stage, Task: i, Number: 1})
	}
	if e.then != nil {
		return errors.Join(e.then(w.Stage), tasks.Close())
	}
	return tasks.Close()
}

func (e *engineOf) Close() error { return nil }

// nightly runs a night with the engine and the real clock.
func (e *engineOf) nightly() (*workspace.Report, error) {
	return run.Nightly(e.Context(), e.open(), e.options())
}

// options returns the options of a run with the engine and the real clock.
func (e *engineOf) options() workspace.Options {
	e.done = make(map[string][]int)
	o := e.o
	o.Engine, o.AsOfIsNow = e, true
	return o
}

// TestFailureOf checks which class of task failure an error has: what must change first is refused, what a person must
// repair is broken, and the rest is tried again.
func TestFailureOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err   error
		class lake.TaskClass
		hint  string
	}{
		{&workspace.RefusedError{What: "no", Hint: "close it"}, lake.TaskRefused, "close it"},
		{problem.Problems{{Text: "a price", Hint: "correct it"}}, lake.TaskRefused, "correct it"},
		{&lake.CorruptError{Name: "lines", Hint: "restore it"}, lake.TaskBroken, "restore it"},
		{&lake.MissingError{Name: "lines", Hint: "put it back"}, lake.TaskBroken, "put it back"},
		{&lake.SyncError{Name: "lines", Err: syscall.EIO}, lake.TaskBroken, ""},
		{&lake.MovedError{}, lake.TaskFailed, ""},
		{&fs.PathError{Op: "write", Path: "lines", Err: syscall.ENOSPC}, lake.TaskFailed, ""},
		{errors.New("odd"), lake.TaskFailed, ""},
	} {
		f := run.FailureOf(fmt.Errorf("do the task: %w", c.err))
		if f.Class != c.class || c.hint != "" && f.What != c.hint {
			t.Errorf("%v: class %s, hint %q; want %s, %q", c.err, f.Class, f.What, c.class, c.hint)
		}
	}
}

// TestEngine checks that the same command continues a night of an engine that was stopped, with the clock and the files
// of its plan. It performs the remaining tasks, and the lake equals that of one process. Invariants: TASK-3, ENGINE-2.
func TestEngine(t *testing.T) {
	t.Parallel()
	one := newShared(t)
	if _, err := run.Nightly(t.Context(), one.open(), one.o); err != nil {
		t.Fatal(err)
	}
	e := &engineOf{shared: newShared(t)}
	down := errors.New("the engine is down")
	e.fails = func(stage string, i int) error {
		if stage == "bucket" && i == 3 {
			return down
		}
		return nil
	}
	if _, err := e.nightly(); !errors.Is(err, down) {
		t.Fatalf("%v, want %v", err, down)
	}
	if want := []int{0, 1, 2}; !slices.Equal(e.done["bucket"], want) || len(e.done["scan"]) == 0 {
		t.Errorf("done were %v, want scan tasks and bucket tasks %v", e.done, want)
	}
	planned := e.o.AsOf
	e.o.AsOf++
	e.fails = nil
	report, err := e.nightly()
	if err != nil || report.AsOf != planned {
		t.Fatalf("%+v as of %s, want %s: %v", report, report.AsOf, planned, err)
	}
	if len(e.done["scan"]) > 0 || slices.Min(e.done["bucket"]) != 3 {
		t.Errorf("done were %v, want bucket tasks from 3 on", e.done)
	}
	same(t, one.files(), e.files())
}

// TestEngineBeginsAgain checks that a run is not continued if the books, the as-of or a feed file changed, a file was
// added, or the clock is before its plan. A run that a gate or a worker refused must not disturb the next run.
// Invariants: TASK-3, RUN-8.
func TestEngineBeginsAgain(t *testing.T) {
	t.Parallel()
	down := errors.New("the engine is down")
	halfway := func(t *testing.T) *engineOf {
		e := &engineOf{shared: newShared(t)}
		e.fails = func(stage string, _ int) error {
			if stage == "bucket" {
				return down
			}
			return nil
		}
		if _, err := e.nightly(); !errors.Is(err, down) {
			t.Fatalf("%v, want %v", err, down)
		}
		e.fails = nil
		return e
	}
	night := func(t *testing.T, e *engineOf) map[string]string {
		t.Helper()
		if _, err := e.nightly(); err != nil {
			t.Fatal(err)
		}
		if len(e.done["scan"]) == 0 {
			t.Errorf("done were %v, want all tasks again", e.done)
		}
		return e.files()
	}
	for name, change := range map[string]func(*shared){
		"books":    func(s *shared) { s.change("books/prices.csv", ",1\n", ",2\n") },
		"settings": func(s *shared) { s.change("tollbook.yaml", "\n", " # changed\n") },
		"build":    func(s *shared) { s.o.Build = "another" },
		"feed": func(s *shared) {
			found, err := filepath.Glob(filepath.Join(s.dir, "inbox", "usage", "*.csv"))
			if err == nil {
				err = os.Rename(found[0], filepath.Join(s.dir, "gone.csv"))
			}
			if err == nil {
				err = os.Rename(filepath.Join(s.dir, "gone.csv"), filepath.Join(filepath.Dir(found[0]), "z.csv"))
			}
			if err != nil {
				s.Fatal(err)
			}
		},
		"delivered": func(s *shared) { s.deliver("delivered.csv", "rec-new", "16") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, one := halfway(t), newShared(t)
			change(e.shared)
			change(one)
			if _, err := run.Nightly(t.Context(), one.open(), one.o); err != nil {
				t.Fatal(err)
			}
			same(t, one.files(), night(t, e))
		})
	}
	t.Run("clock", func(t *testing.T) {
		t.Parallel()
		e, one := halfway(t), newShared(t)
		e.o.AsOf--
		one.o.AsOf = e.o.AsOf
		if _, err := run.Nightly(t.Context(), one.open(), one.o); err != nil {
			t.Fatal(err)
		}
		same(t, one.files(), night(t, e))
	})
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		e := &engineOf{shared: newShared(t)}
		e.fails = func(string, int) error {
			return &lake.TaskFailure{Class: lake.TaskRefused, Text: "odd", What: "mend it"}
		}
		_, err := e.nightly()
		e.refused(err, "a worker refused a task: odd")
		e.fails = nil
		night(t, e)
	})
}

// TestEngineCloseTakesCorrection checks that a close with an engine that is refused because of an open reject leaves
// nothing, and that the same command then ingests the correction of the record. Invariants: RUN-8.
func TestEngineCloseTakesCorrection(t *testing.T) {
	t.Parallel()
	cycle, err := period.ParseCycle("2026-09")
	if err != nil {
		t.Fatal(err)
	}
	closed := func(s *shared, o workspace.Options) (*workspace.Report, error) {
		return run.Close(t.Context(), s.open(), cycle, false, o)
	}
	wrong := func() *shared {
		s := newShared(t)
		s.o.AsOf += period.Instant(30 * 24 * time.Hour / time.Microsecond)
		s.o.CloseIf = &workspace.CloseTerms{Feeds: true}
		s.deliver("wrong.csv", "rec-new", "16x")
		return s
	}
	one, e := wrong(), &engineOf{shared: wrong()}
	open := new(run.OpenItemsError)
	if _, err := closed(e.shared, e.options()); !errors.As(err, &open) || len(e.done["bucket"]) == 0 {
		t.Fatalf("%v after %v, want an open reject", err, e.done)
	}
	if left := e.files(); len(left) > 0 {
		t.Errorf("the close that was refused left %v", slices.Sorted(maps.Keys(left)))
	}
	for _, s := range []*shared{one, e.shared} {
		s.deliver("corrected.csv", "rec-new", "16")
	}
	if _, err := closed(one, one.o); err != nil {
		t.Fatal(err)
	}
	if _, err := closed(e.shared, e.options()); err != nil {
		t.Fatal(err)
	}
	same(t, one.files(), e.files())
}
