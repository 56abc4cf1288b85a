package rating

import (
	"fmt"
	"math/big"
	"time"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// RecurringPart is the charge of one row of a recurring charge for one of its periods, or a part of it (§10.5).
type RecurringPart struct {
	Row    *books.RecurringCharge
	ID     string // of its lines (RECUR-2)
	Period period.Span
	Span   period.Span // the part that is charged
	Back   period.Span // for a charge in advance: the span to refund because the row ends in the period; else empty
	First  bool        // the charge's first part
}

// Instant returns when the part is charged: its first instant if in advance, its last microsecond if in arrears.
func (p *RecurringPart) Instant() period.Instant {
	if p.Row.Advance {
		return p.Span.From
	}
	return p.Span.To - 1
}

// Due returns the instant from which the part's line exists.
func (p *RecurringPart) Due() period.Instant {
	if p.Row.Advance {
		return p.Span.From
	}
	return p.Span.To
}

// Detail returns the bill_detail_type of the part: new, change or renewal.
func (p *RecurringPart) Detail() int32 {
	switch {
	case p.First:
		return table.DetailPurchase
	case p.Span.From != p.Period.From:
		return table.DetailChange
	}
	return table.DetailRenewal
}

// RecurringParts lists the parts of charges whose line or refund has its instant in a span: row by row, in order of
// time. rows hold all rows of their charges, in the order of the book.
func RecurringParts(rows []books.RecurringCharge, zone *period.Zone, within period.Span) (out []RecurringPart) {
	for from, to := 0, 0; from < len(rows); from = to {
		for to = from; to < len(rows) && rows[to].ID == rows[from].ID; {
			to++
		}
		c := charge{rows[from:to], zone}
		for i := range c.rows {
			out = c.parts(out, &c.rows[i], within)
		}
	}
	return out
}

// charge holds the rows of one charge.
type charge struct {
	rows []books.RecurringCharge
	zone *period.Zone
}

// parts appends the parts of a row.
func (c charge) parts(out []RecurringPart, row *books.RecurringCharge, within period.Span) []RecurringPart {
	from := max(row.Valid.From, c.zone.AddMonths(within.From, -row.Months-1))
	for at := chargePeriod(row, c.zone, from); at.From < min(within.To, row.Valid.To); at = chargePeriod(row, c.zone,
		at.To) {
		p := RecurringPart{Row: row, Period: at, Span: period.Span{From: max(at.From, row.Valid.From), To: at.To}}
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
			p.ID = c.id(p.Span.From)
			out = append(out, p)
		}
	}
	return out
}

// id returns the id of the part that begins at an instant (RECUR-2).
func (c charge) id(at period.Instant) string {
	day := c.zone.Day(at)
	id, start := c.rows[0].ID+"/"+day.String(), c.zone.Start(day)
	for i := range c.rows {
		row := &c.rows[i]
		last := min(at, row.Valid.To) - 1
		if row.Valid.From > last {
			continue
		}
		if began := max(row.Valid.From, chargePeriod(row, c.zone, last).From); began < start {
			continue
		}
		layout, local := "T15:04", time.UnixMicro(int64(at)).In(c.zone.Location())
		if local.Second() != 0 || local.Nanosecond() != 0 {
			layout = "T15:04:05.999999"
		}
		return id + local.Format(layout)
	}
	return id
}

// chargePeriod returns the period of a charge that contains t.
func chargePeriod(row *books.RecurringCharge, zone *period.Zone, t period.Instant) period.Span {
	if row.FromStart {
		return tariff.EveryMonths(zone, row.Anchor, row.Months, t)
	}
	year, month := zone.Cycle(t).Month()
	first := period.CycleOf(year, month-(month-1)%row.Months)
	return period.Span{From: zone.Bounds(first).From, To: zone.Bounds(first.Add(row.Months)).From}
}

// RecurringPrice prices a part of a recurring charge (§10.5, RECUR-1). The caller sets Charge.Record. trace may be nil.
func RecurringPrice(bk *tariff.Book, p *RecurringPart, trace func(tariff.DerivationStep)) (table.Charge, error) {
	c := tariff.Client{Book: bk, Trace: trace}
	c.Serve(p.Row.Customer)
	at, zone := p.Span.From, bk.Books.Zone
	version := c.Version(p.Row.SKU, bk.Region(p.Row.Region), at)
	fail := func(err error) (table.Charge, error) {
		return table.Charge{}, fmt.Errorf("recurring charge %s of customer %s: %w", p.Row.ID,
			bk.Books.Customers[p.Row.Customer].ID, err)
	}
	if version == tariff.NoVersion {
		return fail(tariff.NoPrice(p.Row.Region, at))
	}
	if trace != nil {
		c.TracePrice(p.Row.SKU, c.List, bk.Region(p.Row.Region), p.Row.Region, at, version)
	}
	ch := table.Charge{
		Quantity: p.Row.Quantity.Signed(), UnitPrice: bk.Books.Versions[version].Tiers[0].UnitPrice, Version: version,
		Tier: 1,
		Kind: table.RecurringLine, DiscountID: tariff.NoOne,
	}
	s := tariff.Sale{Charge: &ch, SKU: p.Row.SKU, At: at,
		Share: tariff.ShareOf(zone, p.Row.Proration, p.Span, p.Period)}
	if trace != nil {
		trace(tariff.DerivationStep{Kind: tariff.StepPart, Discount: p.Row.ID, Period: p.Span, Around: p.Period,
			Ratio: s.Share.RatString()})
	}
	official, err := s.Shared(ch.UnitPrice)
	if err == nil {
		err = c.SettleAt(&s, official)
	}
	if err != nil {
		return fail(err)
	}
	return ch, nil
}

// RecurringBack returns the refund of a part that was charged in advance and whose row ends within the period (§10.5).
func RecurringBack(bk *tariff.Book, p *RecurringPart, charged *table.Charge) (table.Charge, error) {
	ch := table.Charge{Version: tariff.NoVersion, DiscountID: tariff.NoOne, Kind: table.RefundLine}
	share := tariff.ShareOf(bk.Books.Zone, p.Row.Proration, p.Back, p.Span)
	back, err := money.RoundRat(share.Mul(share, charged.Payment.Rat()), bk.Digits(p.Row.Customer))
	if err != nil {
		return ch, fmt.Errorf("refund of recurring charge %s: %w", p.Row.ID, err)
	}
	ch.Payment = back.Neg()
	if !charged.Payment.IsZero() {
		exact := new(big.Rat).Mul(charged.Official.Rat(), back.Rat())
		official, err := money.RoundRat(exact.Quo(exact, charged.Payment.Rat()), bk.Digits(p.Row.Customer))
		if err != nil {
			return ch, err
		}
		ch.Official = official.Neg()
	}
	ch.Discount, err = ch.Official.Sub(ch.Payment)
	return ch, err
}
