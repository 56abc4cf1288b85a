package jobs

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/schemas/period"
)

// noon is the machine's clock in these tests.
func noon() time.Time { return time.Date(2026, 10, 5, 4, 0, 0, 0, time.UTC) }

// runner returns a Runner over its own small workspace.
func runner(t *testing.T) *Runner {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "cmd", "tollbook", "testdata", "mini"))); err != nil {
		t.Fatal(err)
	}
	arrived := time.Date(2026, 9, 9, 0, 0, 0, 0, time.UTC)
	for _, name := range []string{"usage/first.csv", "bandwidth/link.csv"} {
		if err := os.Chtimes(filepath.Join(dir, "inbox", name), arrived, arrived); err != nil {
			t.Fatal(err)
		}
	}
	return &Runner{Dir: dir, Clock: noon, Version: "v1"}
}

func entries(t *testing.T, r *Runner) []ledger.Entry {
	t.Helper()
	list, damaged, err := ledger.Read(ledger.Dir(r.Dir))
	if err != nil || damaged != nil {
		t.Fatal(err, damaged)
	}
	return list
}

func TestCommand(t *testing.T) {
	t.Parallel()
	sept := period.CycleOf(2026, 9)
	for _, c := range []struct {
		task Task
		want string
	}{
		{Task{Kind: Ingest}, "ingest"},
		{Task{Kind: Ingest, RetryRejects: true}, "ingest --retry-rejects"},
		{Task{Kind: Nightly}, "run nightly"},
		{Task{Kind: Monthly, Cycle: sept}, "run monthly --cycle 2026-09"},
		{Task{Kind: Close, Cycle: sept}, "close --cycle 2026-09"},
		{Task{Kind: Rerate, Cycle: sept}, "rerate --cycle 2026-09"},
		{Task{Kind: Publish, Cycle: NoCycle}, "publish"},
		{Task{Kind: Publish, Cycle: sept}, "publish --cycle 2026-09"},
	} {
		if got := c.task.Command(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.task, got, c.want)
		}
	}
}

// TestRun checks that the entry of a run has its command, its outcome, and all its stages in order. Invariants: JOBS-1,
// JOBS-2.
func TestRun(t *testing.T) {
	t.Parallel()
	r := runner(t)
	var ended []ledger.Entry
	r.Ended = func(e ledger.Entry) { ended = append(ended, e) }
	due := period.Instant(time.Date(2026, 9, 9, 17, 30, 0, 0, time.UTC).UnixMicro())
	res, err := r.Run(t.Context(), Task{Kind: Nightly, Why: CatchUp, Due: due, AsOf: due})
	if err != nil {
		t.Fatal(err)
	}
	list := entries(t, r)
	if diff := cmp.Diff([]ledger.Entry{res.Entry}, list); diff != "" || len(ended) != 1 || ended[0].ID != list[0].ID {
		t.Fatal(diff, ended)
	}
	e := list[0]
	var stages []string
	for _, s := range e.Stages {
		stages = append(stages, s.Name)
	}
	want := []string{"open", "begin", "inbox", "scan", "events", "fold", "settle", "rejects", "totals", "commit"}
	if diff := cmp.Diff(want, stages); diff != "" {
		t.Error(diff)
	}
	if e.Stages[3].Rows != 28 || e.Peak() < 1<<20 {
		t.Errorf("scan: %d rows, peak %d", e.Stages[3].Rows, e.Peak())
	}
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(string(e.Lake)) {
		t.Errorf("the lake it left is %q", e.Lake)
	}
	if e.State != e.Lake {
		t.Errorf("the state it left is %q, want that of the first manifest", e.State)
	}
	e.Stages, e.Host, e.PID, e.Lake, e.State = nil, "", 0, "", ""
	wanted := ledger.Entry{Format: 1, ID: "20261005T040000.000Z-nightly", Kind: "nightly", Command: "run nightly",
		Why: "catch-up", Due: "2026-09-09T17:30:00Z", AsOf: "2026-09-09T17:30:00Z", Started: noon(), Ended: noon(),
		Outcome: ledger.NeedsAttention, Version: "v1", Changed: true, Manifest: 1, Rows: 28, Accepted: 25, Duplicate: 1,
		Rejected: 2, Reasons: map[string]int64{"bad_decimal": 1, "unknown_sku": 1}, DaysFolded: e.DaysFolded,
		LinesWritten: 5}
	if diff := cmp.Diff(wanted, e); diff != "" {
		t.Error(diff)
	}
}

