package rows

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// SumsIn returns the exact sums of decimal columns of a batch, as the manifest stores them for a file. The columns must
// have a value for each row.
func SumsIn[T any](c *parquet.Columns[T], cols tables.List[T]) ([]lake.ColumnSum, error) {
	totals, err := AddSums(nil, c, cols)
	if err != nil {
		return nil, err
	}
	return SumsOf(c, cols, totals), nil
}

// AddSums adds the sums of decimal columns of a batch to those of earlier batches of the file; nil = there are none.
func AddSums[T any](totals []money.Total, c *parquet.Columns[T], cols tables.List[T]) ([]money.Total, error) {
	for i, col := range cols {
		def := c.Def.Columns[col]
		if i == len(totals) {
			total, err := money.NewTotal(def.Type.Scale())
			if err != nil {
				return nil, err
			}
			totals = append(totals, total)
		}
		for _, v := range c.Col(col).Decs {
			if err := totals[i].Add(v.Hi, v.Lo); err != nil {
				return nil, fmt.Errorf("sum of %s: %w", def.Name, err)
			}
		}
	}
	return totals, nil
}

// SumsOf returns the sums of AddSums for the manifest.
func SumsOf[T any](c *parquet.Columns[T], cols tables.List[T], totals []money.Total) []lake.ColumnSum {
	out := make([]lake.ColumnSum, 0, len(cols))
	for i, col := range cols {
		out = append(out, lake.ColumnSum{Column: c.Def.Columns[col].Name, Value: totals[i].String()})
	}
	return out
}
