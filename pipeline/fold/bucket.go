package fold

import (
	"context"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/schemas/period"
)

// bucket brings one bucket up to date: late records, then cycle by cycle its days and its month-end. It returns how
// many days were folded, and the cycles in which something was.
func (w *worker) bucket(ctx context.Context, bucket int, todo work) (days int, changed []period.Cycle, err error) {
	touched := w.Change.Of(func(customer int32) bool {
		return place.Of(w.Books, customer, w.Buckets) == bucket
	})
	late, opens, err := w.late.Bucket(ctx, bucket, todo.usage, todo.samples)
	if err != nil {
		return 0, nil, err
	}
	carry := false // the positions that the last cycle handed on came out different
	for _, cycle := range w.cycles(bucket, todo, late) {
		if err := ctx.Err(); err != nil {
			return 0, nil, err
		}
		isLate := late && cycle == w.LateIn
		moved := carry || cycle == w.LateIn && opens
		n, differs, err := w.days.Cycle(bucket, cycle, todo.usage, touched, moved)
		if err != nil {
			return 0, nil, err
		}
		carry = differs
		samples, err := w.samples.Cycle(bucket, cycle, todo.samples)
		if err != nil {
			return 0, nil, err
		}
		if n+samples == 0 && !(w.Refold(cycle) && touched.Ends()) && cycle != w.Ending && !isLate &&
			!w.Touched(bucket, cycle) && !w.chargesDue(bucket, cycle) && !(moved && w.Books.HasLevels()) {
			continue
		}
		days += n
		changed = append(changed, cycle)
		if w.Folder.MonthEnd(cycle) {
			if err := w.monthEnd.Bucket(bucket, cycle); err != nil {
				return 0, nil, err
			}
			if err := w.charges(bucket, cycle); err != nil {
				return 0, nil, err
			}
		}
		lines, err := w.commitments.Bucket(bucket, cycle, w.committed[bucket])
		if err != nil {
			return 0, nil, err
		}
		w.tally.Lines += lines
	}
	return days, changed, nil
}

// cycles are the open cycles of a bucket in which something may change, ascending.
func (w *worker) cycles(bucket int, todo work, late bool) []period.Cycle {
	set := make(map[period.Cycle]bool)
	for day := range todo.usage {
		set[day.Cycle()] = true
	}
	for day := range todo.samples {
		set[day.Cycle()] = true
	}
	for _, ref := range w.Txn.Base().Manifest.Cycles {
		if c, err := period.ParseCycle(ref.Cycle); err == nil && w.Open(c) {
			set[c] = true
		}
	}
	if w.Ending != place.NoCycle {
		set[w.Ending] = true
	}
	for _, c := range w.Events {
		if w.Touched(bucket, c) {
			set[c] = true
		}
	}
	if late {
		set[w.LateIn] = true
	}
	maps.DeleteFunc(set, func(c period.Cycle, _ bool) bool { return !w.Open(c) })
	return slices.Sorted(maps.Keys(set))
}
