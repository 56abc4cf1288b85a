package opening

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Writer writes the closing positions of one (cycle, day, bucket), one file after the other.
type Writer struct {
	*tablefile.Writer
	books *books.Books
}

// NewWriter makes a writer of closing positions.
func NewWriter(txn *lake.SubTxn, b *books.Books) *Writer {
	return &Writer{tablefile.NewWriter(txn, tables.Positions()), b}
}

// Add appends a customer's rows.
func (w *Writer) Add(customer int32, rows []position.Row) error {
	for i := range rows {
		AddRow(w.Cols, w.books.Customers[customer].ID, &rows[i])
		if err := w.Added(); err != nil {
			return err
		}
	}
	return nil
}

// AddRow appends a row to a table that begins with the columns of positions.
func AddRow(to *parquet.Columns, customer string, r *position.Row) {
	c := to.C
	c[tables.PCustomerID].AddWord(customer)
	c[tables.PKind].Codes = append(c[tables.PKind].Codes, int32(r.Kind))
	c[tables.PKey].AddWord(r.Key)
	c[tables.PScope].AddWord(r.Scope)
	c[tables.PResource].AddText(r.Resource)
	c[tables.PRegion].AddWord(r.Region)
	c[tables.PName].AddText(r.Name)
	c[tables.PTag].AddText(r.Tag)
	c[tables.POrder].Ints = append(c[tables.POrder].Ints, r.Order)
	c[tables.PCount].AddDec(r.Count.Raw())
	c[tables.PUsage].AddDec(r.Usage.Raw())
	c[tables.PFree].AddDec(r.Free.Raw())
	c[tables.PDraws].AddText(r.Draws)
	c[tables.PAt].Ints = append(c[tables.PAt].Ints, int64(r.At))
	to.N++
}
