package publish_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// TestMeddledOutOfScope checks that a publish of one cycle does not record rows of another one as correct, which it
// does not count, and that it does not drop a cycle whose loads are not recorded any more. Invariant: PUB-7.
func TestMeddledOutOfScope(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := twoMonths(t)
	sums := "SELECT cycle, count(), sum(due_amount) FROM copy.statements GROUP BY cycle ORDER BY cycle"
	want := w.ask(sums)
	if !strings.HasPrefix(want, "2026-09\t12\t8645.37\n2026-10\t1\t") {
		t.Fatal(want)
	}
	october := run.PublishOptions{Cycle: cycle(t, "2026-10")}

	w.ask("ALTER TABLE copy_internal.statements_data UPDATE due_amount = due_amount + 100 WHERE cycle = '2026-09' " +
		"SETTINGS mutations_sync = 1")
	_, err := w.tryPublish(october)
	w.must(err)
	if r := w.publish(); len(r.Repaired) == 0 {
		t.Errorf("%+v", r)
	}
	w.shows(sums, want)

	w.ask("DELETE FROM copy_internal.loads WHERE cycle = '2026-09'")
	if _, err := w.tryPublish(october); err == nil || !strings.Contains(err.Error(), "without --cycle") {
		t.Errorf("%v", err)
	}
	w.shows(sums, want)
	w.publish()
	w.shows(sums, want)
}

// twoMonths returns a world whose server shows September and October of manifest 2.
func twoMonths(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.publishedMonth()
	w.october()
	w.asOf = "2026-10-15T04:00:00Z"
	night, err := run.Nightly(t.Context(), w.workspace(), w.options())
	w.must(err)
	if night.Owed != nil {
		t.Fatalf("%+v", night.Owed)
	}
	return w
}

// unpublishedNight runs a night that changes September and October and that no server gets.
func (w *world) unpublishedNight() {
	w.Helper()
	w.settings("", "")
	w.deliver("both.csv",
		"both-9,delta,delta-depot,vm.c2,east-1,2026-09-29T00:00:00+08:00,2026-09-29T01:00:00+08:00,60",
		"both-10,delta,delta-depot,vm.c2,east-1,2026-10-11T00:00:00+08:00,2026-10-11T01:00:00+08:00,60")
	w.asOf = "2026-10-16T04:00:00Z"
	_, err := run.Nightly(w.Context(), w.workspace(), w.options())
	w.must(err)
	w.settings(copyOf(w.server.DSN()), "")
}

// twoCycles returns a world whose server shows September and October of manifest 2, with a lake at manifest 3 that
// changes both.
func twoCycles(t *testing.T) *world {
	t.Helper()
	w := twoMonths(t)
	w.unpublishedNight()
	w.shows(manifestsSQL, "2\t['2026-09','2026-10']\t[2,2]")
	return w
}

const manifestsSQL = "SELECT manifest, cycles, cycle_manifests FROM copy.live"

// atFirst returns a StopAt that does something when a publish is at a point for the first time.
func atFirst(point string, do func()) func(string) error {
	var once sync.Once
	return func(at string) error {
		if at == point {
			once.Do(do)
		}
		return nil
	}
}

// startedOver publishes and checks the report: if the publish started over, it has what all attempts did.
func startedOver(w *world, po run.PublishOptions, o workspace.Options) {
	r, err := run.PublishClickHouse(w.Context(), w.workspace(), po, o)
	if err != nil {
		w.Error(err)
		return
	}
	missing := 0
	for _, t := range r.Tables {
		missing += t.New
	}
	if len(r.StartedOver) > 0 && (!r.Changed || r.Was != 2 || missing == 0 || r.Inserted() == 0) {
		w.Errorf("started over: %+v", r)
	}
}

