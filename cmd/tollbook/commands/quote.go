package commands

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/run/quote"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/visible"
)

// NewQuote is the command quote.
func NewQuote(a *cli.App) *cobra.Command {
	var q quote.Question
	var change quote.ChangeQuestion
	cmd := &cobra.Command{
		Use:   "quote",
		Short: "Price a usage file or the change of an order without changing the lake",
		Long: `quote reads a file of the usage feed, checks its records as a run does, and prices those of one
customer with the code of a run. Meters and packages open as in an empty lake, or with --from-lake
at their current positions. --books prices with another folder of books, which replaces all of the
workspace's. --as-of is the clock of the checks. Recurring charges and commitments are included for
the cycles in which the file has records of the customer, as if these had ended, but not with
--from-lake, which prices what the file adds: records that the lake has are duplicates or
conflicts. A record that replaces one of an open cycle, or is earlier than one and changes its
price, adds the difference that it makes to the cycle. Records of a closed cycle are priced as late
ones, in order with those that the open month has. Their effects on usage of later open cycles are
not included: a level (time_weighted) lasts, and a package has less quota left. Bandwidth and
orders are not part of a quote.

With --order and --to, quote prices the change of an order line to another product for the rest of
its term, at --as-of. The amount is what the other product costs for the rest, less what was paid
for it. An order of type change with the official_amount that quote prints is billed that amount.`,
		Example: "  tollbook quote --customer aurora --usage plan.csv\n" +
			"  tollbook quote --customer aurora --usage plan.csv --books books-2027 --json\n" +
			"  tollbook quote --customer aurora --order o-17 --to server.large",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case q.Customer == "":
				return &cli.UsageError{What: "--customer is missing", Hint: "name the customer: --customer aurora"}
			case change.Order != "" || change.SKU != "":
				change.Customer = q.Customer
				return runChange(cmd, a, change)
			case q.File == "":
				return &cli.UsageError{What: "--usage is missing",
					Hint: "name a file of the usage feed: --usage plan.csv"}
			}
			return runQuote(cmd.Context(), a, q)
		},
	}
	cmd.Flags().StringVar(&q.Customer, "customer", "", "for whom, by customer_id")
	cmd.Flags().StringVar(&q.File, "usage", "", "file of the usage feed: .csv, .ndjson (.gz, .zst) or .parquet; - is "+
		"standard input")
	cmd.Flags().StringVar(&q.Books, "books", "", "folder of books to price by (default: the workspace's)")
	cmd.Flags().BoolVar(&q.FromLake, "from-lake", false, "open with the customer's current meters and packages")
	cmd.Flags().StringVar(&change.Order, "order", "", "price the change of this order: order_id or order_id/order_line")
	cmd.Flags().StringVar(&change.SKU, "to", "", "the product that the order is changed to, by sku")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

func runQuote(ctx context.Context, a *cli.App, q quote.Question) error {
	o, err := a.Options()
	if err != nil {
		return err
	}
	w, err := a.Open()
	if err != nil {
		return err
	}
	q.Rules = workspace.Rules(&w.Settings)
	var r *quote.Quote
	given := q.File
	err = cli.WithInput(a, q.File, func(file string) (err error) {
		q.File = file
		r, err = quote.Run(ctx, w, o, q)
		return err
	})
	a.Bar.End()
	if err != nil {
		return err
	}
	r.File = given
	print := func() { printQuote(a, w.Books.Zone, r, w.Books.CurrencyNamed(r.Currency).Digits) }
	return a.Show(r, print, nil, r.Rejected > 0)
}

func printQuote(a *cli.App, zone *period.Zone, r *quote.Quote, digits int) {
	name := cli.Called(r.Name, r.CustomerID)
	from := "from an empty lake"
	if r.FromLake {
		from = "on top of the present meters and packages"
	}
	cli.PrintLine(a.Out, "quote for %s in %s, %s", name, r.Currency, from)
	fmt.Fprintln(a.Out)
	fmt.Fprintf(a.Out, "%s: %s, %d accepted, %d duplicate, %d rejected", r.File, cli.Counted(r.Rows, "row", "rows"),
		r.Accepted, r.Duplicate, r.Rejected)
	if r.Others > 0 {
		fmt.Fprintf(a.Out, "; %d of other customers ignored", r.Others)
	}
	if r.Replaced > 0 {
		fmt.Fprintf(a.Out, "; %d replaced by another", r.Replaced)
	}
	fmt.Fprintln(a.Out)
	quoteRejects(a, r)
	if len(r.Cycles) == 0 {
		fmt.Fprintln(a.Out, "\nno record of the customer to price")
		return
	}
	for i := range r.Cycles {
		quoteCycle(a, zone, &r.Cycles[i], r.Currency, digits)
	}
	if len(r.Cycles) > 1 {
		fmt.Fprintf(a.Out, "\ndue for %d cycles: %s %s\n", len(r.Cycles), r.Due.StringFixed(digits), r.Currency)
	}
}

func quoteRejects(a *cli.App, r *quote.Quote) {
	if r.Rejected == 0 {
		return
	}
	fmt.Fprintln(a.Out, "\nrejected, by reason")
	g := cli.NewGrid("reason", ">records")
	for _, reason := range slices.Sorted(maps.Keys(r.Reasons)) {
		g.Add(reason, r.Reasons[reason])
	}
	g.Print(a.Out, "  ")
	g = cli.NewGrid(">row", "column", "reason", "value", "id")
	for i := range r.Rejects {
		x := &r.Rejects[i]
		g.Add(x.Row, x.Column, x.Reason, visible.Isolated(x.Value), x.ID)
	}
	fmt.Fprintln(a.Out)
	g.Print(a.Out, "  ")
	if more := r.Rejected - int64(len(r.Rejects)); more > 0 {
		fmt.Fprintf(a.Out, "  and %d more\n", more)
	}
}

func quoteCycle(a *cli.App, zone *period.Zone, c *quote.Cycle, currency string, digits int) {
	fmt.Fprintf(a.Out, "\ncycle %s, %s\n", c.Cycle, cli.Counted(c.Lines, "line", "lines"))
	printSections(a, zone, c.Sections, digits)
	printAmounts(a, &document.Amounts{Official: c.Official, Discount: c.Discount, Truncated: c.Truncated,
		Payment: c.Payment, Rounding: c.Rounding, Due: c.Due, Taxes: shownTaxes(c.Taxes)}, currency, digits)
}
