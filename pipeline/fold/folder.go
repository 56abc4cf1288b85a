package fold

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/fold/change"
	"github.com/tollbook/tollbook/pipeline/fold/commitments"
	"github.com/tollbook/tollbook/pipeline/fold/day"
	"github.com/tollbook/tollbook/pipeline/fold/incoming"
	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/fold/monthend"
	"github.com/tollbook/tollbook/pipeline/fold/rerate"
	"github.com/tollbook/tollbook/pipeline/fold/samples"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/fold/statements"
	"github.com/tollbook/tollbook/pipeline/fold/taxes"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/rejects"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Folder is one run's fold over all buckets.
type Folder struct {
	Txn      *lake.SubTxn
	Books    *books.Books
	Prices   *rating.Book
	Scanned  *accept.Scanned
	Buckets  int
	Workers  int
	Open     func(period.Cycle) bool // whether a cycle may still change
	MonthEnd func(period.Cycle) bool // whether a cycle has month-end lines
	// whether a cycle must be folded again whatever its records: the books changed
	Refold func(period.Cycle) bool
	// what those other books can touch, of the cycles that Refold names; nil = everything
	Change *change.Change
	// whose month-end lines are made for the first time; place.NoCycle = none
	Ending period.Cycle
	// whether lines of a cycle changed outside the fold: its statements must follow
	Touched func(bucket int, c period.Cycle) bool
	Events  []period.Cycle // cycles for which Touched may be true
	// in which records of closed cycles are billed; place.NoCycle = none is closed
	LateIn period.Cycle
	// buckets in which re-rating posted into LateIn, so that it must be made again
	Reposted map[int]bool
	AsOf     period.Instant // the run's clock, which late records bear
	Watch    *rejects.Watch // sees the records that are accepted; nil = nothing does
	Grain    rating.Grain
	Mode     money.Mode
	Digits   int
	Tax      settings.Tax
	Progress func(stage string, done, total int64)

	charged   [][]int32 // by bucket: customers with recurring charges
	committed [][]int32 // by bucket: customers with commitments
}

// Result is what a fold did.
type Result struct {
	*incoming.Tally                // its Rejects are sorted by file and row
	Days            int            // that were folded
	Cycles          []period.Cycle // in which something was folded
	Places          []place.Place  // whose lines changed: their statements are to be made again, once they are paid
}

// work is a bucket's days with new rows, by cycle.
type work struct {
	usage, samples map[period.Day]int64 // rows
}

