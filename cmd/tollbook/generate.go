package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/fixtures/generate"
)

func (a *app) generateCommand() *cobra.Command {
	var o generate.Options
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Make a workspace of any size, for load",
		Long: `generate writes settings, books and feeds of any size into the workspace folder, which must not hold any yet:
skewed customers, 400 skus, 8 regions, 0.5 % duplicates, 0.1 % bad rows, 2 % late rows. The same seed gives the same bytes.`,
		Example: "  tollbook -w load generate --rows 1000000 --customers 10000 --days 1 --seed 1\n" +
			"  tollbook -w load generate --rows 1000 --format csv --links 4",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Dir = a.flags.workspace
			r, err := generate.Workspace(cmd.Context(), o, func(done, total int64) {
				a.bar.update("write rows", done, total)
			})
			if path := new(fs.PathError); err != nil && r.FirstDay == "" && !errors.As(err, &path) {
				// nothing was begun: the options are wrong, or something is there already
				return &usageError{what: err.Error()}
			}
			if err != nil {
				return err
			}
			a.bar.end()
			if a.flags.json {
				return a.printJSON(r)
			}
			a.generateText(&o, &r)
			return nil
		},
	}
	f := cmd.Flags()
	f.Int64Var(&o.Rows, "rows", 1_000_000, "usage rows, bad ones and duplicates included")
	f.IntVar(&o.Customers, "customers", 1_000, "customers")
	f.IntVar(&o.Days, "days", 1, "days the rows are spread over")
	f.Uint64Var(&o.Seed, "seed", 1, "chooses the workspace")
	f.StringVar(&o.Format, "format", generate.FormatParquet, "format of the feeds: parquet or csv")
	f.StringVar(&o.Start, "start", "", "first day (default 2026-09-01)")
	f.StringVar(&o.Zone, "zone", "", "contract zone (default Asia/Shanghai)")
	f.IntVar(&o.Links, "links", 0, "bandwidth links, a sample every five minutes each")
	f.IntVar(&o.Partners, "partners", 0,
		"partners, with terms and incentive programmes (default one for every 25 customers, without)")
	f.Int64Var(&o.FileRows, "file-rows", 0, "usage rows of a feed file, at most (default 20,000,000)")
	f.BoolVar(&o.NoLate, "no-late", false, "no late rows: every row belongs to the day of its file")
	f.BoolVar(&o.Bench, "bench", false, "books of the benchmark: flat and graduated prices and rate discounts alone")
	return exits(cmd, exitDone, exitWrong, exitFailed)
}

func (a *app) generateText(o *generate.Options, r *generate.Report) {
	fmt.Fprintf(a.out, "made %s: %s to %s\n\n", o.Dir, r.FirstDay, r.LastDay)
	g := newGrid("usage rows", ">count")
	g.add("all", r.Rows)
	g.add("good", r.Accepted)
	g.add("duplicates", r.Duplicates)
	g.add("late", r.Late)
	for _, reason := range slices.Sorted(maps.Keys(r.Rejected)) {
		g.add("bad: "+reason, r.Rejected[reason])
	}
	if r.Samples > 0 {
		g.add("bandwidth samples", r.Samples)
	}
	g.print(a.out, "  ")
	fmt.Fprintf(a.out, "\n%s, %d bytes\n", counted(int64(len(r.Files)), "feed file", "feed files"), r.Bytes)
	fmt.Fprintf(a.out, "next: tollbook -w %s run nightly --as-of %s%s\n", o.Dir, r.AsOf, a.futureFlag(r.AsOf))
}
