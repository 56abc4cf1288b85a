package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/jobs/doctor"
)

func (a *app) doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look whether all is fit for runs, and say what to do",
		Long: `doctor looks at settings and books, the lake and files in it that nobody names, free space, the clock, times of files,
the time zone, the lock, permissions, the inbox, the run ledger, versions, what the schedule owes, ClickHouse and its tables, and the
cache of hashes, and says of each what it found and what
to do. It writes nothing.

Exit code 1 says that something is to be looked at; 2 that settings or books are wrong; 3 that a run would fail of what
is around the workspace.`,
		Example: "  tollbook doctor\n  tollbook -w sample doctor --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context()) },
	}
	return exits(cmd, exitDone, exitNeedsAttention, exitWrong, exitFailed)
}

func (a *app) doctor(ctx context.Context) error {
	r := doctor.Inspect(ctx, doctor.Options{Dir: a.flags.workspace, Clock: a.clock, Env: a.env,
		HashCache: a.cacheFile("inbox"), Scratch: os.TempDir(), Version: version()})
	if a.flags.json {
		if err := a.printJSON(r); err != nil {
			return err
		}
	} else {
		for _, c := range r.Checks {
			fmt.Fprintf(a.out, "%-8s %s: %s\n", c.Outcome, c.Name, c.Found)
			if c.Do != "" {
				fmt.Fprintf(a.out, "         do: %s\n", c.Do)
			}
		}
	}
	switch {
	case !r.Books:
		return &usageError{what: "settings or books are wrong", hint: "`tollbook check` lists every mistake"}
	case r.Broken:
		return &differError{what: "a run would fail as things are", hint: "see the checks that fail"}
	case !r.Workable:
		return errNeedsAttention
	}
	return nil
}
