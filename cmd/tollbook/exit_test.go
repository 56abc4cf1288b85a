package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/problem"
)

func TestFailures(t *testing.T) {
	t.Parallel()
	two := problem.Problems{
		{Pos: problem.Pos{File: "books/prices.csv", Line: 3, Column: 5}, Text: `"1,0": thousands separator`,
			Hint: "write 10"},
		{Pos: problem.Pos{File: "tollbook.yaml", Line: 1}, Text: "zone: missing"},
	}
	locked := "wait for that run to end, or end it, then start again (the lock goes with the process: the file " +
		"itself may stay)"
	for _, c := range []struct {
		err  error
		want failure
	}{
		{&usageError{"--cycle is missing", "say which"}, failure{"--cycle is missing", "say which", nil, 2}},
		{fmt.Errorf("check: %w", two), failure{"2 problems in settings or books; nothing was done", "", []sourcePlace{
			{"books/prices.csv", 3, 5, `"1,0": thousands separator`, "write 10"},
			{"tollbook.yaml", 1, 0, "zone: missing", ""}}, 2}},
		{two[:1], failure{"1 problem in settings or books; nothing was done", "",
			[]sourcePlace{{"books/prices.csv", 3, 5, `"1,0": thousands separator`, "write 10"}}, 2}},
		{&workspace.RefusedError{What: "cycle 2026-08 is still open", Hint: "close it first"},
			failure{"cycle 2026-08 is still open", "close it first", nil, 2}},
		{&rows.NoCycleError{Cycle: "2026-09"}, failure{"the lake has nothing of cycle 2026-09",
			"the lake is empty: `tollbook run nightly` takes the feeds in", nil, 2}},
		{&rows.NoCycleError{Cycle: "2026-09", Known: []string{"2026-07", "2026-08"}},
			failure{"the lake has nothing of cycle 2026-09", "cycles in the lake: 2026-07, 2026-08", nil, 2}},
		{&rows.NotFoundError{What: "no record r1", Do: "look elsewhere"}, failure{"no record r1", "look elsewhere", nil,
			2}},
		{&storage.LockedError{Name: "lake/LOCK", Holder: "pid 7 on host n1"},
			failure{"lock lake/LOCK: held by pid 7 on host n1", locked, nil, 3}},
		{fmt.Errorf("open: %w", &lake.MissingError{Name: "lines/x.parquet", Manifest: "manifests/000002.json",
			Detail: "not there", Hint: "put it back"}),
			failure{"open: lake: lines/x.parquet: not there, but manifests/000002.json names it", "put it back", nil,
				3}},
		{&lake.CorruptError{Name: "HEAD", Detail: "torn", Hint: "copy it back"},
			failure{"lake: HEAD: torn", "copy it back", nil, 3}},
		{&lake.MovedError{Name: "lines/x.parquet", Was: 1, Now: 2},
			failure{"lake: lines/x.parquet is gone: the lake moved from manifest 1 to 2 while it was being read",
				"a run is on: start this command again when it has ended", nil, 3}},
		{&feed.FileError{File: "usage/a.csv", Line: 2, Column: 7, Text: "a quote", Hint: "twice"},
			failure{"read inbox/usage/a.csv: line 2, column 7: a quote", "twice",
				[]sourcePlace{{File: "inbox/usage/a.csv", Line: 2, Column: 7, Text: "a quote"}}, 3}},
		{&differError{"the lake is not what it should be", "put it back"}, failure{"the lake is not what it should be",
			"put it back", nil, 3}},
		{fmt.Errorf("write lake/HEAD: %w", syscall.ENOSPC), failure{"write lake/HEAD: no space left on device", "", nil,
			3}},
		{&fs.PathError{Op: "open", Path: "tollbook.yaml", Err: fs.ErrPermission},
			failure{"open tollbook.yaml: permission denied", "", nil, 3}},
		{fmt.Errorf("fold: %w", context.Canceled),
			failure{"interrupted", "the same command goes on from where the lake stands", nil, 3}},
	} {
		if diff := cmp.Diff(c.want, describeFailure(c.err)); diff != "" {
			t.Errorf("describeFailure(%v), -want +got:\n%s", c.err, diff)
		}
	}
}

func TestExitCodeOfSuccess(t *testing.T) {
	t.Parallel()
	if got := exitCode(nil); got != 0 {
		t.Errorf("exitCode(nil) = %d, want 0", got)
	}
	if got := exitCode(fmt.Errorf("run: %w", errNeedsAttention)); got != 1 {
		t.Errorf("exitCode(look) = %d, want 1", got)
	}
	if got := exitCode(errors.New("x")); got != 3 {
		t.Errorf("exitCode(any) = %d, want 3", got)
	}
}

