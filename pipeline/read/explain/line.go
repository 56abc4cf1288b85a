package explain

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Line holds the data of a line that rating determines: what is calculated again when a record is explained.
type Line struct {
	ID         string               `json:"id"`
	Tier       int                  `json:"tier"`
	Kind       string               `json:"kind"`
	ResourceID string               `json:"resource_id"`
	Usage      money.SignedQuantity `json:"usage_amount"`
	Free       money.SignedQuantity `json:"free_resource_usage"`
	Quantity   money.SignedQuantity `json:"quantity"`
	UnitPrice  money.UnitPrice      `json:"unit_price"`
	Official   money.Amount         `json:"official_amount"`
	Discount   money.Amount         `json:"official_discount_amount"`
	DiscountID string               `json:"discount_id"`
	Truncated  money.Amount         `json:"truncated_amount"`
	Payment    money.Amount         `json:"payment_amount"`
	Draws      string               `json:"package_draws"`
	Paid       *Paid                `json:"paid,omitempty"` // for a stored line that was not paid completely in cash
}

// Paid holds the parts of a line's payment.
type Paid struct {
	Coupon      money.Amount `json:"coupon_amount"`
	StoredValue money.Amount `json:"stored_value_card_amount"`
	Flexi       money.Amount `json:"flexipurchase_coupon_amount"`
	Cash        money.Amount `json:"cash_amount"`
	Credit      money.Amount `json:"credit_amount"`
	Debt        money.Amount `json:"debt_amount"`
}

// coupons returns the part of the payment that coupons paid.
func (l *Line) coupons() money.Amount {
	if l.Paid == nil {
		return money.Amount{}
	}
	return l.Paid.Coupon
}

// sameRated reports whether two lists of lines are equal in everything that rating determines.
func sameRated(a, b []Line) bool {
	return slices.EqualFunc(a, b, func(x, y Line) bool {
		x.Paid, y.Paid = nil, nil
		return x == y
	})
}

// sortLines sorts the lines of one id in the order of §8.
func sortLines(list []Line) {
	slices.SortStableFunc(list, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Tier, b.Tier), cmp.Compare(rows.KindRank(a.Kind), rows.KindRank(b.Kind)),
			cmp.Compare(a.ResourceID, b.ResourceID), a.UnitPrice.Cmp(b.UnitPrice), a.Quantity.Cmp(b.Quantity))
	})
}

// explainedColumns are the columns of Line and of the underlying record.
func explainedColumns() tables.List[tables.Line] {
	return tables.Columns(tables.LineTier, tables.LineKind, tables.LineResourceID, tables.LineResourceName,
		tables.LineResourceTag,
		tables.LineRegionCode, tables.LineSKU,
		tables.LineUsageAmount, tables.LineFreeResourceUsage, tables.LineQuantity, tables.LineUnitPrice,
		tables.LineOfficialAmount,
		tables.LineOfficialDiscountAmount,
		tables.LineDiscountID, tables.LineTruncatedAmount, tables.LinePaymentAmount, tables.LinePackageDraws,
		tables.LineUsageStart, tables.LineUsageEnd,
		tables.LineDay,
		tables.LineCashAmount, tables.LineCreditAmount, tables.LineCouponAmount, tables.LineStoredValueCardAmount,
		tables.LineFlexipurchaseCouponAmount, tables.LineDebtAmount,
		tables.LineCycle, tables.LineOriginCycle, tables.LineTradeID, tables.LineChargingMode,
		tables.LinePriceValidFrom,
		tables.LinePriceList, tables.LinePriceRegion)
}

// lineOf reads a stored line.
func lineOf(row rows.Row[tables.Line]) (Line, error) {
	l := Line{
		ID: string(row.Text(tables.LineID)), Tier: row.Small(tables.LineTier), Kind: row.Word(tables.LineKind),
		ResourceID: string(row.Text(tables.LineResourceID)),
		DiscountID: row.Word(tables.LineDiscountID), Draws: string(row.Text(tables.LinePackageDraws)),
	}
	quantities := []struct {
		col tables.QuantityColumn[tables.Line]
		to  *money.SignedQuantity
	}{{tables.LineUsageAmount, &l.Usage}, {tables.LineFreeResourceUsage, &l.Free}, {tables.LineQuantity, &l.Quantity}}
	for _, q := range quantities {
		var err error
		if *q.to, err = row.Quantity(q.col); err != nil {
			return l, err
		}
	}
	var paid Paid
	amounts := []struct {
		col tables.AmountColumn[tables.Line]
		to  *money.Amount
	}{{tables.LineOfficialAmount, &l.Official}, {tables.LineOfficialDiscountAmount, &l.Discount},
		{tables.LineTruncatedAmount, &l.Truncated}, {tables.LinePaymentAmount, &l.Payment},
		{tables.LineCouponAmount, &paid.Coupon}, {tables.LineStoredValueCardAmount, &paid.StoredValue},
		{tables.LineFlexipurchaseCouponAmount, &paid.Flexi},
		{tables.LineCashAmount, &paid.Cash}, {tables.LineCreditAmount, &paid.Credit}, {tables.LineDebtAmount,
			&paid.Debt}}
	for _, a := range amounts {
		var err error
		if *a.to, err = row.Amount(a.col); err != nil {
			return l, err
		}
	}
	if paid != (Paid{Cash: l.Payment}) {
		l.Paid = &paid
	}
	var err error
	l.UnitPrice, err = row.UnitPrice(tables.LineUnitPrice)
	return l, err
}

// ratedLine converts a charge to the line that it becomes.
func ratedLine(b *books.Books, id, resource string, c *tables.Charge, draws []tables.PackageDraw) Line {
	l := Line{
		ID: id, Tier: int(c.Tier), Kind: c.Kind.String(), ResourceID: resource, Usage: c.UsageAmount, Free: c.Free,
		Quantity:  c.Quantity,
		UnitPrice: c.UnitPrice, Official: c.Official, Discount: c.Discount, Truncated: c.Truncated, Payment: c.Payment,
	}
	if c.DiscountID >= 0 {
		l.DiscountID = b.Discounts[c.DiscountID].ID
	}
	l.Draws = string(tables.AppendDraws(nil, b.Packages, draws[c.DrawsFrom:c.DrawsTo]))
	return l
}
