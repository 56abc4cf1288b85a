package explain

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// recurring explains the lines of a part of a recurring charge: the charge and its refund (§10.5).
func (me *monthEndStory) recurring() error {
	me.ex.story.State = StateMonthEnd
	err := me.ex.storedLines(lake.ChargesDay, &me.ex.story.Stored, func(row rows.Row[tables.Line]) bool {
		return string(row.Text(tables.LineID)) == me.ex.at.id
	})
	if err != nil {
		return err
	}
	zone := me.ex.Books.Zone
	bounds := zone.Bounds(me.ex.cycle)
	for _, p := range rating.RecurringParts(me.ex.Books.Recurring.Of(me.ex.customer), zone, bounds) {
		if p.ID == me.ex.at.id {
			return me.part(&p, bounds)
		}
	}
	return &rows.NotFoundError{What: fmt.Sprintf("the books no longer have the charge of line %s", me.ex.at.id),
		Do: "put it back into books/recurring.csv"}
}

// part prices one part of a charge again.
func (me *monthEndStory) part(p *rating.RecurringPart, bounds period.Span) error {
	me.ex.fact("product", productText(&me.ex.Books.Products[p.Row.SKU]))
	me.ex.fact("charge", p.Row.ID)
	me.ex.fact("part", p.Span.String())
	me.ex.fact("period", p.Period.String())
	me.ex.fact("proration", p.Row.Proration.String())
	rated := func(resource string, c *tables.Charge) {
		me.ex.story.Rated = append(me.ex.story.Rated, ratedLine(me.ex.Books, me.ex.at.id, resource, c, nil))
	}
	if bounds.Holds(p.Instant()) {
		var steps []string
		charge, err := rating.RecurringPrice(me.ex.prices, p, func(s tariff.DerivationStep) {
			steps = append(steps,
				s.String())
		})
		if err != nil {
			return err
		}
		me.ex.story.Parts = append(me.ex.story.Parts, Part{int(charge.Tier), charge.Kind.String(), steps})
		rated(p.Row.Resource, &charge)
	}
	if p.Back.To <= p.Back.From || !bounds.Holds(p.Back.From) {
		return nil
	}
	charged := me.charged()
	bases, err := charged.Of(p)
	if err != nil {
		return err
	}
	for i := range bases {
		back, err := charged.Back(p, &bases[i])
		if err != nil {
			return err
		}
		back.DiscountID = int32(slices.IndexFunc(me.ex.Books.Discounts,
			func(d books.Discount) bool { return d.ID == bases[i].Discount }))
		text := fmt.Sprintf("charge %s ends at %s: of the payment of %s for %s what is for %s comes back: %s", p.Row.ID,
			p.Back.From, bases[i].Payment.Trim(), p.Span, p.Back, back.Payment.Trim())
		me.ex.story.Parts = append(me.ex.story.Parts, Part{0, back.Kind.String(), []string{text}})
		rated(bases[i].Resource, &back)
	}
	return nil
}

// charged returns what closed cycles charged, as the billing of the current cycle found it.
func (me *monthEndStory) charged() *state.ChargedMeasures {
	return &state.ChargedMeasures{Files: me.ex.Snap, Base: me.ex.Snap, Books: me.ex.Books, Prices: me.ex.prices,
		Bucket: lake.BucketOf(me.ex.at.customer, max(1, me.ex.Snap.Manifest.Buckets)), Until: me.ex.cycle,
		Billed: func(c period.Cycle) bool {
			return c != me.ex.cycle && lake.CycleOf(c).Compare(me.ex.Snap.Manifest.ClosedThrough) <= 0
		}}
}