// Run folds every bucket that has something new and puts the files into the transaction's next state.
func (f *Folder) Run(ctx context.Context) (*Result, error) {
	result := &Result{Tally: incoming.NewTally(len(f.Scanned.Files), f.Books, nil)}
	todo := f.plan()
	f.indexCustomers()
	strays := f.strays()
	group, ctx := errgroup.WithContext(ctx)
	next := make(chan int)
	group.Go(func() error {
		defer close(next)
		for _, b := range largestFirst(todo) {
			select {
			case next <- b:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	var mu sync.Mutex // of result and done
	done := int64(0)
	for range max(1, f.Workers) {
		group.Go(func() error {
			w := f.newWorker(strays)
			for bucket := range next {
				days, cycles, err := w.bucket(ctx, bucket, todo[bucket])
				if err != nil {
					return err
				}
				mu.Lock()
				done++
				err = result.add(w.tally, bucket, days, cycles)
				if f.Progress != nil {
					f.Progress("rate buckets", done, int64(f.Buckets))
				}
				mu.Unlock()
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(result.Rejects, func(a, b accept.Reject) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
	slices.Sort(result.Cycles)
	result.Cycles = slices.Compact(result.Cycles)
	return result, nil
}

// add adds what a worker did in a bucket.
func (r *Result) add(t *incoming.Tally, bucket, days int, cycles []period.Cycle) error {
	r.Days += days
	r.Cycles = append(r.Cycles, cycles...)
	for _, c := range cycles {
		r.Places = append(r.Places, place.Place{Cycle: c, Bucket: bucket})
	}
	return r.Take(t)
}

// largestFirst orders the buckets by their new rows, so that no worker is left alone with a large one at the end.
func largestFirst(todo []work) []int {
	rows, order := make([]int64, len(todo)), make([]int, len(todo))
	for b := range todo {
		order[b] = b
		for _, n := range todo[b].usage {
			rows[b] += n
		}
		for _, n := range todo[b].samples {
			rows[b] += n
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rows[b], rows[a]) })
	return order
}

// indexCustomers finds the customers whose lines come without a record, by bucket.
func (f *Folder) indexCustomers() {
	f.charged = place.ByBucket(f.Books, f.Buckets, f.Books.Recurring,
		func(c *books.RecurringCharge) int32 { return c.Customer })
	f.committed = place.ByBucket(f.Books, f.Buckets, f.Books.Commitments,
		func(c *books.Commitment) int32 { return c.Customer })
}

// plan sorts the scan's parts by bucket.
func (f *Folder) plan() []work {
	todo := make([]work, f.Buckets)
	for i := range todo {
		todo[i] = work{usage: make(map[period.Day]int64), samples: make(map[period.Day]int64)}
	}
	usage, rows := sorting.Parts(f.Scanned.Usage)
	for _, p := range usage {
		bucket, day := f.Scanned.Parts.Split(p)
		todo[bucket].usage[day] = rows[p]
	}
	samples, rows := sorting.Parts(f.Scanned.Bandwidth)
	for _, p := range samples {
		bucket, day := f.Scanned.Parts.Split(p)
		todo[bucket].samples[day] = rows[p]
	}
	return todo
}

// state is the next state of the run.
func (f *Folder) state() *state.State {
	return state.New(f.Txn, f.Prices, f.Books, f.Scanned.Regions, f.Buckets)
}

// strays finds samples that are with another customer than their link's.
func (f *Folder) strays() *samples.Strays { return samples.NewStrays(f.state(), f.Workers, f.LateIn) }

// Statements calculates the taxes of places and makes their statements again from the sums of their days, once their
// lines are made and paid.
func (f *Folder) Statements(ctx context.Context, places []place.Place) error {
	again := func(c period.Cycle) bool { return f.Refold(c) && f.Change.Taxes() }
	t := &taxes.Folder{State: f.state(), Workers: f.Workers, Tax: f.Tax, Again: again}
	if err := t.All(ctx, places); err != nil {
		return err
	}
	s := &statements.Folder{State: f.state(), Workers: f.Workers, Refold: f.Refold, Grain: f.Grain, Mode: f.Mode,
		Tax: f.Tax}
	return s.All(ctx, places)
}

// Rerate rates the usage and bandwidth of a closed cycle again with the folder's books (§4.12) and returns the
// differences to all that is billed of it, in order of place. With post it puts them into LateIn as lines, once and for
// all; posted are the buckets in which that changed anything.
func (f *Folder) Rerate(ctx context.Context, origin period.Cycle, post bool) (list []rerate.Difference,
	posted map[int]bool,
	err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, f.Workers))
	posted = make(map[int]bool)
	strays := f.strays()
	var mu sync.Mutex // of the results
	for bucket := range f.Buckets {
		group.Go(func() error {
			differences, changed, err := rerate.Bucket(ctx, f.newWorker(strays).late, bucket, origin, post)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			list = append(list, differences...)
			if changed {
				posted[bucket] = true
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(list, func(a, b rerate.Difference) int { return a.Place.Compare(b.Place) })
	return list, posted, nil
}

// worker folds one bucket at a time with memory of its own: one room for each kind of work.
type worker struct {
	*Folder
	tally    *incoming.Tally
	late     *late.Folder
	days     *day.Folder
	samples  *samples.Folder
	monthEnd *monthend.Folder

	commitments *commitments.Folder
}

func (f *Folder) newWorker(strays *samples.Strays) *worker {
	w := &worker{Folder: f, tally: incoming.NewTally(len(f.Scanned.Files), f.Books, f.Watch)}
	in := incoming.New(f.state(), f.Scanned, w.tally)
	rater := f.Prices.NewRater(f.Scanned.Regions.Name)
	w.samples = samples.New(in, strays)
	w.late = late.New(w.samples, rater, late.Terms{LateIn: f.LateIn, AsOf: f.AsOf, Refold: f.Refold,
		Reposted: f.Reposted})
	w.days = day.New(in, rater, f.Refold)
	w.monthEnd = monthend.New(w.samples, rater)
	w.commitments = &commitments.Folder{State: in.State, LateIn: f.LateIn, AsOf: f.AsOf, MonthEnd: f.MonthEnd}
	return w
}
