package tablefile

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Sums returns the exact sums of decimal columns of a batch, as the manifest stores them for a file. The columns must
// have a value for each row.
func Sums[T any](c *parquet.Columns[T], cols tables.List[T]) ([]manifest.Sum, error) {
	out := make([]manifest.Sum, 0, len(cols))
	for _, col := range cols {
		def := c.Def.Columns[col]
		total, err := money.NewTotal(def.Type.Scale())
		if err != nil {
			return nil, err
		}
		for _, v := range c.Col(col).Decs {
			if err := total.Add(v.Hi, v.Lo); err != nil {
				return nil, fmt.Errorf("sum of %s: %w", def.Name, err)
			}
		}
		out = append(out, manifest.Sum{Column: def.Name, Value: total.String()})
	}
	return out, nil
}
