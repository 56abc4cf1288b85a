package rows

import (
	"cmp"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Line is one line with typed values. Values that depend only on customer, sku and version are looked up when it is
// written.
type Line struct {
	tables.Charge
	Customer, SKU               int32
	Partner                     string
	Association                 books.AssociationType
	Region, Resource, Name, Tag string
	ChargingMode, Detail        int32
	TradeID, ID                 string
	Service                     string // for a line without a sku
	TradeTime                   period.Instant
	Start, End                  period.Instant // Forever = never
	DiscountText                string         // discount_id of a refund's base; other lines use Charge.DiscountID
	Origin                      string         // origin_cycle, if it differs from the cycle
	Draws                       string
	Own                         period.Instant // own time, which decides partner, terms and prices
	Instant                     period.Instant // at which it is paid (§6.3)
}

// DiscountWord returns the line's discount_id.
func (l *Line) DiscountWord(bk *books.Books) string {
	if l.DiscountID >= 0 {
		return bk.Discounts[l.DiscountID].ID
	}
	return l.DiscountText
}

// Compare compares lines in the order of §8, and then by columns that distinguish differences of one closed cycle. The
// published copy has the same order.
func (l *Line) Compare(m *Line) int {
	return cmp.Or(cmp.Compare(l.Customer, m.Customer), cmp.Compare(l.Start, m.Start), cmp.Compare(l.ID, m.ID),
		cmp.Compare(l.Tier, m.Tier), cmp.Compare(l.Kind, m.Kind), cmp.Compare(l.Resource, m.Resource),
		l.UnitPrice.Cmp(m.UnitPrice), l.Quantity.Cmp(m.Quantity), cmp.Compare(l.TradeID, m.TradeID),
		cmp.Compare(l.Origin, m.Origin), l.Payment.Cmp(m.Payment), cmp.Compare(l.Instant, m.Instant),
		l.Official.Cmp(m.Official), l.Discount.Cmp(m.Discount), l.UsageAmount.Cmp(m.UsageAmount), l.Free.Cmp(m.Free))
}

// appendTo appends the line to a batch of the lines table; cycle and day are those of the file.
func (l *Line) appendTo(c *parquet.Columns[tables.Line], cycle, day string, bk *books.Books) {
	c.Word(tables.LineCycle).Add(cycle)
	c.Word(tables.LineDay).Add(day)
	c.Word(tables.LineCustomerID).Add(bk.Customers[l.Customer].ID)
	c.Word(tables.LinePartnerID).Add(l.Partner)
	c.Word(tables.LineAssociationType).Add(l.Association.Word())
	c.Word(tables.LineRegionCode).Add(l.Region)
	c.Word(tables.LineTradeID).Add(l.TradeID)
	c.Word(tables.LineKind).Add(l.Kind.String())
	c.Word(tables.LineDiscountID).Add(l.DiscountWord(bk))
	c.Word(tables.LineOriginCycle).Add(l.Origin)
	c.Text(tables.LineID).Add(l.ID)
	c.Text(tables.LineResourceID).Add(l.Resource)
	c.Text(tables.LineResourceName).Add(l.Name)
	tag, _, _ := books.SplitOwn([]byte(l.Tag))
	c.Text(tables.LineResourceTag).AddBytes(tag)
	c.Text(tables.LinePackageDraws).Add(l.Draws)
	c.Small(tables.LineChargingMode).Add(l.ChargingMode)
	c.Small(tables.LineBillDetailType).Add(l.Detail)
	c.Small(tables.LineTier).Add(int32(l.Tier))
	c.Time(tables.LineTradeTime).Add(l.TradeTime)
	c.Time(tables.LineConsumeTime).Add(l.TradeTime)
	c.Time(tables.LineUsageStart).Add(l.Start)
	c.MaybeTime(tables.LineUsageEnd).Add(tables.OrNothing(l.End))
	c.MaybeTime(tables.LineOwnTime).Add(l.unlessStart(l.Own))
	c.MaybeTime(tables.LineInstant).Add(l.unlessStart(l.Instant))
	l.appendProduct(c, bk)
	l.appendCharge(c)
	c.N++
}

// appendProduct appends the columns of the product and of the price version.
func (l *Line) appendProduct(c *parquet.Columns[tables.Line], bk *books.Books) {
	product, version := books.Product{ServiceTypeCode: l.Service}, books.Version{}
	p, v, from := &product, &version, tables.Nothing
	if l.SKU >= 0 {
		p = &bk.Products[l.SKU]
	}
	if l.Version >= 0 {
		v = &bk.Versions[l.Version]
		from = v.Valid.From
	}
	c.Word(tables.LineServiceTypeCode).Add(p.ServiceTypeCode)
	c.Word(tables.LineResourceTypeCode).Add(p.ResourceTypeCode)
	c.Word(tables.LineSKU).Add(p.SKU)
	c.Word(tables.LineUsageType).Add(p.UsageType)
	c.Word(tables.LineMeasure).Add(p.Measure)
	c.Word(tables.LinePriceList).Add(v.PriceList)
	c.Word(tables.LinePriceRegion).Add(v.Region)
	c.MaybeTime(tables.LinePriceValidFrom).Add(from)
}

// appendCharge appends the quantities and the amounts. Cash pays the line until another balance does (§6.3).
func (l *Line) appendCharge(c *parquet.Columns[tables.Line]) {
	c.Quantity(tables.LineUsageAmount).Add(l.UsageAmount.Raw())
	c.Quantity(tables.LineFreeResourceUsage).Add(l.Free.Raw())
	c.Quantity(tables.LineQuantity).Add(l.Quantity.Raw())
	c.Quantity(tables.LineUnitPrice).Add(l.UnitPrice.Raw())
	c.Amount(tables.LineOfficialAmount).Add(l.Official.Raw())
	c.Amount(tables.LineOfficialDiscountAmount).Add(l.Discount.Raw())
	c.Amount(tables.LineTruncatedAmount).Add(l.Truncated.Raw())
	c.Amount(tables.LinePaymentAmount).Add(l.Payment.Raw())
	c.Amount(tables.LineCashAmount).Add(l.Payment.Raw())
	for _, none := range [...]tables.AmountColumn[tables.Line]{tables.LineCreditAmount, tables.LineCouponAmount,
		tables.LineStoredValueCardAmount, tables.LineFlexipurchaseCouponAmount, tables.LineDebtAmount,
		tables.LineCountedCouponAmount} {
		c.Amount(none).Add(0, 0)
	}
}

// unlessStart returns an instant as stored in the lines table: Nothing if it equals the start.
func (l *Line) unlessStart(t period.Instant) period.Instant {
	if t == l.Start {
		return tables.Nothing
	}
	return t
}
