package parquet

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// ColumnSum is the exact sum of a decimal column of a batch, in the digits of its scale.
type ColumnSum struct{ Column, Value string }

// Sum adds up the given decimal columns of a batch.
func (c *Columns[T]) Sum(cols ...table.ColumnOf[T]) ([]ColumnSum, error) {
	out := make([]ColumnSum, 0, len(cols))
	for _, i := range cols {
		def := c.Def.Columns[i]
		total, err := money.NewTotal(def.Type.Scale())
		if err != nil {
			return nil, err
		}
		for k := range c.N {
			at := k
			if c.c[i].Const {
				at = 0
			}
			if err := total.Add(c.c[i].Decs[at].Hi, c.c[i].Decs[at].Lo); err != nil {
				return nil, fmt.Errorf("sum of %s: %w", def.Name, err)
			}
		}
		out = append(out, ColumnSum{def.Name, total.String()})
	}
	return out, nil
}
