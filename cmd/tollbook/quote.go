package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/run/quote"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

func (a *app) quoteCommand() *cobra.Command {
	var q quote.Question
	cmd := &cobra.Command{
		Use:   "quote",
		Short: "Price a usage file for a customer without touching the lake",
		Long: `quote takes a file of the usage feed, checks its records as a run does, and prices those of one customer by the same code:
what would this usage cost. Meters and packages open as in an empty lake; with --from-lake as they stand now. --books prices by
another folder of books, which takes the place of the workspace's as a whole. --as-of is the clock of the checks. Bandwidth and
orders are not part of a quote.`,
		Example: "  tollbook quote --customer aurora --usage plan.csv\n" +
			"  tollbook quote --customer aurora --usage plan.csv --books books-2027 --json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case q.Customer == "":
				return &usageError{what: "--customer is missing", hint: "say for whom: --customer aurora"}
			case q.File == "":
				return &usageError{what: "--usage is missing", hint: "name a file of the usage feed: --usage plan.csv"}
			}
			return a.quote(cmd.Context(), q)
		},
	}
	cmd.Flags().StringVar(&q.Customer, "customer", "", "for whom, by customer_id")
	cmd.Flags().StringVar(&q.File, "usage", "", "file of the usage feed: .csv, .ndjson (.gz, .zst) or .parquet")
	cmd.Flags().StringVar(&q.Books, "books", "", "folder of books to price by (default: the workspace's)")
	cmd.Flags().BoolVar(&q.FromLake, "from-lake", false, "go on from the customer's present meters and packages")
	return exits(cmd, exitDone, exitNeedsAttention, exitWrong, exitFailed)
}

func (a *app) quote(ctx context.Context, q quote.Question) error {
	o, err := a.options()
	if err != nil {
		return err
	}
	w, err := a.open()
	if err != nil {
		return err
	}
	q.Rules = workspace.Rules(&w.Settings)
	r, err := quote.Run(ctx, w, o, q)
	a.bar.end()
	if err != nil {
		return err
	}
	if a.flags.json {
		if err := a.printJSON(r); err != nil {
			return err
		}
	} else {
		a.quoteText(r, w.Settings.Currency.Digits)
	}
	if r.Rejected > 0 {
		return errNeedsAttention
	}
	return nil
}

func (a *app) quoteText(r *quote.Quote, digits int) {
	name := r.CustomerID
	if r.Name != "" {
		name = fmt.Sprintf("%s (%s)", r.Name, r.CustomerID)
	}
	from := "from an empty lake"
	if r.FromLake {
		from = "on top of the present meters and packages"
	}
	fmt.Fprintf(a.out, "quote for %s in %s, %s\n\n", name, r.Currency, from)
	fmt.Fprintf(a.out, "%s: %s, %d accepted, %d duplicate, %d rejected", r.File, counted(r.Rows, "row", "rows"),
		r.Accepted, r.Duplicate, r.Rejected)
	if r.Others > 0 {
		fmt.Fprintf(a.out, "; %d of other customers left out", r.Others)
	}
	if r.Replaced > 0 {
		fmt.Fprintf(a.out, "; %d replaced by another", r.Replaced)
	}
	fmt.Fprintln(a.out)
	a.quoteRejects(r)
	if len(r.Cycles) == 0 {
		fmt.Fprintln(a.out, "\nno record of the customer")
		return
	}
	for i := range r.Cycles {
		a.quoteCycle(&r.Cycles[i], r.Currency, digits)
	}
	if len(r.Cycles) > 1 {
		fmt.Fprintf(a.out, "\ndue for %d cycles: %s %s\n", len(r.Cycles), r.Due.StringFixed(digits), r.Currency)
	}
}

func (a *app) quoteRejects(r *quote.Quote) {
	if r.Rejected == 0 {
		return
	}
	fmt.Fprintln(a.out, "\nrejected, by reason")
	g := newGrid("reason", ">records")
	for _, reason := range slices.Sorted(maps.Keys(r.Reasons)) {
		g.add(reason, r.Reasons[reason])
	}
	g.print(a.out, "  ")
	g = newGrid(">row", "column", "reason", "value", "id")
	for i := range r.Rejects {
		x := &r.Rejects[i]
		g.add(x.Row, x.Column, x.Reason, printable(x.Value), printable(x.ID))
	}
	fmt.Fprintln(a.out)
	g.print(a.out, "  ")
	if more := r.Rejected - int64(len(r.Rejects)); more > 0 {
		fmt.Fprintf(a.out, "  and %d more\n", more)
	}
}

func (a *app) quoteCycle(c *quote.Cycle, currency string, digits int) {
	fmt.Fprintf(a.out, "\ncycle %s, %s\n", c.Cycle, counted(c.Lines, "line", "lines"))
	service := ""
	for i := range c.Sections {
		s := &c.Sections[i]
		if s.Service != service {
			service = s.Service
			fmt.Fprintf(a.out, "\n%s\n", or(s.ServiceName, s.Service))
		}
		a.sectionText(s, digits)
	}
	a.amountsText(&document.Amounts{Official: c.Official, Discount: c.Discount, Truncated: c.Truncated,
		Payment:  c.Payment,
		Rounding: c.Rounding, Due: c.Due}, currency, digits)
}
