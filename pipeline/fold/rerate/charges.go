package rerate

import (
	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/rating/recurring"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
)

// charges prices the recurring charges of the cycle (§10.5).
func (r *rerating) charges() error {
	customers := place.ByBucket(r.Books, r.Buckets, r.Books.Recurring,
		func(c *books.RecurringCharge) int32 { return c.Customer })[r.bucket]
	bounds := r.Books.Zone.Bounds(r.origin)
	for _, customer := range customers {
		rows := r.Books.Recurring.Of(customer)
		for i := range rows {
			for _, p := range recurring.Parts(&rows[i], r.Books.Zone, bounds) {
				charged, err := recurring.Price(r.Prices, &p, nil)
				if err != nil {
					return err
				}
				if bounds.Holds(p.Instant()) {
					if err := r.chargePart(&p, &charged); err != nil {
						return err
					}
				}
				if p.Back.From == p.Back.To || !bounds.Holds(p.Back.From) {
					continue
				}
				back, err := recurring.Back(r.Prices, &p, &charged)
				if err != nil {
					return err
				}
				back.DiscountID = charged.DiscountID
				if err := r.chargePart(&p, &back); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// chargePart adds the line of a part of a charge to its place.
func (r *rerating) chargePart(p *recurring.Part, ch *line.Charge) error {
	at := late.Place{Origin: r.origin, Customer: p.Row.Customer, SKU: p.Row.SKU, Region: p.Row.Region,
		Resource: p.Row.Resource, Charge: p.ID(r.Books.Zone)}
	r.mark(at).note(0, ch.UnitPrice.String(), r.discount(ch))
	return r.now.At(at).Add(&late.Sum{Official: ch.Official, Discount: ch.Discount, Truncated: ch.Truncated,
		Payment: ch.Payment})
}
