package fold

import (
	"github.com/tollbook/tollbook/pipeline/late"
	"github.com/tollbook/tollbook/pipeline/table"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// sumOf is what a line adds to the sum of its place.
func sumOf(c []table.Col, i int) (*late.Sum, error) {
	s := &late.Sum{}
	for _, q := range [...]struct {
		col int
		to  *money.SignedQuantity
	}{{tables.LUsageAmount, &s.Used}, {tables.LFreeResourceUsage, &s.Free}} {
		d := c[q.col].Decs[i]
		v, err := money.SignedQuantityFromRaw(d.Hi, d.Lo)
		if err != nil {
			return nil, err
		}
		*q.to = v
	}
	for _, a := range [...]struct {
		col int
		to  *money.Amount
	}{{tables.LOfficialAmount, &s.Official}, {tables.LDiscountAmount, &s.Discount}, {tables.LTruncatedAmount, &s.Truncated}, {tables.LPaymentAmount, &s.Payment}} {
		d := c[a.col].Decs[i]
		v, err := money.AmountFromRaw(d.Hi, d.Lo)
		if err != nil {
			return nil, err
		}
		*a.to = v
	}
	var err error
	s.Draws, err = late.ParseSumDraws(string(c[tables.LPackageDraws].Text(i)))
	return s, err
}
