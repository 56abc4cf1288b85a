package linefile

import (
	"cmp"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Line is one line that comes one by one, typed. What follows from customer, sku and version alone is looked up as it
// is written.
type Line struct {
	line.Charge
	Customer, SKU               int32
	Partner                     string
	Association                 books.AssociationType
	Region, Resource, Name, Tag string
	ChargingMode, Detail        int32
	TradeID, ID                 string
	Service                     string // of a line without a sku
	TradeTime                   period.Instant
	Start, End                  period.Instant // Forever = never
	DiscountText                string         // of a refund: its base's; else by Charge.DiscountID
	Origin                      string         // origin_cycle, where it differs
	Draws                       string
	Own                         period.Instant // of partner, terms and prices
	Instant                     period.Instant // at which it is paid (§6.3)
}

// DiscountWord is the line's discount_id.
func (l *Line) DiscountWord(bk *books.Books) string {
	if l.DiscountID >= 0 {
		return bk.Discounts[l.DiscountID].ID
	}
	return l.DiscountText
}

// before is the order of §8 within a customer.
func (l *Line) before(m *Line) int {
	return cmp.Or(cmp.Compare(l.Customer, m.Customer), cmp.Compare(l.Start, m.Start), cmp.Compare(l.ID, m.ID),
		cmp.Compare(l.Tier, m.Tier), cmp.Compare(l.Kind, m.Kind), cmp.Compare(l.Resource, m.Resource),
		l.UnitPrice.Cmp(m.UnitPrice), l.Quantity.Cmp(m.Quantity), cmp.Compare(l.TradeID, m.TradeID),
		cmp.Compare(l.Origin, m.Origin), l.Payment.Cmp(m.Payment))
}

// appendTo writes the line into a batch of the lines table; cycle and day are those of the file.
func (l *Line) appendTo(c *parquet.Columns[tables.Line], cycle, day string, bk *books.Books) {
	col, p := c, &books.Product{ServiceTypeCode: l.Service}
	if l.SKU >= 0 {
		p = &bk.Products[l.SKU]
	}
	words := map[tables.WordColumn[tables.Line]]string{tables.LineCycle: cycle,
		tables.LineCustomerID: bk.Customers[l.Customer].ID,
		tables.LinePartnerID:  l.Partner, tables.LineAssociationType: associationText(l.Association),
		tables.LineServiceTypeCode: p.ServiceTypeCode, tables.LineResourceTypeCode: p.ResourceTypeCode,
		tables.LineRegionCode: l.Region, tables.LineTradeID: l.TradeID, tables.LineKind: l.Kind.String(),
		tables.LineSKU:       p.SKU,
		tables.LineUsageType: p.UsageType, tables.LineMeasure: p.Measure, tables.LineDiscountID: l.DiscountWord(bk),
		tables.LineOriginCycle: l.Origin, tables.LineDay: day, tables.LinePriceList: "", tables.LinePriceRegion: ""}
	from := tables.Nothing
	if l.Version >= 0 {
		v := &bk.Versions[l.Version]
		from = v.Valid.From
		words[tables.LinePriceList], words[tables.LinePriceRegion] = v.PriceList, v.Region
	}
	for i, word := range words {
		col.Word(i).Add(word)
	}
	for i, text := range map[tables.TextColumn[tables.Line]]string{tables.LineID: l.ID,
		tables.LineResourceID: l.Resource, tables.LineResourceName: l.Name,
		tables.LineResourceTag: l.Tag, tables.LinePackageDraws: l.Draws} {
		col.Text(i).Add(text)
	}
	for i, small := range map[tables.SmallColumn[tables.Line]]int32{tables.LineChargingMode: l.ChargingMode,
		tables.LineBillDetailType: l.Detail,
		tables.LineTier:           int32(l.Tier)} {
		col.Small(i).Add(small)
	}
	for i, t := range map[tables.TimeColumn[tables.Line]]period.Instant{tables.LineTradeTime: l.TradeTime,
		tables.LineConsumeTime: l.TradeTime, tables.LineUsageStart: l.Start} {
		col.Time(i).Add(t)
	}
	for i, t := range map[tables.MaybeTimeColumn[tables.Line]]period.Instant{
		tables.LineUsageEnd: tables.OrNothing(l.End), tables.LinePriceValidFrom: from,
		tables.LineOwnTime: l.unlessStart(l.Own), tables.LineInstant: l.unlessStart(l.Instant)} {
		col.MaybeTime(i).Add(t)
	}
	for i, q := range map[tables.QuantityColumn[tables.Line]]money.SignedQuantity{tables.LineUsageAmount: l.UsageAmount,
		tables.LineFreeResourceUsage: l.Free, tables.LineQuantity: l.Quantity} {
		col.Quantity(i).Add(q.Raw())
	}
	col.Quantity(tables.LineUnitPrice).Add(l.UnitPrice.Raw())
	for i, a := range map[tables.AmountColumn[tables.Line]]money.Amount{tables.LineOfficialAmount: l.Official,
		tables.LineOfficialDiscountAmount: l.Discount,
		tables.LineTruncatedAmount:        l.Truncated, tables.LinePaymentAmount: l.Payment,
		tables.LineCashAmount:   l.Payment,
		tables.LineCreditAmount: {}, tables.LineCouponAmount: {}, tables.LineStoredValueCardAmount: {},
		tables.LineFlexipurchaseCouponAmount: {}, tables.LineDebtAmount: {}, tables.LineCountedCouponAmount: {}} {
		col.Amount(i).Add(a.Raw())
	}
	c.N++
}

// unlessStart is an instant as the lines table holds it.
func (l *Line) unlessStart(t period.Instant) period.Instant {
	if t == l.Start {
		return tables.Nothing
	}
	return t
}

func associationText(t books.AssociationType) string {
	if t == books.NoAssociation {
		return ""
	}
	return strconv.Itoa(int(t))
}
