package late

import (
	"slices"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
)

// Change is what was billed in a cycle, beside its own records, of one filling of a package: late records left it at a
// state (§4.11), or re-rating moved it (§4.12).
type Change struct {
	position.Row                      // the state; where it moves, Kind, Key and At name the filling
	Moves        bool                 // by By, from where it stands
	Delta        money.SignedQuantity // where it moves: what was drawn goes up by it, in the package's measure
}

// StillOpen reports whether the filling that is changed goes on after t, the start of the cycle in which the change is
// billed: one that does not says nothing of what is left. It never does where the books no longer hold the package.
func (c *Change) StillOpen(b *books.Books, prices *rating.Book, customer int32, t period.Instant) bool {
	code := PackageOf(b, customer, &c.Row)
	return code >= 0 && prices.QuotaPeriod(&b.Packages[code], c.At).To > t
}

// Apply makes the changes to a customer's positions, in order, and returns them with new fillings at their end
// (LATE-6). Every change goes on; an error is a quantity out of range.
func Apply(b *books.Books, customer int32, rows []position.Row, changes []Change) ([]position.Row, error) {
	for i := range changes {
		c := &changes[i]
		code := PackageOf(b, customer, &c.Row)
		at := slices.IndexFunc(rows, func(old position.Row) bool { return PackageOf(b, customer, &old) == code })
		var old *position.Row
		if at >= 0 {
			old = &rows[at]
		}
		to, err := c.from(&b.Packages[code], old)
		if err != nil {
			return nil, err
		}
		switch {
		case old == nil:
			rows = append(rows, to)
		case old.At <= c.At:
			*old = to
		}
	}
	return rows, nil
}

// from is where a change leaves its filling; old is the position of the package before it, which may be of another
// filling, or nil.
func (c *Change) from(p *books.Package, old *position.Row) (position.Row, error) {
	if !c.Moves {
		return c.Row, nil
	}
	var drawn money.Quantity
	var err error
	if old != nil && old.At == c.At {
		drawn, err = DrawnOf(p, old)
	}
	if err == nil {
		drawn, err = Moved(drawn, c.Delta)
	}
	if err != nil {
		return position.Row{}, err
	}
	return rating.PackageRow(p, drawn, c.At), nil
}

// Moved is the count of a meter, or what was drawn of a filling, moved by re-rating (§4.12): at least 0. An error
// is a sum out of range.
func Moved(count money.Quantity, by money.SignedQuantity) (money.Quantity, error) {
	sum, err := count.Signed().Add(by)
	if err != nil || sum.Sign() < 0 {
		return money.Quantity{}, err
	}
	return sum.Abs(), nil
}

// PackageOf is the package whose filling a position holds, as an index in books.Packages; −1 for other positions, and
// where the books no longer hold it.
func PackageOf(b *books.Books, customer int32, row *position.Row) int32 {
	if row.Kind != position.Package {
		return -1
	}
	return PackageAt(b, customer, row.Key, row.At)
}
