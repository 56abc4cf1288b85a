package quota

import (
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/late"
	"github.com/tollbook/tollbook/pipeline/query"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// change is what was billed late in a cycle made of one filling of a package: late records left it at a state (spec §4.11), or re-rating
// moved it (spec §4.12).
type change struct {
	position.Row
	moves bool
	by    money.SignedQuantity // where moves: what was drawn goes up by it
}

// overlay makes the changes of the cycles in (after, upTo] to the closing positions of a cycle, in order. A filling that does not go on
// into the cycle it was changed in says nothing of what is left.
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
		for i := range changes {
			if rows, err = s.layOver(rows, customer, &changes[i], start); err != nil {
				return nil, err
			}
		}
	}
	return rows, nil
}

// changesIn are a customer's changes of one cycle: shifts first, for a state that late records left holds those of its own cycle.
func (s *Sources) changesIn(customer int32, cycle string) (out []change, err error) {
	err = s.eachOf(tables.Shifts(), tables.HCustomerID, customer, cycle, func(row query.Row) error {
		by, err := row.Quantity(tables.HShift)
		at := position.Row{Kind: position.Kind(row.Small(tables.HKind)), Key: row.Word(tables.HKey), At: row.Time(tables.HAt)}
		out = append(out, change{at, true, by})
		return err
	})
	if err != nil {
		return nil, err
	}
	err = s.eachOf(tables.LatePositions(), tables.PCustomerID, customer, cycle, func(row query.Row) error {
		p, err := positionOf(row)
		out = append(out, change{Row: p})
		return err
	})
	return out, err
}

// eachOf visits a customer's rows of a table that a cycle has one file a bucket of.
func (s *Sources) eachOf(def *tables.Table, by int, customer int32, cycle string, visit func(query.Row) error) error {
	files, err := s.Snap.Find(lake.FileKey{Table: def.Name, Cycle: cycle, Bucket: s.bucket(customer)})
	if err != nil {
		return err
	}
	for _, e := range files {
		rows, err := query.File(s.Snap, e, def, nil)
		if err != nil {
			return err
		}
		err = rows.Each(func(row query.Row) error {
			if row.Word(by) != s.Books.Customers[customer].ID {
				return nil
			}
			return visit(row)
		})
		if err := errors.Join(err, rows.Close()); err != nil {
			return err
		}
	}
	return nil
}

// layOver makes one change, if its filling goes on after start.
func (s *Sources) layOver(rows []position.Row, customer int32, c *change, start period.Instant) ([]position.Row, error) {
	code := s.packageOf(customer, &c.Row)
	if code < 0 || s.Prices.QuotaPeriod(&s.Books.Packages[code], c.At).To <= start {
		return rows, nil
	}
	p := &s.Books.Packages[code]
	i := slices.IndexFunc(rows, func(old position.Row) bool { return s.packageOf(customer, &old) == code })
	to := c.Row
	if c.moves {
		var drawn money.Quantity
		var err error
		if i >= 0 && rows[i].At == c.At {
			drawn, err = late.DrawnOf(p, &rows[i])
		}
		if err == nil {
			drawn, err = moved(drawn, c.by)
		}
		if err != nil {
			return nil, err
		}
		to = rating.PackageRow(p, drawn, c.At)
	}
	switch {
	case i < 0:
		rows = append(rows, to)
	case rows[i].At <= c.At:
		rows[i] = to
	}
	return rows, nil
}

// moved is what was drawn, moved by what re-rating says, at least 0.
func moved(drawn money.Quantity, by money.SignedQuantity) (money.Quantity, error) {
	sum, err := drawn.Signed().Add(by)
	if err != nil || sum.Sign() < 0 {
		return money.Quantity{}, err
	}
	return sum.Abs(), nil
}

// packageOf is the package whose filling a position holds, as an index in books.Packages; −1 for other positions and where the books no
// longer hold it.
func (s *Sources) packageOf(customer int32, row *position.Row) int32 {
	if row.Kind != position.Package {
		return -1
	}
	return late.PackageAt(s.Books, customer, row.Key, row.At)
}
