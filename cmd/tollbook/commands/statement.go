package commands

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/visible"
)

// statementOptions are those of statement.
type statementOptions struct {
	month, partner string
	cli.DocumentFlags
	cycle period.Cycle // parsed month
}

// NewStatement is the command statement.
func NewStatement(a *cli.App) *cobra.Command {
	var o statementOptions
	cmd := &cobra.Command{
		Use:   "statement",
		Short: "Show what partners and their sellers settle for a cycle",
		Long: `statement shows what every partner of a cycle owes its seller, earns from its resellers and is paid
as incentives, with the net; or with --partner one partner's statement: rows by customer and
service, resellers with revenue, cost and margin, incentives with the next step, consumption by day,
and how the largest bandwidth was measured. A statement of an open cycle is provisional.

Where vendors' cost files are billed, the reseller's own statement follows the table of all
partners: the costs of each vendor, the part that customers bear, and the margin.

Formats: table, json, csv, xlsx (real numbers, one sheet per part), html (one page, to print or to
send). All partners: table, json, csv.`,
		Example: "  tollbook statement --cycle 2026-09\n  tollbook statement --cycle 2026-09 --partner north\n" +
			"  tollbook statement --cycle 2026-09 --partner north --format html --out exports/north.html\n" +
			"  tollbook statement --cycle 2026-09 --partner north --format xlsx --out exports/north.xlsx",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runStatement(cmd.Context(), a, &o) },
	}
	cmd.Flags().StringVar(&o.month, "cycle", "", "the month, as 2026-09 (default: the newest)")
	cmd.Flags().StringVar(&o.partner, "partner", "", "one partner's statement, by partner_id")
	o.Add(cmd)
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// runStatement writes one partner's statement, or the table of all partners.
func runStatement(ctx context.Context, a *cli.App, o *statementOptions) (err error) {
	if o.cycle, err = a.CycleOrNewest(o.month); err != nil {
		return err
	}
	format, err := a.DocumentFormat(&o.DocumentFlags)
	switch {
	case err != nil:
		return err
	case o.partner != "":
		return writeStatement(ctx, a, o, format)
	case format == document.XLSX || format == document.HTML:
		return &cli.UsageError{What: fmt.Sprintf("--format %s applies to one partner's statement", format),
			Hint: "name the partner: --partner ID; `tollbook statement --cycle " + o.cycle.String() + "` lists them"}
	}
	return writeOverview(ctx, a, o, format)
}

// writeStatement writes one partner's statement.
func writeStatement(ctx context.Context, a *cli.App, o *statementOptions, format document.Format) error {
	var st *document.Statement
	_, err := a.Compose(func(s *document.Sources) (err error) {
		st, err = document.ComposeStatement(ctx, s, o.cycle, o.partner)
		return err
	})
	if err != nil {
		return err
	}
	return a.WriteDocument(format, &o.Output, func(w io.Writer) error {
		return st.Write(w, format, document.Options{Excel: o.Excel})
	})
}

// overviewResult is the table of all partners as JSON.
type overviewResult struct {
	Header   document.PageHeader     `json:"header"`
	Partners []document.SettledEntry `json:"partners"`
	Total    *document.SettledEntry  `json:"total,omitempty"`

	PerCurrency []document.SettledEntry `json:"totals,omitempty"` // instead of total, if partners have several
	VendorCosts []document.VendorCosts  `json:"vendor_costs,omitempty"`

	books *books.Books
}

// writeOverview writes the table of all partners.
func writeOverview(ctx context.Context, a *cli.App, o *statementOptions, format document.Format) error {
	var all *document.Overview
	w, err := a.Compose(func(s *document.Sources) (err error) {
		all, err = document.Partners(ctx, s, o.cycle)
		return err
	})
	if err != nil {
		return err
	}
	r := overviewResult{Header: all.Header, Partners: []document.SettledEntry{}, VendorCosts: all.Costs,
		books: w.Books}
	for i := range all.Totals {
		t := all.Totals[i].Entry()
		if t.Currency == "" {
			r.Total = &t
		} else {
			r.PerCurrency = append(r.PerCurrency, t)
		}
	}
	if r.Total == nil {
		r.Header.Currency = ""
	}
	for i := range all.Partners {
		r.Partners = append(r.Partners, all.Partners[i].Entry())
	}
	if format == document.JSON && o.ToStdout() {
		return a.PrintJSON(r)
	}
	return a.WriteDocument(format, &o.Output, func(w io.Writer) error {
		switch format {
		case document.JSON:
			return cli.WriteJSON(w, r)
		case document.CSV:
			return r.csv(w, o.Excel)
		}
		r.text(w)
		return nil
	})
}

