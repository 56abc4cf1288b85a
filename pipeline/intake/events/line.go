package events

import (
	"cmp"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Values of charging_mode and of bill_detail_type of what is billed late (§5, §4.11).
const (
	byPeriod   = 1
	onDemand   = 3
	detailLate = 16
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

// discount is the line's discount_id.
func (l *Line) discount(bk *books.Books) string {
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

// appendTo writes the line into a batch of the lines table.
func (l *Line) appendTo(c *parquet.Columns, key *lake.FileKey, bk *books.Books) {
	col, p := c.C, &books.Product{ServiceTypeCode: l.Service}
	if l.SKU >= 0 {
		p = &bk.Products[l.SKU]
	}
	words := map[int]string{tables.LCycle: key.Cycle, tables.LCustomerID: bk.Customers[l.Customer].ID,
		tables.LPartnerID: l.Partner, tables.LAssociationType: associationText(l.Association),
		tables.LServiceTypeCode: p.ServiceTypeCode, tables.LResourceTypeCode: p.ResourceTypeCode,
		tables.LRegionCode: l.Region, tables.LTradeID: l.TradeID, tables.LKind: l.Kind.String(), tables.LSKU: p.SKU,
		tables.LUsageType: p.UsageType, tables.LMeasure: p.Measure, tables.LDiscountID: l.discount(bk),
		tables.LOriginCycle: l.Origin, tables.LDay: key.Day, tables.LPriceList: "", tables.LPriceRegion: ""}
	from := tables.Nothing
	if l.Version >= 0 {
		v := &bk.Versions[l.Version]
		from = v.Valid.From
		words[tables.LPriceList], words[tables.LPriceRegion] = v.PriceList, v.Region
	}
	for i, word := range words {
		col[i].AddWord(word)
	}
	for i, text := range map[int]string{tables.LID: l.ID, tables.LResourceID: l.Resource, tables.LResourceName: l.Name,
		tables.LResourceTag: l.Tag, tables.LPackageDraws: l.Draws} {
		col[i].AddText(text)
	}
	for i, small := range map[int]int32{tables.LChargingMode: l.ChargingMode, tables.LBillDetailType: l.Detail,
		tables.LTier: int32(l.Tier)} {
		col[i].Codes = append(col[i].Codes, small)
	}
	for i, t := range map[int]period.Instant{tables.LTradeTime: l.TradeTime, tables.LConsumeTime: l.TradeTime,
		tables.LUsageStart: l.Start, tables.LUsageEnd: orNothing(l.End), tables.LPriceValidFrom: from,
		tables.LOwnTime: l.unlessStart(l.Own), tables.LInstant: l.unlessStart(l.Instant)} {
		addInt(&col[i], int64(t))
	}
	for i, q := range map[int]money.SignedQuantity{tables.LUsageAmount: l.UsageAmount,
		tables.LFreeResourceUsage: l.Free, tables.LQuantity: l.Quantity} {
		col[i].AddDec(q.Raw())
	}
	col[tables.LUnitPrice].AddDec(l.UnitPrice.Raw())
	for i, a := range map[int]money.Amount{tables.LOfficialAmount: l.Official, tables.LDiscountAmount: l.Discount,
		tables.LTruncatedAmount: l.Truncated, tables.LPaymentAmount: l.Payment, tables.LCashAmount: l.Payment,
		tables.LCreditAmount: {}, tables.LCouponAmount: {}, tables.LStoredValueAmount: {},
		tables.LFlexiCouponAmount: {}, tables.LDebtAmount: {}, tables.LCountedCoupon: {}} {
		col[i].AddDec(a.Raw())
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