// TestCyclesAtOnce checks that two publishers of one cycle each, at the same time, do not undo each other, whichever
// inserts its pointer first. Invariant: PUB-16.
func TestCyclesAtOnce(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	september, october := run.PublishOptions{Cycle: cycle(t, "2026-09")}, run.PublishOptions{Cycle: cycle(t, "2026-10")}
	// each publishes until its pointer has its number, the first one before the second one
	for name, c := range map[string]struct {
		first, second func(done1, numbered2, done2 chan struct{})
	}{
		"the second pointer hides the first": {func(_, numbered2, _ chan struct{}) { <-numbered2 },
			func(done1, numbered2, _ chan struct{}) { close(numbered2); <-done1 }},
		"the second is done when the first pointer comes": {func(_, _, done2 chan struct{}) { <-done2 },
			func(_, _, _ chan struct{}) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := twoCycles(t)
			numbered1, done1 := make(chan struct{}), make(chan struct{})
			numbered2, done2 := make(chan struct{}), make(chan struct{})
			o1, o2 := w.options(), w.options()
			o1.StopAt = atFirst(publish.StepNumbered, func() { close(numbered1); c.first(done1, numbered2, done2) })
			o2.StopAt = atFirst(publish.StepNumbered, func() { c.second(done1, numbered2, done2) })
			var all sync.WaitGroup
			all.Go(func() {
				defer close(done1)
				startedOver(w, september, o1)
			})
			all.Go(func() {
				defer close(done2)
				<-numbered1
				startedOver(w, october, o2)
			})
			all.Wait()
			w.shows(manifestsSQL, "3\t['2026-09','2026-10']\t[3,3]")
			w.shows("SELECT cycle, count() FROM copy.lines WHERE id LIKE 'both-%' GROUP BY cycle ORDER BY cycle",
				"2026-09\t1\n2026-10\t1")
			if r := w.publish(); r.Changed || len(r.Repaired) > 0 {
				t.Errorf("afterwards: %+v", r)
			}
		})
	}
}

// publishing publishes a cycle, "" = all, in the background, when another publisher has done something.
func (w *world) publishing(all *sync.WaitGroup, after chan struct{}, name string, stopAt func(string) error,
	want error) {
	w.Helper()
	o, po := w.options(), run.PublishOptions{Cycle: lake.NoCycle}
	if name != "" {
		po.Cycle = cycle(w.T, name)
	}
	o.StopAt = stopAt
	all.Go(func() {
		<-after
		if _, err := run.PublishClickHouse(w.Context(), w.workspace(), po, o); !errors.Is(err, want) {
			w.Errorf("publish of %s: %v", name, err)
		}
	})
}

// TestThreeAtOnce checks that a publish of a cycle is not lost if two others hide it that move at the same time.
// Invariant: PUB-16.
func TestThreeAtOnce(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := twoCycles(t)
	begin, numbered1, numbered2, numbered3 := make(chan struct{}), make(chan struct{}), make(chan struct{}),
		make(chan struct{})
	done1, moved2, moved3 := make(chan struct{}), make(chan struct{}), make(chan struct{})
	// the three have their numbers; the first is done; the others move, and then look for others
	steps := func(numbered, moved func()) func(string) error {
		atNumber, atMove := atFirst(publish.StepNumbered, numbered), atFirst(publish.StepMoved, moved)
		return func(at string) error { return errors.Join(atNumber(at), atMove(at)) }
	}
	var first, others sync.WaitGroup
	w.publishing(&first, begin, "2026-09", steps(func() { close(numbered1); <-numbered3 }, func() {}), nil)
	w.publishing(&others, numbered1, "2026-10", steps(func() { close(numbered2); <-done1 },
		func() { close(moved2); <-moved3 }), nil)
	w.publishing(&others, numbered2, "2026-10", steps(func() { close(numbered3); <-moved2 },
		func() { close(moved3) }), nil)
	close(begin)
	first.Wait()
	close(done1)
	others.Wait()
	w.shows(manifestsSQL, "3\t['2026-09','2026-10']\t[3,3]")
}

// hiding publishes a cycle, "" = all, to its end, and then lets a publish of October move, which had its number before.
// That one is stopped after its move with an error that is not nil. between is called when the first one has ended.
func (w *world) hiding(first string, stop error, between func()) {
	w.Helper()
	begin, numbered1, numbered2, done1 := make(chan struct{}), make(chan struct{}), make(chan struct{}),
		make(chan struct{})
	hide := atFirst(publish.StepNumbered, func() { close(numbered2); <-done1 })
	var one, other sync.WaitGroup
	w.publishing(&one, begin, first, atFirst(publish.StepNumbered, func() { close(numbered1); <-numbered2 }), nil)
	w.publishing(&other, numbered1, "2026-10", func(at string) error {
		if at == publish.StepMoved {
			return stop
		}
		return hide(at)
	}, stop)
	close(begin)
	one.Wait()
	between()
	close(done1)
	other.Wait()
}

