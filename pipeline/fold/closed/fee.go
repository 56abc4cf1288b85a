package closed

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// feeAtZero reports whether a line at a place is a fee at zero (§10.3), or a difference of one, of a product whose
// records now have lines of their own, whether or not it still has fee_at_zero. A month-end model that the product had
// at the close charged the flat fee of tier 1 also together with priced usage; such a fee is not a fee at zero.
func (b *billedFile) feeAtZero(p Place, c *parquet.Columns[tables.Line], i int) (bool, error) {
	if !b.Books.Products[p.SKU].OwnLines() || c.Small(tables.LineTier).At(i) != feeTier {
		return false, nil
	}
	switch b.entry.Day {
	case lake.EndDay:
		if c.Word(tables.LineKind).At(i) != tables.FlatFeeLine.String() {
			return false, nil
		}
		if err := b.readPriced(); err != nil {
			return false, err
		}
		return !b.priced[p], nil
	case lake.LateDay, lake.RerateDay:
		return c.Word(tables.LinePriceList).At(i) == "", nil
	default:
		return false, nil
	}
}

// readPriced notes the places of month-end lines that price a quantity. A fee without a resource can belong to a meter
// whose lines each have a resource. It reads the file once.
func (b *billedFile) readPriced() error {
	if b.priced != nil {
		return nil
	}
	b.priced = make(map[Place]bool)
	return rows.EachRow(b.Txn, b.entry, tables.Lines(), tables.Columns(tables.LineCustomerID, tables.LineSKU,
		tables.LineRegionCode, tables.LineResourceID, tables.LineKind, tables.LineUsageAmount,
		tables.LineFreeResourceUsage, tables.LineQuantity), func(c *parquet.Columns[tables.Line], i int) error {
		sku := b.Books.SKU(c.Word(tables.LineSKU).At(i))
		if sku < 0 || !b.Books.Products[sku].OwnLines() || c.Word(tables.LineKind).At(i) != tables.PeriodLine.String() {
			return nil
		}
		used, free := c.Quantity(tables.LineUsageAmount).At(i), c.Quantity(tables.LineFreeResourceUsage).At(i)
		if q := c.Quantity(tables.LineQuantity).At(i); used == free && q.Hi == 0 && q.Lo == 0 { // after packages
			return nil
		}
		customer, err := b.Names().Customer(c.Word(tables.LineCustomerID).At(i))
		if err != nil {
			return err
		}
		p := Place{Origin: b.origin, Customer: customer, SKU: sku, Region: c.Word(tables.LineRegionCode).At(i)}
		b.priced[p] = true
		p.Resource = string(c.Text(tables.LineResourceID).At(i))
		b.priced[p] = true
		return nil
	})
}
