package fold

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/day"
	"github.com/tollbook/tollbook/pipeline/fold/pay"
	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/period"
)

// bucketTask is all work of one bucket. The scan has written its new rows to sorted runs.
type bucketTask struct {
	State   *lake.BucketState `json:"state"`
	Events  []period.Cycle    `json:"events"` // open cycles whose event lines are made again, ascending
	Usage   []dayRows         `json:"usage"`  // days with new rows, ascending
	Samples []dayRows         `json:"samples"`
	Slices  []*day.Prepared   `json:"slices"` // of large customers, in order of day and rows
}

// dayRows counts the new rows of a day.
type dayRows struct {
	Day  period.Day `json:"day"`
	Rows int64      `json:"rows"`
}

// bucketResult is the result of a bucketTask.
type bucketResult struct {
	Changes *lake.Changes         `json:"changes"`
	Days    int                   `json:"days"`
	Slices  int                   `json:"slices"` // that were taken over
	Cycles  []period.Cycle        `json:"cycles"` // in which something was folded or paid again
	Counts  *state.IncomingCounts `json:"counts"`
	Paid    *pay.Result           `json:"paid"`
	Settled *settle.Result        `json:"settled"`
}

func (t *bucketTask) rows() (n int64) {
	for _, d := range t.Usage {
		n += d.Rows
	}
	for _, d := range t.Samples {
		n += d.Rows
	}
	return n
}

// work counts a bucket's new rows by day.
type work struct {
	usage, samples map[period.Day]int64 // rows
}

func rowsByDay(list []dayRows) map[period.Day]int64 {
	rows := make(map[period.Day]int64, len(list))
	for _, d := range list {
		rows[d.Day] = d.Rows
	}
	return rows
}

// do performs the task of a bucket: it folds the bucket, pays the lines that were rated, and writes the statements and
// the performance of the paid lines.
func (w *worker) do(ctx context.Context, t *bucketTask) (_ *bucketResult, err error) {
	if err := w.txn.Enter(t.State); err != nil {
		return nil, err
	}
	defer func() {
		if failed := errors.Join(w.rated.Close(), w.samples.Drop()); failed != nil {
			err = errors.Join(err, failed)
		}
	}()
	made, err := w.events.Bucket(t.State.Bucket, t.Events)
	if err != nil {
		return nil, err
	}
	w.tally.Lines += made
	w.fresh = rowsByDay(t.Usage)
	w.days.Use(t.Slices)
	days, cycles, err := w.bucket(ctx, t.State.Bucket, work{w.fresh, rowsByDay(t.Samples)})
	if err != nil {
		return nil, err
	}
	w.Scanned.Discard(w.txn, t.State.Bucket)
	paid, err := w.pay.Pay(ctx, t.State.Bucket, cycles)
	if err == nil {
		err = w.rated.Left()
	}
	if err != nil {
		return nil, err
	}
	cycles = slices.Concat([]period.Cycle{}, cycles, paid.Cycles)
	slices.Sort(cycles)
	cycles = slices.Compact(cycles)
	for _, c := range cycles {
		p := lake.Place{Cycle: c, Bucket: t.State.Bucket}
		if err := errors.Join(ctx.Err(), w.taxes.Place(p)); err != nil {
			return nil, err
		}
		if err := w.statements.Place(p); err != nil {
			return nil, err
		}
	}
	settled, err := w.settle.Settle(ctx, t.State.Bucket, cycles)
	if err != nil {
		return nil, err
	}
	return &bucketResult{w.txn.Leave(), days, w.days.Taken, cycles, w.tally.Leave(), paid, settled}, nil
}

// bucket brings one bucket up to date: late records, then cycle by cycle its days and its month-end. It returns the
// number of days that were folded and the cycles that changed.
func (w *worker) bucket(ctx context.Context, bucket int, todo work) (days int, changed []period.Cycle, err error) {
	touched := w.Change.Of(func(customer int32) bool {
		return lake.PlaceOf(w.Books, customer, w.Buckets) == bucket
	})
	late, opens, err := w.late.Bucket(ctx, bucket, todo.usage, todo.samples)
	if err != nil {
		return 0, nil, err
	}
	carry := false // whether the closing positions of the previous cycle changed
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
	for _, ref := range w.txn.Base().Manifest.Cycles {
		if c := ref.Period(); w.Open(c) {
			set[c] = true
		}
	}
	if w.Ending != lake.NoCycle {
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
