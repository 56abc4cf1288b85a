package commands

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/fixtures/sample"
	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/explain"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// demoResult is the result of demo.
type demoResult struct {
	Workspace string                  `json:"workspace"`
	Files     int                     `json:"files"`
	Rows      int64                   `json:"rows"`
	Accepted  int64                   `json:"accepted"`
	Duplicate int64                   `json:"duplicate"`
	Rejected  int64                   `json:"rejected"`
	Rejects   []rejectRow             `json:"rejects"` // the first ones
	Bill      *cycleBill              `json:"bill"`
	Partners  []document.SettledEntry `json:"partners"`
	Explained *explain.Story          `json:"explained"`
	Documents string                  `json:"documents"` // their folder

	in *workspace.Workspace
}

// What demo shows of the sample: a usage record, whose it is, and a partner.
const (
	demoRecord   = "vm-kestrel-vision-0901"
	demoCustomer = "kestrel"
	demoPartner  = "meridian"
)

// NewDemo is the command demo.
func NewDemo(a *cli.App) *cobra.Command {
	var tour bool
	cmd := &cobra.Command{
		Use:   "demo [DIR]",
		Short: "Bill a sample month in a few seconds and show the result",
		Long: `demo creates the workspace of init --sample in a new folder (default: tollbook-demo), bills and closes
its month, and writes the documents. It shows what was read and rejected, the bills, what partners net,
and where one amount comes from.

--tour does it command by command over two months, and prints each command with its output: the close
of August, late records, incentives that partners confirm and dispute, and the bills of September.`,
		Example: "  tollbook demo\n  tollbook demo tour --tour",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := cmp.Or(append(args, "tollbook-demo")...)
			if tour {
				return runTour(a, dir)
			}
			r, err := runDemo(cmd, a, dir)
			if err != nil {
				return err
			}
			return a.Show(r, func() { r.print(a) }, nil, false)
		},
	}
	cmd.Flags().BoolVar(&tour, "tour", false, "show two months command by command")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// runDemo bills and closes the month of the sample, writes its documents and reads the result.
func runDemo(cmd *cobra.Command, a *cli.App, dir string) (*demoResult, error) {
	made, err := initWorkspace(dir, sampleUsage, nil)
	if err != nil {
		return nil, err
	}
	cycle, err := period.ParseCycle(sample.Cycle)
	if err == nil {
		err = cmd.Flags().Set("allow-future", "true")
	}
	if err != nil {
		return nil, err
	}
	a.Flags.Workspace, a.Flags.AsOf, a.Flags.Yes = dir, made.AsOf, true
	done, err := a.Do(cmd.Context(), jobs.Task{Kind: jobs.Close, Cycle: cycle})
	if err != nil {
		return nil, err
	}
	run := done.Report
	r := &demoResult{Workspace: dir, Files: len(run.Files), Rows: run.Rows, Accepted: run.Accepted,
		Duplicate: run.Duplicate, Rejected: run.Rejected}
	rejected, err := readRejects(cmd.Context(), a, &rejectFlags{limit: 3})
	if err != nil {
		return nil, err
	}
	r.Rejects = rejected.Rejects
	if r.Bill, r.in, err = readCycle(cmd.Context(), a, cycle); err != nil {
		return nil, err
	}
	r.Explained, _, err = readStory(cmd, a, &explain.Question{ID: demoRecord, Customer: demoCustomer})
	if err != nil {
		return nil, err
	}
	_, err = a.Compose(func(s *document.Sources) error {
		all, err := document.Partners(cmd.Context(), s, cycle)
		if err != nil {
			return err
		}
		r.Partners = nil
		for i := range all.Partners {
			r.Partners = append(r.Partners, all.Partners[i].Entry())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	written, err := writeDocuments(cmd.Context(), a, &documentsOptions{month: sample.Cycle, format: "html"})
	r.Documents = written.Dir
	return r, err
}

// print prints the result for people, within 80 columns.
func (r *demoResult) print(a *cli.App) {
	name := cli.Word(r.Workspace)
	fmt.Fprintf(a.Out, "%s: a cloud reseller's month, %s, billed and closed\n\n", r.Workspace, r.Bill.Cycle)
	fmt.Fprintf(a.Out, "%d records in %d files: %d accepted, %d repeated, %d rejected.\n"+
		"The rejected ones are wrong on purpose. The first:\n", r.Rows, r.Files, r.Accepted, r.Duplicate, r.Rejected)
	g := cli.NewGrid("file", ">row", "reason", "value")
	for i := range r.Rejects {
		x := &r.Rejects[i]
		g.Add(x.File, x.Row, x.Reason, cli.Shown(x.Value))
	}
	g.Print(a.Out, "  ")
	r.printBills(a)
	r.printPartners(a)
	line, from := &r.Explained.Stored[0], &r.Explained.Feeds[0]
	fmt.Fprintf(a.Out, "\nOne amount, %s: %s minutes × %s = %s\n  from inbox/%s, row %d\n", r.Explained.ID,
		line.Quantity.Trim(), line.UnitPrice.Trim(), line.Payment.StringFixed(r.digits()), from.File, from.Row)
	fmt.Fprintf(a.Out, `
Open next
  an invoice   %s
  a statement  %s
  the console  tollbook -w %s console
  any amount   tollbook -w %s explain %s
Your own data
  tollbook init billing    then fill billing/books and billing/inbox
`, filepath.Join(r.Documents, "bills", demoCustomer+".html"),
		filepath.Join(r.Documents, "statements", demoPartner+".html"), name, name, r.Explained.ID)
}

func (r *demoResult) digits() int { return r.in.Settings.Currency.Digits }

// printBills prints the largest bills and the sum.
func (r *demoResult) printBills(a *cli.App) {
	const shown = 3
	bills := slices.SortedFunc(slices.Values(r.Bill.Statements), func(x, y rows.Statement) int {
		return y.Due.Cmp(x.Due)
	})
	g := cli.NewGrid(fmt.Sprintf("%d bills", len(bills)), ">."+r.Bill.Currency)
	for _, s := range bills[:shown] {
		g.Add(s.CustomerID, s.Due.StringFixed(r.digits()))
	}
	g.Add(fmt.Sprintf("and %d others", len(bills)-shown), "")
	g.Add("sum", r.Bill.Total.Due.StringFixed(r.digits()))
	fmt.Fprintln(a.Out)
	g.Print(a.Out, "  ")
}

// printPartners prints what partners pay or are paid.
func (r *demoResult) printPartners(a *cli.App) {
	g := cli.NewGrid(fmt.Sprintf("%d partners", len(r.Partners)), "", ">."+r.Bill.Currency)
	for i := range r.Partners {
		does := "pays"
		net, negative := strings.CutPrefix(r.Partners[i].Net.StringFixed(r.digits()), "-")
		if negative {
			does = "is paid"
		}
		g.Add(r.Partners[i].Name+", "+r.Partners[i].Kind, does, net)
	}
	fmt.Fprintln(a.Out)
	g.Print(a.Out, "  ")
}
