package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/commands"
)

// TestDryRunsSayWhenThereIsNothing checks that every command with --dry-run reports when there is nothing to do, and
// only then.
func TestDryRunsSayWhenThereIsNothing(t *testing.T) {
	t.Parallel()
	dir := monthOf(t)
	if code, _, told := runs(dir, "close", "--cycle", "2026-09", "--yes", "--as-of",
		"2026-10-05T04:00:00Z"); code > cli.ExitNeedsAttention {
		t.Fatal(told)
	}
	nothing := map[string]struct {
		args []string
		says string
	}{
		"tollbook close": {[]string{"close", "--cycle", "2026-09"}, "the cycle was closed before: nothing to do\n"},
		"tollbook prune": {[]string{"prune"}, "Nothing is due: a prune would write nothing.\n"},
		"tollbook rebucket": {[]string{"rebucket"},
			"The lake has 4 buckets, as lake.buckets says: there is nothing to do.\n"},
		"tollbook rerate": {[]string{"rerate", "--cycle", "2026-09"},
			"cycle 2026-09: by these books it costs what was billed\n"},
		"tollbook schedule": {[]string{"schedule", "--as-of", "2026-10-05T04:30:00Z"}, "nothing is pending\n"},
		"tollbook publish":  {nil, ""}, // TestPublishDryRun
	}
	var found []string
	walk(commands.New(testApp()), func(cmd *cobra.Command) {
		if cmd.Flags().Lookup("dry-run") == nil {
			return
		}
		found = append(found, cmd.CommandPath())
		c, known := nothing[cmd.CommandPath()]
		if !known {
			t.Errorf("%s has --dry-run: no test of it", cmd.CommandPath())
		}
		if c.args == nil {
			return
		}
		if code, out, told := runs(dir, append(c.args, "--dry-run")...); code != cli.ExitDone ||
			!strings.Contains(out, c.says) {
			t.Errorf("%v --dry-run: exit %d, want %q in\n%s%s", c.args, code, c.says, out, told)
		}
	})
	if len(found) != len(nothing) {
		t.Errorf("commands with --dry-run: %v", found)
	}
}

// TestRerateDryRunWithADifference checks that a dry run with a difference does not print the message for no difference.
func TestRerateDryRunWithADifference(t *testing.T) {
	t.Parallel()
	dir := monthOf(t)
	if code, _, told := runs(dir, "close", "--cycle", "2026-09", "--yes", "--as-of",
		"2026-10-05T04:00:00Z"); code > cli.ExitNeedsAttention {
		t.Fatal(told)
	}
	prices := filepath.Join(dir, "books", "prices.csv")
	if err := os.WriteFile(prices, []byte(strings.ReplaceAll(read(t, prices), "0.015", "0.016")), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, told := runs(dir, "rerate", "--cycle", "2026-09", "--dry-run", "--as-of", "2026-10-06T04:00:00Z")
	for _, want := range []string{"cycle 2026-09: 2 differences to what was billed\n",
		"note: dry run: nothing was written\n", "The lake is at manifest 2 as before.\n"} {
		if code != cli.ExitDone || !strings.Contains(out, want) {
			t.Errorf("exit %d, want %q in\n%s%s", code, want, out, told)
		}
	}
	if strings.Contains(out, "Nothing new") {
		t.Errorf("it says that nothing is new:\n%s", out)
	}
}
