package settlement

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Settler settles one cycle, one customer after the other: Add for each line of a customer, then Finish for its rows.
// It also adds up the partners' performance. It is not safe for concurrent use; several Settlers can share the
// customers of a cycle.
type Settler struct {
	bk       *Book
	cycle    period.Cycle
	customer int32 // of the lines since the last Finish; -1 = none yet

	groups []group
	index  map[groupKey]int32
	last   int32 // group of the previous line

	known []resolvedTerms // cached lookups, by slot

	sums  []sum // by place
	since newcomer
	x     *exchange
}

// groupKey identifies a customer's lines that are added up in one row.
type groupKey struct {
	partner, seller, service int32
	association              books.AssociationType
	mode                     uint8
	negative                 bool
}

// group accumulates a row, and the distributor's row about it.
type group struct {
	key                                                 groupKey
	lines                                               int64
	official, discount, truncated, payment, performance money.AmountTotal
	owed, cost                                          products
	above                                               money.AmountTotal // performance in the distributor's currency
}

// resolvedTerms are the terms of a partner for a product within span: from whom it buys, and what both pay.
type resolvedTerms struct {
	span         period.Span
	partner, sku int32
	seller       int32
	owed         Share // partner to seller
	cost         Share // seller to vendor, if the seller is a distributor
}

// maxResolved is the maximum number of lookups that a Settler caches.
const maxResolved = 1 << 14

// resolvable returns the number of lookups that a Settler caches: a power of two, about four times the number of pairs
// of a partner and a product, so that few share a slot.
func resolvable(b *books.Books) int {
	pairs := uint64(len(b.Partners)) * uint64(len(b.Products))
	return min(maxResolved, 4<<bits.Len64(min(pairs, maxResolved)))
}

// slot returns the slot for the lookup of a partner and a product, by Fibonacci hashing.
func (s *Settler) slot(partner, sku int32) *resolvedTerms {
	h := uint64(uint32(partner))<<32 | uint64(uint32(sku))
	return &s.known[int(h*0x9E3779B97F4A7C15>>32)&(len(s.known)-1)]
}

// Settler returns a settler of a cycle. kept are the rates by which a closed cycle was converted. The books' rates
// apply to other pairs and to an open cycle.
func (bk *Book) Settler(cycle period.Cycle, kept ...books.ExchangeRate) *Settler {
	s := &Settler{bk: bk, cycle: cycle, customer: -1, index: map[groupKey]int32{},
		known: make([]resolvedTerms, resolvable(bk.books)), sums: make([]sum, bk.places),
		x: newExchange(bk.books, cycle, kept)}
	s.since.until = make([]period.Instant, len(bk.months))
	return s
}

// Add adds a line of the cycle. All lines of a customer must be consecutive, in any order; Finish ends them. After an
// error the settler must not be used.
func (s *Settler) Add(l *Line) error {
	if s.customer != l.Customer {
		if s.customer >= 0 {
			return fmt.Errorf("settle %s: a line of customer %s among those of %s", s.cycle, s.id(l.Customer),
				s.id(s.customer))
		}
		s.open(l.Customer)
	}
	if l.Partner < 0 {
		return nil
	}
	if err := s.add(l); err != nil {
		return fmt.Errorf("settle %s: customer %s: partner %s: %w", s.cycle, s.id(l.Customer),
			s.bk.books.Partners[l.Partner].ID, err)
	}
	return nil
}

func (s *Settler) id(customer int32) string { return s.bk.books.Customers[customer].ID }

func (s *Settler) open(customer int32) {
	s.customer, s.last = customer, -1
	s.groups = s.groups[:0]
	clear(s.index)
	s.since.open(s.bk, customer)
}

func (s *Settler) add(l *Line) error {
	sku, class := s.bk.product(l)
	performance, err := l.performance(class)
	if err != nil {
		return err
	}
	d := s.terms(l, sku)
	g := s.group(l, d)
	g.lines++
	p, err := s.performances(l, d.seller, performance)
	if err != nil {
		return err
	}
	for _, part := range [...]struct {
		sum *money.AmountTotal
		a   money.Amount
	}{
		{&g.official, l.Official}, {&g.discount, l.Discount}, {&g.truncated, l.Truncated},
		{&g.payment, l.Payment}, {&g.performance, p.own}, {&g.above, p.above},
	} {
		if err := part.sum.Add(part.a); err != nil {
			return err
		}
	}
	if l.Association == books.Resale {
		g.owed.add(d.owed.basis(l), d.owed.Rate)
		if d.seller >= 0 {
			g.cost.add(d.cost.basis(l), d.cost.Rate)
		}
	}
	if performance.IsZero() {
		return nil
	}
	return s.perform(l, class, d.seller, p)
}

