package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// noon is the clock of the scripts. Scripts whose result depends on the time use --as-of.
func noon() time.Time { return time.Date(2026, 10, 5, 4, 0, 0, 0, time.UTC) }

// scriptClock is noon, or the time that a script sets with `env TOLLBOOK_TEST_CLOCK=2026-10-06T00:00:00Z`.
func scriptClock(env func(string) string) func() time.Time {
	return func() time.Time {
		text := env(clockEnv)
		if text == "" {
			return noon()
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		return at
	}
}

// TestMain runs tollbook if the test binary is started under that name, by which scripts find it in PATH.
func TestMain(m *testing.M) {
	program.HideGOGC()
	if os.Getenv("TOLLBOOK_TEST_REAL") != "" {
		realTollbook()
	}
	if filepath.Base(os.Args[0]) == "tollbook" {
		os.Exit(commands.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv, scriptClock(os.Getenv)))
	}
	dir, err := install()
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(dir) // best effort: a temporary folder
	os.Exit(code)
}

// install puts the test binary into a folder of PATH under the name tollbook.
func install() (dir string, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if dir, err = os.MkdirTemp("", "tollbook-path-"); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "tollbook")
	if os.Link(self, path) != nil { // the folder is on another disk
		content, err := os.ReadFile(self)
		if err == nil {
			err = os.WriteFile(path, content, 0o700)
		}
		if err != nil {
			return dir, err
		}
	}
	return dir, os.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

// TestScripts runs each script of testdata. The quick form runs most commands in the process of the test, because
// starting a process takes longer than a short command. `make campaign` runs each command, or the part of them that
// PROGRAM-5 selects, in a separate process; it also runs the longest scripts, which skip themselves with -short.
func TestScripts(t *testing.T) {
	t.Parallel()
	program.Scripts(t, testscript.Params{
		Dir: "testdata/script",
		// Every script finds the workspace testdata/mini as `mini`.
		Setup: func(env *testscript.Env) error {
			return os.CopyFS(filepath.Join(env.WorkDir, "mini"), os.DirFS("testdata/mini"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"tollbook": scriptSucceeds, "exits": exitsWith, "lock": lock, "flip": flip,
		},
	})
}

// scriptSucceeds implements `tollbook …`: the command must exit with code 0, or after `!` with another code.
func scriptSucceeds(ts *testscript.TestScript, neg bool, args []string) {
	if code := exitCode(ts, args); (code == 0) == neg {
		ts.Fatalf("tollbook %v: exit code %d", args, code)
	}
}

// exitsWith implements `exits CODE tollbook …`: the command must exit with that code, or by a signal if CODE is `kill`.
func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || args[1] != "tollbook" {
		ts.Fatalf("usage: exits CODE tollbook ...")
	}
	want, err := -1, error(nil) // -1: ended by a signal
	if args[0] != "kill" {
		want, err = strconv.Atoi(args[0])
		ts.Check(err)
	}
	if code := exitCode(ts, args[2:]); code != want {
		ts.Fatalf("%v: exit code %d, want %s", args[1:], code, args[0])
	}
}

// called is the number of commands that scripts ran.
var called atomic.Int64

// exitCode runs a command of a script. The full form runs it in a separate process.
func exitCode(ts *testscript.TestScript, args []string) int {
	if (testing.Short() || called.Add(1)%int64(program.Every(1)) != 0) && !apart(ts, args) {
		return within(ts, args)
	}
	err := ts.Exec("tollbook", args...)
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		ts.Fatalf("tollbook %v: %v", args, err)
	}
	return 0
}

// apart reports whether a command needs a separate process: it names files outside the workspace, whose paths are
// relative to the current folder, prints the full path of one, starts processes, or is killed.
func apart(ts *testscript.TestScript, args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		name, _, _ := strings.Cut(arg, "=")
		return slices.Contains([]string{"--out", "--dir", "--books", "--usage", "--svg", "--fault", "--stop-at",
			"backup", "restore", "restore-head", "init", "generate", "man", "completion", "check", "schedule",
			"publish"}, name) ||
			strings.Contains(arg, ts.MkAbs("."))
	})
}

// within runs a command in the process of the test. Because the current folder is that of the test, it passes the full
// path of the workspace and removes that path from the output.
func within(ts *testscript.TestScript, args []string) int {
	folder := ts.MkAbs(".")
	args = slices.Clone(args)
	if i := slices.Index(args, "-w"); i >= 0 && i+1 < len(args) {
		args[i+1] = ts.MkAbs(args[i+1])
	} else {
		args = append([]string{"-w", folder}, args...)
	}
	var out, log strings.Builder
	code := commands.Main(args, strings.NewReader(""), &out, &log, program.Within(ts.Getenv), scriptClock(ts.Getenv))
	address := "file://" + folder + "/" // a separate process also prints the full path of an address
	relative := strings.NewReplacer(address, address, folder+"/", "")
	fmt.Fprint(ts.Stdout(), relative.Replace(out.String()))
	fmt.Fprint(ts.Stderr(), relative.Replace(log.String()))
	return code
}

// lock implements `lock LAKE`: it locks the lake, as another run would, until the script ends.
func lock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lock lake")
	}
	held, err := storage.Dir(ts.MkAbs(args[0])).Lock()
	ts.Check(err)
	ts.Defer(func() { ts.Check(held.Unlock()) })
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
