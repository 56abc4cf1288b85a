package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

func (a *app) ingestCommand() *cobra.Command {
	t := jobs.Task{Kind: jobs.Ingest}
	cmd := &cobra.Command{
		Use:   "ingest",
		Short: "Take new feed files in and rate them",
		Long: `ingest looks for feed files that were not taken yet, checks every record, rates the days they
touch, and brings statements up to date. A file that was taken before, under whatever name, is passed over.
More rejects than gates: of the settings allows stop it before anything is rated: nothing is taken, exit code 2.

With --retry-rejects it tries the records again that were rejected before, once the books are mended.`,
		Example: "  tollbook ingest\n  tollbook ingest --retry-rejects --as-of 2026-10-05T04:00:00Z",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.run(cmd, t)
		},
	}
	cmd.Flags().BoolVar(&t.RetryRejects, "retry-rejects", false, "try the rejected records again")
	acceptFlag(cmd, &t)
	return exits(cmd, exitDone, exitNeedsAttention, exitWrong, exitFailed)
}

func (a *app) runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the night or the month",
		Long: "run nightly takes in what is new and settles the open cycles; run monthly brings one cycle to its " +
			"month-end.",
		Example: "  tollbook run nightly\n  tollbook run monthly --cycle 2026-09",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return &usageError{what: "run: which one?",
				hint: "`tollbook run nightly` or `tollbook run monthly --cycle 2026-09`"}
		},
	}
	cmd.AddCommand(a.nightlyCommand(), a.monthlyCommand())
	return exits(cmd, exitDone, exitNeedsAttention, exitWrong, exitFailed)
}

func (a *app) nightlyCommand() *cobra.Command {
	t := jobs.Task{Kind: jobs.Nightly}
	cmd := &cobra.Command{
		Use:   "nightly",
		Short: "Take in what is new, rate the days that changed, settle open cycles",
		Long: `run nightly takes new feed files in, rates the days they change again, and settles the open cycles
provisionally. Run again with nothing new it writes nothing and says so. More rejects than gates: of the settings
allows stop it before anything is rated: nothing is taken, exit code 2.

With --reset-clock it also sets the lake's clock back. A run whose --as-of was in the future leaves the lake with that
time, and the schedule runs nothing until then. The reset commits a state as of this run's clock even if nothing else
is new.`,
		Example: "  tollbook run nightly\n  tollbook run nightly --reset-clock\n" +
			"  tollbook run nightly --as-of 2026-09-03T01:30:00+08:00 --workers 2",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.run(cmd, t)
		},
	}
	acceptFlag(cmd, &t)
	cmd.Flags().BoolVar(&t.ResetClock, "reset-clock", false,
		"set the lake's clock back to this run's, after a run in the future")
	return exits(cmd, exitDone, exitNeedsAttention, exitWrong, exitFailed)
}

func (a *app) monthlyCommand() *cobra.Command {
	var text string
	t := jobs.Task{Kind: jobs.Monthly}
	cmd := &cobra.Command{
		Use:   "monthly",
		Short: "Do the night for one cycle and add its month-end lines",
		Long: `run monthly does what the night does and adds the lines that come with the month's end: volume, block
and stairstep prices and the 95th percentile. They stay provisional until the cycle is closed.`,
		Example: "  tollbook run monthly --cycle 2026-09 --as-of 2026-10-05T04:00:00Z",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if t.Cycle, err = cycleFlag(text); err != nil {
				return err
			}
			return a.run(cmd, t)
		},
	}
	acceptFlag(cmd, &t)
	cmd.Flags().StringVar(&text, "cycle", "", "the month, as 2026-09")
	return exits(cmd, exitDone, exitNeedsAttention, exitWrong, exitFailed)
}

