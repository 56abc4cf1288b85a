package closed

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// levelMeter is a meter of a time-weighted product in any cycle.
type levelMeter struct {
	SKU   int32
	Scope string
}

// movedLevels holds the meters of time-weighted products that late records change, with the last as-of by cycle of the
// records.
type movedLevels map[levelMeter]map[period.Cycle]period.Instant

func (l movedLevels) note(m Meter, asOf period.Instant) {
	at := levelMeter{m.SKU, m.Scope}
	if l[at] == nil {
		l[at] = make(map[period.Cycle]period.Instant)
	}
	l[at][m.Origin] = max(l[at][m.Origin], asOf)
}

// rateLevels bills the effect of late records on time-weighted meters, in every closed cycle from that of the earliest
// record (§10.1). It notes the levels with which each cycle now opens, and adds to whole the products that count
// otherwise than when a cycle was billed.
func (s *Step) rateLevels(customer int32, moved movedLevels, whole map[productOf]period.Instant) error {
	for _, at := range slices.SortedFunc(maps.Keys(moved), func(a, b levelMeter) int {
		return cmp.Or(cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Scope, b.Scope))
	}) {
		first := slices.Min(slices.Collect(maps.Keys(moved[at])))
		closing := Closing{Books: s.Folder.Books, Rater: s.Folder.Rater, Region: s.Folder.Regions.Name,
			Customer: customer}
		rows, err := s.sources.Levels(customer, first)
		if err != nil {
			return err
		}
		closing.Levels = at.of(s.Folder.Books, rows)
		asOf := period.Instant(0)
		for c := first; c < s.Cycle; c++ {
			if t, ok := moved[at][c]; ok && (c == first || t > asOf) {
				asOf = t
			}
			m := Meter{Origin: c, SKU: at.SKU, Scope: at.Scope}
			if of := (productOf{MeterSet{customer, c}, at.SKU}); s.sources.otherwise(of) {
				whole[of] = max(whole[of], asOf)
				err = s.passMeter(&closing, m)
			} else {
				err = s.rateMeter(&closing, m, asOf)
			}
			if err != nil {
				return err
			}
			if err := s.leaveLevels(&closing, at, c+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// leaveLevels passes the levels of a meter to the next cycle and notes them. A level with which that cycle opened
// before, and which is gone now, is noted as zero.
func (s *Step) leaveLevels(closing *Closing, at levelMeter, next period.Cycle) error {
	closing.Levels = at.of(s.Folder.Books,
		rating.NextCycle(s.Folder.Prices, nil, s.Folder.Rater.Positions(nil), closing.Customer, next))
	known, err := s.sources.Levels(closing.Customer, next)
	if err != nil {
		return err
	}
	left := slices.Clone(closing.Levels)
	for _, old := range at.of(s.Folder.Books, known) {
		if !slices.ContainsFunc(left, func(row table.PositionRow) bool { return state.SameLevel(&row, &old) }) {
			left = append(left, table.PositionRow{Kind: table.LevelPosition, Key: old.Key, Scope: old.Scope,
				Resource: old.Resource})
		}
	}
	slices.SortFunc(left, func(a, b table.PositionRow) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Resource, b.Resource))
	})
	for _, row := range left {
		s.left = append(s.left, state.LeftOver{PositionRow: row, Customer: closing.Customer, Origin: next.String()})
	}
	return nil
}

// of are the levels of the meter.
func (at levelMeter) of(b *books.Books, rows []table.PositionRow) []table.PositionRow {
	var out []table.PositionRow
	for i := range rows {
		if m, ok := MeterOfLevel(b, &rows[i], 0); ok && m.SKU == at.SKU && m.Scope == at.Scope {
			out = append(out, rows[i])
		}
	}
	return out
}

// MeterOfLevel is the meter of a level in a cycle; false for other positions.
func MeterOfLevel(b *books.Books, row *table.PositionRow, origin period.Cycle) (Meter, bool) {
	sku := b.SKU(row.Key)
	if row.Kind != table.LevelPosition || sku < 0 {
		return Meter{}, false
	}
	return Meter{Origin: origin, SKU: sku, Scope: scopeOf(&b.Products[sku], row.Scope, []byte(row.Resource))}, true
}

// Levels returns the levels with which a cycle opens for a customer, from what is billed before the step's cycle.
func (s *Sources) Levels(customer int32, cycle period.Cycle) ([]table.PositionRow, error) {
	var rows []table.PositionRow
	var err error
	if cycle == s.Step.Cycle {
		rows, _, err = s.Step.Folder.Opening.OfCycle(customer, cycle)
	} else {
		rows, err = s.Step.Folder.Opening.OfDay(customer, cycle.First())
	}
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(slices.Clone(rows),
		func(row table.PositionRow) bool { return row.Kind != table.LevelPosition })
	return state.LevelsAfter(rows, s.leftLevels(customer, cycle)), nil
}

// leftLevels returns the levels of a cycle's opening that late records billed after the cycle have changed.
func (s *Sources) leftLevels(customer int32, cycle period.Cycle) []state.LeftOver {
	var out []state.LeftOver
	for i := range s.behind {
		if l := &s.behind[i]; l.Kind == table.LevelPosition && l.Origin == cycle.String() && l.Billed > cycle &&
			(l.Customer == customer || customer == state.Anyone) {
			out = append(out, *l)
		}
	}
	return out
}

// LevelCustomers returns the customers for whom leftLevels finds levels.
func (s *Sources) LevelCustomers(cycle period.Cycle) []int32 {
	var out []int32
	for _, l := range s.leftLevels(state.Anyone, cycle) {
		out = append(out, l.Customer)
	}
	return out
}

// IsLevel reports whether a record sets a level.
func IsLevel(b *books.Books, r *rating.Record) bool {
	return b.Products[r.SKU].Aggregation == books.TimeWeighted
}
