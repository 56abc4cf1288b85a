package late

import (
	"github.com/tollbook/tollbook/pipeline/fold/lines"
	"github.com/tollbook/tollbook/pipeline/intake/event"
	"github.com/tollbook/tollbook/pipeline/lake/linefile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/period"
)

// adjust makes a line one that is billed after its cycle was closed, by a run of an as-of; t is when its partner is
// looked up.
func adjust(b *books.Books, l *linefile.Line, origin, billed period.Cycle, t, asOf period.Instant) {
	l.Own, l.Instant = t, event.LateInstant(b.Zone, billed, asOf)
	l.ChargingMode, l.Detail, l.Kind = lines.ChargingOnDemand, detailAdjustment, line.Adjustment
	l.Origin, l.TradeID = origin.String(), billed.String()
	l.Partner, l.Association = b.PartnerAt(l.Customer, t)
}

// detailAdjustment is the bill_detail_type of what is billed late (§4.11).
const detailAdjustment = 16

// feeTier is the tier of a line of a difference of Place.Fee; other differences have none. A difference has no price
// list, so that no record's line is taken for one.
const feeTier = 1

// DifferenceLine is the line of a difference: its amounts, and nothing that is priced.
func DifferenceLine(b *books.Books, p Place, sum *Sum, billed period.Cycle, asOf period.Instant) *linefile.Line {
	bounds := b.Zone.Bounds(p.Origin)
	l := &linefile.Line{Customer: p.Customer, SKU: p.SKU, Region: p.Region, Resource: p.Resource,
		ID:        line.MonthEndID(p.Origin, b.Products[p.SKU].SKU, p.Region, p.Resource),
		TradeTime: bounds.To, Start: bounds.From, End: bounds.To, Draws: sum.DrawsText()}
	l.Charge = line.Charge{UsageAmount: sum.Used, Free: sum.Free, Official: sum.Official, Discount: sum.Discount,
		Truncated: sum.Truncated, Payment: sum.Payment, DiscountID: -1, Version: -1}
	if p.Fee {
		l.Tier = feeTier
	}
	adjust(b, l, p.Origin, billed, bounds.From, asOf)
	if p.Charge != "" {
		l.ID, l.ChargingMode = p.Charge, lines.ChargingByPeriod
	}
	return l
}
