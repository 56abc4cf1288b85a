//go:build amd64 || arm64

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestQuit (FATAL-1) checks that a scheduler prints the stacks of its goroutines on SIGQUIT and ends with exit code 3.
func TestQuit(t *testing.T) {
	t.Parallel()
	p := launch(t, "2026-09-08T12:00:00+08:00", "-w", scheduled(t, ""), "schedule")
	p.says("schedule starts")
	p.signal(syscall.SIGQUIT)
	if code := p.ends(); code != 3 || !strings.Contains(p.text(), "SIGQUIT: quit") ||
		!strings.Contains(p.text(), "goroutine 1 ") {
		t.Errorf("exit %d, want 3 and the stacks:\n%.2000s", code, p.text())
	}
}

// TestHandledFirst (FATAL-5) checks that no package allocates before the handler of fatal errors is set: a process that
// gets no more memory then ends with exit code 3, however early.
func TestHandledFirst(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0], "version")
	cmd.Env = append(os.Environ(), "TOLLBOOK_TEST_REAL=1", "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	before, _, found := strings.Cut(string(out), "init github.com/tollbook/tollbook/jobs/fatal @")
	if !found {
		t.Fatalf("the handler is not set while packages are initialized:\n%s", out)
	}
	for line := range strings.Lines(before) {
		if !strings.Contains(line, " 0 bytes, 0 allocs") {
			t.Errorf("before the handler: %s", line)
		}
	}
}

// TestOutOfMemory (FATAL-1) checks that a nightly run to which the system gives no more memory ends with exit code 3
// and is recorded as killed in the ledger, and that the same command then succeeds. The settings are a sparse file of
// 64 GiB, more than ulimit allows.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	dir := scheduled(t, "")
	limited := func(at string, args ...string) (int, string) {
		t.Helper()
		cmd := exec.Command("sh", append([]string{"-c", `ulimit -v 16000000 && exec "$0" "$@"`, os.Args[0]},
			args...)...)
		cmd.Env = append(os.Environ(), "TOLLBOOK_TEST_REAL=1", clockEnv+"="+at, "HOME=", "XDG_CACHE_HOME=")
		out, err := cmd.CombinedOutput()
		if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	if code, out := limited("2026-09-10T00:00:00+08:00", "--help"); code != 0 {
		t.Skipf("this build does not start within ulimit -v: exit %d\n%.500s", code, out)
	}
	name := filepath.Join(dir, "tollbook.yaml")
	settings, err := os.ReadFile(name)
	if err == nil {
		err = os.Truncate(name, 64<<30)
	}
	if err != nil {
		t.Fatal(err)
	}
	code, out := limited("2026-09-10T00:00:00+08:00", "-w", dir, "run", "nightly")
	if code != 3 || !strings.Contains(out, "fatal error: out of memory") ||
		!strings.HasSuffix(out, "exit code 3, safe to run again\n") {
		t.Errorf("exit %d, want 3:\n%.2000s", code, out)
	}
	if err := os.WriteFile(name, settings, 0o666); err != nil {
		t.Fatal(err)
	}
	if code, out := limited("2026-09-10T01:00:00+08:00", "-w", dir, "run", "nightly"); code != 1 {
		t.Errorf("again: exit %d, want 1:\n%.2000s", code, out)
	}
	if got := ledgerOf(t, dir); !slices.Equal(got, []string{"by hand nightly killed", "by hand nightly look"}) {
		t.Errorf("run ledger: %q", got)
	}
}
