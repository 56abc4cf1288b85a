package fold

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/pipeline/late"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
)

// change is what happened to a package between the closing positions of a cycle and the opening ones of a later one: late records left it
// at a state, or re-rating moved it.
type change struct {
	position.Row
	moves bool
	by    money.SignedQuantity // where moves: what was drawn goes up by it
}

// openDay opens the positions that a day starts from. Where they are of an earlier cycle (before), late records billed since have drawn
// on packages that go on into this one.
func (w *worker) openDay(bucket int, day period.Day) (o *opening, before bool, err error) {
	files, from := w.openingOf(bucket, day)
	if o, err = newOpening(w.Txn, &w.names, files); err != nil || from == day.Cycle() {
		return o, false, err
	}
	changes, err := w.packageChanges(bucket, from, day.Cycle())
	if err != nil {
		o.close()
		return nil, true, err
	}
	o.overlay(changes)
	return o, true, nil
}

// packageChanges are what late records billed in (after, upTo], and re-rating, made of the packages that go on into the cycle they were
// billed in. A state holds the shifts of its own cycle.
func (w *worker) packageChanges(bucket int, after, upTo period.Cycle) (map[int32][]change, error) {
	out := make(map[int32][]change)
	add := func(customer int32, c change, start period.Instant) {
		code := w.names.filling(customer, &c.Row)
		if code >= 0 && w.Prices.QuotaPeriod(&w.Books.Packages[code], c.At).To > start {
			out[customer] = append(out[customer], c)
		}
	}
	for _, c := range w.lateCycles(upTo) {
		if c <= after {
			continue
		}
		start := w.Books.Zone.Bounds(c).From
		shifts, err := w.shiftsIn(bucket, c)
		if err != nil {
			return nil, err
		}
		for i := range shifts {
			add(shifts[i].customer, change{shifts[i].row(), true, shifts[i].by}, start)
		}
		list, err := w.latePositions(bucket, c)
		if err != nil {
			return nil, err
		}
		for i := range list {
			add(list[i].customer, change{Row: list[i].Row}, start)
		}
	}
	return out, nil
}

// filling is the package whose filling a position holds, or −1.
func (n *names) filling(customer int32, row *position.Row) int32 {
	if row.Kind != position.Package {
		return -1
	}
	return late.PackageAt(n.books, customer, row.Key, row.At)
}

// layOver makes changes to packages in the positions of a customer.
func (n *names) layOver(rows []position.Row, customer int32, changes []change) ([]position.Row, error) {
	for _, c := range changes {
		code := n.filling(customer, &c.Row)
		i := slices.IndexFunc(rows, func(old position.Row) bool { return n.filling(customer, &old) == code })
		if c.moves {
			p := &n.books.Packages[code]
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
			c.Row = rating.PackageRow(p, drawn, c.At)
		}
		switch {
		case i < 0:
			rows = append(rows, c.Row)
		case rows[i].At <= c.At:
			rows[i] = c.Row
		}
	}
	slices.SortStableFunc(rows, func(a, b position.Row) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.At, b.At))
	})
	return rows, nil
}
