package books

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/tollbook/tollbook/schemas/period"
)

// CompareTermKey orders terms by their key: seller, buyer, service and sku.
func CompareTermKey(a, b *Term) int {
	return cmp.Or(
		cmp.Compare(a.Seller, b.Seller), cmp.Compare(a.Buyer, b.Buyer), strings.Compare(a.Service, b.Service),
		cmp.Compare(a.SKU, b.SKU),
	)
}

// run returns the consecutive rows for which order gives 0. order must be negative before them and positive after them.
func run[T any](rows []T, order func(*T) int) []T {
	from := sort.Search(len(rows), func(i int) bool { return order(&rows[i]) >= 0 })
	rows = rows[from:]
	return rows[:sort.Search(len(rows), func(i int) bool { return order(&rows[i]) > 0 })]
}

// inForce returns the row in force at t among the rows of one key, sorted by Valid.From; nil if there is none.
func inForce[T any](rows []T, t period.Instant, valid func(*T) period.Span) *T {
	i := sort.Search(len(rows), func(i int) bool { return valid(&rows[i]).From > t }) - 1
	if i < 0 || !valid(&rows[i]).Holds(t) {
		return nil
	}
	return &rows[i]
}

// CustomerRowAt is the row of a customer in force at t.
func (b *Books) CustomerRowAt(customer int32, t period.Instant) (*CustomerRow, bool) {
	r := inForce(b.Customers[customer].Rows, t, func(r *CustomerRow) period.Span { return r.Valid })
	return r, r != nil
}

// PartnerRowAt is the row of a partner in force at t.
func (b *Books) PartnerRowAt(partner int32, t period.Instant) (*PartnerRow, bool) {
	r := inForce(b.Partners[partner].Rows, t, func(r *PartnerRow) period.Span { return r.Valid })
	return r, r != nil
}

// Associations are the rows of associations.csv, sorted by Customer, Valid.From.
type Associations []Association

// Of lists a customer's associations, by the start of validity.
func (as Associations) Of(customer int32) []Association {
	return run(as, func(a *Association) int { return cmp.Compare(a.Customer, customer) })
}

// At is the association of a customer in force at t (§6.1).
func (as Associations) At(customer int32, t period.Instant) (Association, bool) {
	if a := inForce(as.Of(customer), t, func(a *Association) period.Span { return a.Valid }); a != nil {
		return *a, true
	}
	return Association{}, false
}

// PartnerAt is the partner of a customer at t, and the type of their association (§6.1); "" and NoAssociation = none.
func (b *Books) PartnerAt(customer int32, t period.Instant) (id string, as AssociationType) {
	if a, ok := b.Associations.At(customer, t); ok {
		return b.Partners[a.Partner].ID, a.Type
	}
	return "", NoAssociation
}

// Reseller returns the partner whose account changes at t when cash is allocated to a customer (back is false) or
// reclaimed (back is true): the partner of the association in force or, for a reclaim without one, of the last one
// before t (§9.1). ok is false if there is no such association or it is not of type reseller.
func (as Associations) Reseller(customer int32, t period.Instant, back bool) (partner int32, ok bool) {
	if in, there := as.At(customer, t); there {
		return in.Partner, in.Type == Resale
	}
	last := Association{Partner: -1}
	if !back {
		return last.Partner, false
	}
	for _, in := range as.Of(customer) {
		if in.Valid.To <= t {
			last = in
		}
	}
	return last.Partner, last.Type == Resale
}

// Links are the rows of links.csv, sorted by ResourceID, Valid.From.
type Links []Link

// Of lists the rows of a resource, by the start of validity.
func (ls Links) Of(resource string) []Link {
	return run(ls, func(k *Link) int { return strings.Compare(k.ResourceID, resource) })
}

// At is the row of a resource in force at t.
func (ls Links) At(resource string, t period.Instant) (*Link, bool) {
	k := inForce(ls.Of(resource), t, func(k *Link) period.Span { return k.Valid })
	return k, k != nil
}

// Versions are the price versions, sorted by SKU, PriceList, Region, PeriodType, Valid.From.
type Versions []Version

