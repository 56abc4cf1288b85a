package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/compose"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/annex"
	"github.com/tollbook/tollbook/pipeline/read/bill"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// cycleBill is the bill of a cycle over all customers.
type cycleBill struct {
	Cycle      string           `json:"cycle"`
	State      lake.State       `json:"state"`     // open: provisional
	MonthEnd   bool             `json:"month_end"` // month-end lines are in
	Currency   string           `json:"currency"`
	Statements []rows.Statement `json:"statements"`
	Total      rows.Sums        `json:"total"`
	Measured   []annex.Measured `json:"measured,omitempty"`
}

// customerBill is one customer's bill.
type customerBill struct {
	*bill.Bill
	State    lake.State `json:"state"`
	MonthEnd bool       `json:"month_end"`
	Currency string     `json:"currency"`
}

func (a *app) billCommand() *cobra.Command {
	var text, customer string
	var f documentFlags
	cmd := &cobra.Command{
		Use:   "bill",
		Short: "Show what customers are asked to pay for a cycle",
		Long: `bill shows every customer's statement of a cycle with the totals, or with --customer one customer's bill: by
product the quantities, prices, tiers, discounts and amounts, and how each percentile was measured.

With --format json, csv, xlsx (real numbers, one sheet a part) or html (one page, to print or to send) a customer's bill is the whole
document: how it was paid, refunds and adjustments one by one, packages, consumption by day, bandwidth.`,
		Example: "  tollbook bill --cycle 2026-09\n  tollbook bill --cycle 2026-09 --customer aurora\n" +
			"  tollbook bill --cycle 2026-09 --customer aurora --format html --out exports/aurora.html",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cycle, err := cycleFlag(text)
			if err != nil {
				return err
			}
			format, err := a.documentFormat(&f)
			switch whole := f.format != "" && format != document.Table; {
			case err != nil:
				return err
			case customer == "" && (whole || !f.toStdout()):
				return &usageError{what: "--format and --out are of one customer's bill",
					hint: "say whose: --customer ID; `tollbook export --table statements` writes those of all"}
			case whole || !f.toStdout():
				return a.billDocument(cmd.Context(), cycle, customer, format, &f)
			case customer != "":
				return a.billCustomer(cmd.Context(), cycle, customer)
			}
			return a.billCycle(cmd.Context(), cycle)
		},
	}
	cmd.Flags().StringVar(&text, "cycle", "", "the month, as 2026-09")
	cmd.Flags().StringVar(&customer, "customer", "", "one customer's bill, by customer_id")
	f.add(cmd)
	return exits(cmd, exitDone, exitWrong, exitFailed)
}

func (a *app) billCycle(ctx context.Context, cycle period.Cycle) error {
	var bill *cycleBill
	w, err := a.readWith(func(w *workspace.Workspace, snap *lake.Snapshot) error {
		ref, _ := snap.Cycle(cycle.String())
		bill = &cycleBill{Cycle: cycle.String(), State: ref.State, MonthEnd: ref.MonthEnd,
			Currency: w.Settings.Currency.Code, Statements: []rows.Statement{}}
		err := rows.EachStatement(ctx, snap, bill.Cycle, "", rows.Limits{}, func(s *rows.Statement) error {
			bill.Statements = append(bill.Statements, *s)
			return bill.Total.Add(s)
		})
		if err != nil || !ref.MonthEnd || linksInForce(w.Books, cycle) > maxMeasured {
			return err
		}
		bill.Measured, err = annex.Measure(ctx, snap, w.Books, bill.Cycle, "")
		return err
	})
	if err != nil {
		return err
	}
	if a.flags.json {
		return a.printJSON(bill)
	}
	a.cycleText(bill, w.Settings.Currency.Digits)
	return nil
}

// maxMeasured is with how many links the bill of all customers still shows each percentile.
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

func (a *app) billCustomer(ctx context.Context, cycle period.Cycle, customer string) error {
	var billed customerBill
	w, err := a.readWith(func(w *workspace.Workspace, snap *lake.Snapshot) (err error) {
		ref, _ := snap.Cycle(cycle.String())
		billed = customerBill{State: ref.State, MonthEnd: ref.MonthEnd, Currency: w.Settings.Currency.Code}
		billed.Bill, err = bill.CustomerBill(ctx, snap, w.Books, cycle.String(), customer, rows.Limits{})
		return err
	})
	if err != nil {
		return err
	}
	if a.flags.json {
		return a.printJSON(billed)
	}
	a.customerText(&billed, w.Settings.Currency.Digits)
	return nil
}

// billDocument writes a customer's bill as a document.
func (a *app) billDocument(ctx context.Context, cycle period.Cycle, customer string, format document.Format,
	f *documentFlags) error {
	var bill *document.Bill
	_, err := a.compose(func(s *compose.Sources) (err error) {
		bill, err = compose.Bill(ctx, s, cycle, customer)
		return err
	})
	if err != nil {
		return err
	}
	return a.writeDocument(format, &f.output, func(w io.Writer) error {
		return bill.Write(w, format, document.Options{Excel: f.excel})
	})
}

