package rerate

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/fold/measure"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/rating/recurring"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/period"
)

// charges prices the recurring charges of the cycle (§10.5).
func (r *rerating) charges() error {
	customers := place.ByBucket(r.late.Books, r.late.Buckets, r.late.Books.Recurring,
		func(c *books.RecurringCharge) int32 { return c.Customer })[r.bucket]
	bounds := r.late.Books.Zone.Bounds(r.origin)
	charged := &measure.Charged{Files: r.late.Txn.Pending(), Base: r.late.Txn.Base(), Books: r.late.Books,
		Prices: r.late.Prices, Bucket: r.bucket,
		Billed: func(c period.Cycle) bool { return c != r.origin }, Until: r.late.LateIn}
	for _, customer := range customers {
		rows := r.late.Books.Recurring.Of(customer)
		for i := range rows {
			for _, p := range recurring.Parts(&rows[i], r.late.Books.Zone, bounds) {
				if err := r.part(&p, charged); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// part adds what the cycle charges and refunds for a part of a charge.
func (r *rerating) part(p *recurring.Part, charged *measure.Charged) error {
	bounds := r.late.Books.Zone.Bounds(r.origin)
	at := late.Place{Origin: r.origin, Customer: p.Row.Customer, SKU: p.Row.SKU, Region: p.Row.Region,
		Resource: p.Row.Resource, Charge: p.ID(r.late.Books.Zone)}
	if bounds.Holds(p.Instant()) {
		ch, err := recurring.Price(r.late.Prices, p, nil)
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
func (r *rerating) chargePart(at late.Place, own period.Instant, ch *line.Charge, discount string) error {
	at.Part = own
	r.mark(at).note(0, ch.UnitPrice.String(), discount)
	r.owns.note(at, ownNow)
	return r.now.At(at).Add(&late.Sum{Official: ch.Official, Discount: ch.Discount, Truncated: ch.Truncated,
		Payment: ch.Payment})
}

// ownTimeOf is the kind of line that has an own time.
type ownTimeOf uint8

const (
	ownNow    ownTimeOf = iota // a line of today's books
	ownBilled                  // a line that the cycle billed
	ownPosted                  // a difference that an earlier re-rate posted
	ownKinds
)

// ownTimes are the own times of lines of recurring charges by place, without Part, and by kind of line, ascending.
type ownTimes map[late.Place]*[ownKinds][]period.Instant

// note adds the own time of a line of a recurring charge, which is the Part of its place.
func (o ownTimes) note(p late.Place, of ownTimeOf) {
	if p.Charge == "" {
		return
	}
	at := whole(p)
	if o[at] == nil {
		o[at] = new([ownKinds][]period.Instant)
	}
	list := &o[at][of]
	if i, found := slices.BinarySearch(*list, p.Part); !found {
		*list = slices.Insert(*list, i, p.Part)
	}
}

// whole returns the place of all parts of a charge that have one id.
func whole(p late.Place) late.Place {
	p.Part = 0
	return p
}

// partOf returns the own time of the part to which a line of a recurring charge belongs; 0 for other lines. The parts
// of a place are those of today's books, else the billed ones, else those of earlier differences. A line belongs to the
// part of its own time, else to the first one: so a part whose beginning moved within its local date remains one part.
func (o ownTimes) partOf(p late.Place) period.Instant {
	if p.Charge == "" {
		return p.Part
	}
	for _, parts := range o[whole(p)] {
		if len(parts) == 0 {
			continue
		}
		if _, found := slices.BinarySearch(parts, p.Part); !found {
			return parts[0]
		}
		break
	}
	return p.Part
}

// of returns the own time of a difference: for a recurring charge that of its part, else the cycle's first instant. The
// first line that the cycle billed of the part takes precedence, so that the difference of a charge that leaves the
// books and the one that reverses it have the same own time.
func (o ownTimes) of(p late.Place, first period.Instant) period.Instant {
	if p.Charge == "" {
		return first
	}
	for _, t := range o[whole(p)][ownBilled] {
		line := p
		if line.Part = t; o.partOf(line) == p.Part {
			return t
		}
	}
	return p.Part
}

// join adds up the sums of a charge's lines by part.
func (o ownTimes) join(sums late.Sums) error {
	for _, p := range sums.Places() {
		at := p
		if at.Part = o.partOf(p); at == p {
			continue
		}
		if err := sums.At(at).Add(sums[p]); err != nil {
			return err
		}
		delete(sums, p)
	}
	return nil
}
