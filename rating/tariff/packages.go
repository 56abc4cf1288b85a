package tariff

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// drawOrder is the order in which customers draw on their packages (§4.3).
type drawOrder struct {
	order []int32 // indexes in books.Packages, customer after customer
	from  []int32 // by customer: where its packages begin in order
	Area  []int32 // by package: number of its region, or AnyRegion
}

// newDrawOrder sorts the packages of each customer; region numbers their regions.
func newDrawOrder(b *books.Books, region func(string) int32) (d drawOrder) {
	for i := range b.Packages {
		d.order = append(d.order, int32(i))
		d.Area = append(d.Area, region(b.Packages[i].Region))
	}
	// books.Packages are sorted by customer, id and validity; the stable sort keeps that order for equal valid_to.
	slices.SortStableFunc(d.order, func(x, y int32) int {
		p, q := &b.Packages[x], &b.Packages[y]
		return cmp.Or(cmp.Compare(p.Customer, q.Customer), cmp.Compare(p.Valid.To, q.Valid.To))
	})
	d.from = offsets(len(b.Customers), len(b.Packages), func(i int) int32 { return b.Packages[i].Customer })
	return d
}

// Of returns the packages of a customer.
func (d *drawOrder) Of(customer int32) []int32 { return d.order[d.from[customer]:d.from[customer+1]] }

// QuotaPeriod returns the quota period of a package that contains t, an instant after its valid_from (§4.3). It does
// not end with the package: a draw stays in its period if valid_to changes later (§3.7).
func (bk *Book) QuotaPeriod(p *books.Package, t period.Instant) period.Span {
	zone := bk.Books.Zone
	switch {
	case p.Reset == books.ResetCycle:
		bounds := zone.Bounds(zone.Cycle(t))
		return period.Span{From: max(bounds.From, p.Valid.From), To: bounds.To}
	case p.Reset == books.ResetAnniversary && p.Valid.From != period.Past:
		return EveryMonths(zone, p.Valid.From, 1, t)
	default:
		return period.Span{From: p.Valid.From, To: period.Forever}
	}
}
