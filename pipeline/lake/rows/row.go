package rows

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Row is one row of T's table: row I of a batch. It is valid until the next row is asked for.
type Row[T any] struct {
	Cols *parquet.Columns[T]
	I    int
}

// anyRow is a row of any table.
type anyRow = Row[tables.Any]

// As is a row of T's table. It panics if r is one of another table.
func As[T tables.Row](r Row[tables.Any]) Row[T] { return Row[T]{parquet.As[T](r.Cols), r.I} }

// Any is the row for those who do not know its table.
func (r Row[T]) Any() Row[tables.Any] { return anyRow{r.Cols.Any(), r.I} }

// of is As where the reader of the row is one of T's table.
func of[T any](r anyRow) Row[T] { return Row[T]{(*parquet.Columns[T])(r.Cols), r.I} }

// Word is the value of a column of words.
func (r Row[T]) Word(col tables.WordColumn[T]) string { return r.Cols.Word(col).At(r.I) }

// Text is the value of a column of texts; the bytes are the batch's.
func (r Row[T]) Text(col tables.TextColumn[T]) []byte { return r.Cols.Text(col).At(r.I) }

// Time is the value of a column of times.
func (r Row[T]) Time(col tables.TimeColumn[T]) period.Instant { return r.Cols.Time(col).At(r.I) }

// MaybeTime is the value of a column of times that may have none: table.Nothing.
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

// UnitPrice is the value of a column of quantities that holds a price.
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

// Rows gives rows of T's table in one order. One goroutine uses it; Close ends it.
type Rows[T any] struct{ *merged }

// typed gives the rows of files of T's table.
func typed[T any](m *merged, err error) (*Rows[T], error) {
	if err != nil {
		return nil, err
	}
	return &Rows[T]{m}, nil
}

// Any is the rows for those who do not know their table.
func (r *Rows[T]) Any() *Rows[tables.Any] { return &Rows[tables.Any]{r.merged} }

// Next gives the next row, valid until the next call; ok is false at the end.
func (r *Rows[T]) Next() (row Row[T], ok bool, err error) {
	next, ok, err := r.next()
	return of[T](next), ok, err
}

// Each calls visit with every row, to the end or to the first error.
func (r *Rows[T]) Each(visit func(Row[T]) error) error {
	return r.each(func(row anyRow) error { return visit(of[T](row)) })
}

// Fill makes dst the next rows, at most so many: stretches of rows that follow each other in one file are copied column
// by column. cols as in Lines; nil = all of dst, whose columns may be the first of the table's. No row is left when dst
// is empty afterwards. What Next gave is no longer valid.
func (r *Rows[T]) Fill(dst *parquet.Columns[T], most int, cols tables.List[T]) error {
	return r.fill(dst.Any(), most, cols.Any().Distinct())
}
