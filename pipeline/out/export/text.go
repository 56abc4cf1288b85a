package export

import (
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// AppendText parses a value and appends it to a column.
func AppendText(col *parquet.Col, kind tables.Type, text string) error {
	switch kind {
	case tables.Amount:
		a, err := money.ParseAmount(text)
		col.AddDec(a.Raw())
		return err
	case tables.Quantity:
		q, err := money.ParseSignedQuantity(text)
		col.AddDec(q.Raw())
		return err
	case tables.Cost:
		c, _, err := money.ParseCost(text)
		col.AddDec(c.Raw())
		return err
	case tables.Whole:
		n, err := strconv.ParseInt(text, 10, 64)
		col.Ints = append(col.Ints, n)
		return err
	case tables.MaybeTime:
		if text == "" {
			col.Ints = append(col.Ints, int64(tables.Nothing))
			return nil
		}
		t, err := period.ParseInstant(text)
		col.Ints = append(col.Ints, int64(t))
		return err
	}
	col.AddText(text)
	return nil
}
