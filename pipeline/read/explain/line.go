package explain

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Line is what a line says of its price: what rating decides again when a record is explained.
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
	Paid       *Paid                `json:"paid,omitempty"` // of a stored line that was not all paid in cash
}

// Paid is what paid a line; the parts add up to its payment.
type Paid struct {
	Coupon      money.Amount `json:"coupon_amount"`
	StoredValue money.Amount `json:"stored_value_card_amount"`
	Flexi       money.Amount `json:"flexipurchase_coupon_amount"`
	Cash        money.Amount `json:"cash_amount"`
	Credit      money.Amount `json:"credit_amount"`
	Debt        money.Amount `json:"debt_amount"`
}

// coupons is what coupons paid of the line.
func (l *Line) coupons() money.Amount {
	if l.Paid == nil {
		return money.Amount{}
	}
	return l.Paid.Coupon
}

// sameRated reports whether two lists of lines agree in what rating decides.
func sameRated(a, b []Line) bool {
	return slices.EqualFunc(a, b, func(x, y Line) bool {
		x.Paid, y.Paid = nil, nil
		return x == y
	})
}

// sortLines puts the lines of one id into the order of §8.
func sortLines(list []Line) {
	slices.SortStableFunc(list, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Tier, b.Tier), cmp.Compare(rows.KindRank(a.Kind), rows.KindRank(b.Kind)),
			cmp.Compare(a.ResourceID, b.ResourceID), a.UnitPrice.Cmp(b.UnitPrice), a.Quantity.Cmp(b.Quantity))
	})
}

// explainedColumns are the columns of Line and of the record behind it.
func explainedColumns() []int {
	return []int{tables.LTier, tables.LKind, tables.LResourceID, tables.LResourceName, tables.LResourceTag,
		tables.LRegionCode, tables.LSKU,
		tables.LUsageAmount, tables.LFreeResourceUsage, tables.LQuantity, tables.LUnitPrice, tables.LOfficialAmount,
		tables.LDiscountAmount,
		tables.LDiscountID, tables.LTruncatedAmount, tables.LPaymentAmount, tables.LPackageDraws, tables.LUsageEnd,
		tables.LDay,
		tables.LCashAmount, tables.LCreditAmount, tables.LCouponAmount, tables.LStoredValueAmount,
		tables.LFlexiCouponAmount, tables.LDebtAmount,
		tables.LCycle, tables.LOriginCycle, tables.LTradeID, tables.LChargingMode, tables.LPriceValidFrom,
		tables.LPriceList, tables.LPriceRegion}
}

// lineOf reads a stored line.
func lineOf(row rows.Row) (Line, error) {
	l := Line{
		ID: string(row.Text(tables.LID)), Tier: row.Small(tables.LTier), Kind: row.Word(tables.LKind),
		ResourceID: string(row.Text(tables.LResourceID)),
		DiscountID: row.Word(tables.LDiscountID), Draws: string(row.Text(tables.LPackageDraws)),
	}
	quantities := []struct {
		col int
		to  *money.SignedQuantity
	}{{tables.LUsageAmount, &l.Usage}, {tables.LFreeResourceUsage, &l.Free}, {tables.LQuantity, &l.Quantity}}
	for _, q := range quantities {
		var err error
		if *q.to, err = row.Quantity(q.col); err != nil {
			return l, err
		}
	}
	var paid Paid
	amounts := []struct {
		col int
		to  *money.Amount
	}{{tables.LOfficialAmount, &l.Official}, {tables.LDiscountAmount, &l.Discount},
		{tables.LTruncatedAmount, &l.Truncated}, {tables.LPaymentAmount, &l.Payment},
		{tables.LCouponAmount, &paid.Coupon}, {tables.LStoredValueAmount, &paid.StoredValue},
		{tables.LFlexiCouponAmount, &paid.Flexi},
		{tables.LCashAmount, &paid.Cash}, {tables.LCreditAmount, &paid.Credit}, {tables.LDebtAmount, &paid.Debt}}
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
	l.UnitPrice, err = row.UnitPrice(tables.LUnitPrice)
	return l, err
}

// ratedLine is a charge as the line it becomes.
func ratedLine(b *books.Books, id, resource string, c *line.Charge, draws []line.Draw) Line {
	l := Line{
		ID: id, Tier: int(c.Tier), Kind: c.Kind.String(), ResourceID: resource, Usage: c.UsageAmount, Free: c.Free,
		Quantity:  c.Quantity,
		UnitPrice: c.UnitPrice, Official: c.Official, Discount: c.Discount, Truncated: c.Truncated, Payment: c.Payment,
	}
	if c.DiscountID >= 0 {
		l.DiscountID = b.Discounts[c.DiscountID].ID
	}
	for i, d := range draws[c.DrawsFrom:c.DrawsTo] {
		if i > 0 {
			l.Draws += ";"
		}
		l.Draws += b.Packages[d.Package].ID + ":" + d.Quantity.String()
	}
	return l
}
