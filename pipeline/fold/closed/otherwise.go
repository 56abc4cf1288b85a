package closed

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// productOf is a product of a customer in a closed cycle.
type productOf struct {
	MeterSet
	SKU int32
}

// otherwise reports whether a product counts otherwise than when its cycle was closed or last re-rated, or has had a
// difference since for that reason (LATE-7).
func (s *Sources) otherwise(of productOf) bool {
	is, known := s.others[of]
	if !known {
		p := &s.Step.Folder.Books.Products[of.SKU]
		was, in, counted := s.counts.Of(of.Origin, p.SKU)
		is = counted && was != state.CountsOf(p) || s.differed[of] >= in
		s.others[of] = is
	}
	return is
}

// draw takes what a record of a product that counts otherwise draws from packages, or gives back all that a reversed
// one drew. The record has no line of its own.
func (s *Step) draw(e *Entry, entries []Entry, charges *table.LineCharges) error {
	p := &s.Folder.Books.Products[e.SKU]
	m := MeterOf(s.Folder.Books, e.Record, s.Folder.Regions.Name)
	at := m.As(table.MeasurePosition)
	if _, known := s.state.meters[at]; !known {
		for _, kind := range rating.Counters(p) {
			s.state.meters[m.As(kind)] = money.Quantity{}
		}
		var err error
		if s.state.meters[at], err = s.unconverted(m, entries); err != nil {
			return err
		}
	}
	if !e.Reversal {
		return s.state.Take(e, charges)
	}
	var err error
	s.state.meters[at], err = s.state.meters[at].Sub(rating.Counted(p, e.Quantity, e.Retracted))
	if err != nil {
		return err
	}
	return s.state.move(e, e.Draws)
}

// unconverted returns what the records of a meter of a customer's entries count that were billed in closed cycles.
func (s *Step) unconverted(m Meter, entries []Entry) (sum money.Quantity, err error) {
	add := func(r *Record) {
		if err == nil {
			sum, err = sum.Add(rating.Counted(&s.Folder.Books.Products[r.SKU], r.Quantity, r.Retracted))
		}
	}
	all, failed := s.sources.gather(MeterSet{entries[0].Customer, m.Origin})
	if failed != nil {
		return sum, failed
	}
	if of := all[m]; of != nil {
		for _, r := range of.records {
			if one := s.All[r.Key()]; one == nil || one.Billed < s.Cycle {
				add(r)
			}
		}
	}
	for i := range entries {
		if e := &entries[i]; e.Reversal && MeterOf(s.Folder.Books, e.Record, s.Folder.Regions.Name) == m {
			add(e.Record)
		}
	}
	return sum, err
}

// rateProducts makes the differences of the products of a customer that count otherwise, with the as-of of the last run
// that brought a record of each, and notes that they have had one.
func (s *Step) rateProducts(closing *Closing, whole map[productOf]period.Instant) error {
	for _, of := range slices.SortedFunc(maps.Keys(whole), func(a, b productOf) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.SKU, b.SKU))
	}) {
		if err := s.rateProduct(closing, of, whole[of]); err != nil {
			return err
		}
		key := s.Folder.Books.Products[of.SKU].SKU
		s.left = append(s.left, state.LeftOver{Customer: of.Customer, Origin: of.Origin.String(),
			PositionRow: table.PositionRow{Kind: table.OtherwisePosition, Key: key}})
		maps.DeleteFunc(s.state.meters, func(m Meter, _ money.Quantity) bool {
			return m.Origin == of.Origin && m.SKU == of.SKU
		})
	}
	return nil
}

