package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/annex"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// bandwidthResult is what was measured of a link or a group.
type bandwidthResult struct {
	Objects []*annex.Annex `json:"objects"`
	SVG     string         `json:"svg,omitempty"` // the file that was written
}

func (a *app) bandwidthCommand() *cobra.Command {
	var text string
	var svg output
	var q annex.Question
	cmd := &cobra.Command{
		Use:   "bandwidth RESOURCE",
		Short: "Show how a link or a group was measured and what is billed for it",
		Long: `bandwidth measures a link or a group of links over a cycle: the policy, the points, the rank and the cut, the slot that
set the value, the commit, the share of days, the billed quantity and its lines. A link of a group stands for its group. With
--svg it draws that as an annex to the invoice.`,
		Example: "  tollbook bandwidth bamboo-studio --cycle 2026-09\n" +
			"  tollbook bandwidth aurora-east --cycle 2026-09 --svg aurora-east.svg",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			q.Resource = args[0]
			if q.Cycle, err = cycleFlag(text); err != nil {
				return err
			}
			if a.flags.json && svg.file == "-" {
				return notJSON("SVG", "name a file: --svg FILE")
			}
			if err := svg.check(); err != nil {
				return err
			}
			return a.bandwidth(cmd.Context(), &q, &svg)
		},
	}
	cmd.Flags().StringVar(&text, "cycle", "", "the month, as 2026-09")
	svg.add(cmd, "svg", "draw the annex into this file; - is standard output, which then has nothing else")
	cmd.Flags().StringVar(&q.Customer, "customer", "", "whose it is, where it changed hands in the cycle")
	cmd.Flags().StringVar(&q.SKU, "sku", "", "the product, where it changed in the cycle")
	return exits(cmd, exitDone, exitWrong, exitFailed)
}

func (a *app) bandwidth(ctx context.Context, q *annex.Question, svg *output) error {
	var r bandwidthResult
	w, err := a.readWith(func(w *workspace.Workspace, snap *lake.Snapshot) (err error) {
		r.Objects, err = annex.Build(ctx, &annex.Sources{
			Snap: snap, Books: w.Books, Prices: w.Prices(), Currency: w.Settings.Currency.Code,
		}, q)
		return err
	})
	if err != nil {
		return err
	}
	if svg.file != "" {
		if err := a.drawAnnex(svg, r.Objects); err != nil {
			return err
		}
		r.SVG = svg.file
	}
	switch {
	case a.flags.json:
		if err := a.printJSON(r); err != nil {
			return err
		}
	case svg.file != "-":
		for _, o := range r.Objects {
			if err := a.annexText(o, w.Settings.Currency.Digits); err != nil {
				return err
			}
		}
		if svg.file != "" {
			fmt.Fprintf(a.out, "\nThe annex is in %s.\n", svg.file)
		}
	}
	for _, o := range r.Objects {
		if !o.Agrees {
			return &differError{
				what: fmt.Sprintf("%s measured again gives another quantity than its lines in the lake have", o.Object),
				hint: "the books have changed since it was billed: an open cycle follows them with the next run, a " +
					"closed one stays"}
		}
	}
	return nil
}

// drawAnnex writes the drawing of the one object there is.
func (a *app) drawAnnex(to *output, objects []*annex.Annex) error {
	if len(objects) > 1 {
		var list []string
		for _, o := range objects {
			list = append(list, fmt.Sprintf("%s of customer %s, sku %s", o.Object, o.CustomerID, o.SKU))
		}
		return &usageError{what: "--svg draws one annex, and there are several: " + strings.Join(list, "; "),
			hint: "say which one with --customer and --sku"}
	}
	drawn, err := objects[0].SVG()
	if err != nil {
		return err
	}
	_, err = a.writeOutput(to, func(w io.Writer) error {
		_, err := w.Write(drawn)
		return err
	})
	return err
}

func (a *app) annexText(o *annex.Annex, digits int) error {
	name := o.CustomerID
	if o.CustomerName != "" {
		name = fmt.Sprintf("%s (%s)", o.CustomerName, o.CustomerID)
	}
	fmt.Fprintf(a.out, "%s of %s in cycle %s, %s (%s)\n%s: %s, region %s\n", o.Object, name, o.Cycle, o.Zone,
		o.StateText(), o.SKU, o.Product, o.Region)
	for _, part := range []struct {
		title string
		list  []annex.Figure
	}{{"how it was measured", o.Measured()}, {"what is billed", o.Charged()}} {
		fmt.Fprintf(a.out, "\n%s\n", part.title)
		g := newGrid("", "")
		for _, f := range part.list {
			g.add(f.Name, f.Value)
		}
		g.rows = g.rows[1:]
		g.print(a.out, "  ")
	}
	a.peaksText(o)
	return a.annexLines(o, digits)
}

// peaksText prints the largest points and, of methods that look at days, the days.
func (a *app) peaksText(o *annex.Annex) {
	if len(o.Largest) == 0 {
		return
	}
	fmt.Fprintf(a.out, "\nthe largest points, of %d above %s Mbps\n", o.Above, annex.Mbps(o.Value))
	g := newGrid(">rank", "slot", ">.Mbps")
	for i, p := range o.Largest {
		g.add(i+1, o.Time(p.Slot), annex.Mbps(p.Mbps))
	}
	g.print(a.out, "  ")
	if len(o.Daily) == 0 {
		return
	}
	fmt.Fprintln(a.out, "\nthe days' values")
	g = newGrid("day", ">points", ">index", ">.Mbps", "slot", "")
	for _, d := range o.Daily {
		taken := ""
		if d.Taken {
			taken = "taken"
		}
		g.add(d.Day, d.Points, d.Index, annex.Mbps(d.Mbps), o.Time(d.Slot), taken)
	}
	g.print(a.out, "  ")
}

func (a *app) annexLines(o *annex.Annex, digits int) error {
	switch {
	case len(o.Lines) == 0:
		fmt.Fprintln(a.out, "\nno line: the quantity is 0")
		return nil
	case o.MonthEnd:
		fmt.Fprintln(a.out, "\nlines")
	default:
		fmt.Fprintln(a.out, "\nlines to come, by today's prices: provisional until `tollbook run monthly`")
	}
	g := newGrid(">tier", "kind", ">.quantity", ">.unit price", ">.official", ">.discount", "", ">.truncated",
		">.to pay")
	for i := range o.Lines {
		l := &o.Lines[i]
		g.add(l.Tier, l.Kind, l.Quantity.Trim(), l.UnitPrice.Trim(), l.Official.StringFixed(digits),
			l.Discount.StringFixed(digits), l.DiscountID,
			l.Truncated.StringFixed(digits), l.Payment.StringFixed(digits))
	}
	official, payment, err := o.Payment()
	if err != nil {
		return err
	}
	g.add("", "", "", "", official.StringFixed(digits), "", "", "", payment.StringFixed(digits))
	g.dropEmpty("quantity", "unit price", "official", "to pay")
	g.print(a.out, "  ")
	return nil
}
