package state

import (
	"slices"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// PositionChange is a change of one quota period of a package: late records set it to a state (§4.11), or re-rating
// changed it by a delta (§4.12).
type PositionChange struct {
	// the state; if Moves, only Kind, Key and At are used: they name the quota period
	table.PositionRow
	Moves bool                 // by Delta
	Delta money.SignedQuantity // added to what was drawn, in the package's measure
}

// ApplyChanges applies the changes to a customer's positions, in order (OPEN-3, OPEN-4). The positions remain sorted.
// All quota periods of changes must still be open. An error means that a quantity is out of range.
func ApplyChanges(b *books.Books, customer int32, rows []table.PositionRow,
	changes []PositionChange) ([]table.PositionRow, error) {
	for i := range changes {
		c := &changes[i]
		if c.Kind == table.LevelPosition {
			rows = applyLevel(rows, &c.PositionRow)
			continue
		}
		code := PackageOf(b, customer, &c.PositionRow)
		at := slices.IndexFunc(rows, func(old table.PositionRow) bool {
			return old.Kind == c.Kind && old.Key == c.Key &&
				old.At == c.At
		})
		var old *table.PositionRow
		if at >= 0 {
			old = &rows[at]
		}
		to, err := c.from(&b.Packages[code], old)
		if err != nil {
			return nil, err
		}
		rows = append(slices.DeleteFunc(rows, func(old table.PositionRow) bool {
			return PackageOf(b, customer, &old) == code
		}), to)
	}
	slices.SortStableFunc(rows, table.ComparePositions)
	return rows, nil
}

// applyLevel sets a level to its state after late records. It removes a level at zero.
func applyLevel(rows []table.PositionRow, to *table.PositionRow) []table.PositionRow {
	at := slices.IndexFunc(rows, func(old table.PositionRow) bool { return SameLevel(&old, to) })
	ended := to.Count.IsZero() && to.Free.IsZero()
	switch {
	case at < 0 && !ended:
		return append(rows, *to)
	case at >= 0 && ended:
		return slices.Delete(rows, at, at+1)
	case at >= 0:
		rows[at] = *to
	}
	return rows
}

// SameLevel reports whether two positions are of the same level (§10.1).
func SameLevel(a, b *table.PositionRow) bool {
	return a.Kind == table.LevelPosition && b.Kind == table.LevelPosition && a.Key == b.Key && a.Scope == b.Scope &&
		a.Resource == b.Resource
}

// LevelsAfter applies changes of levels to a customer's positions, in order.
func LevelsAfter(rows []table.PositionRow, changes []LeftOver) []table.PositionRow {
	for i := range changes {
		rows = applyLevel(rows, &changes[i].PositionRow)
	}
	slices.SortStableFunc(rows, table.ComparePositions)
	return rows
}

// from returns the position that a change results in. old is the position of its quota period before it, or nil.
func (c *PositionChange) from(p *books.Package, old *table.PositionRow) (table.PositionRow, error) {
	if !c.Moves {
		return c.PositionRow, nil
	}
	var drawn money.Quantity
	var err error
	if old != nil {
		drawn, err = rating.DrawnOf(p, old)
	}
	if err == nil {
		drawn, err = MovedCount(drawn, c.Delta)
	}
	if err != nil {
		return table.PositionRow{}, err
	}
	return rating.PackageRow(p, drawn, c.At), nil
}

// MovedCount adds a shift of re-rating (§4.12) to the count of a meter or to the quantity drawn in a quota period. The
// result is at least 0. An error means that the sum is out of range.
func MovedCount(count money.Quantity, by money.SignedQuantity) (money.Quantity, error) {
	sum, err := count.Signed().Add(by)
	if err != nil || sum.Sign() < 0 {
		return money.Quantity{}, err
	}
	return sum.Abs(), nil
}

// PackageOf returns the index in books.Packages of a position's package. It is −1 for other positions, and if the books
// no longer contain the package, from which then no closed cycle draws (§3.7).
func PackageOf(b *books.Books, customer int32, row *table.PositionRow) int32 {
	if row.Kind != table.PackagePosition {
		return -1
	}
	return b.Packages.At(customer, row.Key, row.At)
}
