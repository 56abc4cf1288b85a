package tariff

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// Bandwidth is one billing object of a percentile product with the result of package percentile.
type Bandwidth struct {
	Customer, SKU int32 // indexes in the books
	Region        string
	Cycle         period.Cycle
	Quantity      money.Quantity // R10(billed value × share of days), in the product's measure
	Record        int32          // becomes Charge.Record
}

// PercentileCharges prices the quantity of one billing object with graduated tiers and the version of the cycle, and
// appends its lines to out: one per tier, each followed by the tier's flat_fee; none for a quantity of 0 (§4.7).
// Discounts and association are those at the cycle's first instant (§4.6). trace may be nil.
func (bk *Book) PercentileCharges(bw *Bandwidth, trace func(DerivationStep), out *table.LineCharges) error {
	if bw.Quantity.IsZero() {
		return nil
	}
	c := Client{Book: bk, Trace: trace}
	c.Serve(bw.Customer)
	bounds := bk.Books.Zone.Bounds(bw.Cycle)
	version, err := c.VersionOfCycle(bw.SKU, bw.Region, bounds)
	if err == nil {
		n := int32(len(out.Draws))
		err = c.Ladder(&Climb{
			Kind: table.PeriodLine, SKU: bw.SKU, Version: version, At: bounds.From, End: bw.Quantity,
			DrawsFrom: n, DrawsTo: n, Record: bw.Record,
		}, out)
	}
	if err != nil {
		return NotPriced(OfMeter, fmt.Sprintf("close %s of customer %s, sku %s", bw.Cycle,
			bk.Books.Customers[bw.Customer].ID, bk.Books.Products[bw.SKU].SKU), err)
	}
	return nil
}
