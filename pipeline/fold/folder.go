package fold

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/fold/change"
	"github.com/tollbook/tollbook/pipeline/fold/codes"
	"github.com/tollbook/tollbook/pipeline/fold/measure"
	"github.com/tollbook/tollbook/pipeline/fold/opening"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/rejects"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
)

// Folder is one run's fold over all buckets.
type Folder struct {
	Txn      *lake.Txn
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
	// whether lines of a cycle changed beside the fold: its statements must follow
	Touched func(bucket int, c period.Cycle) bool
	Events  []period.Cycle // cycles for which Touched may be true
	// in which records of closed cycles are billed; place.NoCycle = none is closed
	LateIn period.Cycle
	// buckets in which re-rating posted into LateIn, so that it must be made anew
	Reposted map[int]bool
	AsOf     period.Instant // the run's clock, which late records bear
	Watch    *rejects.Watch // sees the records that are accepted; nil = nothing does
	Grain    rating.Grain
	Mode     money.Mode
	Digits   int
	Progress func(stage string, done, total int64)

	mu     sync.Mutex
	result Result
	strays map[strayPlace]func() (measure.Strays, error)

	lateStraysOnce sync.Once
	lateStraysErr  error
	lateStrays     map[int][]*lateSample // by the bucket they belong to
}

// Result is what a fold did.
type Result struct {
	Files    []FileCount     // by file of the scan
	Rejects  []accept.Reject // decided against other records, sorted by file and row; Raw is not filled
	Days     int
	Lines    int64
	Replaced money.QuantityTotal // of records newly replaced
	Cycles   []period.Cycle      // in which something was folded
	Places   []place.Place       // whose lines changed: their statements are to be made again, once they are paid
}

// FileCount is what became of a file's rows that passed by themselves.
type FileCount struct{ Accepted, Duplicate, Rejected int64 }

// work is a bucket's days with new rows, by cycle.
type work struct {
	usage, samples map[period.Day]int64 // rows
}

// Run folds every bucket that has something new and puts the files into the transaction's next state.
func (f *Folder) Run(ctx context.Context) (*Result, error) {
	f.result.Files = make([]FileCount, len(f.Scanned.Files))
	todo := f.plan()
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
	done := int64(0)
	for range max(1, f.Workers) {
		group.Go(func() error {
			w := f.newWorker()
			for bucket := range next {
				if err := w.bucket(ctx, bucket, todo[bucket]); err != nil {
					return err
				}
				f.mu.Lock()
				done++
				if f.Progress != nil {
					f.Progress("rate buckets", done, int64(f.Buckets))
				}
				f.mu.Unlock()
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(f.result.Rejects, func(a, b accept.Reject) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
	slices.Sort(f.result.Cycles)
	f.result.Cycles = slices.Compact(f.result.Cycles)
	return &f.result, nil
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

// replace puts a day's files of one table into the next state.
func (f *Folder) replace(key lake.FileKey, files []lake.FileEntry) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.Txn.Next().Replace(key, files...)
}

// find is what the next state has of a key.
func (f *Folder) find(key lake.FileKey) []lake.FileEntry {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.Txn.Next().Find(key)
}

// filesOf is what the next state has of a cycle and bucket, of the given tables.
func (f *Folder) filesOf(cycle string, bucket int, names ...string) []lake.FileEntry {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.Txn.Next().Select(cycle, func(k lake.FileKey) bool {
		return k.Bucket == bucket && slices.Contains(names, k.Table)
	})
}

// worker folds one bucket at a time with memory of its own.
type worker struct {
	*Folder
	names     names
	rater     *rating.Rater
	opening   *opening.Source
	positions *opening.Writer
	buffers   sorting.Buffers
	resolver  resolver
	day       dayFold
	rejects   []accept.Reject
	counts    []FileCount
	replaced  money.QuantityTotal
	links     map[string]string // ids of links, as strings made once
	arrived   []arrival         // memory of arrivals
	winner    sample            // of the slot elected last
	touched   *change.Part      // what changed books can touch in the bucket at hand
}

func (f *Folder) newWorker() *worker {
	w := &worker{
		Folder: f,
		names:  names{Names: codes.Names{Books: f.Books}, regions: f.Scanned.Regions},
		counts: make([]FileCount, len(f.Scanned.Files)),
	}
	w.rater = f.Prices.NewRater(f.Scanned.Regions.Name)
	w.positions = opening.NewWriter(f.Txn, f.Books)
	w.opening = &opening.Source{Files: f.Txn.Pending(), Books: f.Books, Prices: f.Prices, Buckets: f.Buckets}
	w.resolver = resolver{f: f, seeds: make([]uint64, len(f.Books.Customers)), buffers: &w.buffers}
	w.day.init(w)
	return w
}

// hand adds the worker's counts to the result.
func (w *worker) hand(bucket, days int, cycles []period.Cycle) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, c := range w.counts {
		r := &w.result.Files[i]
		r.Accepted, r.Duplicate, r.Rejected = r.Accepted+c.Accepted, r.Duplicate+c.Duplicate, r.Rejected+c.Rejected
	}
	clear(w.counts)
	w.result.Rejects = append(w.result.Rejects, w.rejects...)
	w.rejects = w.rejects[:0]
	w.result.Days += days
	w.result.Cycles = append(w.result.Cycles, cycles...)
	for _, c := range cycles {
		w.result.Places = append(w.result.Places, place.Place{Cycle: c, Bucket: bucket})
	}
	err := w.result.Replaced.AddTotal(w.replaced)
	w.replaced = money.QuantityTotal{}
	return err
}

// accept counts a new usage record of a cycle that is accepted.
func (w *worker) accept(r *sorting.Row, cycle period.Cycle) {
	w.counts[r.File].Accepted++
	w.Watch.AcceptedUsage(w.Books.Customers[r.Customer].ID, cycle, r.ID, r.File, r.Number)
}

// acceptSample counts a new sample that is accepted.
func (w *worker) acceptSample(a *arrival) {
	w.counts[a.file].Accepted++
	w.Watch.AcceptedSample(a.link, a.slot, a.file, a.number)
}

// reject notes a row that failed against others.
func (w *worker) reject(r *sorting.Row, why reason.Reason, column, value string) {
	w.counts[r.File].Rejected++
	w.rejects = append(w.rejects, accept.Reject{File: r.File, Row: r.Number, Reason: why, Column: column, Value: value,
		ID: string(r.ID)})
}