// terms looks up the terms of a line's partner for its product at the line's own time.
func (s *Settler) terms(l *Line, sku int32) *resolvedTerms {
	d := s.slot(l.Partner, sku)
	if d.partner == l.Partner && d.sku == sku && d.span.Holds(l.OwnTime) {
		return d
	}
	*d = resolvedTerms{span: period.Always(), partner: l.Partner, sku: sku}
	d.seller = s.bk.seller(l.Partner, l.OwnTime, &d.span)
	d.owed = s.bk.term(d.seller, l.Partner, sku, l.OwnTime, &d.span)
	if d.seller >= 0 {
		d.cost = s.bk.term(Vendor, d.seller, sku, l.OwnTime, &d.span)
	}
	return d
}

// group returns the group of a line.
func (s *Settler) group(l *Line, d *resolvedTerms) *group {
	key := groupKey{
		partner: l.Partner, seller: d.seller, service: s.bk.service[d.sku], association: l.Association,
		mode: l.ChargingMode, negative: l.Payment.Sign() < 0,
	}
	if l.Association != books.Resale {
		key.seller = None
	}
	if s.last >= 0 && s.groups[s.last].key == key {
		return &s.groups[s.last]
	}
	at, known := s.index[key]
	if !known {
		at = int32(len(s.groups))
		s.groups = append(s.groups, group{key: key})
		s.index[key] = at
	}
	s.last = at
	return &s.groups[at]
}

// Finish ends a customer. It appends the customer's rows to rows, in the order of CompareRows, and returns the result.
func (s *Settler) Finish(rows []Row) ([]Row, error) {
	if s.customer < 0 {
		return rows, nil
	}
	from := len(rows)
	for i := range s.groups {
		var err error
		if rows, err = s.finish(&s.groups[i], rows); err != nil {
			return rows[:from], fmt.Errorf("settle %s: customer %s: partner %s: %w",
				s.cycle, s.id(s.customer), s.bk.books.Partners[s.groups[i].key.partner].ID, err)
		}
	}
	slices.SortFunc(rows[from:], func(a, b Row) int { return CompareRows(s.bk.books, &a, &b) })
	s.customer = -1
	return rows, nil
}

// finish appends the row of a group, and the distributor's row about it.
func (s *Settler) finish(g *group, rows []Row) ([]Row, error) {
	rate, err := s.rate(g.key.partner)
	if err != nil {
		return rows, err
	}
	r := Row{
		Rate: rate, Cycle: s.cycle, Partner: g.key.partner, Seller: g.key.seller, Reseller: None, Customer: s.customer,
		Association: g.key.association, Service: s.bk.services[g.key.service], ChargingMode: g.key.mode,
		Negative: g.key.negative, Lines: g.lines,
	}
	for _, part := range [...]struct {
		a   *money.Amount
		sum *money.AmountTotal
	}{
		{&r.Official, &g.official}, {&r.Discount, &g.discount}, {&r.Truncated, &g.truncated},
		{&r.Payment, &g.payment}, {&r.Performance, &g.performance},
	} {
		if *part.a, err = part.sum.Amount(); err != nil {
			return rows, err
		}
	}
	if g.key.association != books.Resale {
		return append(rows, r), nil
	}
	if r.Owed, err = g.owed.in(r.Rate, s.bk.books.PartnerCurrency(g.key.partner).Digits); err != nil {
		return rows, err
	}
	rows = append(rows, r)
	if g.key.seller < 0 {
		return rows, nil
	}
	about, err := s.about(g, r)
	return append(rows, about), err
}

// about returns a distributor's row about the row of its reseller. Each is converted from the customer's currency.
func (s *Settler) about(g *group, r Row) (Row, error) {
	digits := s.bk.books.PartnerCurrency(g.key.seller).Digits
	r.Partner, r.Seller, r.Reseller = g.key.seller, Vendor, g.key.partner
	r.Owed = money.Amount{}
	var err error
	if r.Rate, err = s.rate(g.key.seller); err != nil {
		return r, err
	}
	if r.Performance, err = g.above.Amount(); err != nil {
		return r, err
	}
	if r.Revenue, err = g.owed.in(r.Rate, digits); err != nil {
		return r, err
	}
	if r.Cost, err = g.cost.in(r.Rate, digits); err != nil {
		return r, err
	}
	r.Margin, err = r.Revenue.Sub(r.Cost)
	return r, err
}

// rate returns the rate from the customer's currency to a partner's; nil = the currencies are equal.
func (s *Settler) rate(partner int32) (*books.ExchangeRate, error) {
	return s.x.rate(s.bk.books.Customers[s.customer].Currency, s.bk.books.Partners[partner].Currency)
}