// rateProduct makes the differences of one product: all its records are rated again in the order of billing, late ones
// last, with the draws that they have (§4.11).
func (s *Step) rateProduct(closing *Closing, of productOf, asOf period.Instant) error {
	all, err := s.sources.gather(of.MeterSet)
	if err != nil {
		return err
	}
	var records []*Record
	for m, one := range all {
		if m.SKU == of.SKU {
			records = append(records, one.records...)
		}
	}
	billedIn := func(r *Record) period.Cycle {
		if one := s.All[r.Key()]; one != nil {
			return one.Billed
		}
		return r.Origin
	}
	slices.SortFunc(records, func(a, b *Record) int {
		return cmp.Or(cmp.Compare(billedIn(a), billedIn(b)), a.Compare(b))
	})
	levels, err := s.levelsOf(of)
	if err != nil {
		return err
	}
	now, err := closing.Product(of, records, levels)
	if err != nil {
		return err
	}
	want := func(p *Place) bool { return p.Customer == of.Customer && p.SKU == of.SKU }
	billed, err := s.sources.billedLines(of.Origin, want)
	if err != nil {
		return err
	}
	usage, err := s.sources.usageLines(of.MeterSet)
	if err != nil {
		return err
	}
	if err := billed.addWhere(usage, want); err != nil {
		return err
	}
	if err := s.oweAll(&s.Folder.Books.Products[of.SKU], records, billed); err != nil {
		return err
	}
	return s.differ(now, billed, func(Place) period.Instant { return asOf })
}

// Product returns what all records of a product cost, given in the order of billing. Each keeps the draws that it has,
// at most what it counts now. levels are those with which the cycle opens.
func (c *Closing) Product(of productOf, records []*Record, levels []table.PositionRow) (Sums, error) {
	p, sums := &c.Books.Products[of.SKU], make(Sums)
	meters := make(map[Meter][]*Record)
	if err := c.Rater.Open(c.Customer, of.Origin, nil); err != nil {
		return nil, err
	}
	var charges table.LineCharges
	for _, r := range records {
		again, m := *r, MeterOf(c.Books, r, c.Region)
		charges.Reset()
		if err := c.Rater.Again(&again.Record, r.Draws, 0, &charges); err != nil {
			return nil, err
		}
		if err := again.Draw(charges.Draws); err != nil {
			return nil, err
		}
		meters[m] = append(meters[m], &again)
		at, err := c.Part(Place{Origin: of.Origin, Customer: c.Customer, SKU: of.SKU, Region: c.Region(r.Region),
			Resource: string(r.Resource)}, r.Start)
		if err != nil {
			return nil, err
		}
		for i := range charges.List {
			ch := &charges.List[i]
			if err := sums.Charge(c.Books, at, ch, charges.Draws[ch.DrawsFrom:ch.DrawsTo], false); err != nil {
				return nil, err
			}
		}
	}
	if !p.MonthEnd() {
		return sums, nil
	}
	c.Counts = make(map[Meter]money.Quantity)
	for _, row := range c.Rater.Positions(nil) {
		if row.Kind == table.MeterPosition {
			c.Counts[Meter{Origin: of.Origin, SKU: of.SKU, Scope: row.Scope}] = row.Count
		}
	}
	for i := range levels {
		if m, ok := MeterOfLevel(c.Books, &levels[i], of.Origin); ok && m.SKU == of.SKU {
			meters[m] = append(meters[m], nil...)
		}
	}
	subscribers := c.Books.Subscribers.Of(c.Customer)
	for i := range subscribers {
		if m := MeterOfSubscriber(c.Books, &subscribers[i], of.Origin); m.SKU == of.SKU {
			meters[m] = append(meters[m], nil...)
		}
	}
	for _, m := range slices.SortedFunc(maps.Keys(meters), CompareMeters) {
		c.Levels = levelMeter{m.SKU, m.Scope}.of(c.Books, levels)
		charges, about, err := c.Ends(m, meters[m])
		if err == nil {
			err = sums.AddCharges(c.Books, c.Customer, charges, about, of.Origin)
		}
		if err != nil {
			return nil, err
		}
	}
	return sums, nil
}

// levelsOf returns the levels with which the cycle of a product opens, after the late records of the step.
func (s *Step) levelsOf(of productOf) ([]table.PositionRow, error) {
	if s.Folder.Books.Products[of.SKU].Aggregation != books.TimeWeighted {
		return nil, nil
	}
	rows, err := s.sources.Levels(of.Customer, of.Origin)
	return state.LevelsAfter(rows, slices.DeleteFunc(slices.Clone(s.left), func(l state.LeftOver) bool {
		return l.Kind != table.LevelPosition || l.Customer != of.Customer || l.Origin != of.Origin.String()
	})), err
}
