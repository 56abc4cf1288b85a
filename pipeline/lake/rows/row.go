package rows

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Row is one row of T's table: row I of a batch. It is valid until the next row is requested.
type Row[T any] struct {
	Cols *parquet.Columns[T]
	I    int
}

// anyRow is a row of any table.
type anyRow = Row[tables.Any]

// As converts a row to T's table. It panics if r is a row of another table.
func As[T tables.Row](r Row[tables.Any]) Row[T] { return Row[T]{parquet.As[T](r.Cols), r.I} }

// Any returns the row without its table's type.
func (r Row[T]) Any() Row[tables.Any] { return anyRow{r.Cols.Any(), r.I} }

// of is As without the check, for callers that know the table.
func of[T any](r anyRow) Row[T] { return Row[T]{(*parquet.Columns[T])(r.Cols), r.I} }

// Word is the value of a column of words.
func (r Row[T]) Word(col tables.WordColumn[T]) string { return r.Cols.Word(col).At(r.I) }

// Text is the value of a column of texts; the bytes belong to the batch.
func (r Row[T]) Text(col tables.TextColumn[T]) []byte { return r.Cols.Text(col).At(r.I) }

// Time is the value of a column of times.
func (r Row[T]) Time(col tables.TimeColumn[T]) period.Instant { return r.Cols.Time(col).At(r.I) }

// MaybeTime is the value of a column of optional times; table.Nothing means none.
func (r Row[T]) MaybeTime(col tables.MaybeTimeColumn[T]) period.Instant {
	return r.Cols.MaybeTime(col).At(r.I)
}

// Whole is the value of a column of 64-bit integers.
func (r Row[T]) Whole(col tables.WholeColumn[T]) int64 { return r.Cols.Whole(col).At(r.I) }

// Small is the value of a column of 32-bit integers.
func (r Row[T]) Small(col tables.SmallColumn[T]) int { return int(r.Cols.Small(col).At(r.I)) }

// Amount is the value of a column of amounts.
func (r Row[T]) Amount(col tables.AmountColumn[T]) (money.Amount, error) {
	d := r.Cols.Amount(col).At(r.I)
	a, err := money.AmountFromRaw(d.Hi, d.Lo)
	return a, r.wrap(col.Of(), err)
}

// Quantity is the value of a column of quantities.
func (r Row[T]) Quantity(col tables.QuantityColumn[T]) (money.SignedQuantity, error) {
	d := r.Cols.Quantity(col).At(r.I)
	q, err := money.SignedQuantityFromRaw(d.Hi, d.Lo)
	return q, r.wrap(col.Of(), err)
}

// Cost is the value of a column of costs.
func (r Row[T]) Cost(col tables.CostColumn[T]) (money.Cost, error) {
	d := r.Cols.Cost(col).At(r.I)
	c, err := money.CostFromRaw(d.Hi, d.Lo)
	return c, r.wrap(col.Of(), err)
}

// UnitPrice is the value of a column of quantities that contains a price.
func (r Row[T]) UnitPrice(col tables.QuantityColumn[T]) (money.UnitPrice, error) {
	d := r.Cols.Quantity(col).At(r.I)
	p, err := money.UnitPriceFromRaw(d.Hi, d.Lo)
	return p, r.wrap(col.Of(), err)
}

func (r Row[T]) wrap(col tables.ColumnOf[T], err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("table %s: column %s: %w", r.Cols.Def.Name, r.Cols.Def.Columns[col].Name, err)
}

// Rows returns rows of T's table in one order. One goroutine uses it; Close ends it.
type Rows[T any] struct{ *merged }

// typed returns the rows of files of T's table.
func typed[T any](m *merged, err error) (*Rows[T], error) {
	if err != nil {
		return nil, err
	}
	return &Rows[T]{m}, nil
}

// Any returns the rows without their table's type.
func (r *Rows[T]) Any() *Rows[tables.Any] { return &Rows[tables.Any]{r.merged} }

// Next returns the next row, valid until the next call; ok is false at the end.
func (r *Rows[T]) Next() (row Row[T], ok bool, err error) {
	next, ok, err := r.next()
	return of[T](next), ok, err
}

// Each calls visit with every row, until the end or the first error.
func (r *Rows[T]) Each(visit func(Row[T]) error) error {
	return r.each(func(row anyRow) error { return visit(of[T](row)) })
}

// Fill sets dst to the next rows, at most most. Sequences of rows from one file are copied column by column. cols as in
// Lines; nil = all of dst, whose columns can be a prefix of the table's. If dst is empty afterwards, there are no more
// rows. Rows that Next returned become invalid.
func (r *Rows[T]) Fill(dst *parquet.Columns[T], most int, cols tables.List[T]) error {
	return r.fill(dst.Any(), most, cols.Any().Distinct())
}