// text prints the table for people.
func (r *overviewResult) text(w io.Writer) {
	h := &r.Header
	state := "provisional, month-end lines still to come"
	switch {
	case h.Closed:
		state = "closed"
	case h.MonthEnd:
		state = "provisional, with month-end lines"
	}
	in := ""
	if h.Currency != "" {
		in = " in " + h.Currency
	}
	fmt.Fprintf(w, "partners of cycle %s%s (%s)\n\n", h.Cycle, in, state)
	if len(r.Partners) == 0 {
		fmt.Fprintln(w, "no partner has a line or an incentive")
	} else {
		r.partners(w)
	}
	if len(r.VendorCosts) > 0 {
		r.vendorCosts(w)
	}
}

// partners prints the partners and their totals.
func (r *overviewResult) partners(w io.Writer) {
	g := cli.NewGrid("partner", "name", "kind", "currency", ">lines", ">.payment", ">.owed", ">.cost", ">.revenue",
		">.margin", ">.incentives", ">.net")
	row := func(s *document.SettledEntry, id string) {
		paid := s.PaymentText(func(t money.AmountTotal, currency string) string {
			return t.StringFixed(r.books.CurrencyNamed(currency).Digits)
		})
		digits := r.books.CurrencyNamed(s.Currency).Digits
		cells := []any{id, visible.Isolated(s.Name), s.Kind, s.Currency, s.Lines, cli.AmountText(paid, digits)}
		for _, amount := range s.Amounts() {
			cells = append(cells, cli.Amount(amount, digits))
		}
		g.Add(cells...)
	}
	for i := range r.Partners {
		row(&r.Partners[i], r.Partners[i].PartnerID)
	}
	if r.Total != nil {
		row(r.Total, cli.Counted(int64(len(r.Partners)), "partner", "partners"))
	}
	for i := range r.PerCurrency {
		t := &r.PerCurrency[i]
		n := 0
		for k := range r.Partners {
			if r.Partners[k].Currency == t.Currency {
				n++
			}
		}
		row(t, cli.Counted(int64(n), "partner", "partners"))
	}
	g.DropEmpty("payment", "owed", "incentives", "net")
	g.Print(w, "  ")
	fmt.Fprintln(w, "\nnet = owed + cost - revenue - incentives: above 0 the partner pays, below 0 it is paid.")
}

// vendorCosts prints the reseller's own statement: the costs of its vendors next to the payments of its customers.
func (r *overviewResult) vendorCosts(w io.Writer) {
	own := r.books.OwnCurrency()
	fmt.Fprintf(w, "\nvendor costs and margin\n\n")
	g := cli.NewGrid("source", "currency", ">.billed", ">.allocated", ">.kept", ">.unallocated", ">.effective",
		">payment", ">.margin "+own.Code)
	cost := func(c money.Cost) string { return cli.TrimZeros(c.String()) }
	var margin money.AmountTotal
	for i := range r.VendorCosts {
		v := &r.VendorCosts[i]
		if err := margin.AddTotal(v.Margin); err != nil {
			fmt.Fprintln(w, err)
			return
		}
		var paid []string
		for _, t := range v.Payments {
			paid = append(paid, t.Total.StringFixed(r.books.CurrencyNamed(t.Currency).Digits)+" "+t.Currency)
		}
		g.Add(cmp.Or(v.Source, "fees of the month"), v.Currency, cost(v.Billed), cost(v.Allocated), cost(v.Kept),
			cost(v.Unallocated), cost(v.Effective), strings.Join(paid, "; "), cli.Amount(v.Margin, own.Digits))
	}
	g.Add("total", "", "", "", "", "", "", "", cli.Amount(margin, own.Digits))
	g.Print(w, "  ")
	fmt.Fprintln(w, "\nbilled = allocated to customers + kept + unallocated; margin = payment - effective cost. By "+
		"customer, service and day: tollbook query margin")
}

// csv writes the partners with exact amounts and without the total.
func (r *overviewResult) csv(w io.Writer, excel bool) error {
	header := []string{"cycle", "partner_id", "kind", "line_count", "payment_amount", "owed_amount", "cost_amount",
		"revenue_amount", "margin_amount", "incentive_amount", "net_amount"}
	if r.Total == nil {
		header = slices.Insert(header, 3, "currency", "payment_amounts")
		header = slices.Delete(header, 6, 7)
	}
	out, err := cli.NewCellsCSV(w, excel, header)
	for i := 0; i < len(r.Partners) && err == nil; i++ {
		s := &r.Partners[i]
		paid := s.PaymentText(func(t money.AmountTotal, _ string) string { return t.String() })
		texts := []string{r.Header.Cycle.String(), s.PartnerID, s.Kind}
		numbers := []string{strconv.FormatInt(s.Lines, 10)}
		if r.Total == nil {
			texts = append(texts, s.Currency, paid)
		} else {
			numbers = append(numbers, paid)
		}
		for _, amount := range s.Amounts() {
			numbers = append(numbers, amount.String())
		}
		err = out.Add(texts, numbers)
	}
	if err != nil {
		return err
	}
	return out.End()
}
