package explain

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/measure"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/derivation"
	"github.com/tollbook/tollbook/rating/recurring"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// recurring explains the lines of a part of a recurring charge: the charge and its refund (§10.5).
func (me *monthEndStory) recurring() error {
	me.story.State = StateMonthEnd
	err := me.storedLines(manifest.ChargesDay, &me.story.Stored, func(row rows.Row[tables.Line]) bool {
		return string(row.Text(tables.LineID)) == me.at.id
	})
	if err != nil {
		return err
	}
	zone := me.Books.Zone
	bounds := zone.Bounds(me.cycle)
	list, found := me.Books.Recurring.Of(me.customer), false
	for i := range list {
		for _, p := range recurring.Parts(&list[i], zone, bounds) {
			if p.ID(zone) != me.at.id {
				continue
			}
			found = true // parts that begin on one local date have one id
			if err := me.part(&p, bounds); err != nil {
				return err
			}
		}
	}
	if found {
		return nil
	}
	return &rows.NotFoundError{What: fmt.Sprintf("the books no longer have the charge of line %s", me.at.id),
		Do: "put it back into books/recurring.csv"}
}

// part prices one part of a charge again.
func (me *monthEndStory) part(p *recurring.Part, bounds period.Span) error {
	me.fact("product", productText(&me.Books.Products[p.Row.SKU]))
	me.fact("charge", p.Row.ID)
	me.fact("part", p.Span.String())
	me.fact("period", p.Period.String())
	me.fact("proration", p.Row.Proration.String())
	rated := func(resource string, c *line.Charge) {
		me.story.Rated = append(me.story.Rated, ratedLine(me.Books, me.at.id, resource, c, nil))
	}
	if bounds.Holds(p.Instant()) {
		var steps []string
		charge, err := recurring.Price(me.prices, p, func(s derivation.Step) { steps = append(steps, s.String()) })
		if err != nil {
			return err
		}
		me.story.Parts = append(me.story.Parts, Part{int(charge.Tier), charge.Kind.String(), steps})
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
		back.DiscountID = int32(slices.IndexFunc(me.Books.Discounts,
			func(d books.Discount) bool { return d.ID == bases[i].Discount }))
		text := fmt.Sprintf("charge %s ends at %s: of the payment of %s for %s what is for %s comes back: %s", p.Row.ID,
			p.Back.From, bases[i].Payment.Trim(), p.Span, p.Back, back.Payment.Trim())
		me.story.Parts = append(me.story.Parts, Part{0, back.Kind.String(), []string{text}})
		rated(bases[i].Resource, &back)
	}
	return nil
}

// charged returns what closed cycles charged, as the billing of the current cycle found it.
func (me *monthEndStory) charged() *measure.Charged {
	return &measure.Charged{Files: me.Snap, Base: me.Snap, Books: me.Books, Prices: me.prices,
		Bucket: place.Bucket(me.at.customer, max(1, me.Snap.Manifest.Buckets)), Until: me.cycle,
		Billed: func(c period.Cycle) bool {
			return c != me.cycle && manifest.CycleOf(c).Compare(me.Snap.Manifest.ClosedThrough) <= 0
		}}
}
