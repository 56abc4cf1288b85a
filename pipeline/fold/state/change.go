package state

import (
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// anyOne is the code of any customer or any sku in a Scope.
const anyOne int32 = -1

// ChangeScope is usage of a customer, a sku and a region that starts in a span. Changed books may rate it otherwise.
type ChangeScope struct {
	Customer int32  // index in the new books' Customers; -1 = any
	SKU      int32  // index in the new books' Products; -1 = any
	Region   string // "*" = any
	When     period.Span
}

// Change describes what the new books can affect. nil = everything (CHANGE-3).
type Change struct {
	scopes []ChangeScope
	// customers whose packages changed: from then on every day of their bucket, since positions contain packages
	packages map[int32]period.Instant
	ends     bool // month-end lines of every bucket
	orders   bool
	payments bool
	partners bool
	// discounts are commercial at other times than before
	commercial bool
	taxes      bool
}

// Orders reports whether the lines of orders and adjustments may change.
func (c *Change) Orders() bool { return c == nil || c.orders }

// Payments reports whether the payment of unchanged lines may change.
func (c *Change) Payments() bool { return c == nil || c.payments }

// Commercial reports whether the times at which discounts are commercial changed.
func (c *Change) Commercial() bool { return c == nil || c.commercial }

// Taxes reports whether the taxes of unchanged lines may change.
func (c *Change) Taxes() bool { return c == nil || c.taxes }

// Partners reports whether the performance of unchanged lines may change.
func (c *Change) Partners() bool { return c == nil || c.partners }

// Of restricts a change to the customers of a bucket.
func (c *Change) Of(has func(customer int32) bool) *ChangePart {
	if c == nil {
		return &ChangePart{all: true}
	}
	p := &ChangePart{ends: c.ends, from: period.Forever}
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

// ChangePart is the part of a change that concerns a bucket.
type ChangePart struct {
	all, ends bool
	scopes    []ChangeScope
	from      period.Instant // all usage from then on is affected
}

// Ends reports whether month-end lines may change even if no day is affected.
func (p *ChangePart) Ends() bool { return p.all || p.ends }

// ChangedDay returns the part of a change that concerns a day of a bucket.
func (p *ChangePart) Day(span period.Span) *ChangedDay {
	d := &ChangedDay{all: p.all || p.from < span.To}
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
				d.bySKU = make(map[int32][]*ChangeScope)
			}
			d.bySKU[s.SKU] = append(d.bySKU[s.SKU], s)
		}
	}
	return d
}

// ChangedDay determines which usage of a day is affected.
type ChangedDay struct {
	all   bool
	wide  []*ChangeScope // scopes of any sku
	bySKU map[int32][]*ChangeScope
}

// All reports whether all usage of the day is affected.
func (d *ChangedDay) All() bool { return d.all }

// None reports whether no usage of the day is affected.
func (d *ChangedDay) None() bool { return !d.all && len(d.wide) == 0 && len(d.bySKU) == 0 }

// MayHold reports whether usage of a sku may be affected.
func (d *ChangedDay) MayHold(sku int32) bool {
	return d.all || len(d.wide) > 0 || len(d.bySKU[sku]) > 0
}

// Holds reports whether usage is affected.
func (d *ChangedDay) Holds(customer, sku int32, region string) bool {
	if d.all {
		return true
	}
	for _, list := range [...][]*ChangeScope{d.bySKU[sku], d.wide} {
		for _, s := range list {
			if (s.Customer == anyOne || s.Customer == customer) && (s.Region == anyRegion || s.Region == region) {
				return true
			}
		}
	}
	return false
}

// anyRegion is the region of a book's row that applies to any region.
const anyRegion = "*"

// add adds a scope. It ignores customers and skus that the old books did not contain: they have no usage.
func (c *comparison) add(s ChangeScope) {
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

// wholeCycles extends a span to the cycles that it overlaps: the positions of some products depend on the prices or
// customers of other times of the cycle.
func wholeCycles(zone *period.Zone, s period.Span) period.Span {
	if s.From != period.Past {
		s.From = zone.Bounds(zone.Cycle(s.From)).From
	}
	if s.To != period.Forever {
		s.To = zone.Bounds(zone.Cycle(s.To - 1)).To
	}
	return s
}

// addOffer adds the usage whose price a discount may reduce.
func (c *comparison) addOffer(d *books.Discount, when period.Span) {
	s := ChangeScope{Customer: d.Customer, SKU: d.SKU, Region: anyRegion, When: when}
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
