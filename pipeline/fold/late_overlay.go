package fold

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
)

// openDay opens the positions that a day starts from. Where they are of an earlier cycle (before), late records billed
// since have drawn on packages that go on into this one.
func (w *worker) openDay(bucket int, day period.Day) (o *opening, before bool, err error) {
	files, from := w.openingOf(bucket, day)
	if from == day.Cycle() {
		o, err = newCarrying(w.Txn, &w.names, files)
		return o, false, err
	}
	if o, err = newOpening(w.Txn, &w.names, files); err != nil {
		return nil, true, err
	}
	changes, err := w.packageChanges(bucket, from, day.Cycle())
	if err != nil {
		o.close()
		return nil, true, err
	}
	o.overlay(changes)
	return o, true, nil
}

// packageChanges are what late records billed in (after, upTo], and re-rating, made of the packages that go on into the
// cycle they were billed in. A state holds the shifts of its own cycle.
func (w *worker) packageChanges(bucket int, after, upTo period.Cycle) (map[int32][]late.Change, error) {
	out := make(map[int32][]late.Change)
	add := func(customer int32, c late.Change, start period.Instant) {
		if c.StillOpen(w.Books, w.Prices, customer, start) {
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
			add(shifts[i].customer, shifts[i].change(), start)
		}
		list, err := w.latePositions(bucket, c)
		if err != nil {
			return nil, err
		}
		for i := range list {
			add(list[i].customer, late.Change{Row: list[i].Row}, start)
		}
	}
	return out, nil
}

// apply makes changes to packages in the positions of a customer, which stay in order.
func (n *names) apply(rows []position.Row, customer int32, changes []late.Change) ([]position.Row, error) {
	rows, err := late.Apply(n.books, customer, rows, changes)
	slices.SortStableFunc(rows, func(a, b position.Row) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Scope, b.Scope),
			cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.At, b.At))
	})
	return rows, err
}
