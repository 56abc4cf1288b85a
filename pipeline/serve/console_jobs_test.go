package serve_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/console"
)

// TestConsoleJobs checks that the overview counts the failed runs since the last successful one of the same kind, and
// that the page of runs shows each run with its stages.
func TestConsoleJobs(t *testing.T) {
	t.Parallel()
	job := func(id, kind, outcome string, good bool) console.Job {
		return console.Job{ID: id, Kind: kind, Outcome: outcome, Good: good, Started: asOf,
			Ended: asOf.Add(
				90 * time.Second), Rows: 1200, Rejected: 3, Lines: 1197, Stages: []console.Stage{{Name: "read",
				Seconds: 60.5, CPU: 90.25, Peak: 512 << 20, Rows: 1200}}}
	}
	bad := job("n-3", "nightly", "failed", false)
	bad.Error, bad.Hint = "the disk is full <b>", "make room"
	jobs := []console.Job{job("n-1", "nightly", "failed", false), job("n-2", "nightly", "done", true), bad,
		job("p-1", "publish", "killed", false)}
	d := openConsole(t, billed(t), vendor, func(c *serve.Config) {
		c.Jobs = func() ([]console.Job, error) { return jobs, nil }
	})
	if got := d.page("").figures()["Failed runs"]; got != "2" {
		t.Errorf("the overview counts %q failed runs: n-3 and p-1 failed since the last good one", got)
	}
	list := d.page("runs").sheet("jobs")
	if len(list.rows) != 4 || strings.Join(list.rows[0], "|") !=
		"2026-10-05 12:00|nightly|failed|90.0|512 MiB|1,200|3|1,197|" {
		t.Errorf("runs: %v", list.rows)
	}
	one := d.page("runs?id=n-3")
	stages := one.sheet("stages")
	if !strings.Contains(one.text("main"), "the disk is full <b>") || len(stages.rows) != 1 ||
		strings.Join(stages.rows[0], "|") != "read|60.50|90.25|512 MiB|1,200" {
		t.Errorf("one run: %v\n%s", stages.rows, one.text("main"))
	}
	if p := d.open("runs?id=n-9"); p.status != 404 {
		t.Errorf("no such run: %d", p.status)
	}
	if got := d.page("runs?lang=zh").sheet("jobs").rows[0][2]; got != "失败" {
		t.Errorf("in Chinese a failed run is %q", got)
	}
}