// billState says how firm a bill is.
func billState(state lake.State, monthEnd bool) string {
	switch {
	case state == lake.CycleClosed:
		return "closed"
	case monthEnd:
		return "provisional, with month-end lines"
	default:
		return "provisional, month-end lines still to come"
	}
}

func (a *app) cycleText(b *cycleBill, digits int) {
	fmt.Fprintf(a.out, "bill of cycle %s in %s (%s)\n\n", b.Cycle, b.Currency, billState(b.State, b.MonthEnd))
	if len(b.Statements) == 0 {
		fmt.Fprintln(a.out, "no lines")
		return
	}
	g := newGrid("customer", ">lines", ">.official", ">.discount", ">.truncated", ">.payment", ">."+roundingHead,
		">.due")
	for i := range b.Statements {
		s := &b.Statements[i]
		g.add(s.CustomerID, s.Lines, s.Official.StringFixed(digits), s.Discount.StringFixed(digits),
			s.Truncated.StringFixed(digits),
			s.Payment.StringFixed(digits), opposite(s.Rounding.StringFixed(digits)), s.Due.StringFixed(digits))
	}
	t := &b.Total
	g.add(counted(t.Customers, "customer", "customers"), t.Lines, t.Official.StringFixed(digits),
		t.Discount.StringFixed(digits),
		t.Truncated.StringFixed(digits), t.Payment.StringFixed(digits), opposite(t.Rounding.StringFixed(digits)),
		t.Due.StringFixed(digits))
	g.dropEmpty("official", "payment", "due")
	g.print(a.out, "  ")
	g.explainRounding(a.out)
	a.measuredText(b.Measured)
}

// measuredText prints how percentiles were measured.
func (a *app) measuredText(list []annex.Measured) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(a.out, "\npercentiles, in Mbps")
	g := newGrid("customer", "object", "sku", "method", ">points", ">rank", ">.value", "first at", ">.commit", ">days",
		">.quantity")
	for i := range list {
		m := &list[i]
		g.add(m.CustomerID, m.Object, m.SKU, m.Method, m.Points, rank(m), m.Value, slotText(m), m.Commit.Trim(),
			fmt.Sprintf("%d of %d", m.Days, m.MonthDays), m.Quantity.Trim())
	}
	g.print(a.out, "  ")
}

// rank is the place of the value among the points, the largest = 1.
func rank(m *annex.Measured) string {
	if m.Index < 0 {
		return "-"
	}
	return fmt.Sprint(m.Index + 1)
}

func slotText(m *annex.Measured) string {
	if m.Slot == "" {
		return "-"
	}
	return m.Slot
}

func (a *app) customerText(b *customerBill, digits int) {
	name := b.CustomerID
	if b.Name != "" {
		name = fmt.Sprintf("%s (%s)", b.Name, b.CustomerID)
	}
	fmt.Fprintf(a.out, "bill of %s for cycle %s in %s (%s)\n", name, b.Cycle, b.Currency,
		billState(b.State, b.MonthEnd))
	service := ""
	for i := range b.Sections {
		s := &b.Sections[i]
		if s.Service != service {
			service = s.Service
			fmt.Fprintf(a.out, "\n%s\n", or(s.ServiceName, s.Service))
		}
		a.sectionText(s, digits)
	}
	a.amountsText(&document.Amounts{Official: b.Official, Discount: b.Discount, Truncated: b.Truncated,
		Payment:  b.Payment,
		Rounding: b.Rounding, Due: b.Due}, b.Currency, digits)
}

// amountsText prints amounts as a column that adds up to the amount due, as documents show it.
func (a *app) amountsText(amounts *document.Amounts, currency string, digits int) {
	fmt.Fprintln(a.out)
	g := newGrid("", ">."+currency)
	for _, f := range amounts.Column(digits) {
		g.add(f.Name, f.Value)
	}
	g.print(a.out, "")
}

func (a *app) sectionText(s *bill.Section, digits int) {
	fmt.Fprintf(a.out, "\n  %s: %s\n", s.SKU, strings.Join(notEmpty(s.Product, s.Model, "per "+s.Measure), ", "))
	g := newGrid("region", "object", ">tier", "kind", ">lines", ">.used", ">.free", ">.quantity", ">.unit price",
		">.official", ">.discount", "", ">.truncated", ">.to pay")
	for i := range s.Items {
		it := &s.Items[i]
		g.add(it.Region, it.Object, it.Tier, it.Kind, it.Lines, trimZeros(it.Usage.String()),
			trimZeros(it.Free.String()), trimZeros(it.Quantity.String()),
			it.UnitPrice.Trim(), it.Official.StringFixed(digits), it.Discount.StringFixed(digits), it.DiscountID,
			it.Truncated.StringFixed(digits), it.Payment.StringFixed(digits))
	}
	if len(s.Items) > 1 {
		g.add("", "", "", "", "", "", "", "", "", "", "", "", "", s.Payment.StringFixed(digits))
	}
	g.dropEmpty("quantity", "unit price", "official", "to pay")
	g.print(a.out, "    ")
	for i := range s.Items {
		if m := s.Items[i].Measured; m != nil {
			fmt.Fprintf(a.out, "    %s: %s\n", m.Object, m.String())
		}
	}
}

// trimZeros takes the zeros at the end of a decimal away.
func trimZeros(text string) string {
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
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
