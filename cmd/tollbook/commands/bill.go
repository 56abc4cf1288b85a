package commands

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/visible"
)

// cycleBill is the bill of a cycle over all customers.
type cycleBill struct {
	Cycle      string                `json:"cycle"`
	State      lake.CycleState       `json:"state"`     // open: provisional
	MonthEnd   bool                  `json:"month_end"` // month-end lines are included
	Currency   string                `json:"currency"`
	Statements []rows.Statement      `json:"statements"`
	Total      *rows.Sums            `json:"total,omitempty"`  // nil if the cycle has several currencies
	Totals     []rows.Sums           `json:"totals,omitempty"` // by currency, if the cycle has several
	Measured   []query.MeasuredMonth `json:"measured,omitempty"`
}

// customerBill is one customer's bill as it is printed for people.
type customerBill struct {
	*query.Bill
	State    lake.CycleState
	MonthEnd bool
	Currency string
	Notes    []string // about tax
}

// billOptions are those of bill.
type billOptions struct {
	month, customer string
	cli.DocumentFlags
	cycle period.Cycle // parsed month
}

// NewBill is the command bill.
func NewBill(a *cli.App) *cobra.Command {
	var o billOptions
	cmd := &cobra.Command{
		Use:   "bill",
		Short: "Show what customers owe for a cycle",
		Long: `bill shows every customer's statement of a cycle with the totals, or with --customer one customer's
bill: quantities, prices, tiers, discounts and amounts by product, and how each percentile was
measured.

With --json, or with --format json, csv, xlsx (real numbers, one sheet per part) or html (one page, to
print or to send) a customer's bill is the complete document: how it was paid, refunds and
adjustments, packages, consumption by day, bandwidth.`,
		Example: "  tollbook bill --cycle 2026-09\n  tollbook bill --cycle 2026-09 --customer aurora\n" +
			"  tollbook bill --cycle 2026-09 --customer aurora --format html --out exports/aurora.html",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runBill(cmd.Context(), a, &o) },
	}
	cmd.Flags().StringVar(&o.month, "cycle", "", "the month, as 2026-09 (default: the newest)")
	cmd.Flags().StringVar(&o.customer, "customer", "", "one customer's bill, by customer_id")
	o.Add(cmd)
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// runBill shows the bill of all customers or of one, or writes one as a document.
func runBill(ctx context.Context, a *cli.App, o *billOptions) (err error) {
	format, err := a.DocumentFormat(&o.DocumentFlags)
	if err == nil && o.customer != "" && format == document.Table && o.ToStdout() {
		err = a.OpenOne(o.customer)
	}
	if err != nil {
		return err
	}
	if o.cycle, err = a.CycleOrNewest(o.month); err != nil {
		return err
	}
	switch chosen := o.Format != "" && format != document.Table; {
	case o.customer == "" && (chosen || !o.ToStdout()):
		return &cli.UsageError{What: "--format and --out apply to one customer's bill",
			Hint: "name the customer: --customer ID; `tollbook export --table statements` writes those of all " +
				"customers"}
	case o.customer != "" && (format != document.Table || !o.ToStdout()):
		return billDocument(ctx, a, o, format)
	case o.customer != "":
		return billCustomer(ctx, a, o)
	}
	return billCycle(ctx, a, o.cycle)
}

func billCycle(ctx context.Context, a *cli.App, cycle period.Cycle) error {
	bill, w, err := readCycle(ctx, a, cycle)
	if err != nil {
		return err
	}
	return a.Show(bill, func() { printCycle(a, bill, w.Books) }, nil, false)
}

// readCycle reads the bill of a cycle from the live state.
func readCycle(ctx context.Context, a *cli.App, cycle period.Cycle) (bill *cycleBill, w *workspace.Workspace,
	err error) {
	var totals rows.CurrencySums
	w, err = a.ReadWith(func(w *workspace.Workspace, snap *lake.Snapshot) error {
		ref, _ := snap.Cycle(lake.CycleOf(cycle))
		bill = &cycleBill{Cycle: cycle.String(), State: ref.State, MonthEnd: ref.MonthEnd,
			Currency: w.Settings.Currency.Code, Statements: []rows.Statement{}}
		err := rows.EachStatement(ctx, snap, lake.CycleOf(cycle), "", rows.Limits{}, func(s *rows.Statement) error {
			bill.Statements = append(bill.Statements, *s)
			return totals.Add(s)
		})
		bill.setTotals(totals)
		if err != nil || !ref.MonthEnd || linksInForce(w.Books, cycle) > maxMeasured {
			return err
		}
		bill.Measured, err = query.MeasureMonth(ctx, snap, w.Books, cycle, "")
		return err
	})
	return bill, w, err
}

