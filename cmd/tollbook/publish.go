package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

func (a *app) publishCommand() *cobra.Command {
	var text string
	var ddl bool
	po := run.PublishOptions{Cycle: place.NoCycle}
	cmd := &cobra.Command{
		Use:   "publish",
		Short: "Bring ClickHouse to the lake's state, verified",
		Long: `publish inserts into the server of clickhouse.dsn what it lacks of the lake, counts rows and adds up every amount there, and
then shows all of it at once: who asks the views sees the state before or after, never a part. What was there already is
counted too; what differs is inserted anew and listed. Run again with nothing new it inserts nothing. Every run publishes by
itself where a server is set; this command does what a run could not.

With --dry-run nothing is written: it says what would be inserted. --print-ddl prints the statements that make tables and
views, and asks no server. --take-over publishes over the copy of another lake, such as this one before it was rebuilt.
--rebalance inserts anew, where its bucket belongs now, what lies on another shard. Exit code 1 says that something
had to be mended, or that the server did not delete what no view shows.`,
		Example: "  tollbook publish\n  tollbook publish --cycle 2026-09 --dry-run\n  tollbook publish --print-ddl",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if text != "" {
				if po.Cycle, err = cycleFlag(text); err != nil {
					return err
				}
			}
			if ddl {
				return a.printDDL()
			}
			return a.publish(cmd.Context(), po)
		},
	}
	f := cmd.Flags()
	f.StringVar(&text, "cycle", "", "publish this month alone, as 2026-09 (default: all)")
	f.BoolVar(&ddl, "print-ddl", false, "print the statements that make tables and views, and do nothing")
	f.BoolVar(&po.DryRun, "dry-run", false, "write nothing, say what would be done")
	f.BoolVar(&po.TakeOver, "take-over", false, "publish over the copy of another lake")
	f.BoolVar(&po.Rebalance, "rebalance", false, "insert anew what lies on another shard than its bucket belongs to")
	return exits(cmd, exitDone, exitNeedsAttention, exitWrong, exitFailed)
}

// printDDL prints what would be run on an empty server.
func (a *app) printDDL() error {
	w, err := a.open()
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
		fmt.Fprintf(a.out, "%s;\n\n", sql)
	}
	return err
}

func (a *app) publish(ctx context.Context, po run.PublishOptions) error {
	res, err := a.do(ctx, jobs.Task{Kind: jobs.Publish, Cycle: po.Cycle, Publish: po})
	if err != nil {
		return partnersWrong(err)
	}
	r := res.Published
	if a.flags.json {
		err = a.printJSON(r)
	} else {
		a.publishText(r)
	}
	if err == nil && r.NeedsAttention() {
		return errNeedsAttention
	}
	return err
}

// publishText prints what a publish did, for people.
func (a *app) publishText(r *publish.Report) {
	where := "database " + r.Database + " on " + r.Server
	if r.Cluster != "" {
		where += ", cluster " + r.Cluster
	}
	fmt.Fprintf(a.out, "publish to %s\n\n", where)
	for _, name := range r.DDL {
		verb := "ran"
		if r.DryRun {
			verb = "would run"
		}
		fmt.Fprintf(a.out, "%s %s\n", verb, name)
	}
	a.layoutText(r)
	g := newGrid("table", ">files", ">not there yet", ">rows inserted")
	for _, t := range r.Tables {
		g.add(t.Table, t.Files, t.New, t.Inserted)
	}
	g.print(a.out, "  ")
	a.repairedText(r.Repaired)
	a.uncleanedText(r)
	switch {
	case r.DryRun && nothingToInsert(r):
		fmt.Fprintln(a.out, "\nNothing to insert: the server has every file.\n\ndry run: nothing was written")
	case r.DryRun:
		fmt.Fprintln(a.out, "\ndry run: nothing was written")
	case r.Changed:
		fmt.Fprintf(a.out, "\nThe views show manifest %d, verified: every count and every sum is that of the lake.\n",
			r.Manifest)
	default:
		fmt.Fprintf(a.out, "\nNothing new: the views show manifest %d as before.\n", r.Manifest)
	}
	if r.Cleaned > 0 {
		fmt.Fprintf(a.out, "deleted what no view shows: %s\n", counted(int64(r.Cleaned), "load", "loads"))
	}
}

// nothingToInsert reports whether the server has all files of the state, in tables as they are to be.
func nothingToInsert(r *publish.Report) bool {
	return len(r.DDL) == 0 && !slices.ContainsFunc(r.Tables, func(t publish.TableReport) bool { return t.New > 0 })
}

// layoutText says what became of a copy that an older program laid out.
func (a *app) layoutText(r *publish.Report) {
	internal := publish.Schema{Database: r.Database}.Internal()
	switch {
	case len(r.Adopted) > 0 && r.DryRun:
		fmt.Fprintf(
			a.out,
			"would move the tables from database %s to %s; rows that are published already are not inserted again\n",
			r.Database,
			internal,
		)
	case len(r.Adopted) > 0:
		fmt.Fprintf(
			a.out,
			"moved the tables from database %s to %s; database %s now holds the views only\n",
			r.Database,
			internal,
			r.Database,
		)
	}
	if len(r.Old) > 0 {
		fmt.Fprintf(
			a.out,
			"%s stay in database %s while a statement runs that may read them; the next publish drops them\n",
			counted(int64(len(r.Old)), "table of the old layout", "tables of the old layout"),
			r.Database,
		)
	}
}

// repairedText lists what was inserted anew because it differed.
func (a *app) repairedText(list []string) {
	const most = 20
	for i, text := range list {
		if i == 0 {
			fmt.Fprintln(a.out, "\nfound to differ on the server, and inserted anew")
		}
		if i == most {
			fmt.Fprintf(a.out, "  and %d more\n", len(list)-most)
			return
		}
		fmt.Fprintf(a.out, "  %s\n", text)
	}
}

// uncleanedText says what the server would not delete.
func (a *app) uncleanedText(r *publish.Report) {
	if r.Uncleaned != "" {
		fmt.Fprintf(a.out, "\nnot deleted yet, though no view shows it: %s\n", r.Uncleaned)
	}
}

// publishedText prints what became of publishing at the end of a run.
func (a *app) publishedText(r *workspace.Report) {
	switch {
	case r.Owed != nil:
		fmt.Fprintf(a.out, "\nThe publish is owed: %s\n", r.Owed.Why)
		if r.Owed.Hint != "" {
			fmt.Fprintf(a.out, "    hint: %s\n", r.Owed.Hint)
		}
		fmt.Fprintln(a.out, "  The next run publishes it, or `tollbook publish`.")
	case r.Published != nil && r.Published.Changed:
		fmt.Fprintf(a.out, "\nPublished to %s, database %s: its views show manifest %d.\n", r.Published.Server,
			r.Published.Database, r.Published.Manifest)
		a.layoutText(r.Published)
		a.repairedText(r.Published.Repaired)
		a.uncleanedText(r.Published)
	}
}
