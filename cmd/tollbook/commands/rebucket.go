package commands

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/run/admin"
)

// NewRebucket is the command rebucket.
func NewRebucket(a *cli.App) *cobra.Command {
	var ro admin.RebucketOptions
	cmd := &cobra.Command{
		Use:   "rebucket",
		Short: "Distribute customers over more buckets",
		Long: `rebucket distributes the customers of the lake over as many buckets as lake.buckets in tollbook.yaml
says. The new number must be a multiple of the one that the lake has. More buckets make the tasks of
a run smaller: each needs less memory, and more workers can share a run.

rebucket writes the files of all buckets again, of closed cycles too, and commits them at once; the
lake needs room for both until then. It compares the rows and sums of each table and day before it
commits. No amount, export or answer changes. If rebucket is killed, the lake has either the old
number of buckets or the new one, and the command can be run again. Runs and programs that serve the
workspace read the settings when they start: start them again afterwards. An archive keeps its
number; the next prune needs another folder for its archive.`,
		Example: "  tollbook rebucket --dry-run\n  tollbook rebucket --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runRebucket(cmd.Context(), a, ro) },
	}
	cmd.Flags().BoolVar(&ro.DryRun, "dry-run", false, "report what would be written again, and write nothing")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

func runRebucket(ctx context.Context, a *cli.App, ro admin.RebucketOptions) error {
	res, failed := a.Do(ctx, jobs.Task{Kind: jobs.Rebucket, Cycle: jobs.NoCycle, Rebucket: ro})
	if res == nil || res.Rebucketed == nil {
		return failed
	}
	r := res.Rebucketed
	return a.Show(r, func() { printRebucket(a, r) }, failed, r.NeedsAttention())
}

// printRebucket prints what was distributed, for people.
func printRebucket(a *cli.App, r *admin.RebucketReport) {
	switch r.From {
	case 0:
		fmt.Fprintf(a.Out, "The lake is empty: the first run creates it with %s.\n", buckets(r.To))
		return
	case r.To:
		fmt.Fprintf(a.Out, "The lake has %s, as lake.buckets says: there is nothing to do.\n", buckets(r.To))
		return
	}
	fmt.Fprintf(a.Out, "rebucket from %d to %d buckets\n\n", r.From, r.To)
	g := cli.NewGrid("", ">files", ">rows", ">bytes")
	g.Add("before", r.Before.Files, r.Before.Rows, r.Before.Bytes)
	if !r.DryRun {
		g.Add("after", r.After.Files, r.After.Rows, r.After.Bytes)
	}
	g.Print(a.Out, "  ")
	if r.DryRun {
		fmt.Fprintln(a.Out, "\ndry run: nothing was written")
	} else {
		fmt.Fprintf(a.Out, "\nThe lake is at manifest %d. `tollbook verify` counts everything again.\n", r.Manifest)
	}
	cli.PrintPublished(a, &r.Publication)
}

func buckets(n int) string { return cli.Counted(int64(n), "bucket", "buckets") }
