//go:build amd64 || arm64

package fatal

import (
	"errors"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"
)

// deathEnv selects how the process of these tests ends.
const deathEnv = "TOLLBOOK_TEST_DEATH"

// TestMain ends the process in the selected way, if there is one.
func TestMain(m *testing.M) {
	way, told := os.LookupEnv(deathEnv)
	if !told {
		os.Exit(m.Run())
	}
	deaths()[way].die()
	time.Sleep(time.Hour) // the test kills the process before this ends
}

// death is a way in which a process can end, with the runtime's message and the exit code.
type death struct {
	die  func()
	says string
	code int
}

func deaths() map[string]death {
	const last = "tollbook: the process cannot continue: exit code 3, safe to run again\n"
	return map[string]death{
		"panic": {func() { go func() { panic("of a goroutine") }() }, "panic: of a goroutine\n", 3},
		"nil":   {func() { *nowhere() = 1 }, "invalid memory address or nil pointer dereference", 3},
		"stack": {func() { debug.SetMaxStack(1 << 20); os.Exit(deep(1)) }, "fatal error: stack overflow", 3},
		"memory": {func() {
			limit := syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}
			if err := syscall.Setrlimit(syscall.RLIMIT_AS, &limit); err != nil {
				panic(err)
			}
			_ = make([]byte, 1<<40)
		}, "fatal error: out of memory", 3},
		"quit":  {func() { _ = syscall.Kill(os.Getpid(), syscall.SIGQUIT) }, "SIGQUIT: quit\n", 3},
		"abort": {func() { _ = syscall.Kill(os.Getpid(), syscall.SIGABRT) }, last, 3},
		"two":   {func() { os.Exit(2) }, "", 2},
		"none":  {func() { os.Exit(0) }, "", 0},
		"kill":  {func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) }, "", -1},
	}
}

// nowhere returns an address that cannot be written to.
func nowhere() *int { return nil }

// deep exhausts the stack.
func deep(n int) int {
	if n < 0 {
		return n
	}
	return deep(n+1) + n
}

// TestDeaths (FATAL-1 to FATAL-4) checks that each way to end has its exit code, and that the report of the runtime
// comes first.
func TestDeaths(t *testing.T) {
	t.Parallel()
	for way, d := range deaths() {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), deathEnv+"="+way, "GOTRACEBACK=none")
			out, err := cmd.CombinedOutput()
			exit := new(exec.ExitError)
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if code := cmd.ProcessState.ExitCode(); code != d.code {
				t.Errorf("exit code %d, want %d:\n%s", code, d.code, out)
			}
			if !strings.Contains(string(out), d.says) {
				t.Errorf("no %q in\n%s", d.says, out)
			}
			if ended := strings.HasSuffix(string(out), message); ended != (d.code == 3) {
				t.Errorf("last line is the message: %v\n%s", ended, out)
			}
		})
	}
}