// setTotals sets Total in a cycle of one currency, else Totals, with one entry per currency.
func (b *cycleBill) setTotals(totals rows.CurrencySums) {
	switch {
	case len(totals) == 0:
		b.Total = &rows.Sums{}
	case totals[0].Currency == "":
		b.Total = &totals[0]
	default:
		b.Currency, b.Totals = "", totals
	}
}

// maxMeasured is the number of links up to which the bill of all customers shows each percentile.
const maxMeasured = 50

func linksInForce(b *books.Books, cycle period.Cycle) int {
	n, bounds := 0, b.Zone.Bounds(cycle)
	for i := range b.Links {
		if b.Links[i].Valid.Overlaps(bounds) {
			n++
		}
	}
	return n
}

func billCustomer(ctx context.Context, a *cli.App, o *billOptions) error {
	var billed customerBill
	var currency money.Currency
	w, err := a.ReadWith(func(w *workspace.Workspace, snap *lake.Snapshot) (err error) {
		ref, _ := snap.Cycle(lake.CycleOf(o.cycle))
		billed = customerBill{State: ref.State, MonthEnd: ref.MonthEnd}
		billed.Bill, err = query.CustomerBill(ctx, snap, w.Books, lake.CycleOf(o.cycle), o.customer,
			rows.Limits{Workers: a.Flags.Workers})
		if currency = w.Books.CustomerCurrencyOf(o.customer); err == nil && billed.Statement.Currency != "" {
			currency = w.Books.CurrencyNamed(billed.Statement.Currency) // books may lack the customer
		}
		billed.Currency = currency.Code
		switch {
		case err != nil || billed.Tax == nil:
		case ref.State == lake.CycleClosed:
			billed.Notes = document.ClosedTaxNotes(w.Books, o.customer, billed.Taxes)
		default:
			billed.Notes = document.OpenTaxNotes(w.Books, &w.Settings, o.customer)
		}
		return err
	})
	if err != nil {
		return err
	}
	printCustomer(a, w.Books.Zone, &billed, currency.Digits)
	return nil
}

// billDocument writes a customer's bill as a document.
func billDocument(ctx context.Context, a *cli.App, o *billOptions, format document.Format) error {
	var bill *document.Bill
	_, err := a.Compose(func(s *document.Sources) (err error) {
		bill, err = document.ComposeBill(ctx, s, o.cycle, o.customer)
		return err
	})
	if err != nil {
		return err
	}
	return a.WriteDocument(format, &o.Output, func(w io.Writer) error {
		return bill.Write(w, format, document.Options{Excel: o.Excel})
	})
}

// billState says whether a bill is closed or provisional.
func billState(state lake.CycleState, monthEnd bool) string {
	switch {
	case state == lake.CycleClosed:
		return "closed"
	case monthEnd:
		return "provisional, with month-end lines"
	default:
		return "provisional, month-end lines still to come"
	}
}

func printCycle(a *cli.App, b *cycleBill, bk *books.Books) {
	in := " in " + b.Currency
	if b.Total == nil {
		in = ""
	}
	fmt.Fprintf(a.Out, "bill of cycle %s%s (%s)\n\n", b.Cycle, in, billState(b.State, b.MonthEnd))
	if len(b.Statements) == 0 {
		fmt.Fprintln(a.Out, "no lines")
		return
	}
	g := cli.NewGrid("customer", "currency", ">lines", ">.official", ">.discount", ">.truncated", ">.payment",
		">."+cli.RoundingHead, ">.tax", ">.due")
	for i := range b.Statements {
		s := &b.Statements[i]
		digits := bk.CurrencyNamed(s.Currency).Digits
		g.Add(s.CustomerID, s.Currency, s.Lines, cli.Amount(s.Official, digits), cli.Amount(s.Discount, digits),
			cli.Amount(s.Truncated, digits),
			cli.Amount(s.Payment, digits), cli.Amount(s.Rounding, digits).Opposite(),
			cli.Amount(taxOf(s.Tax), digits), cli.Amount(s.Due, digits))
	}
	totals := b.Totals
	if b.Total != nil {
		totals = []rows.Sums{*b.Total}
	}
	for i := range totals {
		t := &totals[i]
		digits := bk.CurrencyNamed(t.Currency).Digits
		g.Add(cli.Counted(t.Customers, "customer", "customers"), t.Currency, t.Lines, cli.Amount(t.Official, digits),
			cli.Amount(t.Discount, digits), cli.Amount(t.Truncated, digits), cli.Amount(t.Payment, digits),
			cli.Amount(t.Rounding, digits).Opposite(), cli.Amount(taxOf(t.Tax), digits),
			cli.Amount(t.Due, digits))
	}
	g.DropEmpty("official", "payment", "due")
	g.Print(a.Out, "  ")
	g.ExplainDue(a.Out, slices.ContainsFunc(b.Statements, func(s rows.Statement) bool {
		return !taxOf(s.Tax).IsZero()
	}))
	printMeasured(a, bk.Zone, b.Measured)
}

