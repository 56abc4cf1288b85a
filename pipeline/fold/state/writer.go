package state

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// PositionWriter writes the closing positions of one (cycle, day, bucket), one file after the other.
type PositionWriter struct {
	*rows.Writer[tables.Position]
	books *books.Books
}

// NewPositionWriter makes a writer of closing positions.
func NewPositionWriter(txn *lake.SubTxn, b *books.Books) *PositionWriter {
	return &PositionWriter{rows.NewFileWriter(txn, tables.Positions()), b}
}

// Add appends a customer's rows.
func (w *PositionWriter) Add(customer int32, rows []tables.PositionRow) error {
	for i := range rows {
		AddRow(w.Cols, w.books.Customers[customer].ID, &rows[i])
		if err := w.Added(); err != nil {
			return err
		}
	}
	return nil
}

// AddRow appends a row to a table that begins with the columns of positions.
func AddRow(to *parquet.Columns[tables.Position], customer string, r *tables.PositionRow) {
	to.Word(tables.PositionCustomerID).Add(customer)
	to.Small(tables.PositionKind).Add(int32(r.Kind))
	to.Word(tables.PositionKey).Add(r.Key)
	to.Word(tables.PositionScope).Add(r.Scope)
	to.Text(tables.PositionResource).Add(r.Resource)
	to.Word(tables.PositionRegion).Add(r.Region)
	to.Text(tables.PositionName).Add(r.Name)
	to.Text(tables.PositionTag).Add(r.Tag)
	to.Whole(tables.PositionFirst).Add(r.Order)
	to.Quantity(tables.PositionCount).Add(r.Count.Raw())
	to.Quantity(tables.PositionUsage).Add(r.Usage.Raw())
	to.Quantity(tables.PositionFree).Add(r.Free.Raw())
	to.Text(tables.PositionDraws).Add(r.Draws)
	to.MaybeTime(tables.PositionAt).Add(r.At)
	to.N++
}

// AddDraws appends a row of redraws or retained_draws.
func AddDraws(out *parquet.Columns[tables.Redraw], customer string, origin period.Cycle, id, draws string) {
	out.Word(tables.RedrawCustomerID).Add(customer)
	out.Word(tables.RedrawOriginCycle).Add(origin.String())
	out.Text(tables.RedrawRecordID).Add(id)
	out.Text(tables.RedrawDraws).Add(draws)
	out.N++
}