// TestOutcomes checks the outcomes of invalid settings, of a signal, and of a panic, which is passed on.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	r := runner(t)
	r.Opened = func(Kind) { panic("a tier bound off by one") }
	func() {
		defer func() {
			if p := recover(); p != "a tier bound off by one" {
				t.Errorf("recovered %v", p)
			}
		}()
		_, err := r.Run(t.Context(), Task{Kind: Nightly})
		t.Errorf("returned %v", err)
	}()
	gone, cancel := context.WithCancel(t.Context())
	r.Opened = func(Kind) { cancel() }
	if res, err := r.Run(gone, Task{Kind: Nightly}); err == nil || res.Report != nil {
		t.Errorf("%+v, %v", res.Report, err)
	}
	if _, err := r.Run(t.Context(), Task{Kind: "weekly"}); err == nil {
		t.Error("a kind that is none was done")
	}
	r.Skip(Task{Kind: Monthly, Cycle: period.CycleOf(2026, 9), Why: Scheduled}, "cycle 2026-09 is closed")
	if err := os.WriteFile(filepath.Join(r.Dir, "tollbook.yaml"), []byte("zone: Nowhere\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Run(t.Context(), Task{Kind: Nightly}); err == nil {
		t.Error("wrong settings, no error")
	}
	var got []string
	for _, e := range entries(t, r) {
		got = append(got, strings.Join([]string{e.Kind, e.Why, string(e.Outcome), e.Error, strings.Join(e.Notes, ";")},
			"|"))
	}
	for i, want := range []string{
		"nightly|by hand|panicked|a tier bound off by one|", "nightly|by hand|interrupted|",
		`weekly|by hand|failed|job "weekly": no such kind|`,
		"monthly|schedule|skipped||cycle 2026-09 is closed", "nightly|by hand|refused|",
	} {
		if i >= len(got) || !strings.HasPrefix(got[i], want) {
			t.Errorf("entry %d of %q: want %q", i, got, want)
		}
	}
}

// TestRunning checks that the entry of a running run reports this and its stage.
func TestRunning(t *testing.T) {
	t.Parallel()
	r := runner(t)
	var seen []ledger.Entry
	r.Options.StopAt = func(point string) error {
		if point == "before-HEAD" {
			seen = entries(t, r)
		}
		return nil
	}
	if _, err := r.Run(t.Context(), Task{Kind: Nightly}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 || seen[0].Outcome != ledger.Running || seen[0].Stages[len(seen[0].Stages)-1].Name != "commit" {
		t.Errorf("%+v", seen)
	}
}

// TestUnwritable checks that a ledger that cannot be written, for any reason, gives exactly one warning.
func TestUnwritable(t *testing.T) {
	t.Parallel()
	for name, block := range map[string]func(*testing.T, *Runner){
		"at the start": func(t *testing.T, r *Runner) {
			if err := os.WriteFile(ledger.Dir(r.Dir), nil, 0o666); err != nil {
				t.Fatal(err)
			}
		},
		"in the middle": func(t *testing.T, r *Runner) {
			r.Opened = func(Kind) {
				if err := os.RemoveAll(ledger.Dir(r.Dir)); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := runner(t)
			var log bytes.Buffer
			r.Log = slog.New(slog.NewTextHandler(&log, nil))
			block(t, r)
			res, err := r.Run(t.Context(), Task{Kind: Nightly})
			if err != nil || res.Report.Manifest != 1 || strings.Count(log.String(), "\n") != 1 ||
				!strings.Contains(log.String(), "the run ledger cannot be written") {
				t.Errorf("%v, %+v, log %q", err, res.Report, log.String())
			}
		})
	}
}

// TestNoEntry checks that a dry run, and a folder that is not a workspace, leave no entry.
func TestNoEntry(t *testing.T) {
	t.Parallel()
	r := runner(t)
	if _, err := r.Run(t.Context(), Task{Kind: Close, Cycle: period.CycleOf(2026, 9), DryRun: true}); err != nil {
		t.Fatal(err)
	}
	if list := entries(t, r); list != nil {
		t.Errorf("%+v", list)
	}
	r.Dir = t.TempDir()
	if _, err := r.Run(t.Context(), Task{Kind: Nightly}); err == nil {
		t.Error("no settings, no error")
	}
	if left, err := os.ReadDir(r.Dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestMeter(t *testing.T) {
	t.Parallel()
	now := noon()
	var told []string
	m := newMeter(func() time.Time { return now }, func(s []ledger.Stage) { told = append(told, s[len(s)-1].Name) })
	m.begin("scan")
	now = now.Add(1500 * time.Millisecond)
	m.rows(3)
	m.rows(4)
	m.begin("fold")
	now = now.Add(250*time.Millisecond + 400*time.Microsecond)
	list := m.end()
	if len(list) != 2 || list[0].Seconds != 1.5 || list[0].Rows != 7 || list[1].Seconds != 0.25 || list[1].Rows != 0 {
		t.Errorf("%+v", list)
	}
	if diff := cmp.Diff([]string{"scan", "fold"}, told); diff != "" {
		t.Error(diff)
	}
}

// TestMeterMemory checks that each stage has its own peak: a stage that raises the process's peak has that peak, and a
// later stage that needs little has less.
func TestMeterMemory(t *testing.T) {
	program.Slow(t)
	if memory("VmRSS") == 0 {
		t.Skip("the system does not report the memory of a process")
	}
	m := newMeter(noon, func([]ledger.Stage) {})
	m.begin("large")
	before := memory("VmRSS")
	large := bytes.Repeat([]byte{1}, 256<<20)
	if large[len(large)-1] != 1 {
		t.Fatal("not written")
	}
	debug.FreeOSMemory()
	m.begin("small")
	list := m.end()
	if grown := list[0].Peak - before; grown < 250<<20 {
		t.Errorf("256 MiB were written, and the peak rose by %d bytes", grown)
	}
	if less := list[0].Peak - list[1].Peak; list[1].Peak == 0 || less < 200<<20 {
		t.Errorf("256 MiB were freed, and the peak of the next stage is %d bytes, less by %d", list[1].Peak, less)
	}
}
