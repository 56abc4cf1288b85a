package jobs

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// machine returns a workspace with the files of a few days, the log of its scheduler, and counters of its events.
func machine(t *testing.T) (y *year, log *bytes.Buffer, heard map[string]int) {
	t.Helper()
	y = newYear(t, "Asia/Shanghai", period.DayOf(2026, 1, 27), period.DayOf(2026, 2, 12))
	log, heard = new(bytes.Buffer), make(map[string]int)
	y.scheduler.log = slog.New(slog.NewTextHandler(log, nil))
	y.scheduler.watch = Watch{
		Panicked: func(k Kind) { heard["panicked "+string(k)]++ },
		Waited:   func() { heard["waited"]++ },
	}
	return y, log, heard
}

// at sets the machine to a local time and does what is due.
func (y *year) at(t *testing.T, wall string) []Outcome {
	t.Helper()
	y.to(t, micro(instant(t, wall+":00+08:00")))
	return y.scheduler.Pass(context.Background(), context.Background())
}

func (y *year) entries(t *testing.T) []ledger.Entry {
	t.Helper()
	entries, damaged, err := ledger.Read(ledger.Dir(y.dir))
	if err != nil || len(damaged) > 0 {
		t.Fatal(err, damaged)
	}
	return entries
}

func words(list []Outcome) (out string) {
	for i := range list {
		o := &list[i]
		out += string(o.Why) + " " + o.Firing.name() + " " + o.Word() + "; "
	}
	return out
}

// TestPanic tests JOBS-5.
func TestPanic(t *testing.T) {
	t.Parallel()
	y, log, heard := machine(t)
	broken := true
	y.runner.Opened = func(Kind) {
		if broken {
			panic("a bug of our own")
		}
	}
	if got := words(y.at(t, "2026-01-28T02:05")); got != "schedule nightly panicked; " {
		t.Fatal(got)
	}
	// It is not retried automatically, and blocks only the lake.
	if got := words(y.at(t, "2026-01-28T02:06")); got != "" {
		t.Fatal(got)
	}
	entries := y.entries(t)
	if len(entries) != 1 || entries[0].Outcome != ledger.Panicked || !strings.Contains(entries[0].Error,
		"a bug of our own") {
		t.Errorf("ledger: %+v", entries)
	}
	if heard["panicked nightly"] != 1 {
		t.Error(heard)
	}
	for _, want := range []string{"a bug of our own", "stack=", "TestPanic.func1", "scheduler_test.go:"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
	status := y.scheduler.Status()
	if len(status.Failing) != 1 || status.Failing[0].Retryable || status.Owed() != 1 {
		t.Errorf("%+v", status.Failing)
	}
	broken = false
	if got := words(y.at(t, "2026-01-29T02:05")); got != "catch-up nightly done; schedule nightly done; " {
		t.Error(got)
	}
}

// TestChainOrder checks that the next tick runs after a pass that panics outside of a run. With the opposite order of
// the wrappers it would not run.
func TestChainOrder(t *testing.T) {
	t.Parallel()
	log := cronLog{slog.New(slog.DiscardHandler)}
	for _, c := range []struct {
		chain cron.Chain
		want  int
	}{
		{cron.NewChain(cron.SkipIfStillRunning(log), cron.Recover(log)), 2},
		{cron.NewChain(cron.Recover(log), cron.SkipIfStillRunning(log)), 1},
	} {
		ran := 0
		job := c.chain.Then(cron.FuncJob(func() { ran++; panic("outside of a run") }))
		job.Run()
		job.Run()
		if ran != c.want {
			t.Errorf("ran %d times, want %d", ran, c.want)
		}
	}
}

// TestLockHeld checks that a night is retried after 1 s, 2 s, 4 s … while a manual run holds the lake, and is done when
// the lake is free.
func TestLockHeld(t *testing.T) {
	t.Parallel()
	y, _, heard := machine(t)
	lock, err := storage.Dir(filepath.Join(y.dir, "lake")).Lock()
	must(t, err)
	if got := words(y.at(t, "2026-01-28T02:05")); got != "schedule nightly failed; " {
		t.Fatal(got)
	}
	var pauses []time.Duration
	for range 12 {
		status := y.scheduler.Status()
		if len(status.Failing) != 1 || !status.Failing[0].Retryable || !strings.Contains(status.Failing[0].Error,
			"held by pid") {
			t.Fatalf("%+v", status.Failing)
		}
		again := micro(status.Failing[0].RetryAt)
		pauses = append(pauses, again.Sub(y.now))
		y.to(t, again.Add(-time.Millisecond))
		if got := words(y.scheduler.Pass(context.Background(), context.Background())); got != "" {
			t.Fatalf("%s before its time", got)
		}
		y.to(t, again)
		if got := words(y.scheduler.Pass(context.Background(), context.Background())); got != "retry nightly failed; " {
			t.Fatal(got)
		}
	}
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600} {
		if pauses[i] != want*time.Second {
			t.Errorf("pause %d is %s", i, pauses[i])
		}
	}
	must(t, lock.Unlock())
	status := y.scheduler.Status()
	y.to(t, micro(status.Failing[0].RetryAt))
	if got := words(y.scheduler.Pass(context.Background(), context.Background())); got != "retry nightly done; " {
		t.Error(got)
	}
	if heard["waited"] != 13 {
		t.Error(heard)
	}
}