// Of lists the price versions of one key, by the start of validity; they do not overlap. region must match exactly: "*"
// selects the versions for any region.
func (vs Versions) Of(sku int32, list, region, periodType string) []Version {
	return run(vs, func(v *Version) int {
		return cmp.Or(
			cmp.Compare(v.SKU, sku), strings.Compare(v.PriceList, list), strings.Compare(v.Region, region),
			strings.Compare(v.PeriodType, periodType),
		)
	})
}

// At is the price version of one key in force at t; region must match exactly.
func (vs Versions) At(sku int32, list, region, periodType string, t period.Instant) (*Version, bool) {
	v := inForce(vs.Of(sku, list, region, periodType), t, func(v *Version) period.Span { return v.Valid })
	return v, v != nil
}

// Packages are the rows of packages.csv, sorted by Customer, ID, Valid.From.
type Packages []Package

// Of lists a customer's packages, by id and the start of validity.
func (ps Packages) Of(customer int32) []Package {
	return run(ps, func(p *Package) int { return cmp.Compare(p.Customer, customer) })
}

// Range returns the range [from, to) of a customer's packages.
func (ps Packages) Range(customer int32) (from, to int) {
	compare := func(p Package, c int32) int { return cmp.Compare(p.Customer, c) }
	from, _ = slices.BinarySearchFunc(ps, customer, compare)
	to, _ = slices.BinarySearchFunc(ps, customer+1, compare)
	return from, to
}

// At is the index of the row to which a draw at t belongs: of the rows of a customer's package, the one with the latest
// valid_from up to t, whatever its valid_to (§3.7). It is -1 if there is none.
func (ps Packages) At(customer int32, id string, t period.Instant) int32 {
	at := int32(-1)
	from, to := ps.Range(customer)
	for i := from; i < to; i++ {
		if ps[i].ID == id && ps[i].Valid.From <= t {
			at = int32(i)
		}
	}
	return at
}

// Discounts are the rows of discounts.csv, sorted by ID, Valid.From.
type Discounts []Discount

// Of lists the rows of a discount, by the start of validity.
func (ds Discounts) Of(id string) []Discount {
	return run(ds, func(d *Discount) int { return strings.Compare(d.ID, id) })
}

// Coupon returns the index of a coupon, or -1.
func (b *Books) Coupon(id string) int32 {
	return find(b.Coupons, id, func(c *Coupon) string { return c.ID })
}

// Programme returns the index of an incentive programme, or -1.
func (b *Books) Programme(id string) int32 {
	return find(b.Programmes, id, func(p *Programme) string { return p.ID })
}

// Terms are the rows of terms.csv, sorted by Seller, Buyer, Service, SKU, Valid.From.
type Terms []Term

// At is the term by which a partner pays its seller for a product at t. The most specific term in force applies: by
// sku, then by service, then any (§3.9). seller is -1 for the vendor.
func (ts Terms) At(seller, buyer int32, service string, sku int32, t period.Instant) (*Term, bool) {
	for _, key := range []Term{{Service: "*", SKU: sku}, {Service: service, SKU: -1}, {Service: "*", SKU: -1}} {
		key.Seller, key.Buyer = seller, buyer
		rows := run(ts, func(t *Term) int { return CompareTermKey(t, &key) })
		if term := inForce(rows, t, func(t *Term) period.Span { return t.Valid }); term != nil {
			return term, true
		}
	}
	return nil, false
}

// IsWorking reports whether a day is a working day: as calendar.csv says, otherwise Monday to Friday (§3.11).
func (b *Books) IsWorking(d period.Day) bool {
	if not, listed := b.NonWorking[d]; listed {
		return !not
	}
	weekday := d.Weekday()
	return weekday != time.Saturday && weekday != time.Sunday
}

// WorkingDays returns the n-th working day after a day; for 0 the day itself.
func (b *Books) WorkingDays(d period.Day, n int) period.Day {
	for n > 0 {
		d++
		if b.IsWorking(d) {
			n--
		}
	}
	return d
}

// AnyCode is the code of a scope that includes everything, and of a reference that was not found.
const AnyCode = -1
