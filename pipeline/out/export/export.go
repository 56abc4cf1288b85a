package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Tables returns the names of the tables that can be exported.
func Tables() []string {
	list := []string{
		"lines", "rejects", "statements", "partner_statements", "incentives", "accounts", "margins", "taxes", "totals",
	}
	for _, t := range partnerTables() {
		list = append(list, t.def.Name)
	}
	return list
}

// Formats returns the names of the formats of an export.
func Formats() []string { return []string{"csv", "ndjson", "parquet", "arrow", "xlsx"} }

// Request says what is exported. Table and Format are names of Tables and Formats.
type Request struct {
	Table, Format string
	Cycle         lake.Cycle // ignored for rejects and control totals, which are of all cycles
	Scope         Scope      // whose rows; the zero value is all
	Split         bool       // CSV as a tar.gz of parts of partRows rows
	// CSV for a spreadsheet program (package document), not for programs that read the table
	Excel bool
	// Partners reads partner_statements, incentives and a partner's scope; Write sets its state.
	Partners query.PartnerReader
	Limits   rows.Limits
	Progress func(rows int64) // nil = no reports
}

// Check returns what is wrong with a request, or nil.
func (r *Request) Check() error {
	switch {
	case !slices.Contains(Tables(), r.Table):
		return fmt.Errorf("table %q: want one of %s", r.Table, strings.Join(Tables(), ", "))
	case !slices.Contains(Formats(), r.Format):
		return fmt.Errorf("format %q: want one of %s", r.Format, strings.Join(Formats(), ", "))
	case r.Split && r.Format != "csv":
		return fmt.Errorf("split: parts of %d rows are for CSV, not for %s", partRows, r.Format)
	case r.Excel && r.Format != "csv":
		return fmt.Errorf("excel: a form of CSV, not of %s", r.Format)
	}
	return r.Scope.check(r.Table)
}

// Write writes a table of a state and returns its number of rows. Before the first byte, every file of the lake that it
// needs is open or copied, so that a *lake.MovedError comes before it. Errors: *rows.NoCycleError,
// *rows.NotFoundError for a scope that the books do not have, those of the lake, of scratch space and of w.
func Write(ctx context.Context, snap *lake.Snapshot, r *Request, w io.Writer) (list int64, err error) {
	if err := r.Check(); err != nil {
		return 0, err
	}
	money, is := partnerTableOf(r.Table)
	if err := rows.HasCycle(snap, r.Cycle); err != nil && r.Table != "rejects" && r.Table != "incentives" && !is {
		return 0, err
	}
	if err := r.Scope.known(r.Partners.Books); err != nil {
		return 0, err
	}
	if is {
		return money.write(snap, r, w)
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
	def = leaving(def)
	out, err := newSheet(r, def, w)
	if err == nil {
		defer func() { err = errors.Join(err, closeSheet(out)) }()
		list, err = r.pump(ctx, source, def, out)
	}
	if err == nil {
		err = out.end()
	}
	if err != nil {
		return list, fmt.Errorf("export %s: %w", r.Table, err)
	}
	return list, nil
}

// batchRows is how many rows are merged and written at a time: a row group of Parquet, a record batch of Arrow.
const batchRows = 1 << 15

// pump moves rows into a sheet: while one batch is written the next is merged.
func (r *Request) pump(ctx context.Context, source *rows.Rows[tables.Any], def *tables.Table, out sheet) (rows int64,
	err error) {
	empty, filled := make(chan *parquet.Columns[tables.Any], 2), make(chan *parquet.Columns[tables.Any], 1)
	empty <- parquet.NewColumns(tables.Untyped(def))
	empty <- parquet.NewColumns(tables.Untyped(def))
	group, within := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(filled)
		for {
			select {
			case <-within.Done():
				return context.Cause(within)
			case cols := <-empty:
				if err := source.Fill(cols, batchRows, nil); err != nil || cols.N == 0 {
					return err
				}
				filled <- cols
			}
		}
	})
	group.Go(func() error {
		for cols := range filled {
			if err := out.write(cols); err != nil {
				return err
			}
			if rows += int64(cols.N); r.Progress != nil {
				r.Progress(rows)
			}
			empty <- cols
		}
		return nil
	})
	return rows, group.Wait()
}

// leaving returns the definition of a table with only its exported columns.
func leaving(def *tables.Table) *tables.Table {
	return &tables.Table{Name: def.Name, Columns: def.Columns[:def.Exported], Exported: def.Exported, Added: def.Added}
}

// open starts reading the table's rows in order.
func open(ctx context.Context, snap *lake.Snapshot, r *Request) (*rows.Rows[tables.Any], *tables.Table, error) {
	var def *tables.Table
	var list *rows.Rows[tables.Any]
	var err error
	switch r.Table {
	case "rejects":
		def = tables.Rejects().Table
		list, err = untyped(rows.Rejects(ctx, snap, leading(tables.Rejects()), r.Limits))
	case "partner_statements":
		table, err := r.partners(snap).TableOf(r.Cycle)
		if err != nil {
			return nil, nil, err
		}
		list, err := untyped(r.partners(snap).Statements(ctx, r.Cycle, r.Scope.Partner))
		return list, table.Table, err
	case "accounts":
		def = tables.AccountEntries().Table
		list, err = untyped(rows.Accounts(ctx, snap, r.Cycle, r.Scope.Customer, r.Limits))
	case "statements":
		table, err := rows.StatementsTable(snap, r.Cycle)
		if err != nil {
			return nil, nil, err
		}
		list, err := untyped(rows.Statements(ctx, snap, r.Cycle, r.Scope.Customer, r.Limits))
		return list, table.Table, err
	case "taxes":
		def = tables.Taxes().Table
		list, err = r.taxes(ctx, snap)
	case "margins":
		def = tables.Margins().Table
		list, err = margins(ctx, snap, r)
	default:
		def = tables.Lines().Table
		list, err = r.lines(ctx, snap)
	}
	return list, def, err
}

