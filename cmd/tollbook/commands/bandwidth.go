package commands

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/visible"
)

// bandwidthResult is the measurement of a link or a group as JSON.
type bandwidthResult struct {
	Objects []*query.Annex `json:"objects"`
	SVG     string         `json:"svg,omitempty"` // the file that was written
}

// bandwidthOptions are those of bandwidth.
type bandwidthOptions struct {
	query.AnnexRequest
	month string
	svg   cli.Output
}

// NewBandwidth is the command bandwidth.
func NewBandwidth(a *cli.App) *cobra.Command {
	var o bandwidthOptions
	cmd := &cobra.Command{
		Use:   "bandwidth RESOURCE",
		Short: "Show how a link or a group was measured and billed",
		Long: `bandwidth measures a link or a group of links over a cycle: the policy, the points, the rank, the
slot that set the value, the commit, the share of days, the billed quantity and its lines. A link of
a group selects its group. --svg draws a chart as an annex to the invoice.

Exit code 3 also means that the measured quantity differs from the lines of the lake: run tollbook
verify.`,
		Example: "  tollbook bandwidth bamboo-studio --cycle 2026-09\n" +
			"  tollbook bandwidth aurora-east --cycle 2026-09 --svg aurora-east.svg",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Resource = args[0]
			return runBandwidth(cmd.Context(), a, &o)
		},
	}
	cmd.Flags().StringVar(&o.month, "cycle", "", "the month, as 2026-09 (default: the newest)")
	o.svg.Add(cmd, "svg", "draw the annex into this file; - is standard output, which then has nothing else")
	cmd.Flags().StringVar(&o.Customer, "customer", "", "the customer, if the link changed hands in the cycle")
	cmd.Flags().StringVar(&o.SKU, "sku", "", "the product, if it changed in the cycle")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

func runBandwidth(ctx context.Context, a *cli.App, o *bandwidthOptions) (err error) {
	if o.Cycle, err = a.CycleOrNewest(o.month); err != nil {
		return err
	}
	if a.Flags.JSON && o.svg.File == "-" {
		return cli.NotJSON("SVG", "name a file: --svg FILE")
	}
	if err := o.svg.Check(); err != nil {
		return err
	}
	var r bandwidthResult
	w, err := a.ReadWith(func(w *workspace.Workspace, snap *lake.Snapshot) (err error) {
		r.Objects, err = query.BuildAnnexes(ctx, &query.AnnexSources{
			Snap: snap, Books: w.Books, Prices: w.Prices(), Currency: w.Settings.Currency.Code,
		}, &o.AnnexRequest)
		return err
	})
	if err != nil {
		return err
	}
	if o.svg.File != "" {
		if err := drawAnnex(a, &o.svg, r.Objects); err != nil {
			return err
		}
		r.SVG = o.svg.File
	}
	switch {
	case a.Flags.JSON:
		if err := a.PrintJSON(r); err != nil {
			return err
		}
	case o.svg.File != "-":
		for _, x := range r.Objects {
			if err := printAnnex(a, x, w.Books.CurrencyNamed(x.Currency).Digits); err != nil {
				return err
			}
		}
		if o.svg.File != "" {
			fmt.Fprintf(a.Out, "\nThe annex is in %s.\n", o.svg.File)
		}
	}
	for _, x := range r.Objects {
		if !x.Agrees {
			return &cli.DifferError{
				What: fmt.Sprintf("%s measured again gives another quantity than its lines in the lake have", x.Object),
				Hint: "the books have changed since it was billed: an open cycle follows them with the next run, a " +
					"closed one stays"}
		}
	}
	return nil
}

// drawAnnex writes the drawing of the only object; it refuses several objects.
func drawAnnex(a *cli.App, to *cli.Output, objects []*query.Annex) error {
	if len(objects) > 1 {
		var list []string
		for _, o := range objects {
			list = append(list, fmt.Sprintf("%s of customer %s, sku %s", o.Object, o.CustomerID, o.SKU))
		}
		return &cli.UsageError{What: "--svg draws one annex, and there are several: " + strings.Join(list, "; "),
			Hint: "select one with --customer and --sku"}
	}
	drawn, err := objects[0].SVG()
	if err != nil {
		return err
	}
	_, err = a.WriteOutput(to, func(w io.Writer) error {
		_, err := w.Write(drawn)
		return err
	})
	return err
}

func printAnnex(a *cli.App, o *query.Annex, digits int) error {
	name := cli.Called(o.CustomerName, o.CustomerID)
	cli.PrintLine(a.Out, "%s of %s in cycle %s, %s (%s), in %s", o.Object, name, o.Cycle, o.Zone, o.StateText(),
		o.Currency)
	cli.PrintLine(a.Out, "%s: %s, region %s", o.SKU, visible.Isolated(o.Product), o.Region)
	for _, part := range []struct {
		title string
		list  []query.AnnexFigure
	}{{"how it was measured", o.Measured()}, {"what is billed", o.Charged()}} {
		fmt.Fprintf(a.Out, "\n%s\n", part.title)
		g := cli.NewGrid("", "")
		for _, f := range part.list {
			g.Add(f.Name, f.Value)
		}
		g.Rows = g.Rows[1:]
		g.Print(a.Out, "  ")
	}
	printPeaks(a, o)
	return annexLines(a, o, digits)
}

// printPeaks prints the largest points and, if the method uses days, the days.
func printPeaks(a *cli.App, o *query.Annex) {
	if len(o.Largest) == 0 {
		return
	}
	fmt.Fprintf(a.Out, "\nthe largest points, of %d above %s Mbps\n", o.Above, query.Mbps(o.Value))
	g := cli.NewGrid(">rank", "slot", ">.Mbps")
	for i, p := range o.Largest {
		g.Add(i+1, o.Time(p.Slot), query.Mbps(p.Mbps))
	}
	g.Print(a.Out, "  ")
	if len(o.Daily) == 0 {
		return
	}
	fmt.Fprintln(a.Out, "\nthe days' values")
	g = cli.NewGrid("day", ">points", ">index", ">.Mbps", "slot", "")
	for _, d := range o.Daily {
		taken := ""
		if d.Taken {
			taken = "taken"
		}
		g.Add(d.Day, d.Points, d.Index, query.Mbps(d.Mbps), o.Time(d.Slot), taken)
	}
	g.Print(a.Out, "  ")
}

func annexLines(a *cli.App, o *query.Annex, digits int) error {
	switch {
	case len(o.Lines) == 0:
		fmt.Fprintln(a.Out, "\nno line: the quantity is 0")
		return nil
	case o.MonthEnd:
		fmt.Fprintln(a.Out, "\nlines")
	default:
		fmt.Fprintln(a.Out, "\nlines to come, by today's prices: provisional until `tollbook run monthly`")
	}
	g := cli.NewGrid(">tier", "kind", ">.quantity", ">.unit price", ">.official", ">.discount", "", ">.truncated",
		">.to pay")
	for i := range o.Lines {
		l := &o.Lines[i]
		g.Add(l.Tier, l.Kind, l.Quantity.Trim(), l.UnitPrice.Trim(), l.Official.StringFixed(digits),
			l.Discount.StringFixed(digits), l.DiscountID,
			l.Truncated.StringFixed(digits), l.Payment.StringFixed(digits))
	}
	official, payment, err := o.Payment()
	if err != nil {
		return err
	}
	g.Add("", "", "", "", official.StringFixed(digits), "", "", "", payment.StringFixed(digits))
	g.DropEmpty("quantity", "unit price", "official", "to pay")
	g.Print(a.Out, "  ")
	return nil
}