// printMeasured prints how percentiles were measured.
func printMeasured(a *cli.App, zone *period.Zone, list []query.MeasuredMonth) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(a.Out, "\npercentiles, in Mbps")
	g := cli.NewGrid("customer", "object", "sku", "method", ">points", ">rank", ">.value", "first at", ">.commit",
		">days", ">.quantity")
	for i := range list {
		m := &list[i]
		g.Add(m.CustomerID, m.Object, m.SKU, m.Method, m.Points, rank(m), m.Value, slotText(zone, m), m.Commit.Trim(),
			fmt.Sprintf("%d of %d", m.Days, m.MonthDays), m.Quantity.Trim())
	}
	g.Print(a.Out, "  ")
}

// rank returns the rank of the value among the points, 1 for the largest; - if there is no value.
func rank(m *query.MeasuredMonth) string {
	if m.Index < 0 {
		return "-"
	}
	return fmt.Sprint(m.Index + 1)
}

func slotText(zone *period.Zone, m *query.MeasuredMonth) string {
	if m.Slot == "" {
		return "-"
	}
	return cli.Local(zone, m.Slot)
}

func printCustomer(a *cli.App, zone *period.Zone, b *customerBill, digits int) {
	name := cli.Called(b.Name, b.CustomerID)
	cli.PrintLine(a.Out, "bill of %s for cycle %s in %s (%s)", name, b.Cycle, b.Currency,
		billState(b.State, b.MonthEnd))
	printSections(a, zone, b.Sections, digits)
	printAmounts(a, &document.Amounts{Official: b.Official, Discount: b.Discount, Truncated: b.Truncated,
		Payment: b.Payment, Rounding: b.Rounding, Due: b.Due, Taxes: shownTaxes(b.Taxes)}, b.Currency, digits)
	for _, note := range b.Notes {
		fmt.Fprintln(a.Out)
		cli.PrintLine(a.Out, "%s", note)
	}
}

// shownTaxes converts taxes to those of documents.
func shownTaxes(list []rows.Tax) (out []document.Tax) {
	for _, t := range list {
		out = append(out, document.Tax(t))
	}
	return out
}

// taxOf returns a sum of tax; 0 for nil.
func taxOf[T any](sum *T) T {
	if sum == nil {
		return *new(T)
	}
	return *sum
}

// printSections prints the sections of a bill, grouped under the names of their services.
func printSections(a *cli.App, zone *period.Zone, sections []query.BillSection, digits int) {
	service := ""
	for i := range sections {
		s := &sections[i]
		if i == 0 || s.Service != service {
			service = s.Service
			fmt.Fprintln(a.Out)
			cli.PrintLine(a.Out, "%s", cli.Or(visible.Isolated(s.ServiceName), s.Service))
		}
		printSection(a, zone, s, digits)
	}
}

// printAmounts prints the column of amounts that documents show; it adds up to the amount due.
func printAmounts(a *cli.App, amounts *document.Amounts, currency string, digits int) {
	fmt.Fprintln(a.Out)
	g := cli.NewGrid("", ">."+currency)
	for _, f := range amounts.Column(digits) {
		g.Add(f.Name, cli.AmountText(f.Value, digits))
	}
	g.Print(a.Out, "")
}

func printSection(a *cli.App, zone *period.Zone, s *query.BillSection, digits int) {
	fmt.Fprintln(a.Out)
	if s.SKU != "" { // empty: the lines belong to a commitment on several products
		about := notEmpty(visible.Isolated(s.Product), s.Model, "per "+s.Measure)
		cli.PrintLine(a.Out, "  %s: %s", s.SKU, strings.Join(about, ", "))
	}
	g := cli.NewGrid("region", "object", ">tier", "kind", ">lines", ">.used", ">.free", ">.quantity", ">.unit price",
		">.official", ">.discount", "", ">.truncated", ">.to pay")
	for i := range s.Items {
		it := &s.Items[i]
		g.Add(it.Region, it.Object, it.Tier, it.Kind, it.Lines, cli.TrimZeros(it.Usage.String()),
			cli.TrimZeros(it.Free.String()), cli.TrimZeros(it.Quantity.String()),
			it.UnitPrice.Trim(), cli.Amount(it.Official, digits), cli.Amount(it.Discount, digits), it.DiscountID,
			cli.Amount(it.Truncated, digits), cli.Amount(it.Payment, digits))
	}
	if len(s.Items) > 1 {
		g.Add("", "", "", "", "", "", "", "", "", "", "", "", "", cli.Amount(s.Payment, digits))
	}
	g.DropEmpty("quantity", "unit price", "official", "to pay")
	g.Print(a.Out, "    ")
	for i := range s.Items {
		if m := s.Items[i].Measured; m != nil {
			cli.PrintLine(a.Out, "    %s: %s", m.Object, m.Describe(zone))
		}
	}
}

func notEmpty(texts ...string) []string {
	var out []string
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}
