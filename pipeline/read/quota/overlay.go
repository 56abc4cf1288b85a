package quota

import (
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// overlay makes the changes of the cycles in (after, upTo] to the closing positions of a cycle, in order. A filling
// that does not go on into the cycle it was changed in says nothing of what is left.
func (s *Sources) overlay(rows []position.Row, customer int32, after, upTo string) ([]position.Row, error) {
	for _, ref := range s.Snap.Manifest.Cycles {
		if ref.Cycle <= after || ref.Cycle > upTo {
			continue
		}
		cycle, err := period.ParseCycle(ref.Cycle)
		if err != nil {
			return nil, err
		}
		changes, err := s.changesIn(customer, ref.Cycle)
		if err != nil {
			return nil, err
		}
		start := s.Books.Zone.Bounds(cycle).From
		changes = slices.DeleteFunc(changes, func(c late.Change) bool {
			return !c.StillOpen(s.Books, s.Prices, customer, start)
		})
		if rows, err = late.Apply(s.Books, customer, rows, changes); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// changesIn are a customer's changes of one cycle: shifts first, for a state that late records left holds those of its
// own cycle.
func (s *Sources) changesIn(customer int32, cycle string) (out []late.Change, err error) {
	err = s.eachOf(tables.Shifts(), tables.HCustomerID, customer, cycle, func(row rows.Row) error {
		by, err := row.Quantity(tables.HShift)
		at := position.Row{Kind: position.Kind(row.Small(tables.HKind)), Key: row.Word(tables.HKey),
			At: row.Time(tables.HAt)}
		out = append(out, late.Change{Row: at, Moves: true, Delta: by})
		return err
	})
	if err != nil {
		return nil, err
	}
	err = s.eachOf(tables.LatePositions(), tables.PCustomerID, customer, cycle, func(row rows.Row) error {
		p, err := positionOf(row)
		out = append(out, late.Change{Row: p})
		return err
	})
	return out, err
}

// eachOf visits a customer's rows of a table that a cycle has one file a bucket of.
func (s *Sources) eachOf(def *tables.Table, by int, customer int32, cycle string, visit func(rows.Row) error) error {
	files, err := s.Snap.Find(lake.FileKey{Table: def.Name, Cycle: cycle, Bucket: s.bucket(customer)})
	if err != nil {
		return err
	}
	for _, e := range files {
		list, err := rows.File(s.Snap, e, def, nil)
		if err != nil {
			return err
		}
		err = list.Each(func(row rows.Row) error {
			if row.Word(by) != s.Books.Customers[customer].ID {
				return nil
			}
			return visit(row)
		})
		if err := errors.Join(err, list.Close()); err != nil {
			return err
		}
	}
	return nil
}
