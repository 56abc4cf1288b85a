package closed

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// Sources provides what the late records of a bucket need to know of earlier billing.
type Sources struct {
	Step    *Step
	Own     map[Key]*Record              // records of closed cycles that late records replace
	behind  []state.LeftOver             // positions after late records billed in closed cycles, in order of these
	Shifts  []state.PackageShift         // that apply, in order of the cycle from which they apply
	Shifted period.Cycle                 // cycle up to which shifts apply
	one     *int32                       // the customer whose positions are read; nil = all
	closed  map[period.Cycle]*closedRows // of the customers of the step's records
	closing map[MeterSet]map[Meter]counted
	gathers map[MeterSet]map[Meter]*gathered
	sums    map[period.Cycle]Sums // of month-end lines, late lines and re-rating
	ofUsage map[MeterSet]Sums     // of the lines that the close made of single records

	counts   state.Counted              // how products counted when cycles were billed
	differed map[productOf]period.Cycle // the last cycle that billed a difference of a product that counted otherwise
	others   map[productOf]bool
}

// counted is a meter's count as billing left it in a cycle.
type counted struct {
	count money.Quantity
	in    period.Cycle
}

// MeterSet is a customer's meters of a cycle.
type MeterSet struct {
	Customer int32
	Origin   period.Cycle
}

// Prepare reads what is needed often: the billed records that late records replace, and the positions after late
// records billed in closed cycles.
func (s *Sources) Prepare(rows []*Record) error {
	s.Own = make(map[Key]*Record)
	s.closed = make(map[period.Cycle]*closedRows)
	s.closing = make(map[MeterSet]map[Meter]counted)
	s.gathers = make(map[MeterSet]map[Meter]*gathered)
	s.sums, s.ofUsage = make(map[period.Cycle]Sums), make(map[MeterSet]Sums)
	wanted := make(map[period.Cycle]map[Key]bool)
	for _, r := range rows {
		if r.Replaces == "" || s.Step.All[r.Target()] != nil {
			continue
		}
		if wanted[r.Origin] == nil {
			wanted[r.Origin] = make(map[Key]bool)
		}
		wanted[r.Origin][r.Target()] = true
	}
	for origin, keys := range wanted {
		if err := s.ReadBilled(origin, keys); err != nil {
			return err
		}
	}
	who := state.Anyone
	if s.one != nil {
		who = *s.one
	}
	for _, c := range s.Step.Folder.Opening.Cycles(s.Step.Cycle) {
		if c <= s.Shifted {
			list, err := s.Step.Folder.Opening.Shifts(s.Step.Bucket, c, who)
			if err != nil {
				return err
			}
			s.Shifts = append(s.Shifts, list...)
		}
		if c == s.Step.Cycle {
			continue
		}
		list, err := s.Step.Folder.Opening.LeftIn(s.Step.Bucket, c, who)
		if err != nil {
			return err
		}
		s.behind = append(s.behind, list...)
	}
	return nil
}

// readCounted reads how products counted when cycles were billed.
func (s *Sources) readCounted() (err error) {
	s.others, s.differed = make(map[productOf]bool), make(map[productOf]period.Cycle)
	for i := range s.behind {
		l := &s.behind[i]
		sku := s.Step.Folder.Books.SKU(l.Key)
		if l.Kind != table.OtherwisePosition || sku < 0 {
			continue
		}
		origin, err := period.ParseCycle(l.Origin)
		if err != nil {
			return err
		}
		s.differed[productOf{MeterSet{l.Customer, origin}, sku}] = l.Billed
	}
	s.counts, err = s.Step.Folder.Opening.ClosedBooks(s.Step.Cycle)
	return err
}

// Billed finds the billed record that a late record replaces.
func (s *Sources) Billed(key Key) (*Record, error) {
	if r := s.Step.All[key]; r != nil {
		return &r.Record, nil
	}
	if r := s.Own[key]; r != nil {
		if r.SKU < 0 { // of a quote with other books
			return nil, books.Missing(books.ByRecords, "products.csv", "product of the record", key.ID)
		}
		return r, nil
	}
	return nil, fmt.Errorf("record %q of customer %s in %s: a late record replaces it, and it does not exist", key.ID,
		s.Step.Folder.Books.Customers[key.Customer].ID, key.Origin)
}

// ReadBilled reads records that the close of a cycle billed.
func (s *Sources) ReadBilled(origin period.Cycle, keys map[Key]bool) error {
	customers := make(map[int32]bool)
	for k := range keys {
		customers[k.Customer] = true
	}
	closed, err := ClosedRecords(s.Step.Folder.State, s.Step.Bucket, origin, customers, func(row *accept.Record) bool {
		return keys[Key{Customer: row.Customer, Origin: origin, ID: string(row.ID)}]
	})
	if err != nil {
		return err
	}
	for key, r := range closed {
		s.Own[key] = r
		if err := s.Step.redraw(r); err != nil {
			return err
		}
	}
	return nil
}

// Count returns the count of a meter that counts record by record, after everything billed: the position that its
// cycle's close or later late records left, and the shifts of re-rates since.
func (s *Sources) Count(customer int32, m Meter) (money.Quantity, error) {
	stored, err := s.positions(MeterSet{customer, m.Origin})
	if err != nil {
		return money.Quantity{}, err
	}
	at := stored[m]
	count := at.count
	for i := range s.Shifts {
		h := &s.Shifts[i]
		if h.Customer == customer && h.Kind == m.Position() && h.Origin == m.Origin && h.Billed > at.in &&
			h.Scope == m.Scope &&
			h.Key == s.Step.Folder.Books.Products[m.SKU].SKU {
			if count, err = state.MovedCount(count, h.By); err != nil {
				return count, err
			}
		}
	}
	return count, nil
}