// lines returns the lines of a cycle that are in the scope.
func (r *Request) lines(ctx context.Context, snap *lake.Snapshot) (*rows.Rows[tables.Any], error) {
	var closed map[string]string
	if buyer := r.Scope.Partner; r.Scope.Resellers || r.Scope.Seller != "" {
		if r.Scope.Resellers {
			buyer = "" // all
		}
		var err error
		if closed, err = query.ClosedSellers(ctx, snap, r.Cycle, buyer); err != nil {
			return nil, err
		}
	}
	return untyped(rows.LinesOf(ctx, snap, r.Cycle, r.Scope.lines(&r.Partners, closed), leading(tables.Lines()),
		r.Limits))
}

// untyped removes the table's type from its rows.
func untyped[T any](list *rows.Rows[T], err error) (*rows.Rows[tables.Any], error) {
	if err != nil {
		return nil, err
	}
	return list.Any(), nil
}

// taxes returns the taxes of a cycle: all of them, a customer's or a partner's.
func (r *Request) taxes(ctx context.Context, snap *lake.Snapshot) (*rows.Rows[tables.Any], error) {
	return untyped(r.partners(snap).Taxes(ctx, r.Cycle, r.Scope.Customer, r.Scope.Partner))
}

// margins returns the margins of a cycle. They concern only the vendor: no partner and no customer may see them.
func margins(ctx context.Context, snap *lake.Snapshot, r *Request) (*rows.Rows[tables.Any], error) {
	if r.Scope.Customer != "" || r.Scope.Partner != "" {
		return nil, errors.New("margins are exported whole: leave out --customer and --partner")
	}
	files, err := snap.Files(r.Cycle)
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(slices.Clone(files), func(e lake.FileEntry) bool {
		return e.Table != tables.Margins().Name
	})
	return rows.Sorted(ctx, snap, files, tables.Margins().Any(), leading(tables.Margins().Any()), r.Limits)
}

// leading returns the exported columns.
func leading[T any](def tables.Def[T]) tables.List[T] { return def.All()[:def.Exported] }

// writeTotals writes the control totals.
func writeTotals(snap *lake.Snapshot, r *Request, w io.Writer) (int64, error) {
	totals, err := rows.Totals(snap, r.Cycle)
	if err != nil {
		return 0, err
	}
	def := tables.Totals()
	cols := parquet.NewColumns(def)
	for _, t := range totals {
		cols.Col(0).AddWord(t.Name)
		cols.Col(1).AddText(t.Value)
		cols.N++
	}
	return writeBatch(r, cols, w)
}

// partners returns a reader of partner tables for a state.
func (r *Request) partners(snap *lake.Snapshot) *query.PartnerReader {
	p := r.Partners
	p.Snap, p.Limits = snap, r.Limits
	return &p
}

// writeIncentives writes the incentives of the periods that include the cycle. The lake must have its data only if
// there are none.
func writeIncentives(snap *lake.Snapshot, r *Request, w io.Writer) (int64, error) {
	cols, err := r.partners(snap).IncentiveRows(r.Cycle)
	if err == nil && cols.N == 0 {
		err = rows.HasCycle(snap, r.Cycle)
	}
	if err != nil {
		return 0, err
	}
	if r.Scope.Partner != "" {
		cols = only(cols, tables.IncentivePartnerID, r.Scope.Partner)
	}
	return writeBatch(r, cols, w)
}

// writeBatch writes a small table.
func writeBatch[T any](r *Request, cols *parquet.Columns[T], w io.Writer) (rows int64, err error) {
	def := leaving(cols.Def)
	out, err := newSheet(r, def, w)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, closeSheet(out)) }()
	batch, words := parquet.NewColumns(tables.Untyped(def)), parquet.Recode{}
	for from := 0; from < cols.N && err == nil; from += batchRows {
		batch.Reset()
		words.Reset(cols.Any())
		batch.AppendRun(cols.Any(), from, min(from+batchRows, cols.N), nil, &words)
		err = out.write(batch)
	}
	if err == nil {
		err = out.end()
	}
	if err != nil {
		return 0, fmt.Errorf("export %s: %w", r.Table, err)
	}
	return int64(cols.N), nil
}

// Columns writes all columns of a table in memory, in one of the formats. A CSV is for a spreadsheet program
// (Request.Excel), because people read such tables.
func Columns(cols *parquet.Columns[tables.Any], format string, w io.Writer) error {
	_, err := writeBatch(&Request{Table: cols.Def.Name, Format: format, Excel: format == "csv"}, cols, w)
	return err
}