func (a *app) closeCommand() *cobra.Command {
	var text string
	t := jobs.Task{Kind: jobs.Close}
	cmd := &cobra.Command{
		Use:   "close",
		Short: "Close a cycle: its bill never changes again",
		Long: `close does what run monthly does and then freezes the cycle. Cycles are closed in order. A cycle that is
closed already is no error.

It says what is missing: days without records of a feed that has others, links without samples, open rejects, disputed
incentives. A person has to agree to close a cycle with open rejects, disputed incentives, days without records of a
feed that comes daily (7 days in a row, in this cycle or the one before), links without samples that had some in
the cycle before, or feed files of the inbox that could not be taken: on a terminal close asks, elsewhere it wants --yes. Without either nothing is done, exit
code 2. The schedule does as close.with_open_rejects and close.with_missing_feeds of the settings say.

With --dry-run nothing is written: the report says what closing would do. Its exit code is 1 where close would ask.`,
		Example: "  tollbook close --cycle 2026-09 --dry-run\n  tollbook close --cycle 2026-09\n" +
			"  tollbook close --cycle 2026-09 --yes",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := checkAccept(cmd, &t)
			if err != nil {
				return err
			}
			if t.Cycle, err = cycleFlag(text); err != nil {
				return err
			}
			return a.close(cmd.Context(), t)
		},
	}
	acceptFlag(cmd, &t)
	cmd.Flags().StringVar(&text, "cycle", "", "the month, as 2026-09")
	cmd.Flags().BoolVar(&t.DryRun, "dry-run", false, "write nothing, say what would be done")
	cmd.Flags().BoolVar(&t.Yes, "yes", false, "close it whatever is missing")
	return exits(cmd, exitDone, exitNeedsAttention, exitWrong, exitFailed)
}

// acceptFlag gives a command the flag that says why a run may reject more than the gates allow.
func acceptFlag(cmd *cobra.Command, t *jobs.Task) {
	cmd.Flags().StringVar(&t.AcceptRejects, "accept-rejects", "",
		"run although there are more rejects than gates: of the settings allows; says why, and is kept")
}

// checkAccept wants a reason that says something, on one line.
func checkAccept(cmd *cobra.Command, t *jobs.Task) error {
	if !cmd.Flags().Changed("accept-rejects") {
		return nil
	}
	if t.RetryRejects {
		return &usageError{what: "--retry-rejects with --accept-rejects: no gate holds a retry",
			hint: "what it tries was rejected before: leave --accept-rejects out"}
	}
	t.AcceptRejects = strings.TrimSpace(t.AcceptRejects)
	if !oneLine(t.AcceptRejects) {
		return &usageError{what: fmt.Sprintf("--accept-rejects: want a reason, one line of up to %d bytes", lineBytes),
			hint: `it is kept with the run: --accept-rejects "the vendor confirmed the unknown products"`}
	}
	return nil
}

// run does one run and reports it.
func (a *app) run(cmd *cobra.Command, t jobs.Task) error {
	if err := checkAccept(cmd, &t); err != nil {
		return err
	}
	res, failed := a.do(cmd.Context(), t)
	if res == nil || res.Report == nil {
		return failed
	}
	if err := errors.Join(a.report(res.Workspace, res.Report), failed); err != nil {
		return err
	}
	if res.Report.NeedsAttention() {
		return errNeedsAttention
	}
	return nil
}

// do does a job by hand, which the run ledger keeps. The result is nil if the command line is wrong.
func (a *app) do(ctx context.Context, t jobs.Task) (*jobs.Result, error) {
	o, err := a.options()
	if err == nil && !t.Dry() {
		err = a.checkAsOf()
	}
	if err != nil {
		return nil, err
	}
	t.AsOf, t.Why = o.AsOf, jobs.ByHand
	r := &jobs.Runner{Dir: a.flags.workspace, Clock: a.clock, Options: o, Log: a.log, Version: version(),
		Opened: func(*workspace.Workspace) { tuneMemory(a.env) }}
	res, err := r.Run(ctx, t)
	a.bar.end()
	return res, err
}

// stopPoints are those of a commit and of a publish.
func stopPoints() []string { return slices.Concat(lake.StopPoints(), publish.StopPoints()) }

// stopAt makes a run kill itself at a point of the commit, as kill -9 would.
func stopAt(o workspace.Options, point string) workspace.Options {
	if point == "" {
		return o
	}
	o.StopAt = func(at string) error {
		if at == point {
			_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL) // cannot fail for our own process
			select {}
		}
		return nil
	}
	return o
}
