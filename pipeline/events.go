package pipeline

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/events"
	"github.com/tollbook/tollbook/pipeline/ingest"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
)

// events decides the orders and adjustments of the run and makes the event lines of every place in which something changed, in order of
// cycle: a refund reads what its base cost.
func (r *run) events() error {
	book := events.NewBook()
	for _, ref := range r.txn.Base().Manifest.Cycles {
		for _, e := range r.next.Files(ref.Cycle) {
			if e.Table != "orders" && e.Table != "adjustments" {
				continue
			}
			if err := book.Load(r.txn, e, r.ws.Books); err != nil {
				return err
			}
		}
	}
	r.decided = book.Decide(r.intake, r.billedIn, func(file int32) bool { return !r.scanned.Taken(file) })
	s := &r.ws.Settings
	m := &events.Maker{
		Txn: r.txn, Books: r.ws.Books, Prices: r.prices,
		Refund: RefundRules(s),
		Bucket: func(customer string) int { return ingest.Bucket(customer, s.Lake.Buckets) },
		Closed: func(c period.Cycle) bool { return c <= r.closed },
	}
	r.touched = make(map[events.Place]bool)
	places := m.Places(book)
	for _, p := range slices.SortedFunc(maps.Keys(places), func(a, b events.Place) int {
		return cmp.Or(cmp.Compare(a.Cycle, b.Cycle), cmp.Compare(a.Bucket, b.Bucket))
	}) {
		if m.Closed(p.Cycle) || (!places[p] && !r.refold(p.Cycle)) {
			continue
		}
		lines, err := m.Make(book, p)
		if err != nil {
			return err
		}
		r.touched[p] = true
		r.report.Lines += lines
	}
	return nil
}

// billedIn is the cycle that a record of a time is billed in: its own, or the earliest open one (spec §4.11).
func (r *run) billedIn(t period.Instant) period.Cycle {
	return max(r.ws.Books.Zone.Cycle(t), r.closed+1)
}

// touchedCycles are the cycles of touched places, ascending.
func (r *run) touchedCycles() []period.Cycle {
	var out []period.Cycle
	for p := range r.touched {
		out = append(out, p.Cycle)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// refold reports whether a cycle was rated by other books than today's.
func (r *run) refold(c period.Cycle) bool {
	ref, _ := r.txn.Base().Cycle(c.String())
	return ref.Books != "" && ref.Books != r.books
}

// countEvents adds what became of orders and adjustments to the counts of their files.
func (r *run) countEvents() {
	for _, d := range r.decided {
		n := &r.folded.Files[d.File]
		switch {
		case d.Why != reason.None:
			n.Rejected++
			r.folded.Rejects = append(r.folded.Rejects, ingest.Reject{File: d.File, Row: d.Row, Reason: d.Why, Column: d.Column, Value: d.Value, ID: d.ID})
		case d.Duplicate:
			n.Duplicate++
		default:
			n.Accepted++
		}
	}
	slices.SortFunc(r.folded.Rejects, func(a, b ingest.Reject) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
}