func TestTell(t *testing.T) {
	t.Parallel()
	err := problem.Problems{{Pos: problem.Pos{File: "tollbook.yaml", Line: 2, Column: 1}, Text: "unknown key",
		Hint: "did you mean zone?"}}
	var text, object bytes.Buffer
	(&app{err: &text}).reportError(err, false)
	want := "tollbook.yaml:2:1: unknown key\n    hint: did you mean zone?\n" +
		"tollbook: 1 problem in settings or books; nothing was done\n"
	if text.String() != want {
		t.Errorf("text:\n%s\nwant:\n%s", text.String(), want)
	}
	(&app{err: &object}).reportError(err, true)
	var f failure
	if err := json.Unmarshal(object.Bytes(), &f); err != nil || f.Exit != 2 || len(f.At) != 1 || f.At[0].Line != 2 ||
		strings.Count(object.String(), "\n") != 1 {
		t.Errorf("JSON: %s, %v", object.String(), err)
	}
	var none bytes.Buffer
	(&app{err: &none}).reportError(errNeedsAttention, false)
	(&app{err: &none}).reportError(nil, true)
	if none.Len() > 0 {
		t.Errorf("told %q of what is no failure", none.String())
	}
}

// TestCommandLine runs whole command lines in-process: what is wrong with them, code and text.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, want string }{
		{"frobnicate", `unknown command "frobnicate" for "tollbook"`},
		{"exprt", "did you mean `tollbook export`?"},
		{"settle", `unknown command "settle"`},
		{"run", "run: which one?"},
		{"run weekly", `unknown command "weekly" for "tollbook run"`},
		{"bill", "--cycle is missing"},
		{"bill --cycle 2026-13", `--cycle "2026-13": no such month`},
		{"bill --cycle", "flag needs an argument: --cycle"},
		{"bill --cycel 2026-09", "unknown flag: --cycel"},
		{"close", "--cycle is missing"},
		{"run monthly", "--cycle is missing"},
		{"run monthly --cycle september", `not a cycle YYYY-MM`},
		{"run nightly --as-of yesterday", "write it as 2026-10-05T04:00:00Z"},
		{"run nightly --as-of 2026-10-05T04:00:00", "no offset"},
		{"run nightly now", `unknown command "now"`},
		{"run nightly --workers 0", "--workers 0: want 1 or more"},
		{"run nightly --batch-rows -1", "want 0 or more"},
		{"run nightly --fault sometimes", "want fail:N"},
		{"run nightly --stop-at lunch", `--stop-at "lunch": no such point`},
		{"explain", "accepts 1 arg(s), received 0"},
		{"explain r1 --cycle x", "not a cycle"},
		{"export --cycle 2026-09 --table bills",
			`--table "bills": want one of lines, rejects, statements, partner_statements, incentives, accounts, totals`},
		{"export --cycle 2026-09 --format xml", `--format "xml": want one of csv, ndjson, parquet`},
		{"export --table lines", "--cycle is missing"},
		{"rejects --reason dislike", `--reason "dislike": not a reason`},
		{"rejects --limit -1", "--limit -1: want 0 or more"},
		{"init", "accepts 1 arg(s), received 0"},
		{"check -w nowhere", "nowhere/tollbook.yaml: not there"},
		{"run nightly -w nowhere", "`tollbook init` makes a workspace"},
		{"bill --cycle 2026-09 -w nowhere", "nowhere/tollbook.yaml: not there"},
		{"generate --rows -5", "rows -5: must not be negative"},
	} {
		var out, told bytes.Buffer
		code := Main(strings.Fields(c.args), nil, &out, &told, func(string) string { return "" }, noon)
		if code != 2 || !strings.Contains(told.String(), c.want) || out.Len() > 0 {
			t.Errorf("tollbook %s: exit %d, %q, printed %q; want exit 2 and %q", c.args, code, told.String(),
				out.String(), c.want)
		}
		told.Reset()
		code = Main(append(strings.Fields(c.args), "--json"), nil, &out, &told, func(string) string { return "" }, noon)
		var f failure
		if err := json.Unmarshal(told.Bytes(), &f); strings.HasSuffix(c.args, "--cycle") {
			continue // --json is the argument it was waiting for
		} else if err != nil || code != 2 || f.Exit != 2 || f.Error == "" {
			t.Errorf("tollbook %s --json: exit %d, %s, %v", c.args, code, told.String(), err)
		}
	}
}
