package commands

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// drawsShown is the maximum number of draws that are listed without --all.
const drawsShown = 20

// packagesOptions are those of packages.
type packagesOptions struct {
	month, customer string
	all             bool // list every draw
}

// NewPackages is the command packages.
func NewPackages(a *cli.App) *cobra.Command {
	var o packagesOptions
	cmd := &cobra.Command{
		Use:   "packages",
		Short: "Show what is left of prepaid packages and what drew on them",
		Long: `packages shows a customer's prepaid packages as of the last day that was rated: for each quota
period that reaches into the cycle the opening quota, the draws, the rest, when it is refilled and
when it ends, and the newest draws. The draws are checked against the rest; exit code 3 also means
that they differ: run tollbook verify.`,
		Example: "  tollbook packages --customer grove\n  tollbook packages --customer juniper --cycle 2026-09 --all",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runPackages(cmd.Context(), a, &o) },
	}
	cmd.Flags().StringVar(&o.month, "cycle", "", "the month, as 2026-09 (default: the last one in the lake)")
	cmd.Flags().StringVar(&o.customer, "customer", "", "whose packages, by customer_id")
	cmd.Flags().BoolVar(&o.all, "all", false, "list every draw")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

func runPackages(ctx context.Context, a *cli.App, o *packagesOptions) error {
	if o.customer == "" {
		return &cli.UsageError{What: "--customer is missing", Hint: "name the customer: --customer grove"}
	}
	if o.month != "" {
		if _, err := cli.CycleFlag(o.month); err != nil {
			return err
		}
	}
	limit := drawsShown
	if o.all {
		limit = 0
	}
	var r *query.QuotaReport
	_, err := a.ReadWith(func(w *workspace.Workspace, snap *lake.Snapshot) (err error) {
		cycle, err := cycleOrLast(o.month, snap)
		if err != nil {
			return err
		}
		s := &query.QuotaSources{Snap: snap, Books: w.Books, Prices: w.Prices()}
		r, err = query.BuildQuotas(ctx, s, cycle, o.customer, limit)
		return err
	})
	if err != nil {
		return err
	}
	if err := a.Show(r, func() { printPackages(a, r) }, nil, false); err != nil {
		return err
	}
	if !r.Agrees {
		return &cli.DifferError{What: fmt.Sprintf("packages of customer %s: its draws do not add up to the used quota",
			o.customer),
			Hint: "`tollbook verify` checks the complete lake; books/packages.csv may have changed since the records " +
				"were rated"}
	}
	return nil
}

// cycleOrLast parses the value of --cycle; without one it returns the last cycle that has files in the lake.
func cycleOrLast(text string, snap *lake.Snapshot) (period.Cycle, error) {
	if text == "" {
		for _, ref := range snap.Manifest.Cycles {
			if ref.Files != nil {
				text = ref.Cycle.String()
			}
		}
	}
	return cli.CycleFlag(text)
}

func printPackages(a *cli.App, r *query.QuotaReport) {
	name := cli.Called(r.Name, r.CustomerID)
	asOf := ""
	switch {
	case r.AsOf != "":
		asOf = ", as of the end of " + r.AsOf
	case r.DrawCount == 0: // otherwise cost files drew on packages
		asOf = ", no day of it is rated yet"
	}
	cli.PrintLine(a.Out, "packages of %s in cycle %s%s", name, r.Cycle, asOf)
	if len(r.Packages) == 0 {
		fmt.Fprintln(a.Out, "\nno package is in force")
		return
	}
	g := cli.NewGrid("package", "quota period from", "to", "", ">.opening", ">.drawn", ">.for month-end", ">.left",
		"next refill", "")
	for i := range r.Packages {
		p := &r.Packages[i]
		for k := range p.Periods {
			q := &p.Periods[k]
			current, refill := "", ""
			if q.Current {
				current, refill = "now", minute(p.NextRefill)
			}
			g.Add(p.ID, cli.Or(minute(q.From), "always"), cli.Or(minute(q.To), "open"), current, q.Opening.Trim(),
				cli.TrimZeros(q.Drawn.String()),
				cli.TrimZeros(q.Gathered.String()), cli.TrimZeros(q.Left.String()), refill, q.Differs)
		}
	}
	fmt.Fprintln(a.Out)
	g.DropEmpty("drawn", "left", "quota period from", "to")
	g.Print(a.Out, "  ")
	fmt.Fprintln(a.Out)
	terms := cli.NewGrid("package", "for", "region", ">.quota", "refilled", "valid from", "to")
	for i := range r.Packages {
		p := &r.Packages[i]
		terms.Add(p.ID, strings.Join(p.SKUs, ", "), p.Region, p.Quota.Trim(),
			map[string]string{"none": "never", "cycle": "with the cycle",
				"anniversary": "monthly, from valid_from"}[p.Reset],
			cli.Or(minute(p.ValidFrom), "always"), cli.Or(minute(p.ValidTo), "open"))
	}
	terms.Print(a.Out, "  ")
	printDraws(a, r)
}

// minute cuts a time of RFC 3339 to the minute.
func minute(text string) string {
	if len(text) < len("2026-09-01T00:00") {
		return text
	}
	return strings.Replace(text[:len("2026-09-01T00:00")], "T", " ", 1)
}

func printDraws(a *cli.App, r *query.QuotaReport) {
	if r.DrawCount == 0 {
		fmt.Fprintln(a.Out, "\nnothing drew on them")
		return
	}
	title := cli.Counted(int64(r.DrawCount), "draw", "draws")
	if len(r.Draws) < r.DrawCount {
		title += fmt.Sprintf(", the newest %d (--all lists all)", len(r.Draws))
	}
	fmt.Fprintf(a.Out, "\n%s\n", title)
	g := cli.NewGrid("package", "usage start", "record", "sku", "resource", ">.quantity", "")
	for i := range r.Draws {
		d := &r.Draws[i]
		note := ""
		switch {
		case d.Late:
			note = "late"
		case d.MonthEnd:
			note = "for a month-end line"
		}
		g.Add(d.PackageID, minute(d.Time), d.RecordID, d.SKU, d.Resource, cli.TrimZeros(d.Quantity.String()), note)
	}
	g.Print(a.Out, "  ")
}
