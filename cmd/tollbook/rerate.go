package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// rerateResult is what re-rating found, and the run that posted it.
type rerateResult struct {
	Run         runResult        `json:"run"`
	Cycle       string           `json:"cycle"`
	DryRun      bool             `json:"dry_run"`
	Payment     string           `json:"payment_amount"` // sum over the differences
	Differences []run.Difference `json:"differences"`
}

func (a *app) rerateCommand() *cobra.Command {
	var text string
	var o run.RerateOptions
	cmd := &cobra.Command{
		Use:   "rerate",
		Short: "Rate a closed cycle again and post the differences",
		Long: `rerate rates the usage and bandwidth of a closed cycle again with today's books, and posts the difference
to what was billed into the earliest open cycle: one line per customer, sku, region and resource. The closed
cycle does not change. Orders and adjustments keep their price. Books that are as they were give no line, and
then nothing is written.

With --dry-run nothing is written: the differences are listed, with what of the lines is another (package, price,
discount, quantity; other is rounding or the rate of a discount). With --books the books of another folder are
taken, such as a draft of next month's prices.`,
		Example: "  tollbook rerate --cycle 2026-09 --dry-run\n" +
			"  tollbook rerate --cycle 2026-09 --books draft --dry-run\n  tollbook rerate --cycle 2026-09",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cycle, err := cycleFlag(text)
			if err != nil {
				return err
			}
			return a.rerate(cmd.Context(), cycle, o)
		},
	}
	cmd.Flags().StringVar(&text, "cycle", "", "the month, as 2026-09")
	cmd.Flags().StringVar(&o.Books, "books", "", "folder with the books to rate by (default: books/ of the workspace)")
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "write nothing, list the differences")
	return exits(cmd, exitDone, exitNeedsAttention, exitWrong, exitFailed)
}

// rerate does the run and prints the differences.
func (a *app) rerate(ctx context.Context, cycle period.Cycle, ro run.RerateOptions) error {
	res, failed := a.do(ctx, jobs.Task{Kind: jobs.Rerate, Cycle: cycle, Rerate: ro})
	if res == nil || res.Report == nil {
		return failed
	}
	w, r, list := res.Workspace, res.Report, res.Differences
	var sum money.AmountTotal
	for i := range list {
		if err := sum.Add(list[i].Payment); err != nil {
			return err
		}
	}
	var err error
	if a.flags.json {
		if list == nil {
			list = []run.Difference{}
		}
		err = a.printJSON(rerateResult{runResult{r, r.AsOf.String(), w.LakeDir(), r.NeedsAttention()}, cycle.String(),
			ro.DryRun, sum.String(), list})
	} else {
		a.rerateText(cycle, list, sum)
		err = a.report(w, r)
	}
	if err = errors.Join(err, failed); err == nil && r.NeedsAttention() {
		return errNeedsAttention
	}
	return err
}

// rerateText lists the differences, and sums them up by customer.
func (a *app) rerateText(cycle period.Cycle, list []run.Difference, sum money.AmountTotal) {
	if len(list) == 0 {
		fmt.Fprintf(a.out, "cycle %s: by these books it costs what was billed\n\n", cycle)
		return
	}
	fmt.Fprintf(a.out, "cycle %s: %s to what was billed\n", cycle, counted(int64(len(list)), "difference",
		"differences"))
	g := newGrid("customer", "sku", "region", "resource", ">.usage", ">.free", ">.payment", "why")
	why := make(map[string]map[string]bool)
	for i := range list {
		d := &list[i]
		g.add(d.CustomerID, d.SKU, d.Region, d.Resource, d.UsageAmount.Trim(), d.Free.Trim(), d.Payment,
			strings.Join(d.Why, ", "))
		if why[d.CustomerID] == nil {
			why[d.CustomerID] = make(map[string]bool)
		}
		for _, word := range d.Why {
			why[d.CustomerID][word] = true
		}
	}
	g.add("total", "", "", "", "", "", sum, "")
	g.dropEmpty("payment")
	g.print(a.out, "  ")
	for _, customer := range slices.Sorted(maps.Keys(why)) {
		fmt.Fprintf(a.out, "  %s: %s\n", customer, strings.Join(slices.Sorted(maps.Keys(why[customer])), ", "))
	}
	fmt.Fprintln(a.out)
}
