package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/query"
	"github.com/tollbook/tollbook/pipeline/settle"
	"github.com/tollbook/tollbook/pipeline/table"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Tables are the tables that can be exported.
func Tables() []string {
	return []string{"lines", "rejects", "statements", "partner_statements", "incentives", "accounts", "totals"}
}

// Formats are the formats of an export.
func Formats() []string { return []string{"csv", "ndjson", "parquet"} }

// Request says what is exported. Table and Format are words of Tables and Formats.
type Request struct {
	Table, Format string
	Cycle         string        // 2026-09; rejects and control totals are of the whole lake and do not look at it
	Partners      settle.Reader // of the workspace, for partner_statements and incentives; its state is the one exported
	Limits        query.Limits
	Progress      func(rows int64) // nil = nothing
}

// Check says what is wrong with a request, or nil.
func (r *Request) Check() error {
	switch {
	case !slices.Contains(Tables(), r.Table):
		return fmt.Errorf("table %q: want one of %s", r.Table, strings.Join(Tables(), ", "))
	case !slices.Contains(Formats(), r.Format):
		return fmt.Errorf("format %q: want one of %s", r.Format, strings.Join(Formats(), ", "))
	}
	return nil
}

// Write writes a table of a state and returns its number of rows. Nothing is written before every file of the lake that it needs
// is open or copied, so that a *lake.MovedError comes before the first byte. Errors: *query.NoCycleError, those of the lake, of
// scratch space and of w.
func Write(ctx context.Context, snap *lake.Snapshot, r *Request, w io.Writer) (rows int64, err error) {
	if err := r.Check(); err != nil {
		return 0, err
	}
	if err := query.HasCycle(snap, r.Cycle); err != nil && r.Table != "rejects" {
		return 0, err
	}
	switch r.Table {
	case "totals":
		return writeTotals(snap, r, w)
	case "incentives":
		return writeIncentives(snap, r, w)
	}
	source, def, err := open(ctx, snap, r)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	out, err := newSheet(r.Format, def, w)
	if err != nil {
		return 0, err
	}
	err = source.Each(func(row query.Row) error {
		if rows++; rows%reportEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if r.Progress != nil {
				r.Progress(rows)
			}
		}
		return out.add(row)
	})
	if err == nil {
		err = out.end()
	}
	if err != nil {
		return rows, fmt.Errorf("export %s: %w", r.Table, err)
	}
	return rows, nil
}

// reportEvery is how many rows pass between two looks at progress and context.
const reportEvery = 1 << 12

// open starts reading the table's rows in order.
func open(ctx context.Context, snap *lake.Snapshot, r *Request) (*query.Rows, *tables.Table, error) {
	var def *tables.Table
	var rows *query.Rows
	var err error
	switch r.Table {
	case "rejects":
		def = tables.Rejects()
		rows, err = query.Rejects(ctx, snap, leading(def), r.Limits)
	case "partner_statements":
		def = tables.PartnerStatements()
		rows, err = r.partners(snap).Statements(ctx, r.Cycle, "")
	case "accounts":
		def = tables.AccountEntries()
		rows, err = query.Accounts(ctx, snap, r.Cycle, "", r.Limits)
	case "statements":
		def = tables.Statements()
		rows, err = query.Statements(ctx, snap, r.Cycle, "", r.Limits)
	default:
		def = tables.Lines()
		rows, err = query.Lines(ctx, snap, r.Cycle, "", leading(def), r.Limits)
	}
	return rows, def, err
}

// leading are the indexes of the columns that leave.
func leading(def *tables.Table) []int {
	cols := make([]int, def.Exported)
	for i := range cols {
		cols[i] = i
	}
	return cols
}

// writeTotals writes the control totals.
func writeTotals(snap *lake.Snapshot, r *Request, w io.Writer) (int64, error) {
	totals, err := query.Totals(snap, r.Cycle)
	if err != nil {
		return 0, err
	}
	def := tables.Totals()
	cols := table.NewColumns(def)
	for _, t := range totals {
		cols.C[0].AddWord(t.Name)
		cols.C[1].AddText(t.Value)
		cols.N++
	}
	return writeBatch(r, cols, w)
}

// partners is the reader of partner tables, of a state.
func (r *Request) partners(snap *lake.Snapshot) *settle.Reader {
	p := r.Partners
	p.Snap, p.Limits = snap, r.Limits
	return &p
}

// writeIncentives writes the incentives of the periods that hold the cycle.
func writeIncentives(snap *lake.Snapshot, r *Request, w io.Writer) (int64, error) {
	cols, err := r.partners(snap).IncentiveRows(r.Cycle)
	if err != nil {
		return 0, err
	}
	return writeBatch(r, cols, w)
}

// writeBatch writes a table that is small.
func writeBatch(r *Request, cols *table.Columns, w io.Writer) (int64, error) {
	out, err := newSheet(r.Format, cols.Def, w)
	if err != nil {
		return 0, err
	}
	for i := range cols.N {
		if err := out.add(query.Row{Cols: cols, I: i}); err != nil {
			return 0, fmt.Errorf("export %s: %w", r.Table, err)
		}
	}
	if err := out.end(); err != nil {
		return 0, fmt.Errorf("export %s: %w", r.Table, err)
	}
	return int64(cols.N), nil
}
