package commands

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/iceberg"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/run"
)

// NewPublish is the command publish.
func NewPublish(a *cli.App) *cobra.Command {
	var text string
	var ddl bool
	po := run.PublishOptions{Cycle: lake.NoCycle}
	cmd := &cobra.Command{
		Use:   "publish",
		Short: "Copy the lake to ClickHouse and verify that both are equal; update Iceberg tables",
		Long: `publish inserts what the server of clickhouse.dsn lacks of the lake, counts the rows and sums every
amount there, and then shows all of it at once: a query of the views sees the previous state or the
new one, never a part. Existing rows are counted too; files that differ are inserted again and
listed. With nothing new, it inserts nothing. If a server is set, every run publishes automatically;
this command publishes what a run could not.

--dry-run reports what would be inserted and writes nothing. --print-ddl prints the statements that
create tables and views, and connects to no server. --take-over replaces the copy of another lake,
such as this one before it was rebuilt. --rebalance inserts files again on the shard of their
bucket. Exit code 1 means that something had to be corrected, or that the server did not delete rows
that no view shows.

If iceberg.warehouse is set, publish also brings the Iceberg tables lines, statements and accounts to
the lake's state: one snapshot for each manifest, without copying data. --cycle does not update them.
If iceberg.catalog is set, it registers the tables there, and commits each snapshot to that catalog.`,
		Example: "  tollbook publish\n  tollbook publish --cycle 2026-09 --dry-run\n  tollbook publish --print-ddl",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if text != "" {
				if po.Cycle, err = cli.CycleFlag(text); err != nil {
					return err
				}
			}
			if ddl {
				if err = cli.Only(cmd, "publish --print-ddl", "it prints statements and does nothing else",
					"print-ddl"); err != nil {
					return err
				}
				return printDDL(a)
			}
			return runPublish(cmd.Context(), a, po)
		},
	}
	f := cmd.Flags()
	f.StringVar(&text, "cycle", "", "publish only this month, such as 2026-09 (default: all)")
	f.BoolVar(&ddl, "print-ddl", false, "print the statements that make tables and views, and do nothing")
	f.BoolVar(&po.DryRun, "dry-run", false, "report what would be done, and write nothing")
	f.BoolVar(&po.TakeOver, "take-over", false, "publish over the copy of another lake")
	f.BoolVar(&po.Rebalance, "rebalance", false, "insert files again that are not on the shard of their bucket")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// printDDL prints the statements that would be run on an empty server.
func printDDL(a *cli.App) error {
	w, err := a.Open()
	if err != nil {
		return err
	}
	s := &w.Settings.ClickHouse
	schema := publish.Schema{Database: s.DSN.Database, Cluster: s.Cluster}
	if schema.Database == "" {
		schema.Database = "default"
	}
	list, err := schema.DDL()
	for _, sql := range list {
		fmt.Fprintf(a.Out, "%s;\n\n", sql)
	}
	return err
}

func runPublish(ctx context.Context, a *cli.App, po run.PublishOptions) error {
	res, err := a.Do(ctx, jobs.Task{Kind: jobs.Publish, Cycle: po.Cycle, Publish: po})
	if err != nil {
		return err
	}
	print := func() {
		if res.Published != nil {
			printPublish(a, res.Published)
		}
		if res.Iceberg != nil {
			if res.Published != nil {
				fmt.Fprintln(a.Out)
			}
			printIceberg(a, res.Iceberg)
		}
	}
	look := res.Published != nil && res.Published.NeedsAttention()
	return a.Show(publishResult{res.Published, res.Iceberg}, print, nil, look)
}

// publishResult is the result as JSON: the keys of the ClickHouse report, if there is one, and iceberg.
type publishResult struct {
	*publish.Report
	Iceberg *iceberg.Report `json:"iceberg,omitempty"`
}

// printIceberg prints the result of publishing to Iceberg for people.
func printIceberg(a *cli.App, r *iceberg.Report) {
	fmt.Fprintf(a.Out, "publish to Iceberg, %s/%s", r.Warehouse, r.Namespace)
	if r.Catalog != "" {
		fmt.Fprintf(a.Out, ", catalog %s", r.Catalog)
	}
	fmt.Fprint(a.Out, "\n\n")
	g := cli.NewGrid("table", ">files", ">rows", ">files added", ">files removed")
	for _, t := range r.Tables {
		g.Add(t.Table, t.Files, t.Rows, t.Added, t.Removed)
	}
	g.Print(a.Out, "  ")
	switch {
	case r.DryRun:
		fmt.Fprintln(a.Out, "\ndry run: nothing was written")
	case r.Changed:
		fmt.Fprintf(a.Out, "\nThe tables show manifest %d.\n", r.Manifest)
	default:
		fmt.Fprintf(a.Out, "\nNothing new: the tables show manifest %d as before.\n", r.Manifest)
	}
	if r.Relinked > 0 {
		fmt.Fprintf(a.Out, "restored: %s\n", cli.Counted(int64(r.Relinked), "file", "files"))
	}
	if r.Expired > 0 {
		fmt.Fprintf(a.Out, "expired: %s\n", cli.Counted(int64(r.Expired), "snapshot", "snapshots"))
	}
}

// printPublish prints the result of publishing to ClickHouse for people.
func printPublish(a *cli.App, r *publish.Report) {
	where := "database " + r.Database + " on " + r.Server
	if r.Cluster != "" {
		where += ", cluster " + r.Cluster
	}
	fmt.Fprintf(a.Out, "publish to %s\n\n", where)
	for _, name := range r.DDL {
		verb := "ran"
		if r.DryRun {
			verb = "would run"
		}
		fmt.Fprintf(a.Out, "%s %s\n", verb, name)
	}
	for _, why := range r.StartedOver {
		fmt.Fprintf(a.Out, "started over: %s\n", why)
	}
	g := cli.NewGrid("table", ">files", ">not published", ">rows inserted")
	for _, t := range r.Tables {
		g.Add(t.Table, t.Files, t.New, t.Inserted)
	}
	g.Print(a.Out, "  ")
	cli.PrintRepaired(a, r.Repaired)
	cli.PrintUncleaned(a, r)
	switch {
	case r.DryRun && nothingToInsert(r):
		fmt.Fprintln(a.Out, "\nNothing to insert: the server has every file.\n\ndry run: nothing was written")
	case r.DryRun:
		fmt.Fprintln(a.Out, "\ndry run: nothing was written")
	case r.Changed:
		fmt.Fprintf(a.Out, "\nThe views show manifest %d, verified: every count and every sum is that of the lake.\n",
			r.Manifest)
	default:
		fmt.Fprintf(a.Out, "\nNothing new: the views show manifest %d as before.\n", r.Manifest)
	}
	if r.Cleaned > 0 {
		fmt.Fprintf(a.Out, "deleted what no view shows: %s\n", cli.Counted(int64(r.Cleaned), "load", "loads"))
	}
}

// nothingToInsert reports whether the server has all files of the state and its tables need no change.
func nothingToInsert(r *publish.Report) bool {
	return len(r.DDL) == 0 && !slices.ContainsFunc(r.Tables, func(t publish.TableReport) bool { return t.New > 0 })
}
