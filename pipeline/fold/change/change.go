package change

import (
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// anyOne is the code of any customer or any sku in a Scope.
const anyOne int32 = -1

// Scope is usage that other books may rate otherwise: of a customer, a sku and a region, that starts in a span.
type Scope struct {
	Customer int32  // index in the new books' Customers; -1 = any
	SKU      int32  // index in the new books' Products; -1 = any
	Region   string // "*" = any
	When     period.Span
}

// Change is what the new books can touch. nil = everything (CHANGE-3).
type Change struct {
	scopes []Scope
	// customers whose packages changed: every day of their bucket from then on, for packages are in positions
	packages map[int32]period.Instant
	ends     bool // month-end lines of every bucket
	orders   bool
	payments bool
	partners bool
	// discounts are commercial at other times
	commercial bool
	taxes      bool
}

// Orders reports whether the lines of orders and adjustments may come out different.
func (c *Change) Orders() bool { return c == nil || c.orders }

// Payments reports whether what pays a line that is the same may come out different.
func (c *Change) Payments() bool { return c == nil || c.payments }

// Commercial reports whether discounts may be commercial that were not, or the reverse.
func (c *Change) Commercial() bool { return c == nil || c.commercial }

// Taxes reports whether lines that are the same may have other taxes.
func (c *Change) Taxes() bool { return c == nil || c.taxes }

// Partners reports whether performance of lines that are the same may come out different.
func (c *Change) Partners() bool { return c == nil || c.partners }

// Of narrows a change to some customers: those of a bucket.
func (c *Change) Of(has func(customer int32) bool) *Part {
	if c == nil {
		return &Part{all: true}
	}
	p := &Part{ends: c.ends, from: period.Forever}
	for _, s := range c.scopes {
		if s.Customer == anyOne || has(s.Customer) {
			p.scopes = append(p.scopes, s)
			p.ends = p.ends || s.Customer != anyOne
		}
	}
	for customer, from := range c.packages {
		if has(customer) {
			p.from, p.ends = min(p.from, from), true
		}
	}
	return p
}

// Part is a change as far as it concerns a bucket.
type Part struct {
	all, ends bool
	scopes    []Scope
	from      period.Instant // all usage from then on is touched
}

// Ends reports whether month-end lines may come out different though no day is touched.
func (p *Part) Ends() bool { return p.all || p.ends }

// Day is a change as far as it concerns a day of a bucket.
func (p *Part) Day(span period.Span) *Day {
	d := &Day{all: p.all || p.from < span.To}
	for i := range p.scopes {
		s := &p.scopes[i]
		switch {
		case d.all || !s.When.Overlaps(span):
		case s.Customer == anyOne && s.SKU == anyOne && s.Region == anyRegion:
			d.all = true
		case s.SKU == anyOne:
			d.wide = append(d.wide, s)
		default:
			if d.bySKU == nil {
				d.bySKU = make(map[int32][]*Scope)
			}
			d.bySKU[s.SKU] = append(d.bySKU[s.SKU], s)
		}
	}
	return d
}

// Day says which usage of a day is touched.
type Day struct {
	all   bool
	wide  []*Scope // of any sku
	bySKU map[int32][]*Scope
}

// All reports whether the day is touched whatever its usage.
func (d *Day) All() bool { return d.all }

// None reports whether no usage of the day is touched.
func (d *Day) None() bool { return !d.all && len(d.wide) == 0 && len(d.bySKU) == 0 }

// MayHold reports whether usage of a sku may be touched.
func (d *Day) MayHold(sku int32) bool { return d.all || len(d.wide) > 0 || len(d.bySKU[sku]) > 0 }

// Holds reports whether usage is touched.
func (d *Day) Holds(customer, sku int32, region string) bool {
	if d.all {
		return true
	}
	for _, list := range [...][]*Scope{d.bySKU[sku], d.wide} {
		for _, s := range list {
			if (s.Customer == anyOne || s.Customer == customer) && (s.Region == anyRegion || s.Region == region) {
				return true
			}
		}
	}
	return false
}

// anyRegion is the region of the books that stands for any.
const anyRegion = "*"

// add takes a scope up. Of what the old books did not know there is no usage.
func (c *comparison) add(s Scope) {
	switch {
	case s.Customer != anyOne && c.newCustomers[s.Customer], s.SKU != anyOne && c.newSKUs[s.SKU]:
		return
	case s.Customer == anyOne && (s.SKU == anyOne || c.is.Products[s.SKU].MonthEnd()):
		c.ends = true
	}
	if s.SKU == anyOne && c.keepsCycles || s.SKU != anyOne && c.is.Products[s.SKU].Prorate {
		s.When = wholeCycles(c.is.Zone, s.When)
	}
	c.scopes = append(c.scopes, s)
}

// wholeCycles widens a span to the cycles that it meets: the positions of some products hold what prices or customers
// of any time of the cycle decide.
func wholeCycles(zone *period.Zone, s period.Span) period.Span {
	if s.From != period.Past {
		s.From = zone.Bounds(zone.Cycle(s.From)).From
	}
	if s.To != period.Forever {
		s.To = zone.Bounds(zone.Cycle(s.To - 1)).To
	}
	return s
}

// addOffer takes up what a discount may lower.
func (c *comparison) addOffer(d *books.Discount, when period.Span) {
	s := Scope{Customer: d.Customer, SKU: d.SKU, Region: anyRegion, When: when}
	if d.SKU != anyOne || d.Service == "*" || d.Service == "" {
		c.add(s)
		return
	}
	for i := range c.is.Products {
		if c.is.Products[i].ServiceTypeCode == d.Service {
			s.SKU = int32(i)
			c.add(s)
		}
	}
}
