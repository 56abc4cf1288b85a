package fold

import (
	"context"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/schemas/period"
)

// bucket brings one bucket up to date: what came late, then cycle by cycle, day by day, then month-end.
func (w *worker) bucket(ctx context.Context, bucket int, todo work) error {
	days, changed := 0, []period.Cycle(nil)
	w.touched = w.Change.Of(func(customer int32) bool {
		return place.Bucket(w.Books.Customers[customer].ID, w.Buckets) == bucket
	})
	late, opens, err := w.lateCycle(ctx, bucket, todo)
	if err != nil {
		return err
	}
	carry := false // the positions that the last cycle handed on came out different
	for _, cycle := range w.cycles(bucket, todo, late) {
		if err := ctx.Err(); err != nil {
			return err
		}
		isLate := late && cycle == w.LateIn
		n, differs, err := w.usageCycle(bucket, cycle, todo, carry || cycle == w.LateIn && opens)
		if err != nil {
			return err
		}
		carry = differs
		samples, err := w.samplesCycle(bucket, cycle, todo)
		if err != nil {
			return err
		}
		if n+samples == 0 && !(w.Refold(cycle) && w.touched.Ends()) && cycle != w.Ending && !isLate &&
			!w.Touched(bucket, cycle) {
			continue
		}
		days += n
		changed = append(changed, cycle)
		if w.MonthEnd(cycle) {
			if err := w.monthEnd(bucket, cycle); err != nil {
				return err
			}
		}
	}
	return w.hand(bucket, days, changed)
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

// dayKey names the files of a table for a day of the bucket.
func dayKey(table string, day period.Day, bucket int) lake.FileKey {
	return lake.FileKey{Table: table, Cycle: day.Cycle().String(), Day: day.String(), Bucket: bucket}
}

// usageCycle folds what changed of one cycle. It returns how many days were folded and whether the positions it hands
// on differ.
func (w *worker) usageCycle(bucket int, cycle period.Cycle, todo work, carried bool) (folded int, differs bool,
	err error) {
	fresh := make([]period.Day, 0, len(todo.usage))
	rows := int64(0)
	for day, n := range todo.usage {
		if day.Cycle() == cycle {
			fresh, rows = append(fresh, day), rows+n
		}
	}
	slices.Sort(fresh)
	v, err := w.verdicts(bucket, cycle, fresh, rows)
	if err != nil {
		return 0, false, err
	}
	days := w.daysOf(bucket, cycle, fresh)
	dirty := carried
	for _, day := range days {
		_, isNew := slices.BinarySearch(fresh, day)
		_, hasDead := slices.BinarySearch(v.deadDays, day)
		if !isNew && !hasDead && !dirty {
			if mended, err := w.booksChanged(bucket, day); err != nil {
				return folded, false, err
			} else if !mended {
				continue
			}
		}
		unknown := len(w.find(dayKey("ident", day, bucket))) == 0
		differs, err := w.foldDay(bucket, day, v, isNew)
		if err != nil {
			return folded, false, err
		}
		// A day that was not there before has nothing to compare with: the next one opened with what an earlier day had
		// left.
		dirty = differs || unknown && dirty
		folded++
	}
	return folded, dirty && len(days) > 0 || carried && len(days) == 0, nil
}

// verdicts decides the new rows of the cycle against each other and against the lake.
func (w *worker) verdicts(bucket int, cycle period.Cycle, days []period.Day, rows int64) (*verdicts, error) {
	found := newLookup(w.Folder, &w.names, w.filesOf(cycle.String(), bucket, "lines", "usage"))
	if rows == 0 {
		return &verdicts{lookup: found}, nil
	}
	r := &w.resolver
	r.bucket, r.cycle, r.days = bucket, cycle, days
	r.idents, r.late = w.filesOf(cycle.String(), bucket, "ident"), nil
	return r.resolve(rows, found)
}

// daysOf are the days of a cycle with records in the bucket: in the lake or new.
func (w *worker) daysOf(bucket int, cycle period.Cycle, fresh []period.Day) []period.Day {
	days := slices.Clone(fresh)
	for _, e := range w.filesOf(cycle.String(), bucket, "ident") {
		if d, err := period.ParseDay(e.Day); err == nil {
			days = append(days, d)
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}
