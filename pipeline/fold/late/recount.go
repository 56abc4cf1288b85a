package late

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
)

// positions are what is stored of a customer's meters of a closed cycle.
type positions struct {
	counts map[Meter]counted
	other  map[int32]bool // products that lack a position or have one that fits no meter of today's books
	closed map[int32]bool // products whose closing positions fit meters of today's books
	// counters that have a position, by the cycle that stored it; a closed cycle stores its closing positions
	stored map[period.Cycle]map[Meter]bool
	// re-rating changed what records draw. It updated the positions only if products had counters in its books.
	redrawn bool
}

// hold reports whether the positions give the count of a meter. They do not if the product had another meter or model
// when they were stored or when something was billed later. If the close stored a position of the product, a meter
// without one has no billed record. The count of a meter with a conversion depends on the order of billing: the
// positions that re-rating updated give it exactly.
func (p *positions) hold(product *books.Product, m Meter) bool {
	_, known := p.counts[m]
	return !p.other[m.SKU] && (known || p.closed[m.SKU]) && (!p.redrawn || !product.Convert.IsZero())
}

// note notes a position of a product.
func (p *positions) note(product *books.Product, m Meter, row *position.Row, in period.Cycle) {
	closing := in == m.Origin
	fits := slices.Contains(rating.Counters(product), row.Kind) &&
		(row.Scope == "") == (product.Meter == books.PerCustomer)
	if closing { // only a closing position of a meter per resource names the resource
		fits = fits && (row.Resource != "") == (product.Meter == books.PerResource)
	}
	if !fits {
		p.other[m.SKU] = true
	} else if closing {
		p.closed[m.SKU] = true
	}
	m = m.As(row.Kind)
	p.counts[m] = counted{row.Count, in}
	if p.stored[in] == nil {
		p.stored[in] = make(map[Meter]bool)
	}
	p.stored[in][m] = true
}

// complete notes whether a meter has all its positions of a cycle in which something was billed of it. It lacks some if
// the product had another model then.
func (p *positions) complete(product *books.Product, m Meter, in period.Cycle) {
	for _, kind := range rating.Counters(product) {
		if !p.stored[in][m.As(kind)] {
			p.other[m.SKU] = true
		}
	}
}

// recount counts the meters of a cycle from their records (LATE-7).
type recount struct {
	meters    map[MeterSet]map[Meter]*tally
	customers map[int32]bool // the customers that are counted
}

// fromRecords returns the count of a meter after its billed records, with what they draw today. The kind of m selects
// the counter.
func (s *Sources) fromRecords(customer int32, m Meter) (money.Quantity, error) {
	if s.recounts == nil {
		s.recounts = make(map[period.Cycle]*recount)
	}
	if c := s.recounts[m.Origin]; c == nil || !c.customers[customer] {
		if err := s.recountCycle(m.Origin, customer); err != nil {
			return money.Quantity{}, err
		}
	}
	t := s.recounts[m.Origin].meters[MeterSet{customer, m.Origin}][m.As(position.Meter)]
	if t == nil {
		return money.Quantity{}, nil
	}
	return t.count(&s.Step.Folder.Books.Products[m.SKU], m.Position())
}

// recountCycle counts the meters of a customer, and of all others with late records of the cycle that are billed now.
func (s *Sources) recountCycle(origin period.Cycle, customer int32) error {
	c := &recount{make(map[MeterSet]map[Meter]*tally), map[int32]bool{customer: true}}
	for _, r := range s.Step.rows {
		if r.Origin == origin {
			c.customers[r.Customer] = true
		}
	}
	s.recounts[origin] = c
	closed, err := ClosedRecords(s.Step.Folder.State, s.Step.Bucket, origin, c.customers, func(row *sorting.Row) bool {
		return row.SKU >= 0 && len(rating.Counters(&s.Step.Folder.Books.Products[row.SKU])) > 0
	})
	if err != nil {
		return err
	}
	replaced := make(map[Key]bool)
	for _, r := range s.Step.All {
		if r.Origin == origin && r.Billed < s.Step.Cycle {
			closed[r.Key()] = &r.Record
			if r.Replaces != "" {
				replaced[r.Target()] = true
			}
		}
	}
	for key, r := range closed {
		if replaced[key] || !c.customers[r.Customer] ||
			len(rating.Counters(&s.Step.Folder.Books.Products[r.SKU])) == 0 {
			continue
		}
		if err := s.Step.redraw(r); err != nil {
			return err
		}
		set, m := MeterSet{r.Customer, origin}, MeterOf(s.Step.Folder.Books, r, s.Step.Folder.Regions.Name)
		if c.meters[set] == nil {
			c.meters[set] = make(map[Meter]*tally)
		}
		if c.meters[set][m] == nil {
			c.meters[set][m] = &tally{}
		}
		if err := c.meters[set][m].add(&s.Step.Folder.Books.Products[r.SKU], &r.Record, r.Free); err != nil {
			return err
		}
	}
	return nil
}
