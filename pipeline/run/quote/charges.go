package quote

import (
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// recurring adds the lines of the customer's recurring charges, as if the cycle had ended (§10.5).
func (p *pricing) recurring() error {
	b, bounds := p.job.trial.Books, p.job.trial.Books.Zone.Bounds(p.cycle)
	for _, part := range rating.RecurringParts(b.Recurring.Of(p.job.customer), b.Zone, bounds) {
		if err := p.part(&part, bounds); err != nil {
			return err
		}
	}
	return nil
}

// part adds a part of a charge: what the cycle charges and refunds for it.
func (p *pricing) part(part *rating.RecurringPart, bounds period.Span) error {
	charge, err := rating.RecurringPrice(p.job.prices, part, nil)
	if err != nil {
		return err
	}
	add := func(c *table.Charge, span period.Span, at period.Instant) {
		l := p.line(c, nil, part.Row.SKU, part.Row.Region)
		l.ID, l.ResourceID, l.Start, l.End = part.ID, part.Row.Resource, span.From, span.To
		l.own, l.counts = part.Span.From, at
		p.lines = append(p.lines, l)
	}
	if bounds.Holds(part.Instant()) {
		add(&charge, part.Span, part.Instant())
	}
	if at := part.Back.From; part.Back.To > at && bounds.Holds(at) {
		back, err := rating.RecurringBack(p.job.prices, part, &charge)
		if err != nil {
			return err
		}
		back.DiscountID = charge.DiscountID
		add(&back, part.Back, at)
	}
	return nil
}

// commitments adds the lines of the customer's commitments as if the cycle had ended, for the lines of the quote in
// this and earlier cycles (§10.4).
func (p *pricing) commitments() error {
	b := p.job.trial.Books
	if len(b.Commitments.Of(p.job.customer)) == 0 {
		return nil
	}
	for i := range p.lines {
		l := &p.lines[i]
		p.job.spent = append(p.job.spent, rating.CommitmentSpent{At: l.counts, SKU: b.SKU(l.SKU), Service: l.service,
			Payment: l.Payment, Record: l.record})
	}
	bounds := b.Zone.Bounds(p.cycle)
	list, err := rating.CommitmentLines(p.job.prices, p.job.customer, p.cycle, p.job.spent, bounds.To, nil)
	if err != nil {
		return err
	}
	for i := range list {
		c := &list[i]
		charge, err := rating.CommitmentCharge(p.job.prices, c)
		if err != nil {
			return err
		}
		l := p.line(&charge, nil, c.Row.SKU, "")
		l.ID, l.Start, l.End = state.CommitmentID(c.Row), c.Bounds.From, c.Bounds.To
		l.own, l.counts, l.service = bounds.From, c.Bounds.To-1, rating.CommitmentService(p.job.prices, c.Row)
		p.lines = append(p.lines, l)
		p.job.spent = append(p.job.spent,
			rating.CommitmentSpent{At: l.counts, SKU: c.Row.SKU, Service: l.service, Payment: l.Payment, By: c.Row.ID})
	}
	return nil
}
