package closed

import (
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// sumOf returns what a line adds to the sum of its place.
func sumOf(c *parquet.Columns[tables.Line], i int) (*Sum, error) {
	s := &Sum{}
	err := ReadSums(c, i, s, SumColumns[tables.Line]{
		Quantities: [...]tables.QuantityColumn[tables.Line]{tables.LineUsageAmount, tables.LineFreeResourceUsage},
		Amounts: [...]tables.AmountColumn[tables.Line]{tables.LineOfficialAmount, tables.LineOfficialDiscountAmount,
			tables.LineTruncatedAmount, tables.LinePaymentAmount}})
	if err != nil {
		return nil, err
	}
	s.Draws, err = ParseSumDraws(string(c.Text(tables.LinePackageDraws).At(i)))
	return s, err
}

// SumColumns are the columns of a sum except its draws.
type SumColumns[T any] struct {
	Quantities [2]tables.QuantityColumn[T] // used and free
	Amounts    [4]tables.AmountColumn[T]   // official, discount, truncated and payment
}

// ReadSums reads the columns of a sum except its draws.
func ReadSums[T any](c *parquet.Columns[T], i int, s *Sum, cols SumColumns[T]) error {
	for k, to := range [...]*money.QuantityTotal{&s.Used, &s.Free} {
		d := c.Quantity(cols.Quantities[k]).At(i)
		v, err := money.QuantityTotalFromRaw(d.Hi, d.Lo)
		if err != nil {
			return err
		}
		*to = v
	}
	for k, to := range [...]*money.Amount{&s.Official, &s.Discount, &s.Truncated, &s.Payment} {
		d := c.Amount(cols.Amounts[k]).At(i)
		v, err := money.AmountFromRaw(d.Hi, d.Lo)
		if err != nil {
			return err
		}
		*to = v
	}
	return nil
}