// TestWrongBooks checks that a run with invalid books is retried only at the next firing, where the oldest is first.
func TestWrongBooks(t *testing.T) {
	t.Parallel()
	y, _, _ := machine(t)
	prices := filepath.Join(y.dir, "books", "prices.csv")
	right, err := os.ReadFile(prices)
	must(t, err)
	must(t, os.WriteFile(prices, []byte("sku\nvm\n"), 0o666))
	if got := words(y.at(t, "2026-01-28T02:05")); got != "schedule nightly refused; " {
		t.Fatal(got)
	}
	if got := words(y.at(t, "2026-01-28T23:00")); got != "" {
		t.Fatal(got)
	}
	must(t, os.WriteFile(prices, right, 0o666))
	if got := words(y.at(t, "2026-01-29T02:05")); got != "catch-up nightly done; schedule nightly done; " {
		t.Error(got)
	}
}

// TestClockSetBack checks a clock that is before the lake's as-of: nothing runs, this is reported once, and the nightly
// runs continue when the clock has passed the as-of.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	y, log, _ := machine(t)
	if got := words(y.at(t, "2026-01-28T02:05")); got != "schedule nightly done; " {
		t.Fatal(got)
	}
	for _, wall := range []string{"2026-01-26T12:00", "2026-01-27T02:05", "2026-01-28T02:04"} {
		y.to(t, micro(instant(t, wall+":00+08:00")))
		if got := words(y.scheduler.Pass(context.Background(), context.Background())); got != "" {
			t.Errorf("at %s: %s", wall, got)
		}
		if status := y.scheduler.Status(); !status.Clock {
			t.Errorf("at %s: not told", wall)
		}
	}
	if n := strings.Count(log.String(), "the clock is before"); n != 1 {
		t.Errorf("told %d times:\n%s", n, log)
	}
	if got := words(y.at(t, "2026-01-29T02:05")); got != "schedule nightly done; " {
		t.Error(got)
	}
}

// TestSkipIsKept checks that a monthly run of a closed cycle is skipped, and that this is reported and recorded only
// once, even if another scheduler follows.
func TestSkipIsKept(t *testing.T) {
	t.Parallel()
	y, log, _ := machine(t)
	settings := filepath.Join(y.dir, "tollbook.yaml")
	text, err := os.ReadFile(settings)
	must(t, err)
	must(t, os.WriteFile(settings, bytes.Replace(text, []byte("0 12 3 * *"), []byte("0 12 5 * *"), 1), 0o666))
	for _, wall := range []string{"2026-02-05T12:00", "2026-02-05T12:01"} {
		y.at(t, wall)
	}
	must(t, y.scheduler.Close())
	y.start(func(err error) { must(t, err) })
	y.at(t, "2026-02-05T13:00")
	var skipped []string
	for _, e := range y.entries(t) {
		if e.Outcome == ledger.Skipped {
			skipped = append(skipped, e.Command+" "+e.Due+" "+strings.Join(e.Notes, ""))
		}
	}
	if want := "run monthly --cycle 2026-01 2026-02-05T04:00:00Z cycle 2026-01 is closed"; len(skipped) != 1 ||
		skipped[0] != want {
		t.Errorf("%q, want %s", skipped, want)
	}
	if n := strings.Count(log.String(), "msg=skipped"); n != 1 {
		t.Errorf("told %d times", n)
	}
	if last := y.entries(t); last[len(last)-1].Kind == "monthly" && last[len(last)-1].Outcome != ledger.Skipped {
		t.Error("the month was run")
	}
}

