package fold

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/day"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// Kinds of the tasks that rate slices of large customers before the tasks of buckets.
const (
	CountTask = "count" // counts what the rows before a slice add to the customer's positions
	SliceTask = "slice"
)

// slicesFrom is the number of workers from which one process divides large customers: with fewer, the other buckets
// keep all of them busy, and counting costs more than it saves.
const slicesFrom = 4

// sliceSlots is the number of rows of a slice, in units of the lines of a slot after which a row group ends.
const sliceSlots = 16

// divider divides large customers of a run into slices.
type divider struct{ fold *Folder }

// divides reports whether large customers are divided. It has no effect on any file.
func (v divider) divides() bool {
	return v.fold.Tasks.Elsewhere != nil || v.fold.Tasks.Bytes || v.fold.Tasks.Workers >= slicesFrom
}

// share is what a customer has of the new rows of a day, estimated.
type share struct {
	customer int32
	rows     int64
	weights  []accept.Weight // of segments that begin with one of its rows
}

// unit is a part of a large customer's day.
type unit struct {
	day.Unit
	slice bool // it is rated before the rest of the bucket
}

// divide rates slices of large customers and adds them to the tasks of their buckets.
func (v divider) divide(ctx context.Context, tasks []*bucketTask) error {
	if !v.divides() {
		return nil
	}
	var chains [][]unit // of a customer's cycle, in order
	for _, t := range tasks {
		chains = append(chains, v.chains(t)...)
	}
	if len(chains) == 0 {
		return nil
	}
	counted, err := v.count(ctx, chains)
	if err != nil {
		return err
	}
	return v.rateSlices(ctx, tasks, v.open(chains, counted))
}

// chains returns the units of the large customers of a bucket, by cycle. A chain ends with the customer's last slice.
func (v divider) chains(t *bucketTask) (chains [][]unit) {
	if t.rows() < 2*v.sliceRows() {
		return nil
	}
	st := v.fold.state(v.fold.Txn.SubTxn)
	type key struct {
		customer int32
		cycle    period.Cycle
	}
	large := make(map[key]map[period.Day]*share)
	for _, d := range t.Usage {
		if !v.divisible(st, t.State.Bucket, d) {
			continue
		}
		for _, s := range v.shares(t.State.Bucket, d.Day) {
			k := key{s.customer, d.Day.Cycle()}
			if large[k] == nil {
				large[k] = make(map[period.Day]*share)
			}
			large[k][d.Day] = s
		}
	}
	for k, days := range large {
		var chain []unit
		for _, d := range t.Usage {
			if d.Day.Cycle() == k.cycle {
				chain = append(chain, v.units(t, d.Day, k.customer, days[d.Day])...)
			}
		}
		for len(chain) > 0 && !chain[len(chain)-1].slice {
			chain = chain[:len(chain)-1]
		}
		if len(chain) > 0 {
			chains = append(chains, chain)
		}
	}
	slices.SortFunc(chains, func(a, b []unit) int {
		return cmp.Or(cmp.Compare(a[0].Day, b[0].Day), cmp.Compare(a[0].Customer, b[0].Customer))
	})
	return chains
}

// slotLines is the number of lines of a customer in a slot of the clock after which a row group ends.
func (v divider) slotLines() int64 { return cmp.Or(v.fold.SlotLines, rows.SlotLines) }

// sliceRows is the number of rows of a slice. Slots with more rows are not divided.
func (v divider) sliceRows() int64 { return sliceSlots * v.slotLines() }

// divisible reports whether large customers of a day can be divided: nothing of the day is stored, and the lines are
// not written by the step that pays them.
func (v divider) divisible(st *state.State, bucket int, d dayRows) bool {
	return d.Rows >= 2*v.sliceRows() && v.fold.Open(d.Day.Cycle()) && !v.fold.Pay.Draws(bucket, d.Day) &&
		len(st.Find(state.DayKey("ident", d.Day, bucket))) == 0
}

// shares returns the shares of customers that are large enough to be divided.
func (v divider) shares(bucket int, d period.Day) (list []*share) {
	for _, w := range accept.Weights(v.fold.Scanned.Usage, v.fold.Scanned.Parts.Of(bucket, d)) {
		if n := len(list); n == 0 || list[n-1].customer != w.Customer {
			list = append(list, &share{customer: w.Customer})
		}
		s := list[len(list)-1]
		s.rows, s.weights = s.rows+w.Rows, append(s.weights, w)
	}
	return slices.DeleteFunc(list, func(s *share) bool { return s.rows < 2*v.sliceRows() })
}

// units divides a customer's day at slots of the clock: what is before the first slice, the slices, and what is after
// the last one. Without a share the day is one unit.
func (v divider) units(t *bucketTask, d period.Day, customer int32, s *share) (list []unit) {
	u := unit{Unit: day.Unit{Bucket: t.State.Bucket, Day: d, Customer: customer, From: period.Past, To: period.Forever}}
	if s == nil {
		return []unit{u}
	}
	cuts := v.cuts(s)
	for i, at := range cuts {
		u.To, u.slice = at, i > 0
		list = append(list, u)
		u.From = at
	}
	u.To, u.slice = period.Forever, false
	return append(list, u)
}

