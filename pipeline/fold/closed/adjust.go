package closed

import (
	"cmp"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// adjust marks a line of the closed cycle origin as billed late: in the cycle billed, by a run at asOf. Its partner is
// looked up at t.
func adjust(b *books.Books, l *rows.Line, origin, billed period.Cycle, t, asOf period.Instant) {
	l.Own, l.Instant = t, accept.LateInstant(b.Zone, billed, asOf)
	l.ChargingMode, l.Detail, l.Kind = table.ChargingOnDemand, table.DetailAdjustment, table.AdjustmentLine
	l.Origin, l.TradeID = origin.String(), billed.String()
	l.Partner, l.Association = b.PartnerAt(l.Customer, t)
}

// feeTier is the tier of the difference line of a place with Fee; other difference lines have no tier. A difference has
// no price list, so that it is not taken for a record's line.
const feeTier = 1

// DifferenceLine returns the line of a difference, which belongs to whom it does at the first instant of the part of
// the month (LATE-9). It has amounts but no prices.
func DifferenceLine(b *books.Books, p Place, part period.Span, sum *Sum, billed period.Cycle,
	asOf period.Instant) (*rows.Line, error) {
	used, err := sum.Used.Signed()
	free, failed := sum.Free.Signed()
	if err := cmp.Or(err, failed); err != nil {
		return nil, tariff.NotPriced(tariff.OfMeter, fmt.Sprintf("bill the difference of customer %s, sku %s in %s",
			b.Customers[p.Customer].ID, b.Products[p.SKU].SKU, p.Origin), err)
	}
	bounds := b.Zone.Bounds(p.Origin)
	if bounds.Holds(part.From) { // else it is of a recurring charge that began before the month
		bounds = part
	}
	l := &rows.Line{Customer: p.Customer, SKU: p.SKU, Region: p.Region, Resource: p.Resource,
		ID:        table.MonthEndID(p.Origin, b.Products[p.SKU].SKU, p.Region, p.Resource),
		TradeTime: bounds.To, Start: bounds.From, End: bounds.To, Draws: sum.DrawsText()}
	l.Charge = table.Charge{UsageAmount: used, Free: free, Official: sum.Official, Discount: sum.Discount,
		Truncated: sum.Truncated, Payment: sum.Payment, DiscountID: -1, Version: -1}
	if p.Fee {
		l.Tier = feeTier
	}
	adjust(b, l, p.Origin, billed, part.From, asOf)
	if p.Charge != "" {
		l.ID, l.ChargingMode = p.Charge, table.ChargingByPeriod
	}
	return l, nil
}
