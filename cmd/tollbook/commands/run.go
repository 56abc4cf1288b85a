package commands

import (
	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/jobs"
)

// NewIngest is the command ingest.
func NewIngest(a *cli.App) *cobra.Command {
	t := jobs.Task{Kind: jobs.Ingest}
	cmd := &cobra.Command{
		Use:   "ingest",
		Short: "Ingest new feed files and rate them",
		Long: `ingest finds feed files that were not ingested yet, checks every record, rates the affected days,
and updates statements. A file whose content was ingested before is ignored, whatever its name. If
there are more rejects than the setting gates allows, the command stops before rating: nothing
is ingested, exit code 2.

--retry-rejects tries rejected records again after the books were corrected. Such a run takes no new
feed files. If a corrected record with the same id is in a new file, dismiss the reject first
(tollbook rejects dismiss): otherwise the old record is billed, and the new one is a conflict.`,
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
		Long: `run nightly ingests new files and settles the open cycles; run monthly also adds the month-end lines
of one cycle.`,
		Example: "  tollbook run nightly\n  tollbook run monthly --cycle 2026-09",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return &cli.UsageError{What: "run: want nightly or monthly",
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
		Short: "Ingest new files, rate the days that changed, settle open cycles",
		Long: `run nightly ingests new feed files, rates again the days that they change, and settles the open
cycles provisionally. With nothing new it writes nothing and reports that. If there are more rejects
than the setting gates allows, the run stops before rating: nothing is ingested, exit code 2.

--reset-clock also sets the lake's clock back. A run whose --as-of was in the future leaves the lake
with that time, and the schedule runs nothing until then. The reset commits a state as of this run's
clock even if nothing else is new.`,
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
		Short: "Run the night for one cycle and add its month-end lines",
		Long: `run monthly does what run nightly does and adds the month-end lines: prices of the complete
month (volume, block, stairstep, levels), the 95th percentile, recurring charges, minimums, caps and
commitments. They stay provisional until the cycle is closed.`,
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

// runJob does one run and prints its report.
func runJob(a *cli.App, cmd *cobra.Command, t jobs.Task) error {
	if err := cli.CheckAccept(cmd, &t); err != nil {
		return err
	}
	res, failed := a.Do(cmd.Context(), t)
	if res == nil || res.Report == nil {
		return failed
	}
	return a.ShowRun(res.Workspace, res.Report, failed)
}