// Positions lists the meters of a closed cycle for which a customer has positions.
func (s *Sources) Positions(set MeterSet) ([]Meter, error) {
	stored, err := s.positions(set)
	return slices.Collect(maps.Keys(stored)), err
}

// positions returns the positions of a customer's meters of a closed cycle after its close and its late records.
func (s *Sources) positions(set MeterSet) (map[Meter]counted, error) {
	if s.closing[set] != nil {
		return s.closing[set], nil
	}
	stored := make(map[Meter]counted)
	add := func(row *table.PositionRow, in period.Cycle) {
		if sku := s.Step.Folder.Books.SKU(row.Key); IsCounter(row.Kind) && sku >= 0 {
			stored[Meter{Origin: set.Origin, SKU: sku, Scope: row.Scope}.As(row.Kind)] = counted{row.Count, in}
		}
	}
	rows, own, err := s.rowsAtClose(set)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if own {
			add(&rows[i], set.Origin)
		}
	}
	for i := range s.behind {
		if p := &s.behind[i]; p.Customer == set.Customer && p.Origin == set.Origin.String() {
			add(&p.PositionRow, p.Billed)
		}
	}
	s.closing[set] = stored
	return stored, nil
}

// closedRows are the positions of customers at the end of a closed cycle.
type closedRows struct {
	customers map[int32]bool
	rows      map[int32][]table.PositionRow
	own       bool // the cycle has records of the bucket; otherwise the positions are of an earlier one
}

// rowsAtClose returns a customer's positions at the end of a closed cycle. It reads those of all customers with late
// records of the cycle at once.
func (s *Sources) rowsAtClose(set MeterSet) (rows []table.PositionRow, own bool, err error) {
	c := s.closed[set.Origin]
	if c == nil || !c.customers[set.Customer] {
		c = &closedRows{customers: map[int32]bool{set.Customer: true}}
		for _, r := range s.Step.rows {
			if r.Origin == set.Origin && s.one == nil {
				c.customers[r.Customer] = true
			}
		}
		var last state.LastPosition
		c.rows, last, err = s.Step.Folder.Opening.BeforeOf(s.Step.Bucket, c.customers, set.Origin.Last()+1, set.Origin)
		if err != nil {
			return nil, false, err
		}
		c.own, s.closed[set.Origin] = last.In(set.Origin), c
	}
	return c.rows[set.Customer], c.own, nil
}

// Drawn returns what billed records drew in a quota period that lasts for the span. If it continues into the step's
// cycle, the opening positions of the cycle hold the quantity. Otherwise it is what was drawn on the day it ended, or
// the result of late records billed since. Later shifts are added.
func (s *Sources) Drawn(customer int32, f QuotaPeriod, span period.Span) (money.Quantity, error) {
	end := min(span.To, s.Step.Folder.Books.Zone.Bounds(s.Step.Cycle).From)
	drawn, in, err := s.stored(customer, f, end)
	for i := range s.Shifts {
		if h, row := &s.Shifts[i], s.Shifts[i].Row(); err == nil && h.Customer == customer && h.Billed > in &&
			s.of(&row, f) {
			drawn, err = state.MovedCount(drawn, h.By)
		}
	}
	return drawn, err
}

// of reports whether a position is of a quota period.
func (s *Sources) of(row *table.PositionRow, f QuotaPeriod) bool {
	p := &s.Step.Folder.Books.Packages[f.Package]
	return row.At == f.Start && state.PackageOf(s.Step.Folder.Books, p.Customer, row) == f.Package
}

// stored returns what was drawn by positions, with the shifts up to cycle in.
func (s *Sources) stored(customer int32, f QuotaPeriod, end period.Instant) (drawn money.Quantity, in period.Cycle,
	err error) {
	p, zone := &s.Step.Folder.Books.Packages[f.Package], s.Step.Folder.Books.Zone
	for _, one := range slices.Backward(s.behind) {
		if one.Customer == customer && zone.Bounds(one.Billed).From >= end && s.of(&one.PositionRow, f) {
			drawn, err = rating.DrawnOf(p, &one.PositionRow)
			return drawn, one.Billed, err
		}
	}
	day := zone.Day(end)
	// a quota period that ends with a cycle includes the shifts of that cycle, not of the next
	in = min(zone.Cycle(end-1), s.Step.Cycle-1)
	rows, _, err := s.Step.Folder.Opening.Before(customer, day, in)
	if err != nil {
		return drawn, in, err
	}
	for i := range rows {
		if s.of(&rows[i], f) {
			if drawn, err = rating.DrawnOf(p, &rows[i]); err != nil {
				return drawn, in, err
			}
		}
	}
	if from := zone.Start(day); from < end { // the positions are of the start of the day
		var rest money.Quantity
		if rest, err = s.Step.Folder.Opening.DrawnOn(p, period.Span{From: max(from, f.Start), To: end}); err == nil {
			drawn, err = drawn.Add(rest)
		}
	}
	return drawn, in, err
}
