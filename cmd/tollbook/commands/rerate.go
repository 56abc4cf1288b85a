package commands

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// rerateResult is the differences that re-rating found, and the run that posted them, as JSON.
type rerateResult struct {
	Run     cli.RunResult `json:"run"`
	Cycle   string        `json:"cycle"`
	DryRun  bool          `json:"dry_run"`
	Payment string        `json:"payment_amount"` // sum of the differences; "" for several currencies

	Totals      []money.CurrencyTotal `json:"totals,omitempty"` // sums by currency, if there are several
	Differences []run.Difference      `json:"differences"`
}

// rerateOptions are those of rerate.
type rerateOptions struct {
	run.RerateOptions
	month string
}

// NewRerate is the command rerate.
func NewRerate(a *cli.App) *cobra.Command {
	var o rerateOptions
	cmd := &cobra.Command{
		Use:   "rerate",
		Short: "Rate a closed cycle again and post the differences",
		Long: `rerate rates the usage and bandwidth of a closed cycle again with the current books, and posts the
difference to what was billed into the earliest open cycle: one line per customer, sku, region and
resource, recurring charge and commitment. Where the partner, its parent, terms or taxes change
within the cycle, there is one for each part of it. The closed cycle does not change. Orders and
adjustments keep their price. Unchanged books give no line, and then nothing is written.

A month before the first closed one can be rated again if late records of it were billed. It owes
nothing but what follows from these records.

--dry-run lists the differences and what changed (package, price, discount, quantity, commitment;
other is rounding or the rate of a discount), and writes nothing. --books uses the books of another
folder, such as a draft of next month's prices. A book that is missing there counts as empty: begin
with a copy of the whole folder books/.`,
		Example: "  tollbook rerate --cycle 2026-09 --dry-run\n" +
			"  tollbook rerate --cycle 2026-09 --books draft --dry-run\n  tollbook rerate --cycle 2026-09",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runRerate(cmd.Context(), a, &o) },
	}
	cmd.Flags().StringVar(&o.month, "cycle", "", "the month, as 2026-09")
	cmd.Flags().StringVar(&o.Books, "books", "", "folder with the books to rate by (default: books/ of the workspace)")
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "write nothing, list the differences")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// runRerate re-rates the cycle and prints the differences.
func runRerate(ctx context.Context, a *cli.App, o *rerateOptions) error {
	cycle, err := cli.CycleFlag(o.month)
	if err != nil {
		return err
	}
	res, failed := a.Do(ctx, jobs.Task{Kind: jobs.Rerate, Cycle: cycle, Rerate: o.RerateOptions})
	if res == nil || res.Report == nil {
		return failed
	}
	w, r, list := res.Workspace, res.Report, res.Differences
	var sums money.PerCurrency
	for i := range list {
		if err := sums.Add(w.Books.CustomerCurrencyOf(list[i].CustomerID).Code, list[i].Payment); err != nil {
			return err
		}
	}
	result := rerateResult{Run: cli.NewRunResult(w, r), Cycle: cycle.String(), DryRun: o.DryRun,
		Differences: append([]run.Difference{}, list...)}
	if w.Books.Mixed {
		result.Totals = sums.List()
	} else {
		result.Payment = sums.Of(w.Books.Currency).String()
	}
	return a.Show(result, func() {
		printRerate(a, cycle, list, &sums)
		cli.PrintRun(a, w, r)
	}, failed, r.NeedsAttention())
}

// printRerate prints the differences and their sums by customer.
func printRerate(a *cli.App, cycle period.Cycle, list []run.Difference, sums *money.PerCurrency) {
	if len(list) == 0 {
		fmt.Fprintf(a.Out, "cycle %s: by these books it costs what was billed\n\n", cycle)
		return
	}
	fmt.Fprintf(a.Out, "cycle %s: %s to what was billed\n", cycle, cli.Counted(int64(len(list)), "difference",
		"differences"))
	g := cli.NewGrid("customer", "sku", "id", "region", "resource", "part", ">.usage", ">.free", ">.payment", "why")
	why := make(map[string]map[string]bool)
	for i := range list {
		d := &list[i]
		part := d.UsageStart
		if part != "" {
			part += ".." + d.UsageEnd
		}
		g.Add(d.CustomerID, d.SKU, d.ID, d.Region, d.Resource, part, d.UsageAmount.Trim(), d.Free.Trim(), d.Payment,
			strings.Join(d.Why, ", "))
		if why[d.CustomerID] == nil {
			why[d.CustomerID] = make(map[string]bool)
		}
		for _, word := range d.Why {
			why[d.CustomerID][word] = true
		}
	}
	totals := sums.List()
	for _, t := range totals {
		name := "total"
		if len(totals) > 1 {
			name += " " + t.Currency
		}
		g.Add(name, "", "", "", "", "", "", "", t.Total, "")
	}
	g.DropEmpty("payment")
	g.Print(a.Out, "  ")
	for _, customer := range slices.Sorted(maps.Keys(why)) {
		fmt.Fprintf(a.Out, "  %s: %s\n", customer, strings.Join(slices.Sorted(maps.Keys(why[customer])), ", "))
	}
	fmt.Fprintln(a.Out)
}
