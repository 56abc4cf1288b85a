package audit

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// columnSums holds exact sums of the decimal columns of one table.
type columnSums struct {
	Def    *tables.Table
	Rows   int64
	Totals []money.Total // by column; unused for other columns
}

// scaleOf returns the scale of a decimal column; ok is false for any other column.
func scaleOf(t tables.Type) (scale int, ok bool) {
	switch t {
	case tables.Amount, tables.Quantity, tables.Cost:
		return t.Scale(), true
	}
	return 0, false
}

// newSums returns sums of zero rows for the decimal columns of a table.
func newSums(def *tables.Table) *columnSums {
	s := &columnSums{Def: def, Totals: make([]money.Total, len(def.Columns))}
	for i, c := range def.Columns {
		if scale, ok := scaleOf(c.Type); ok {
			if t, err := money.NewTotal(scale); err == nil { // both scales are in range
				s.Totals[i] = t
			}
		}
	}
	return s
}

// Add adds a row's values of the given columns. Error: a sum out of range.
func (s *columnSums) Add(row rows.Row[tables.Any], cols tables.List[tables.Any]) error {
	s.Rows++
	for _, col := range cols {
		d := row.Cols.Col(col).Decs[row.I]
		if err := s.Totals[col].Add(d.Hi, d.Lo); err != nil {
			return err
		}
	}
	return nil
}

// Merge adds other sums of the given columns. Error: a sum out of range.
func (s *columnSums) Merge(o *columnSums, cols tables.List[tables.Any]) error {
	s.Rows += o.Rows
	for _, col := range cols {
		hi, lo := o.Totals[col].Raw()
		if err := s.Totals[col].Add(hi, lo); err != nil {
			return err
		}
	}
	return nil
}

// Decimals returns a table's decimal columns, except those in leave.
func Decimals[T any](def tables.Def[T], leave ...tables.ColumnOf[T]) tables.List[T] {
	var cols tables.List[T]
	for i, c := range def.All() {
		if _, ok := scaleOf(def.Columns[i].Type); ok && !slices.Contains(leave, c) {
			cols = append(cols, c)
		}
	}
	return cols
}
