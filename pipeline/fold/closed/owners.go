package closed

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/invoice"
)

// owners divides months where the partner of a customer's lines of a product, the type of their association, the
// partner's parent, terms or taxes change by the books (LATE-9). It belongs to one worker.
type owners struct {
	books *books.Books
	taxes *invoice.TaxBook
	cycle period.Cycle // of the following fields
	month period.Span
	cuts  []period.Instant // at which rows about any partner, terms or taxes begin or end within the month
	parts map[sold][]period.Span
	last  sold // of the previous call
	at    []period.Span
}

// sold identifies what a customer buys of a product.
type sold struct{ customer, sku int32 }

// part returns the part of the month of t in which a customer's lines of a product belong to whom they do at t.
func (o *owners) part(customer, sku int32, t period.Instant) (period.Span, error) {
	if !o.month.Holds(t) {
		o.open(t)
	}
	if of := (sold{customer, sku}); o.at == nil || o.last != of {
		parts, known := o.parts[of]
		if !known {
			var err error
			if parts, err = o.divide(of); err != nil {
				return period.Span{}, fmt.Errorf("divide %s for customer %s: %w", o.cycle,
					o.books.Customers[customer].ID, err)
			}
			o.parts[of] = parts
		}
		o.last, o.at = of, parts
	}
	return o.at[slices.IndexFunc(o.at, func(s period.Span) bool { return s.Holds(t) })], nil
}

// open switches to the month of t.
func (o *owners) open(t period.Instant) {
	if o.taxes == nil {
		o.taxes = invoice.NewTaxBook(o.books)
	}
	o.cycle = o.books.Zone.Cycle(t)
	o.month = o.books.Zone.Bounds(o.cycle)
	o.cuts, o.at, o.parts = nil, nil, make(map[sold][]period.Span)
	for i := range o.books.Partners {
		for k := range o.books.Partners[i].Rows {
			o.cuts = o.within(o.cuts, o.books.Partners[i].Rows[k].Valid)
		}
	}
	for i := range o.books.Terms {
		o.cuts = o.within(o.cuts, o.books.Terms[i].Valid)
	}
	for i := range o.books.Taxes {
		o.cuts = o.within(o.cuts, o.books.Taxes[i].Valid)
	}
	slices.Sort(o.cuts)
	o.cuts = slices.Compact(o.cuts)
}

// within appends the bounds of a row's validity that divide the month.
func (o *owners) within(list []period.Instant, valid period.Span) []period.Instant {
	for _, t := range [...]period.Instant{valid.From, valid.To} {
		if t > o.month.From && t < o.month.To {
			list = append(list, t)
		}
	}
	return list
}

// divide returns the parts of the month.
func (o *owners) divide(of sold) (parts []period.Span, err error) {
	cuts := slices.Clip(o.cuts)
	for _, a := range o.books.Associations.Of(of.customer) {
		cuts = o.within(cuts, a.Valid)
	}
	if len(cuts) == 0 {
		return []period.Span{o.month}, nil
	}
	at := o.month
	before, err := o.owner(of, at.From)
	if err != nil {
		return nil, err
	}
	for _, t := range slices.Sorted(slices.Values(cuts)) {
		after, err := o.owner(of, t)
		if err != nil {
			return nil, err
		}
		if after != before {
			parts = append(parts, period.Span{From: at.From, To: t})
			at.From, before = t, after
		}
	}
	return append(parts, at), nil
}

// owner describes whose a line is at t: the partner, the type of the association, the seller, what the partner and the
// seller pay, and the taxes.
func (o *owners) owner(of sold, t period.Instant) (string, error) {
	b, service := o.books, o.books.Products[of.sku].ServiceTypeCode
	var to strings.Builder
	term := func(seller, buyer int32) {
		payable, rate := true, "1" // without a term all of the payment
		if r, ok := b.Terms.At(seller, buyer, service, of.sku, t); ok {
			payable, rate = r.Payable, r.Rate.Trim()
		}
		fmt.Fprintf(&to, " %t %s", payable, rate)
	}
	if a, ok := b.Associations.At(of.customer, t); ok {
		seller := int32(-1)
		if row, ok := b.PartnerRowAt(a.Partner, t); ok {
			seller = row.Parent
		}
		fmt.Fprintf(&to, "%d %d %d", a.Partner, a.Type, seller)
		term(seller, a.Partner)
		if seller >= 0 {
			term(-1, seller)
		}
	}
	set, err := o.taxes.At(b.Customers[of.customer].ID, service, t)
	if err != nil {
		return "", err
	}
	for _, one := range set.Taxes {
		fmt.Fprintf(&to, " %q %s", one.ID, one.Rate.Trim())
	}
	return to.String(), nil
}

// Part returns a place in the part of the month to which a line belongs (LATE-9). own is the line's own time.
func (w *Folder) Part(p Place, own period.Instant) (Place, error) {
	part, err := w.owners.part(p.Customer, p.SKU, own)
	if p.Part = part.From; w.owners.cycle == p.Origin && part.From == w.owners.month.From {
		p.Part = 0
	}
	return p, err
}

// Span returns the part of the month of a place.
func (w *Folder) Span(p Place) (period.Span, error) {
	own := p.Part
	if own == 0 {
		own = w.Books.Zone.Bounds(p.Origin).From
	}
	return w.owners.part(p.Customer, p.SKU, own)
}
