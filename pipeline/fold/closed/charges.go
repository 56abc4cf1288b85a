package closed

import (
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// charges prices the recurring charges of the cycle (§10.5).
func (r *rerating) charges() error {
	customers := lake.ByBucket(r.late.Books, r.late.Buckets, r.late.Books.Recurring,
		func(c *books.RecurringCharge) int32 { return c.Customer })[r.bucket]
	bounds := r.late.Books.Zone.Bounds(r.origin)
	charged := &state.ChargedMeasures{Files: r.late.Txn.Pending(), Base: r.late.Txn.Base(), Books: r.late.Books,
		Prices: r.late.Prices, Bucket: r.bucket,
		Billed: func(c period.Cycle) bool { return c != r.origin }, Until: r.late.LateIn}
	for _, customer := range customers {
		for _, p := range rating.RecurringParts(r.late.Books.Recurring.Of(customer), r.late.Books.Zone, bounds) {
			if err := r.part(&p, charged); err != nil {
				return err
			}
		}
	}
	return nil
}

// part adds what the cycle charges and refunds for a part of a charge.
func (r *rerating) part(p *rating.RecurringPart, charged *state.ChargedMeasures) error {
	bounds := r.late.Books.Zone.Bounds(r.origin)
	at := Place{Origin: r.origin, Customer: p.Row.Customer, SKU: p.Row.SKU, Region: p.Row.Region,
		Resource: p.Row.Resource, Charge: p.ID}
	if bounds.Holds(p.Instant()) {
		ch, err := rating.RecurringPrice(r.late.Prices, p, nil)
		if err == nil {
			err = r.chargePart(at, p.Span.From, &ch, r.discount(&ch))
		}
		if err != nil {
			return err
		}
	}
	if p.Back.From == p.Back.To || !bounds.Holds(p.Back.From) {
		return nil
	}
	bases, err := charged.Of(p)
	if err != nil {
		return err
	}
	for i := range bases {
		b := &bases[i]
		back, err := charged.Back(p, b)
		if err != nil {
			return err
		}
		at.SKU, at.Region, at.Resource = b.SKU, b.Region, b.Resource
		if err := r.chargePart(at, p.Span.From, &back, b.Discount); err != nil {
			return err
		}
	}
	return nil
}

// chargePart adds a line of a part of a charge to its place. own is its own time: the part's first instant.
func (r *rerating) chargePart(at Place, own period.Instant, ch *table.Charge, discount string) error {
	at, err := r.late.Part(at, own)
	if err != nil {
		return err
	}
	r.mark(at).note(0, ch.UnitPrice, discount)
	return r.now.At(at).Add(&Sum{Official: ch.Official, Discount: ch.Discount, Truncated: ch.Truncated,
		Payment: ch.Payment})
}
