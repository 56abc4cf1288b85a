package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// noon is the clock of the scripts: they use --as-of where it matters.
func noon() time.Time { return time.Date(2026, 10, 5, 4, 0, 0, 0, time.UTC) }

// scriptClock is noon, or the time that a script sets with `env TOLLBOOK_TEST_CLOCK=2026-10-06T00:00:00Z`.
func scriptClock() time.Time {
	text := os.Getenv(clockEnv)
	if text == "" {
		return noon()
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

func TestMain(m *testing.M) {
	program.HideGOGC()
	if os.Getenv("TOLLBOOK_TEST_REAL") != "" {
		realTollbook()
	}
	testscript.Main(m, map[string]func(){
		"tollbook": func() {
			os.Exit(commands.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv, scriptClock))
		},
	})
}

// TestScripts runs each script of testdata. The longest ones, which skip themselves with -short, run in make campaign.
func TestScripts(t *testing.T) {
	t.Parallel()
	program.Scripts(t, testscript.Params{
		Dir: "testdata/script",
		// Every script finds the workspace testdata/mini as `mini`.
		Setup: func(env *testscript.Env) error {
			return os.CopyFS(filepath.Join(env.WorkDir, "mini"), os.DirFS("testdata/mini"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exitsWith, "lock": lock, "flip": flip,
		},
	})
}

// exitsWith implements `exits CODE tollbook …`: the command must end with that code, or with `kill` by a signal.
func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE command...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v: %v", args[1:], err)
	}
	want := -1 // ended by a signal
	if args[0] != "kill" {
		want, err = strconv.Atoi(args[0])
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("%v: exit code %d, want %s", args[1:], code, args[0])
	}
}

// lock implements `lock LAKE`: another run holds the lake until the script ends.
func lock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lock lake")
	}
	unlock, err := storage.Dir(ts.MkAbs(args[0])).Lock()
	ts.Check(err)
	ts.Defer(func() { ts.Check(unlock()) })
}

// flip implements `flip GLOB`: it changes one bit in the middle of the first file that matches.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: flip glob")
	}
	names, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(names) == 0 {
		ts.Fatalf("%s: no such file", args[0])
	}
	b, err := os.ReadFile(names[0])
	ts.Check(err)
	b[len(b)/2] ^= 1
	ts.Check(os.WriteFile(names[0], b, 0o666))
}
