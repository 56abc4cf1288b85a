package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// NewClose is the command close.
func NewClose(a *cli.App) *cobra.Command {
	var text string
	t := jobs.Task{Kind: jobs.Close}
	cmd := &cobra.Command{
		Use:   "close",
		Short: "Close a cycle: its bill never changes again",
		Long: `close does what run monthly does and then makes the cycle final. Cycles are closed in order. A month
without records must be closed too if levels, subscribers, commitments, recurring charges, or links
with a commit or a floor can charge it. Closing a closed cycle is not an error. Without --cycle, close
takes the oldest open month that has ended and says which.

close lists the open items: no records at all, open rejects, disputed incentives, days without
records of a feed, links without samples, deliveries of cost files that failed or are held. A month
has no records at all if none was accepted, no delivery of cost files counts, and it has no charge
except commitments, minimums, and commits of links without samples; so has a month before the first
one of the lake. close asks for confirmation if the cycle has no records at all, open rejects,
disputed incentives, days without records of a daily feed (7 days in a row, in this cycle or the one
before), links without samples that had some in the cycle before, such deliveries, feed files of the
inbox that could not be ingested, or files that no run ingests because of their names or folders. On
a terminal close asks; elsewhere it requires --yes. Otherwise nothing is done, exit code 2. The
schedule applies close.with_open_rejects and close.with_missing_feeds of the settings, and never
closes a month that has no records at all.

--dry-run reports what closing would do and writes nothing. Its exit code is 1 if close would ask
or be refused.`,
		Example: "  tollbook close --cycle 2026-09 --dry-run\n  tollbook close --cycle 2026-09\n" +
			"  tollbook close --cycle 2026-09 --yes",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := cli.CheckAccept(cmd, &t)
			if err != nil {
				return err
			}
			if text == "" {
				t.Cycle, err = oldestOpen(a)
			} else {
				t.Cycle, err = cli.CycleFlag(text)
			}
			if err != nil {
				return err
			}
			return runClose(cmd.Context(), a, t)
		},
	}
	cli.AcceptFlag(cmd, &t)
	cmd.Flags().StringVar(&text, "cycle", "", "the month, as 2026-09; without it the oldest open one that has ended")
	cmd.Flags().BoolVar(&t.DryRun, "dry-run", false, "report what would be done, and write nothing")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// oldestOpen returns the oldest open month that has ended, and says which it is.
func oldestOpen(a *cli.App) (oldest period.Cycle, err error) {
	o, err := a.Options()
	if err != nil {
		return 0, err
	}
	_, err = a.ReadWith(func(w *workspace.Workspace, snap *lake.Snapshot) error {
		var ok bool
		oldest, ok = snap.Manifest.OldestOpen()
		if !ok || w.Settings.Zone.Bounds(oldest).To > o.AsOf {
			return &cli.UsageError{What: "no open month has ended", Hint: "name the month: --cycle 2026-09"}
		}
		return nil
	})
	if err == nil {
		fmt.Fprintf(a.Err, "cycle %s is the oldest open month that has ended\n", oldest)
	}
	return oldest, err
}

// runClose closes a cycle, or with a dry run reports what closing it would do, and lists the open items. If there are
// open items, it asks a person on a terminal.
func runClose(ctx context.Context, a *cli.App, t jobs.Task) error {
	res, failed := a.Do(ctx, t)
	if open := new(run.OpenItemsError); errors.As(failed, &open) && cli.Asks(a) {
		agreed, err := confirm(a, open)
		if err != nil || !agreed {
			return errors.Join(failed, err)
		}
		t.Confirmed = &open.OpenItems
		res, failed = a.Do(ctx, t)
	}
	if res == nil || res.Report == nil {
		return failed
	}
	w, r := res.Workspace, res.Report
	if t.DryRun && r.Closed != cli.AlreadyClosed {
		r.Closed = "" // a dry run does not close it
	}
	look := r.NeedsAttention() || t.DryRun && r.Missing != nil && r.Missing.NeedsAttention()
	return a.Show(cli.NewRunResult(w, r), func() { printClose(a, w, r, t.DryRun) }, failed, look)
}

// confirm shows a person the open items of a cycle and asks whether to close it with them.
func confirm(a *cli.App, open *run.OpenItemsError) (bool, error) {
	fmt.Fprintf(a.Err, "open items of cycle %s\n", open.Missing.Cycle)
	for _, line := range cli.OpenLines(&open.OpenItems) {
		fmt.Fprintf(a.Err, "  %s\n", line)
	}
	return cli.Agrees(a, fmt.Sprintf("Close cycle %s with these open items? Its bill never changes again.",
		open.Missing.Cycle))
}

// printClose prints the report of a close for people.
func printClose(a *cli.App, w *workspace.Workspace, r *workspace.Report, dry bool) {
	if dry && r.Closed != cli.AlreadyClosed {
		cli.PrintRunHead(a, w, r)
		fmt.Fprintf(a.Out, "\nclosing would rate %s and write %s\n", cli.Counted(int64(r.DaysDone), "day of a bucket",
			"days of a bucket"), cli.Counted(r.Lines, "line", "lines"))
		cli.PrintTotals(a, r.Totals)
	} else {
		cli.PrintRun(a, w, r)
	}
	if r.Refused {
		fmt.Fprintln(a.Out, "\nclose would be refused: see the notes")
	}
	if r.Missing != nil {
		printMissing(a, r, dry)
	}
}

// printMissing prints the open items of a cycle.
func printMissing(a *cli.App, r *workspace.Report, dry bool) {
	m := r.Missing
	lines := cli.MissingLines(m)
	switch {
	case len(lines) == 0 && r.Refused:
		return
	case len(lines) == 0:
		fmt.Fprintf(a.Out, "\nnothing is missing in cycle %s\n", m.Cycle)
		return
	}
	fmt.Fprintf(a.Out, "\nmissing in cycle %s\n", m.Cycle)
	for _, line := range lines {
		fmt.Fprintf(a.Out, "  %s\n", line)
	}
	if m.Rejected() {
		fmt.Fprintln(a.Out, "  (`tollbook rejects` lists them)")
	}
	if dry && !r.Refused && m.NeedsAttention() {
		fmt.Fprintln(a.Out, "  (to close it with these open items: `tollbook close --yes`)")
	}
}
