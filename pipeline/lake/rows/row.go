package rows

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Row is one row of a table: row I of a batch. It is valid until the next row is asked for.
type Row struct {
	Cols *parquet.Columns
	I    int
}

// Word is the value of a Word column.
func (r Row) Word(col int) string { return r.Cols.C[col].Word(r.I) }

// Text is the value of a Text column; the bytes are the batch's.
func (r Row) Text(col int) []byte { return r.Cols.C[col].Text(r.I) }

// Time is the value of a Time or MaybeTime column (parquet.Nothing = none).
func (r Row) Time(col int) period.Instant { return period.Instant(r.Cols.C[col].Ints[r.I]) }

// Whole is the value of a Whole column.
func (r Row) Whole(col int) int64 { return r.Cols.C[col].Ints[r.I] }

// Small is the value of a Small column.
func (r Row) Small(col int) int { return int(r.Cols.C[col].Codes[r.I]) }

// Amount is the value of an Amount column.
func (r Row) Amount(col int) (money.Amount, error) {
	d := r.Cols.C[col].Decs[r.I]
	a, err := money.AmountFromRaw(d.Hi, d.Lo)
	return a, r.wrap(col, err)
}

// Quantity is the value of a Quantity column.
func (r Row) Quantity(col int) (money.SignedQuantity, error) {
	d := r.Cols.C[col].Decs[r.I]
	q, err := money.SignedQuantityFromRaw(d.Hi, d.Lo)
	return q, r.wrap(col, err)
}

// Cost is the value of a Cost column.
func (r Row) Cost(col int) (money.Cost, error) {
	d := r.Cols.C[col].Decs[r.I]
	c, err := money.CostFromRaw(d.Hi, d.Lo)
	return c, r.wrap(col, err)
}

// UnitPrice is the value of a Quantity column that holds a price.
func (r Row) UnitPrice(col int) (money.UnitPrice, error) {
	d := r.Cols.C[col].Decs[r.I]
	p, err := money.UnitPriceFromRaw(d.Hi, d.Lo)
	return p, r.wrap(col, err)
}

func (r Row) wrap(col int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("table %s: column %s: %w", r.Cols.Def.Name, r.Cols.Def.Columns[col].Name, err)
}
