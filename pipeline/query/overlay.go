package query

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/late"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// overlay lays what late records and re-rating made of the customer's packages, in the cycles after one up to the explained one, over the
// positions with which that one ended (spec §4.11, §4.12).
func (e *explainer) overlay(rows []position.Row, after string) ([]position.Row, error) {
	for _, ref := range e.Snap.Manifest.Cycles {
		if ref.Cycle <= after || ref.Cycle > e.at.cycle {
			continue
		}
		c, err := period.ParseCycle(ref.Cycle)
		if err != nil {
			return nil, err
		}
		start := e.Books.Zone.Bounds(c).From
		err = e.eachOf(tables.Shifts(), ref.Cycle, tables.HCustomerID, func(row Row) error {
			p := position.Row{Kind: position.Kind(row.Small(tables.HKind)), Key: row.Word(tables.HKey), At: row.Time(tables.HAt)}
			by, err := row.Quantity(tables.HShift)
			if err == nil {
				rows, err = e.layOver(rows, p, &by, start)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		err = e.eachOf(tables.LatePositions(), ref.Cycle, tables.PCustomerID, func(row Row) error {
			p, err := positionOf(row)
			if err == nil {
				rows, err = e.layOver(rows, p, nil, start)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// eachOf visits the customer's rows of a table that a cycle has one file a bucket of.
func (e *explainer) eachOf(def *tables.Table, cycle string, by int, visit func(Row) error) error {
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

// layOver puts a package's state, or moves it by what re-rating says, if its quota period goes on after start.
func (e *explainer) layOver(rows []position.Row, p position.Row, by *money.SignedQuantity, start period.Instant) ([]position.Row, error) {
	code := e.packageOf(&p)
	if code < 0 || e.prices.QuotaPeriod(&e.Books.Packages[code], p.At).To <= start {
		return rows, nil
	}
	i := slices.IndexFunc(rows, func(old position.Row) bool { return e.packageOf(&old) == code })
	if by != nil {
		var drawn money.Quantity
		var err error
		if i >= 0 && rows[i].At == p.At {
			if drawn, err = late.DrawnOf(&e.Books.Packages[code], &rows[i]); err != nil {
				return nil, err
			}
		}
		sum, err := drawn.Signed().Add(*by)
		if err != nil {
			return nil, err
		}
		drawn = money.Quantity{}
		if sum.Sign() > 0 {
			drawn = sum.Abs()
		}
		p = rating.PackageRow(&e.Books.Packages[code], drawn, p.At)
	}
	switch {
	case i < 0:
		rows = append(rows, p)
	case rows[i].At <= p.At:
		rows[i] = p
	}
	return rows, nil
}

// packageOf is the package that a position is of, or −1.
func (e *explainer) packageOf(row *position.Row) int32 {
	if row.Kind != position.Package {
		return -1
	}
	return late.PackageAt(e.Books, e.customer, row.Key, row.At)
}
