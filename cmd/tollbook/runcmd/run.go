package runcmd

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/jobs"
)

// NewIngest is the command ingest.
func NewIngest(a *cli.App) *cobra.Command {
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
			return runJob(a, cmd, t)
		},
	}
	cmd.Flags().BoolVar(&t.RetryRejects, "retry-rejects", false, "try the rejected records again")
	cli.AcceptFlag(cmd, &t)
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// NewRun is the command run.
func NewRun(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run the night or the month",
		Long: "run nightly takes in what is new and settles the open cycles; run monthly brings one cycle to its " +
			"month-end.",
		Example: "  tollbook run nightly\n  tollbook run monthly --cycle 2026-09",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return &cli.UsageError{What: "run: which one?",
				Hint: "`tollbook run nightly` or `tollbook run monthly --cycle 2026-09`"}
		},
	}
	cmd.AddCommand(nightlyCommand(a), monthlyCommand(a))
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

func nightlyCommand(a *cli.App) *cobra.Command {
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
			return runJob(a, cmd, t)
		},
	}
	cli.AcceptFlag(cmd, &t)
	cmd.Flags().BoolVar(&t.ResetClock, "reset-clock", false,
		"set the lake's clock back to this run's, after a run in the future")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

func monthlyCommand(a *cli.App) *cobra.Command {
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
			if t.Cycle, err = cli.CycleFlag(text); err != nil {
				return err
			}
			return runJob(a, cmd, t)
		},
	}
	cli.AcceptFlag(cmd, &t)
	cmd.Flags().StringVar(&text, "cycle", "", "the month, as 2026-09")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// runJob does one run and reports it.
func runJob(a *cli.App, cmd *cobra.Command, t jobs.Task) error {
	if err := cli.CheckAccept(cmd, &t); err != nil {
		return err
	}
	res, failed := a.Do(cmd.Context(), t)
	if res == nil || res.Report == nil {
		return failed
	}
	if err := errors.Join(a.Report(res.Workspace, res.Report), failed); err != nil {
		return err
	}
	if res.Report.NeedsAttention() {
		return cli.ErrNeedsAttention
	}
	return nil
}
