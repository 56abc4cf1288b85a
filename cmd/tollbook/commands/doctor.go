package commands

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/jobs/doctor"
)

// NewDoctor is the command doctor.
func NewDoctor(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check whether the workspace is ready for runs",
		Long: `doctor checks settings and books, the lake and its unnamed files, free space, the clock, times of
files, the time zone, the lock, permissions, the inbox, the run ledger, versions, pending jobs of
the schedule, ClickHouse and its tables, and the cache of hashes. For each it reports what it found
and what to do. To test, it creates a file in the workspace, and two objects in an object store,
and removes them; it changes nothing else.

Exit code 1: a person should look. Exit code 2: settings or books are wrong. Exit code 3: a run
would fail because of its environment.`,
		Example: "  tollbook doctor\n  tollbook -w sample doctor --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), a) },
	}
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

func runDoctor(ctx context.Context, a *cli.App) error {
	r := doctor.Inspect(ctx, doctor.Options{Dir: a.Flags.Workspace, Clock: a.Clock, Env: a.Env,
		HashCache: a.CacheFile("inbox"), Scratch: os.TempDir(), Version: cli.Version()})
	var wrong error
	switch {
	case !r.Books:
		wrong = &cli.UsageError{What: "settings or books are wrong", Hint: "`tollbook check` lists every mistake"}
	case r.Broken:
		wrong = &cli.DifferError{What: "a run would fail now", Hint: "see the checks that fail"}
	}
	return a.Show(r, func() { printDoctor(a, r) }, wrong, !r.Workable)
}

// printDoctor prints one line per check, and below it what to do.
func printDoctor(a *cli.App, r *doctor.Report) {
	for _, c := range r.Checks {
		fmt.Fprintf(a.Out, "%-8s %s: %s\n", c.Outcome, c.Name, c.Found)
		if c.Do != "" {
			fmt.Fprintf(a.Out, "         do: %s\n", c.Do)
		}
	}
}
