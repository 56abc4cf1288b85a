package explain

import (
	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// overlay lays what late records and re-rating made of the customer's packages, in the cycles after one up to the
// explained one, over the positions with which that one ended (§4.11, §4.12).
func (e *explainer) overlay(rows []position.Row, after string) ([]position.Row, error) {
	for _, ref := range e.Snap.Manifest.Cycles {
		if ref.Cycle <= after || ref.Cycle > e.at.cycle {
			continue
		}
		c, err := period.ParseCycle(ref.Cycle)
		if err != nil {
			return nil, err
		}
		changes, err := e.changesIn(ref.Cycle, e.Books.Zone.Bounds(c).From)
		if err != nil {
			return nil, err
		}
		if rows, err = late.Apply(e.Books, e.customer, rows, changes); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// changesIn are the customer's changes of one cycle whose fillings go on after start.
func (e *explainer) changesIn(cycle string, start period.Instant) (out []late.Change, err error) {
	add := func(c late.Change) {
		if c.StillOpen(e.Books, e.prices, e.customer, start) {
			out = append(out, c)
		}
	}
	err = e.eachOf(tables.Shifts(), cycle, tables.HCustomerID, func(row rows.Row) error {
		at := position.Row{Kind: position.Kind(row.Small(tables.HKind)), Key: row.Word(tables.HKey),
			At: row.Time(tables.HAt)}
		by, err := row.Quantity(tables.HShift)
		add(late.Change{Row: at, Moves: true, Delta: by})
		return err
	})
	if err != nil {
		return nil, err
	}
	err = e.eachOf(tables.LatePositions(), cycle, tables.PCustomerID, func(row rows.Row) error {
		p, err := positionOf(row)
		add(late.Change{Row: p})
		return err
	})
	return out, err
}

// eachOf visits the customer's rows of a table that a cycle has one file a bucket of.
func (e *explainer) eachOf(def *tables.Table, cycle string, by int, visit func(rows.Row) error) error {
	files, err := e.Snap.Find(lake.FileKey{Table: def.Name, Cycle: cycle, Bucket: e.bucket()})
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := e.each(f, def, nil, by, visit); err != nil {
			return err
		}
	}
	return nil
}