// TestAsOfTypedWrong checks that a manual run with an as-of in the far future does not make the nightly runs up to it
// look done, and that a manual run as of now corrects the lake's as-of.
func TestAsOfTypedWrong(t *testing.T) {
	t.Parallel()
	y, _, _ := machine(t)
	y.to(t, micro(instant(t, "2026-01-28T01:00:00+08:00")))
	_, err := y.runner.Run(context.Background(), Task{Kind: Nightly, Cycle: NoCycle,
		AsOf: instant(t, "2036-01-28T02:05:00Z")})
	must(t, err)
	if got := words(y.at(t, "2026-01-29T02:05")); got != "" {
		t.Fatal(got)
	}
	_, err = y.runner.Run(context.Background(), Task{Kind: Nightly, Cycle: NoCycle})
	must(t, err)
	if got := words(y.at(t, "2026-01-30T02:05")); got != "schedule nightly look; " { // one row of the 29th is wrong
		t.Error(got)
	}
}

// TestLedgerUnwritable checks that, if the ledger cannot be written, a process does a nightly run that changes nothing
// only once.
func TestLedgerUnwritable(t *testing.T) {
	t.Parallel()
	y, _, _ := machine(t)
	y.drops = nil
	// The ledger is replaced by a folder in which nobody can create a file, not even root.
	runs := filepath.Join(y.dir, "runs")
	must(t, os.Rename(runs, runs+".away"))
	must(t, os.Symlink("/proc/self/task", runs))
	if got := words(y.at(t, "2026-01-28T02:05")); got != "schedule nightly nothing new; " {
		t.Error(got)
	}
	if got := words(y.at(t, "2026-01-28T02:07")); got != "" {
		t.Errorf("again: %s", got)
	}
}

// TestRetention checks that a prune is done once per firing, by schedule or manually.
func TestRetention(t *testing.T) {
	t.Parallel()
	y, _, _ := machine(t)
	settings := filepath.Join(y.dir, "tollbook.yaml")
	text, err := os.ReadFile(settings)
	must(t, err)
	must(t,
		os.WriteFile(settings, bytes.Replace(text, []byte("schedule: {"),
			[]byte("schedule: {retention: \"0 4 * * *\", "), 1), 0o666))
	for _, c := range []struct{ wall, want string }{
		{"2026-01-28T04:00", "catch-up nightly done; schedule prune nothing new; "}, {"2026-01-28T04:01", ""},
	} {
		if got := words(y.at(t, c.wall)); got != c.want {
			t.Errorf("at %s: %s", c.wall, got)
		}
	}
}

// TestTwoSchedulers checks that a second scheduler gets an error that names the first, and can start when the first has
// ended.
func TestTwoSchedulers(t *testing.T) {
	t.Parallel()
	y, _, _ := machine(t)
	_, err := Open(y.runner, y.log, Watch{})
	taken := new(TakenError)
	if !errors.As(err, &taken) || !strings.Contains(taken.Error(), "pid ") || problem.HintOf(taken) == "" {
		t.Fatal(err)
	}
	must(t, y.scheduler.Close())
	second, err := Open(y.runner, y.log, Watch{})
	must(t, err)
	y.scheduler = second
}

// TestBeganIsKept checks that the first start is recorded: for a scheduler that starts again on an empty lake, the
// nightly runs since then are pending.
func TestBeganIsKept(t *testing.T) {
	t.Parallel()
	y, _, _ := machine(t)
	must(t, y.scheduler.Close())
	y.to(t, y.now.Add(72*time.Hour))
	y.start(func(err error) { must(t, err) })
	y.drops = nil
	if got := words(y.scheduler.Pass(context.Background(), context.Background())); strings.Count(got,
		"catch-up nightly") != 3 {
		t.Error(got)
	}
}

