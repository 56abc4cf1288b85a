package commands

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/fold/costs"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/schemas/visible"
)

// costResult is the list of rejected rows of cost files, as JSON.
type costResult struct {
	Count int64     `json:"count"` // rejected rows of all selected deliveries
	Held  []string  `json:"held"`  // deliveries that are held because of their rejects: source/period/name
	Rows  []costRow `json:"rejects"`
}

// costRow is one rejected row, or the number of rows that are not stored individually.
type costRow struct {
	Delivery string `json:"delivery"` // source/period/name
	State    string `json:"state"`    // of the delivery
	File     string `json:"file"`     // below the delivery's folder
	Row      int64  `json:"row"`      // 1 = the first row of data; 0 = several rows
	Rows     int64  `json:"rows"`
	Column   string `json:"column"`
	Reason   string `json:"reason"`
	Value    string `json:"value"`
	Raw      string `json:"raw"`
}

// costFlags are the flags of `rejects costs`.
type costFlags struct {
	delivery string
	limit    int
	raw      bool
}

// costsCommand is the command `rejects costs`.
func costsCommand(a *cli.App) *cobra.Command {
	var f costFlags
	cmd := &cobra.Command{
		Use:   "costs [DELIVERY]",
		Short: "List the rejected rows of cost files",
		Long: `costs lists the rejected rows of deliveries of cost files, with file, row, column, reason and value.
DELIVERY limits the list to one delivery, as SOURCE/YYYY-MM/NAME.

A delivery with rejected rows is held: it does not count until the vendor sends it again without them,
or until a run accepts them with --accept-rejects DELIVERY. Of a delivery the first 10,000 rejected rows,
or 64 MiB of them, are listed one by one, the others as a number of rows for each file, column and reason.

The exit code is 1 while a delivery of the list is held.`,
		Example: "  tollbook rejects costs\n  tollbook rejects costs aws/2026-09/d2 --raw",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				f.delivery = args[0]
			}
			if f.limit < 0 {
				return &cli.UsageError{What: fmt.Sprintf("--limit %d: want 0 or more", f.limit),
					Hint: "--limit 0 lists all"}
			}
			r, err := readCosts(a, &f)
			if err != nil {
				return err
			}
			if err := printCosts(a, r, &f); err != nil {
				return err
			}
			if len(r.Held) > 0 {
				return cli.ErrNeedsAttention
			}
			return nil
		},
	}
	cmd.Flags().IntVar(&f.limit, "limit", 100, "list at most so many; 0 = all")
	cmd.Flags().BoolVar(&f.raw, "raw", false, "show the row as CSV")
	return cli.Exits(cmd, cli.ExitDone, cli.ExitNeedsAttention, cli.ExitWrong, cli.ExitFailed)
}

// readCosts reads the rejected rows of cost files from the live state.
func readCosts(a *cli.App, f *costFlags) (*costResult, error) {
	var r *costResult
	err := a.Read(func(snap *lake.Snapshot) error {
		r = &costResult{Held: []string{}, Rows: []costRow{}}
		list, err := deliveries(snap)
		if err != nil {
			return err
		}
		states := make(map[string]string)
		for _, d := range list {
			if f.delivery != "" && d.Path() != f.delivery {
				continue
			}
			if states[d.Path()] = d.State; d.State == costs.Held {
				r.Held = append(r.Held, d.Path())
			}
		}
		if f.delivery != "" && len(states) == 0 {
			return &cli.UsageError{What: fmt.Sprintf("%q: there is no such delivery of cost files", f.delivery),
				Hint: "`tollbook query cost-deliveries` lists them; write SOURCE/YYYY-MM/NAME"}
		}
		files, err := snap.Find(costs.RejectsKey())
		if err != nil {
			return err
		}
		return costs.EachMargin(snap, files, tables.CostRejects(), func(row rows.Row[tables.CostReject]) error {
			r.add(row, states, f.limit)
			return nil
		})
	})
	return r, err
}

// deliveries returns the deliveries of cost files in a state.
func deliveries(snap *lake.Snapshot) ([]*costs.Delivery, error) {
	files, err := snap.Find(costs.DeliveriesKey())
	if err != nil {
		return nil, err
	}
	return costs.Deliveries(snap, files)
}

// heldRows returns the number of rejected rows in held deliveries.
func heldRows(snap *lake.Snapshot) (n int64, err error) {
	list, err := deliveries(snap)
	for _, d := range list {
		if d.State == costs.Held {
			n += d.Rejected
		}
	}
	return n, err
}

// add adds a stored row if its delivery is selected.
func (r *costResult) add(row rows.Row[tables.CostReject], states map[string]string, limit int) {
	delivery := strings.Join([]string{row.Word(tables.CostRejectSource), row.Word(tables.CostRejectPeriod),
		string(row.Text(tables.CostRejectDelivery))}, "/")
	state, asked := states[delivery]
	if !asked {
		return
	}
	many := row.Whole(tables.CostRejectRows)
	r.Count += many
	if limit > 0 && len(r.Rows) >= limit {
		return
	}
	r.Rows = append(r.Rows, costRow{Delivery: delivery, State: state, File: row.Word(tables.CostRejectFile),
		Row: row.Whole(tables.CostRejectRow), Rows: many, Column: row.Word(tables.CostRejectColumn),
		Reason: row.Word(tables.CostRejectReason), Value: string(row.Text(tables.CostRejectValue)),
		Raw: string(row.Text(tables.CostRejectRaw))})
}

// listed returns the number of rows that the list shows.
func (r *costResult) listed() (n int64) {
	for i := range r.Rows {
		n += r.Rows[i].Rows
	}
	return n
}

func printCosts(a *cli.App, r *costResult, f *costFlags) error {
	if a.Flags.JSON {
		return a.PrintJSON(r)
	}
	if r.Count == 0 {
		fmt.Fprintln(a.Out, "no rejected rows of cost files")
		return nil
	}
	header := []string{"delivery", "state", "file", ">row", ">rows", "column", "reason", "value"}
	if f.raw {
		header = append(header, "record")
	}
	g := cli.NewGrid(header...)
	for i := range r.Rows {
		x := &r.Rows[i]
		cells := []any{cli.Printable(x.Delivery), x.State, cli.Printable(x.File), x.Row, x.Rows, x.Column, x.Reason,
			cli.Shown(visible.Isolated(x.Value))}
		if f.raw {
			cells = append(cells, cli.Printable(x.Raw))
		}
		g.Add(cells...)
	}
	g.Print(a.Out, "  ")
	if rest := r.Count - r.listed(); rest > 0 {
		fmt.Fprintf(a.Out, "\nand %d more: `tollbook rejects costs --limit 0`\n", rest)
	}
	if len(r.Held) > 0 {
		fmt.Fprintln(a.Out, "\nwhat to do")
		fmt.Fprintln(a.Out, "  a held delivery does not count: let the vendor send it again, or accept its rejects:")
	}
	for _, d := range r.Held {
		fmt.Fprintf(a.Out, "  `tollbook run nightly --accept-rejects %s`\n", cli.Printable(d))
	}
	return nil
}
