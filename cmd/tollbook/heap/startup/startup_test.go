package startup

import (
	"bufio"
	"os/exec"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/fixtures/program"
)

// TestOrder checks that the program initializes this package before those of other modules that build large tables
// (STARTUP-1).
func TestOrder(t *testing.T) {
	t.Parallel()
	tollbook, err := program.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), tollbook, "version")
	cmd.Env = append(cmd.Environ(), "GODEBUG=inittrace=1")
	trace := new(strings.Builder)
	cmd.Stderr = trace
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	position := map[string]int{}
	for lines := bufio.NewScanner(strings.NewReader(trace.String())); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == "init" {
			position[fields[1]] = len(position) + 1
		}
	}
	own := position["github.com/tollbook/tollbook/cmd/tollbook/heap/startup"]
	if own == 0 {
		t.Fatalf("the package is not in the trace:\n%s", trace)
	}
	for _, name := range []string{"ClickHouse/clickhouse-go/v2", "xuri/excelize/v2"} {
		large := "github.com/" + name
		if at := position[large]; at < own {
			t.Errorf("%s is initialized at position %d (0 = not at all), this package at %d", large, at, own)
		}
	}
}

// TestOwnValuesOfMemory checks that values of GOGC and GOMEMLIMIT are kept (HEAP-1). It is not parallel: the collector
// belongs to the process.
func TestOwnValuesOfMemory(t *testing.T) {
	before := debug.SetGCPercent(77)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	for _, own := range []string{"GOGC", "GOMEMLIMIT"} {
		env := map[string]string{own: "50"}
		if begin(func(name string) string { return env[name] }) {
			t.Errorf("with %s, the collector is set", own)
		}
	}
	if percent := debug.SetGCPercent(77); percent != 77 {
		t.Errorf("the percentage is %d, want 77 as before", percent)
	}
}