// TestRepairAtOnce checks that a publish of a cycle does not undo what a publish of all cycles repairs at the same
// time. Invariant: PUB-16.
func TestRepairAtOnce(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := twoMonths(t)
	counts := "SELECT cycle, count(), sum(payment_amount) FROM copy.lines GROUP BY cycle ORDER BY cycle"
	want := w.ask(counts)
	w.ask("DELETE FROM copy_internal.lines_data WHERE customer_id = 'delta'")
	if w.ask(counts) == want {
		t.Fatal("no line was deleted")
	}
	w.hiding("", nil, func() { w.shows(counts, want) })
	w.shows(counts, want)
}

// TestCycleAfterKill checks that a publish of a cycle shows another cycle of its latest state if a publisher hid that
// and was killed before it looked for others. Invariant: PUB-16.
func TestCycleAfterKill(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := twoCycles(t)
	w.hiding("2026-09", errors.New("killed"), func() {})
	w.shows(manifestsSQL, "3\t['2026-09','2026-10']\t[2,3]")
	r, err := w.tryPublish(run.PublishOptions{Cycle: cycle(t, "2026-10")})
	w.must(err)
	if !slices.Equal(r.StartedOver, []string{"the views hide a later state of another cycle"}) || r.Cycle != "" {
		t.Errorf("%+v", r)
	}
	w.shows(manifestsSQL, "3\t['2026-09','2026-10']\t[3,3]")
	w.shows("SELECT count() FROM copy.lines WHERE id LIKE 'both-%'", "2")
	if r := w.publish(); r.Changed || len(r.Repaired) > 0 {
		t.Errorf("afterwards: %+v", r)
	}
}

// TestCycleBesideRun checks that a publish of one cycle goes on from the state of a run that commits and publishes in
// the meantime.
func TestCycleBesideRun(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := twoCycles(t)
	o := w.options()
	o.StopAt = atFirst(publish.StepBeforePointer, func() {
		w.deliver("third.csv", "third-9,delta,delta-depot,vm.c2,east-1,2026-09-29T02:00:00+08:00,"+
			"2026-09-29T03:00:00+08:00,60")
		w.asOf = "2026-10-17T04:00:00Z"
		_, err := run.Nightly(t.Context(), w.workspace(), w.options())
		w.must(err)
	})
	_, err := run.PublishClickHouse(t.Context(), w.workspace(), run.PublishOptions{Cycle: cycle(t, "2026-09")}, o)
	w.must(err)
	w.shows(manifestsSQL, "4\t['2026-09','2026-10']\t[4,4]")
}

// TestCycleOfOtherHistory checks that one cycle is not published next to cycles of a state that is not in the history
// of the lake: they would be shown as those of a restored lake.
func TestCycleOfOtherHistory(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.publishedMonth()
	kept := filepath.Join(t.TempDir(), "lake")
	w.must(os.CopyFS(kept, os.DirFS(filepath.Join(w.dir, "lake"))))
	w.unpublishedNight()
	w.publish() // manifest 2
	w.must(os.RemoveAll(filepath.Join(w.dir, "lake")))
	w.must(os.CopyFS(filepath.Join(w.dir, "lake"), os.DirFS(kept)))
	if _, err := w.tryPublish(run.PublishOptions{Cycle: cycle(t, "2026-09")}); err == nil ||
		!strings.Contains(err.Error(), "the views show manifest 2, which is not in the history of the lake") {
		t.Errorf("one cycle: %v", err)
	}
	w.shows(manifestsSQL, "2\t['2026-09','2026-10']\t[2,2]")
	w.publish()
	w.shows(manifestsSQL, "1\t['2026-09']\t[1]")
}

// TestEmptyFirst checks that a workspace may publish before it has any record: the next run publishes over the copy of
// its empty lake.
func TestEmptyFirst(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorld(t, server.Options{}, "")
	w.settings(copyOf(w.server.DSN()), "")
	w.publish()
	w.shows("SELECT manifest FROM copy.live", "0")
	if r := w.month(); r.Owed != nil {
		t.Fatalf("owed: %+v", r.Owed)
	}
	w.shows(linesSQL, sampleLines)
}
