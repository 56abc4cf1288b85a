package fold

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/pipeline/late"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
)

// openDay opens the positions that a day starts from. Where they are of an earlier cycle (before), late records billed since have drawn
// on packages that go on into this one.
func (w *worker) openDay(bucket int, day period.Day) (o *opening, before bool, err error) {
	files, from := w.openingOf(bucket, day)
	if o, err = newOpening(w.Txn, &w.names, files); err != nil || from == day.Cycle() {
		return o, false, err
	}
	rows, err := w.latePackages(bucket, from, day.Cycle())
	if err != nil {
		o.close()
		return nil, true, err
	}
	o.overlay(rows)
	return o, true, nil
}

// latePackages are the packages that late records billed in (after, upTo] drew on and that go on into the cycle they were billed in.
func (w *worker) latePackages(bucket int, after, upTo period.Cycle) (map[int32][]position.Row, error) {
	out := make(map[int32][]position.Row)
	for _, c := range w.lateCycles(upTo) {
		if c <= after {
			continue
		}
		list, err := w.latePositions(bucket, c)
		if err != nil {
			return nil, err
		}
		start := w.Books.Zone.Bounds(c).From
		for _, p := range list {
			code := w.names.filling(p.customer, &p.Row)
			if code >= 0 && w.Prices.QuotaPeriod(&w.Books.Packages[code], p.At).To > start {
				out[p.customer] = w.names.layOver(out[p.customer], p.customer, []position.Row{p.Row})
			}
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

// layOver puts newer states of packages in the place of older ones.
func (n *names) layOver(rows []position.Row, customer int32, newer []position.Row) []position.Row {
	for _, r := range newer {
		code := n.filling(customer, &r)
		i := slices.IndexFunc(rows, func(old position.Row) bool { return n.filling(customer, &old) == code })
		switch {
		case code < 0:
		case i < 0:
			rows = append(rows, r)
		case rows[i].At <= r.At:
			rows[i] = r
		}
	}
	slices.SortStableFunc(rows, func(a, b position.Row) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.At, b.At))
	})
	return rows
}
