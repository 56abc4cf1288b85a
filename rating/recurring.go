package rating

import (
	"fmt"
	"math/big"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Part is what one row of a recurring charge charges of one of its periods (§10.5).
type Part struct {
	Row    *books.RecurringCharge
	Period period.Span
	Span   period.Span // the part that is charged
	Back   period.Span // of a charge in advance: what is refunded because the row ends in the period; else empty
	First  bool        // the charge's first part
}

// Instant is when the part is charged: its first instant in advance, its last microsecond in arrears.
func (p *Part) Instant() period.Instant {
	if p.Row.Advance {
		return p.Span.From
	}
	return p.Span.To - 1
}

// Due is the instant from which on the line of the part is there.
func (p *Part) Due() period.Instant {
	if p.Row.Advance {
		return p.Span.From
	}
	return p.Span.To
}

// Detail is the bill_detail_type of the part: new, change or renewal.
func (p *Part) Detail() int32 {
	switch {
	case p.First:
		return 1
	case p.Span.From != p.Period.From:
		return 3
	}
	return 2
}

// ID is the id of the part's line.
func (p *Part) ID(zone *period.Zone) string { return p.Row.ID + "/" + zone.Day(p.Span.From).String() }

// Parts lists the parts of a row whose line, or whose refund, has its instant in a span, in order of time.
func Parts(row *books.RecurringCharge, zone *period.Zone, within period.Span) []Part {
	var out []Part
	from := max(row.Valid.From, zone.AddMonths(within.From, -row.Months-1))
	if from == period.Past {
		from = row.Valid.From
	}
	for at := chargePeriod(row, zone, from); at.From < min(within.To, row.Valid.To); at = chargePeriod(row, zone,
		at.To) {
		p := Part{Row: row, Period: at, Span: period.Span{From: max(at.From, row.Valid.From), To: at.To}}
		p.First = row.Valid.From == row.First && p.Span.From == row.Valid.From
		if row.Valid.To < at.To {
			if row.Advance {
				p.Back = period.Span{From: row.Valid.To, To: at.To}
			} else {
				p.Span.To = row.Valid.To
			}
		}
		if row.Proration == books.NotProrated {
			p.Back = period.Span{}
		}
		back := p.Back != (period.Span{}) && within.Holds(p.Back.From)
		if p.Span.From < p.Span.To && (within.Holds(p.Instant()) || back) {
			out = append(out, p)
		}
	}
	return out
}

// chargePeriod is the period of a charge that holds t.
func chargePeriod(row *books.RecurringCharge, zone *period.Zone, t period.Instant) period.Span {
	if row.FromStart {
		return everyMonths(zone, row.First, row.Months, t)
	}
	year, month := zone.Cycle(t).Month()
	first := period.CycleOf(year, month-(month-1)%row.Months)
	return period.Span{From: zone.Bounds(first).From, To: zone.Bounds(first.Add(row.Months)).From}
}

// everyMonths is the stretch between two anniversaries of start that holds t ≥ start; the anniversaries are so many
// months apart and each is counted from start.
func everyMonths(zone *period.Zone, start period.Instant, months int, t period.Instant) period.Span {
	n := int(zone.Cycle(t)-zone.Cycle(start)) / months
	span := func(n int) period.Span {
		return period.Span{From: zone.AddMonths(start, n*months), To: zone.AddMonths(start, (n+1)*months)}
	}
	at := span(n)
	for ; t < at.From; at = span(n) {
		n--
	}
	for ; t >= at.To; at = span(n) {
		n++
	}
	return at
}

// shareOf is the share of a period that a part of it is: by the days between local dates, by elapsed time, or all of
// it.
func shareOf(zone *period.Zone, by books.Proration, part, of period.Span) *big.Rat {
	switch by {
	case books.ByDays:
		return big.NewRat(daysOf(zone, part), daysOf(zone, of))
	case books.BySeconds:
		return big.NewRat(int64(part.To-part.From), int64(of.To-of.From))
	default:
		return big.NewRat(1, 1)
	}
}

// daysOf is the number of days of a span: the difference of the local dates of its bounds (§10).
func daysOf(zone *period.Zone, s period.Span) int64 { return int64(zone.Day(s.To) - zone.Day(s.From)) }

// Recur prices a part of a recurring charge (§10.5). The caller sets Charge.Record. trace may be nil.
func (bk *Book) Recur(p *Part, trace func(Step)) (line.Charge, error) {
	c := client{bk: bk, trace: trace}
	c.serve(p.Row.Customer)
	at, zone := p.Span.From, bk.books.Zone
	version := c.version(p.Row.SKU, bk.Region(p.Row.Region), at)
	fail := func(err error) (line.Charge, error) {
		return line.Charge{}, fmt.Errorf("recurring charge %s of customer %s: %w", p.Row.ID,
			bk.books.Customers[p.Row.Customer].ID, err)
	}
	if version == noVersion {
		return fail(noPrice(p.Row.Region, at))
	}
	if trace != nil {
		c.tracePrice(p.Row.SKU, c.list, bk.Region(p.Row.Region), p.Row.Region, at, version)
	}
	ch := line.Charge{
		Quantity: p.Row.Quantity.Signed(), UnitPrice: bk.books.Versions[version].Tiers[0].UnitPrice, Version: version,
		Tier: 1,
		Kind: line.Recurring, DiscountID: noOne,
	}
	s := sale{charge: &ch, sku: p.Row.SKU, at: at, share: shareOf(zone, p.Row.Proration, p.Span, p.Period)}
	if trace != nil {
		trace(Step{Kind: StepPart, Discount: p.Row.ID, Period: p.Span, Around: p.Period, Ratio: s.share.RatString()})
	}
	official, err := s.shared(ch.UnitPrice)
	if err == nil {
		err = c.settleAt(&s, official)
	}
	if err != nil {
		return fail(err)
	}
	return ch, nil
}

// shared is R8(price × quantity × share).
func (s *sale) shared(price money.UnitPrice) (money.Amount, error) {
	exact := new(big.Rat).Mul(price.Rat(), s.charge.Quantity.Rat())
	return roundRat(exact.Mul(exact, s.share), money.AmountScale)
}

// RecurBack is the refund of a part that was charged in advance and whose row ends inside the period (§10.5).
func (bk *Book) RecurBack(p *Part, charged *line.Charge) (line.Charge, error) {
	ch := line.Charge{Version: noVersion, DiscountID: noOne, Kind: line.Refund}
	share := shareOf(bk.books.Zone, p.Row.Proration, p.Back, p.Span)
	back, err := roundRat(share.Mul(share, charged.Payment.Rat()), bk.digits(p.Row.Customer))
	if err != nil {
		return ch, fmt.Errorf("refund of recurring charge %s: %w", p.Row.ID, err)
	}
	ch.Payment = back.Neg()
	if !charged.Payment.IsZero() {
		exact := new(big.Rat).Mul(charged.Official.Rat(), back.Rat())
		official, err := roundRat(exact.Quo(exact, charged.Payment.Rat()), bk.digits(p.Row.Customer))
		if err != nil {
			return ch, err
		}
		ch.Official = official.Neg()
	}
	ch.Discount, err = ch.Official.Sub(ch.Payment)
	return ch, err
}
