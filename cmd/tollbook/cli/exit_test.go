package cli

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

// TestFailures tests CLI-1, CLI-2.
func TestFailures(t *testing.T) {
	t.Parallel()
	two := problem.Problems{
		{Pos: problem.Pos{File: "books/prices.csv", Line: 3, Column: 5}, Text: `"1,0": thousands separator`,
			Hint: "write 10"},
		{Pos: problem.Pos{File: "tollbook.yaml", Line: 1}, Text: "zone: missing"},
	}
	locked := "wait for that run to end, or end it, then start again (the lock ends with the process; its file " +
		"may remain)"
	for _, c := range []struct {
		err  error
		want Failure
	}{
		{&UsageError{"--cycle is missing", "say which"}, Failure{"--cycle is missing", "say which", nil, 2}},
		{fmt.Errorf("check: %w", two), Failure{"2 problems in settings or books; nothing was done", "", []SourcePlace{
			{"books/prices.csv", 3, 5, `"1,0": thousands separator`, "write 10"},
			{"tollbook.yaml", 1, 0, "zone: missing", ""}}, 2}},
		{two[:1], Failure{"1 problem in settings or books; nothing was done", "",
			[]SourcePlace{{"books/prices.csv", 3, 5, `"1,0": thousands separator`, "write 10"}}, 2}},
		{&workspace.RefusedError{What: "cycle 2026-08 is still open", Hint: "close it first"},
			Failure{"cycle 2026-08 is still open", "close it first", nil, 2}},
		{&rows.NoCycleError{Cycle: "2026-09"}, Failure{"the lake has no data of cycle 2026-09",
			"the lake is empty: `tollbook run nightly` takes the feeds in", nil, 2}},
		{&rows.NoCycleError{Cycle: "2026-09", Known: []string{"2026-07", "2026-08"}},
			Failure{"the lake has no data of cycle 2026-09", "cycles in the lake: 2026-07, 2026-08; a month without " +
				"records comes into the lake with `tollbook close`", nil, 2}},
		{&rows.NotFoundError{What: "no record r1", Do: "look elsewhere"}, Failure{"no record r1", "look elsewhere", nil,
			2}},
		{&storage.LockedError{Name: "lake/LOCK", Holder: "pid 7 on host n1"},
			Failure{"lock lake/LOCK: held by pid 7 on host n1", locked, nil, 3}},
		{fmt.Errorf("open: %w", &lake.MissingError{Name: "lines/x.parquet", Manifest: "manifests/000002.json",
			Detail: "not there", Hint: "put it back"}),
			Failure{"open: lake: lines/x.parquet: not there, but manifests/000002.json names it", "put it back", nil,
				3}},
		{&lake.CorruptError{Name: "HEAD", Detail: "torn", Hint: "copy it back"},
			Failure{"lake: HEAD: torn", "copy it back", nil, 3}},
		{&lake.MovedError{Name: "lines/x.parquet", Was: 1, Now: 2},
			Failure{"lake: lines/x.parquet is gone: the lake moved from manifest 1 to 2 while it was being read",
				"a run is active: start this command again when it has ended", nil, 3}},
		{&feed.FormError{File: "usage/a.csv", Line: 2, Column: 7, Text: "a quote", Hint: "twice"},
			Failure{"read inbox/usage/a.csv: line 2, column 7: a quote", "twice",
				[]SourcePlace{{File: "inbox/usage/a.csv", Line: 2, Column: 7, Text: "a quote"}}, 3}},
		{&DifferError{"verification failed", "put it back"}, Failure{"verification failed", "put it back", nil, 3}},
		{fmt.Errorf("write lake/HEAD: %w", syscall.ENOSPC), Failure{"write lake/HEAD: no space left on device",
			"make room on the disk of the file that is named, then run the command again", nil, 3}},
		{&fs.PathError{Op: "open", Path: "tollbook.yaml", Err: fs.ErrPermission},
			Failure{"open tollbook.yaml: permission denied", "", nil, 3}},
		{fmt.Errorf("fold: %w", context.Canceled),
			Failure{"interrupted", "the same command continues from the state of the lake", nil, 3}},
	} {
		if diff := cmp.Diff(c.want, describeFailure(c.err)); diff != "" {
			t.Errorf("describeFailure(%v), -want +got:\n%s", c.err, diff)
		}
	}
}

func TestExitCodeOfSuccess(t *testing.T) {
	t.Parallel()
	if got := ExitCode(nil); got != 0 {
		t.Errorf("exitCode(nil) = %d, want 0", got)
	}
	if got := ExitCode(fmt.Errorf("run: %w", ErrNeedsAttention)); got != 1 {
		t.Errorf("exitCode(look) = %d, want 1", got)
	}
	if got := ExitCode(errors.New("x")); got != 3 {
		t.Errorf("exitCode(any) = %d, want 3", got)
	}
}

func TestTell(t *testing.T) {
	t.Parallel()
	err := problem.Problems{{Pos: problem.Pos{File: "tollbook.yaml", Line: 2, Column: 1}, Text: "unknown key",
		Hint: "did you mean zone?"}}
	var text, object bytes.Buffer
	(&App{Err: &text}).reportError(err, false)
	want := "tollbook.yaml:2:1: unknown key\n    hint: did you mean zone?\n" +
		"tollbook: 1 problem in settings or books; nothing was done\n"
	if text.String() != want {
		t.Errorf("text:\n%s\nwant:\n%s", text.String(), want)
	}
	(&App{Err: &object}).reportError(err, true)
	var f Failure
	if err := json.Unmarshal(object.Bytes(), &f); err != nil || f.Exit != 2 || len(f.At) != 1 || f.At[0].Line != 2 ||
		strings.Count(object.String(), "\n") != 1 {
		t.Errorf("JSON: %s, %v", object.String(), err)
	}
	var none bytes.Buffer
	(&App{Err: &none}).reportError(ErrNeedsAttention, false)
	(&App{Err: &none}).reportError(nil, true)
	if none.Len() > 0 {
		t.Errorf("told %q of what is no failure", none.String())
	}
}
