package late

import (
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// sumOf is what a line adds to the sum of its place.
func sumOf(c *parquet.Columns[tables.Line], i int) (*Sum, error) {
	s := &Sum{}
	err := ReadSums(c, i, s, [...]int{int(tables.LineUsageAmount), int(tables.LineFreeResourceUsage),
		int(tables.LineOfficialAmount),
		int(tables.LineOfficialDiscountAmount),
		int(tables.LineTruncatedAmount), int(tables.LinePaymentAmount)})
	if err != nil {
		return nil, err
	}
	s.Draws, err = ParseSumDraws(string(c.Text(tables.LinePackageDraws).At(i)))
	return s, err
}

// ReadSums reads the columns of a sum but for its draws: used, free, official, discount, truncated and payment.
func ReadSums[T any](c *parquet.Columns[T], i int, s *Sum, cols [6]int) error {
	for k, to := range [...]*money.SignedQuantity{&s.Used, &s.Free} {
		d := c.C[cols[k]].Decs[i]
		v, err := money.SignedQuantityFromRaw(d.Hi, d.Lo)
		if err != nil {
			return err
		}
		*to = v
	}
	for k, to := range [...]*money.Amount{&s.Official, &s.Discount, &s.Truncated, &s.Payment} {
		d := c.C[cols[2+k]].Decs[i]
		v, err := money.AmountFromRaw(d.Hi, d.Lo)
		if err != nil {
			return err
		}
		*to = v
	}
	return nil
}