// cuts returns the ends of slots between which slices are. It chooses ends of slots that probably have so many lines
// that a row group ends there; else the bucket's fold could not take the slices over.
func (v divider) cuts(s *share) (cuts []period.Instant) {
	bySlot := make(map[period.Instant]int64)
	for _, w := range s.weights {
		bySlot[rows.SlotOf(w.Start)] += w.Rows
	}
	first, last := s.weights[0].Start, rows.SlotOf(s.weights[len(s.weights)-1].Start)
	batch := int64(0) // since the last cut
	for at := rows.SlotAfter(first); at <= last; at += rows.SlotLength {
		one, before := bySlot[at-rows.SlotLength], bySlot[at-2*rows.SlotLength]
		batch += one
		if (one+before)/2 < v.slotLines()+v.slotLines()/4 { // of two slots, because the weights are not exact
			continue
		}
		if len(cuts) == 0 || batch >= v.sliceRows() || at == last {
			cuts, batch = append(cuts, at), 0
		}
	}
	return cuts
}

// count counts the units of each chain, except the last one.
func (v divider) count(ctx context.Context, chains [][]unit) (map[day.Unit]*day.Counted, error) {
	var tasks []*day.Unit
	for _, chain := range chains {
		for i := range chain[:len(chain)-1] {
			tasks = append(tasks, &chain[i].Unit)
		}
	}
	counted := make(map[day.Unit]*day.Counted, len(tasks))
	err := lake.RunTasks(ctx, v.fold.Tasks, lake.TaskStage[day.Unit, day.Counted]{
		Kind: CountTask, Tasks: tasks,
		Worker: func() func(context.Context, *day.Unit) (*day.Counted, error) { return v.slicer().Count },
		Take: func(r *day.Counted) error {
			counted[r.Unit] = r
			return nil
		},
	})
	return counted, err
}

// open returns the slices with their opening positions. A chain ends before a slice of which these are unknown.
func (v divider) open(chains [][]unit, counted map[day.Unit]*day.Counted) (list []*day.Slice) {
	st := v.fold.state(v.fold.Txn.SubTxn)
	for _, chain := range chains {
		var adds []table.PositionRow
		for i := range chain {
			u := &chain[i]
			if u.slice {
				rows, err := st.Opening.OfDay(u.Customer, u.Day)
				if err == nil {
					rows, err = table.AddPositionCounts(rows, adds)
				}
				if err != nil {
					break // the bucket's fold finds the error again
				}
				list = append(list, &day.Slice{Unit: u.Unit, Opening: day.Stored(rows)})
			}
			c := counted[u.Unit]
			if c == nil || !c.Fit {
				break
			}
			sum, err := table.AddPositionCounts(adds, day.Rows(c.Adds))
			if err != nil {
				break
			}
			adds = sum
		}
	}
	return list
}

// rateSlices rates slices and adds the results to the tasks of their buckets. tasks has one task for each bucket.
func (v divider) rateSlices(ctx context.Context, tasks []*bucketTask, list []*day.Slice) error {
	done := int64(0)
	err := lake.RunTasks(ctx, v.fold.Tasks, lake.TaskStage[day.Slice, day.Prepared]{
		Kind: SliceTask, Tasks: list,
		Worker: func() func(context.Context, *day.Slice) (*day.Prepared, error) { return v.slicer().Rate },
		Take: func(r *day.Prepared) error {
			t := tasks[r.Bucket]
			t.Slices = append(t.Slices, r)
			if done++; v.fold.Progress != nil {
				v.fold.Progress("rate slices", done, int64(len(list)))
			}
			return nil
		},
	})
	for _, t := range tasks {
		slices.SortFunc(t.Slices, func(a, b *day.Prepared) int {
			return cmp.Or(cmp.Compare(a.Day, b.Day), a.Range().From.Compare(b.Range().From))
		})
	}
	return err
}

// slicer returns what counts and rates slices in one worker.
func (v divider) slicer() *day.Slicer {
	txn, scanned := v.fold.Txn.Sub(), v.fold.Scanned
	tally := state.NewTally(len(scanned.Files), v.fold.Books, v.fold.Watch.ForTask())
	in := state.NewIncoming(v.fold.state(txn), scanned, tally)
	var keep state.KeepFile = txn.KeepShared
	if v.fold.Tasks.Elsewhere == nil {
		keep = func(file storage.File, _ string, _ []byte) (string, error) { return file.Name(), file.Close() }
	}
	return day.NewSlicer(in, rating.NewRater(v.fold.Prices, scanned.Regions.Name), keep)
}

// remove deletes the files of a bucket's slices after its task.
func (v divider) remove(t *bucketTask) error {
	var errs []error
	for _, p := range t.Slices {
		if p.Fit {
			errs = append(errs, v.fold.Txn.SubTxn.RemoveTemp(p.Lines.Name), v.fold.Txn.SubTxn.RemoveTemp(p.Marks.Name))
		}
	}
	return errors.Join(errs...)
}
