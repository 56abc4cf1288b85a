package commands

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/run/admin"
	"github.com/tollbook/tollbook/schemas/period"
)

// NewPrune is the command prune.
func NewPrune(a *cli.App) *cobra.Command {
	var po admin.PruneOptions
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Pack old feed files and archive closed cycles",
		Long: `prune applies the settings retention.*. Closed cycles older than lines_months are copied completely
into an archive, which is a separate lake, and read back; then their lines and samples leave the
lake. Data that a later run can read stays: orders, balances, packages, performance, statements.
Feed files of cycles that were closed inbox_cycles cycles ago are packed into
archive/inbox/<cycle>.tar.zst. They stay known, so that a file that arrives again is not ingested
again. A feed file that was never ingested is never moved.

For an archived cycle, commands report when it was archived and where to. The global flag --lake
reads it there, for bill, statement, export, query, verify and the other commands that only read:
tollbook --lake archive/lake bill --cycle 2025-01.

--dry-run reports what would leave and writes nothing. Nothing leaves before it was read back from
the archive. If prune is killed at any point and started again, it continues.`,
		Example: "  tollbook prune --dry-run\n  tollbook prune --archive /mnt/cold/lake\n" +
			"  tollbook prune --as-of 2028-04-10T04:00:00Z --json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPrune(cmd.Context(), a, po) },
	}
	cmd.Flags().StringVar(&po.Archive, "archive", "",
		"folder of the lake that cycles go to, relative to the workspace (default: lake in retention.archive)")
	cmd.Flags().BoolVar(&po.DryRun, "dry-run", false, "report what would leave, and write nothing")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

func runPrune(ctx context.Context, a *cli.App, po admin.PruneOptions) error {
	res, failed := a.Do(ctx, jobs.Task{Kind: jobs.Prune, Cycle: jobs.NoCycle, Prune: po})
	if res == nil || res.Pruned == nil {
		return failed
	}
	r := res.Pruned
	return a.Show(r, func() { printPrune(a, res.Workspace.Settings.Zone, r) }, failed, r.NeedsAttention())
}

// printPrune prints for people which cycles were archived and which feed files were packed.
func printPrune(a *cli.App, zone *period.Zone, r *admin.PruneReport) {
	fmt.Fprintf(a.Out, "prune as of %s\n", zone.Show(r.AsOf))
	if len(r.Cycles) > 0 {
		fmt.Fprintf(a.Out, "\ncycles to %s\n", r.Archive)
		g := cli.NewGrid("cycle", ">files", ">bytes", ">lines")
		for _, c := range r.Cycles {
			g.Add(c.Cycle, c.Files, c.Bytes, c.Rows)
		}
		g.Print(a.Out, "  ")
	}
	if len(r.Inbox) > 0 {
		fmt.Fprintf(a.Out, "\nfeed files to %s\n", r.Volumes)
		g := cli.NewGrid("cycle", ">files", ">bytes", "volume")
		for _, p := range r.Inbox {
			volume := p.Volume
			if volume == "" && !r.DryRun {
				volume = "packed before"
			}
			g.Add(p.Cycle, p.Files, p.Bytes, volume)
		}
		g.Print(a.Out, "  ")
	}
	if r.Rejects > 0 {
		fmt.Fprintf(a.Out, "\n%s stay in the inbox: they have open rejects\n",
			cli.Counted(int64(r.Rejects), "old feed file", "old feed files"))
	}
	if r.Waits != nil {
		fmt.Fprintf(a.Out, "\ncycle %s is due, and is not archived yet: %s\n", r.Waits.Cycle, r.Waits.Why)
	}
	switch {
	case r.DryRun && len(r.Cycles)+len(r.Inbox) == 0:
		fmt.Fprintln(a.Out, "\nNothing is due: a prune would write nothing.")
	case r.DryRun:
		fmt.Fprintln(a.Out, "\ndry run: nothing was written")
	case !r.Changed:
		fmt.Fprintln(a.Out, "\nNothing is due: nothing was written.")
	default:
		fmt.Fprintf(a.Out, "\nThe lake is at manifest %d.\n", r.Manifest)
	}
	cli.PrintPublished(a, &r.Publication)
}
