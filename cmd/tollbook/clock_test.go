package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/program"
)

// clockStart is the time of the machine's clock when a run starts: a year after the as-of of the run.
var clockStart = noon().AddDate(1, 0, 0)

// atClock runs a command on a workspace with a clock that jumps at its k-th reading. It returns how often the clock was
// read.
func atClock(t *testing.T, dir string, k int, jump time.Duration, args ...string) (reads int) {
	t.Helper()
	clock := func() time.Time {
		at := clockStart.Add(time.Duration(reads) * time.Millisecond)
		if reads++; reads >= k {
			at = at.Add(jump)
		}
		return at
	}
	var out bytes.Buffer
	args = append([]string{"-w", dir}, args...)
	none := program.NoEnv
	if code := commands.Main(args, strings.NewReader(""), &out, &out, none, clock); code > cli.ExitNeedsAttention {
		t.Fatalf("%q, clock jumps by %s at reading %d: exit code %d\n%s", args, jump, k, code, &out)
	}
	return reads
}

// filesBelow returns the content of every file below a folder.
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, name))
		out[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestClockJumps lets the machine's clock jump at each of its readings, during a nightly and a monthly run. The lake
// must equal that of a clock that does not jump, and the ledger of runs must stay readable (CLI-3).
func TestClockJumps(t *testing.T) {
	t.Parallel()
	commands := [][]string{
		{"run", "nightly", "--as-of", "2026-10-05T04:00:00Z"},
		{"run", "monthly", "--cycle", "2026-09", "--as-of", "2026-10-05T05:00:00Z"},
	}
	work := func(k int, jump time.Duration) (map[string]string, int) {
		dir, most := filepath.Join(t.TempDir(), "mini"), 0
		if err := os.CopyFS(dir, os.DirFS("testdata/mini")); err != nil {
			t.Fatal(err)
		}
		for _, c := range commands {
			most = max(most, atClock(t, dir, k, jump, c...))
		}
		atClock(t, dir, 1<<30, 0, "runs")
		return filesBelow(t, filepath.Join(dir, "lake")), most
	}
	want, reads := work(1<<30, 0)
	if reads < 3 || len(want) < 5 {
		t.Fatalf("the clock is read %d times, the lake has %d files", reads, len(want))
	}
	for _, jump := range []time.Duration{300 * 24 * time.Hour, -300 * 24 * time.Hour} {
		for k := 2; k <= reads; k++ {
			if testing.Short() && (k%2 == 0) != (jump > 0) {
				continue // the quick form alternates: forward at one reading, backward at the next
			}
			got, _ := work(k, jump)
			for name := range want {
				if got[name] != want[name] {
					t.Errorf("the clock jumps by %s at reading %d: %s differs", jump, k, name)
				}
			}
			if len(got) != len(want) {
				t.Errorf("the clock jumps by %s at reading %d: %d files, want %d", jump, k, len(got), len(want))
			}
		}
	}
}
