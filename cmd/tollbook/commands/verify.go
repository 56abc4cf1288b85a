package commands

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/heap"
	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/audit"
)

// NewVerify is the command verify.
func NewVerify(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check every file and sum of the lake",
		Long: `verify reads the complete lake and checks it against itself: sizes and hashes, the chain of
manifests, rows and sums of every file, that every line and statement adds up, that every record
that was read is accounted for and no line is stored twice, that orders, adjustments and differences
of re-rating have their lines, that the partner statements of closed cycles are equal to the lines
that have a partner, that balances follow from their entries, and entries from lines and account
events, that receivables, invoices, coupons, incentives and accounts of partners follow from
statements, lines and events, and the control totals, which it prints. A difference is reported with
the smallest group that differs. Nothing is changed.

Of bandwidth samples verify checks that not more are stored than were accepted. It does not find a
sample that is missing, since a sample of the same slot can replace an accepted one.`,
		Example: "  tollbook verify\n  tollbook -w sample verify --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runVerify(cmd.Context(), a) },
	}
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

func runVerify(ctx context.Context, a *cli.App) error {
	var r *audit.Report
	var lost error
	heap.Tune(a.Env)
	w, err := cli.OpenSettings(a)
	if err != nil {
		return err
	}
	err = a.ReadOf(w, func(snap *lake.Snapshot) (err error) {
		if a.Flags.Lake == "" {
			_, lost = jobs.Archives(w, snap)
		}
		r, err = audit.Run(ctx, snap, audit.Options{Workers: a.Flags.Workers, Progress: a.Bar.Update})
		return err
	})
	if err != nil {
		return err
	}
	if err := a.Show(r, func() { printVerify(a, r) }, nil, false); err != nil || r.OK {
		return cmp.Or(err, lost)
	}
	var differ int64
	for _, c := range r.Checks {
		if !c.OK {
			differ++
		}
	}
	failed := &cli.DifferError{What: "verification failed: " + cli.Counted(differ, "check differs", "checks differ"),
		Hint: "put damaged files back from a backup; without one, " + lake.HintRebuild}
	if a.Flags.Lake != "" {
		failed.Hint = "put damaged files back from a backup or another copy of this lake, which is not the " +
			"workspace's own"
	}
	return failed
}

func printVerify(a *cli.App, r *audit.Report) {
	fmt.Fprintf(a.Out, "lake at manifest %d\n\n", r.Manifest)
	g := cli.NewGrid("", "check", "")
	for _, c := range r.Checks {
		word := "ok"
		if !c.OK {
			word = "DIFFERS"
		}
		g.Add(word, c.Name, c.Looked)
	}
	g.Print(a.Out, "  ")
	printControl(a, r)
	for _, c := range r.Checks {
		if c.OK {
			continue
		}
		fmt.Fprintf(a.Out, "\n%s\n", c.Name)
		for _, d := range c.Differs {
			fmt.Fprintf(a.Out, "  %s\n", d)
		}
		if c.More > 0 {
			fmt.Fprintf(a.Out, "  and %d more\n", c.More)
		}
	}
	for _, name := range r.Unnamed {
		fmt.Fprintf(a.Out, "\nunnamed: %s: a run is active, or was stopped; the next run deletes it\n", name)
	}
	for _, name := range r.Foreign {
		fmt.Fprintf(a.Out, "\nforeign: %s: not a file of the lake; remove it: readers that use a glob read it\n", name)
	}
}

// printControl prints the recalculated control totals (§6.6).
func printControl(a *cli.App, r *audit.Report) {
	if len(r.Rows) > 0 {
		fmt.Fprintln(a.Out, "\nrows of all feed files")
		g := cli.NewGrid("feed", ">read", ">accepted", ">duplicate", ">rejected")
		for _, f := range r.Rows {
			g.Add(f.Feed, f.Read, f.Accepted, f.Duplicate, f.Rejected)
		}
		g.Print(a.Out, "  ")
	}
	for i := 0; i < len(r.Totals); {
		cycle := r.Totals[i].Cycle
		fmt.Fprintf(a.Out, "\ncontrol totals of %s\n", cycle)
		g := cli.NewGrid("", ">.lines", ">.statements", ">.lines with a partner", ">.partner statements", "")
		for ; i < len(r.Totals) && r.Totals[i].Cycle == cycle; i++ {
			s := &r.Totals[i]
			if strings.Trim(s.Lines+s.Statements+s.PartnerLines+s.PartnerRows, "0.") == "" {
				continue
			}
			word := "same"
			if !s.Same() {
				word = "DIFFERS"
			}
			g.Add(s.Column, s.Lines, s.Statements, s.PartnerLines, s.PartnerRows, word)
		}
		g.DropEmpty("lines", "statements")
		g.Print(a.Out, "  ")
	}
	cli.PrintPartnerTotals(a, r.PartnerMoney)
}
