package opening

import (
	"slices"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/position"
)

// Change is a change of one quota period of a package: late records set it to a state (§4.11), or re-rating changed it
// by a delta (§4.12).
type Change struct {
	position.Row                      // the state; if Moves, only Kind, Key and At are used: they name the quota period
	Moves        bool                 // by Delta
	Delta        money.SignedQuantity // added to what was drawn, in the package's measure
}

// Apply applies the changes to a customer's positions, in order (OPEN-3, OPEN-4). The positions remain sorted. All
// quota periods of changes must still be open. An error means that a quantity is out of range.
func Apply(b *books.Books, customer int32, rows []position.Row, changes []Change) ([]position.Row, error) {
	for i := range changes {
		c := &changes[i]
		if c.Kind == position.Level {
			rows = applyLevel(rows, &c.Row)
			continue
		}
		code := PackageOf(b, customer, &c.Row)
		at := slices.IndexFunc(rows, func(old position.Row) bool {
			return old.Kind == c.Kind && old.Key == c.Key &&
				old.At == c.At
		})
		var old *position.Row
		if at >= 0 {
			old = &rows[at]
		}
		to, err := c.from(&b.Packages[code], old)
		if err != nil {
			return nil, err
		}
		rows = append(slices.DeleteFunc(rows, func(old position.Row) bool {
			return PackageOf(b, customer, &old) == code
		}), to)
	}
	slices.SortStableFunc(rows, position.Compare)
	return rows, nil
}

// applyLevel sets a level to its state after late records. It removes a level at zero.
func applyLevel(rows []position.Row, to *position.Row) []position.Row {
	at := slices.IndexFunc(rows, func(old position.Row) bool { return SameLevel(&old, to) })
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
func SameLevel(a, b *position.Row) bool {
	return a.Kind == position.Level && b.Kind == position.Level && a.Key == b.Key && a.Scope == b.Scope &&
		a.Resource == b.Resource
}

// Levels applies changes of levels to a customer's positions, in order.
func Levels(rows []position.Row, changes []Left) []position.Row {
	for i := range changes {
		rows = applyLevel(rows, &changes[i].Row)
	}
	slices.SortStableFunc(rows, position.Compare)
	return rows
}

// from returns the position that a change results in. old is the position of its quota period before it, or nil.
func (c *Change) from(p *books.Package, old *position.Row) (position.Row, error) {
	if !c.Moves {
		return c.Row, nil
	}
	var drawn money.Quantity
	var err error
	if old != nil {
		drawn, err = rating.DrawnOf(p, old)
	}
	if err == nil {
		drawn, err = Moved(drawn, c.Delta)
	}
	if err != nil {
		return position.Row{}, err
	}
	return rating.PackageRow(p, drawn, c.At), nil
}

// Moved adds a shift of re-rating (§4.12) to the count of a meter or to the quantity drawn in a quota period. The
// result is at least 0. An error means that the sum is out of range.
func Moved(count money.Quantity, by money.SignedQuantity) (money.Quantity, error) {
	sum, err := count.Signed().Add(by)
	if err != nil || sum.Sign() < 0 {
		return money.Quantity{}, err
	}
	return sum.Abs(), nil
}

// PackageOf returns the index in books.Packages of a position's package. It is −1 for other positions, and if the books
// no longer contain the package, from which then no closed cycle draws (§3.7).
func PackageOf(b *books.Books, customer int32, row *position.Row) int32 {
	if row.Kind != position.Package {
		return -1
	}
	return b.Packages.At(customer, row.Key, row.At)
}
