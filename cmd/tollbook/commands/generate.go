package commands

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/fixtures/generate"
)

// NewGenerate is the command generate.
func NewGenerate(a *cli.App) *cobra.Command {
	var o generate.Options
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Generate a workspace of any size for load tests",
		Long: `generate writes settings, books and feeds of any size into the workspace folder, which must not
contain any: skewed customers, 400 skus, 8 regions, 0.5 % duplicates, 0.1 % bad rows, 2 % late rows.
The same seed gives the same bytes.`,
		Example: "  tollbook -w load generate --rows 1000000 --customers 10000 --days 1 --seed 1\n" +
			"  tollbook -w load generate --rows 1000 --format csv --links 4",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Dir = a.Flags.Workspace
			r, err := generate.Workspace(cmd.Context(), o, func(done, total int64) {
				a.Bar.Update("write rows", done, total)
			})
			if path := new(fs.PathError); err != nil && r.FirstDay == "" && !errors.As(err, &path) {
				// nothing was written: the options are wrong, or the folder is not empty
				return &cli.UsageError{What: err.Error()}
			}
			if err != nil {
				return err
			}
			a.Bar.End()
			return a.Show(r, func() { printGenerate(a, &o, &r) }, nil, false)
		},
	}
	f := cmd.Flags()
	f.Int64Var(&o.Rows, "rows", 1_000_000, "usage rows, bad ones and duplicates included")
	f.IntVar(&o.Customers, "customers", 1_000, "customers")
	f.IntVar(&o.Days, "days", 1, "days the rows are spread over")
	f.Uint64Var(&o.Seed, "seed", 1, "chooses the workspace")
	f.StringVar(&o.Format, "format", "",
		"format of the feeds: parquet or csv (default parquet; profile partners: csv)")
	f.StringVar(&o.Profile, "profile", generate.ProfileMixed,
		"mixed; resources: many per customer, ids of 32 digits, eight files per day; giant: 10 skus, one large "+
			"customer; counted: levels and unique counts, ten resources per customer; costs: cost files of two "+
			"clouds; partners: accounts and coupons of partners, in CSV")
	f.StringVar(&o.Start, "start", "", "first day (default 2026-09-01)")
	f.StringVar(&o.Zone, "zone", "", "contract zone (default Asia/Shanghai)")
	f.IntVar(&o.Links, "links", 0, "bandwidth links, a sample every five minutes each")
	f.IntVar(&o.Partners, "partners", 0,
		"partners, with terms and incentive programmes (default one for every 25 customers, without)")
	f.Int64Var(&o.FileRows, "file-rows", 0, "usage rows of a feed file, at most (default 20,000,000)")
	f.BoolVar(&o.NoLate, "no-late", false, "no late rows: every row belongs to the day of its file")
	f.BoolVar(&o.Bench, "bench", false, "books of the benchmark: only flat and graduated prices and rate discounts")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

func printGenerate(a *cli.App, o *generate.Options, r *generate.Report) {
	fmt.Fprintf(a.Out, "made %s: %s to %s\n\n", o.Dir, r.FirstDay, r.LastDay)
	g := cli.NewGrid("usage rows", ">count")
	g.Add("all", r.Rows)
	g.Add("good", r.Accepted)
	g.Add("duplicates", r.Duplicates)
	g.Add("late", r.Late)
	for _, reason := range slices.Sorted(maps.Keys(r.Rejected)) {
		g.Add("bad: "+reason, r.Rejected[reason])
	}
	if r.Samples > 0 {
		g.Add("bandwidth samples", r.Samples)
	}
	g.Print(a.Out, "  ")
	fmt.Fprintf(a.Out, "\n%s, %d bytes\n", cli.Counted(int64(len(r.Files)), "feed file", "feed files"), r.Bytes)
	fmt.Fprintf(a.Out, "next: tollbook -w %s run nightly --as-of %s%s\n", o.Dir, r.AsOf, a.FutureFlag(r.AsOf))
}