// TestRefusedCloseWaits checks that a close with open items is refused, that the nights continue, and that it is
// retried after each of them (SCHED-8).
func TestRefusedCloseWaits(t *testing.T) {
	t.Parallel()
	y, _, _ := machine(t)
	settings, err := os.ReadFile(filepath.Join(y.dir, "tollbook.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	must(t, os.WriteFile(filepath.Join(y.dir, "tollbook.yaml"),
		bytes.Replace(settings, []byte("close: {with_open_rejects: true, with_missing_feeds: true}\n"), nil, 1), 0o666))
	bad := "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
		"bad-1,nobody,r1,x,east,2026-01-27T10:00:00+08:00,2026-01-27T11:00:00+08:00,one\n"
	must(t, os.MkdirAll(filepath.Join(y.dir, "inbox", "usage"), 0o777))
	name := filepath.Join(y.dir, "inbox", "usage", "bad.csv")
	must(t, os.WriteFile(name, []byte(bad), 0o666))
	arrived := time.Date(2026, 1, 27, 12, 0, 0, 0, time.UTC)
	must(t, os.Chtimes(name, arrived, arrived))
	y.at(t, "2026-02-04T03:00")
	refused := words(y.at(t, "2026-02-05T00:01"))
	if !strings.Contains(refused, "close 2026-01 refused; ") {
		t.Fatal(refused)
	}
	if got := words(y.at(t, "2026-02-05T00:30")); got != "" {
		t.Errorf("tried again at once: %s", got)
	}
	night := words(y.at(t, "2026-02-05T02:06"))
	if !strings.Contains(night, "schedule nightly ") || strings.Contains(night, "nightly refused") {
		t.Errorf("the night did not run: %s", night)
	}
	status := y.scheduler.Status()
	if len(status.Failing) != 1 || status.Failing[0].Firing.Kind != Close {
		t.Errorf("%+v", status.Failing)
	}
}

// TestEmptyMonthWaits checks that the schedule reports a month without any record, and does not close it whatever the
// settings allow (SCHED-8).
func TestEmptyMonthWaits(t *testing.T) {
	t.Parallel()
	y, _, _ := machine(t)
	if got := words(y.at(t, "2026-03-05T00:01")); strings.Contains(got, "refused") {
		t.Fatal(got)
	}
	if got := words(y.at(t, "2026-04-05T00:01")); !strings.Contains(got, "close 2026-03 refused; ") {
		t.Fatal(got)
	}
	y.at(t, "2026-04-05T00:30")
	status := y.scheduler.Status()
	if len(status.Failing) != 1 || !strings.Contains(status.Failing[0].Error, "no records at all") {
		t.Errorf("%+v", status.Failing)
	}
}

// TestEndedBeforeItsPublish tests SCHED-1: after a run that ends between its commit and its publish, the publish is
// pending. The same holds for a copied lake without a ledger. The publish is done once.
func TestEndedBeforeItsPublish(t *testing.T) {
	t.Parallel()
	y, _, _ := machine(t)
	file := filepath.Join(y.dir, "tollbook.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, "\niceberg: {warehouse: tables, namespace: tb}\n"...)
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
	if got := words(y.at(t, "2026-01-28T02:05")); got != "schedule nightly done; " {
		t.Fatal(got)
	}
	y.runner.Options.StopAt = func(point string) error {
		if point == "after-HEAD" {
			y.runner.Options.StopAt = nil
			return errors.New("called off")
		}
		return nil
	}
	if got := words(y.at(t, "2026-01-29T02:05")); got != "schedule nightly failed; schedule publish done; " {
		t.Error(got)
	}
	if got := words(y.at(t, "2026-01-29T02:06")); got != "" {
		t.Error(got)
	}
	if err := os.RemoveAll(ledger.Dir(y.dir)); err != nil {
		t.Fatal(err)
	}
	y.scheduler.reader.own = nil // another process
	for _, want := range []string{"catch-up publish nothing new; ", ""} {
		if got := words(y.at(t, "2026-01-29T04:05")); got != want {
			t.Errorf("without the ledger: %q, want %q", got, want)
		}
	}
}
