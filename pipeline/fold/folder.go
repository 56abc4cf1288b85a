package fold

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/closed"
	"github.com/tollbook/tollbook/pipeline/fold/day"
	"github.com/tollbook/tollbook/pipeline/fold/pay"
	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Folder is one run's fold over all buckets.
type Folder struct {
	Txn      *lake.Txn
	Books    *books.Books
	Prices   *tariff.Book
	Scanned  *accept.Scanned
	Buckets  int
	Tasks    lake.LocalTasks
	Open     func(period.Cycle) bool // whether a cycle may still change
	MonthEnd func(period.Cycle) bool // whether a cycle has month-end lines
	// whether a cycle must be folded again, even without new records, because the books changed
	Refold func(period.Cycle) bool
	// scope of the change of books in the cycles for which Refold is true; nil = everything
	Change *state.Change
	// the cycle whose month-end lines are made for the first time; lake.NoCycle = none
	Ending period.Cycle
	// whether lines of a cycle changed outside the fold, so that its statements must be made again
	Touched    func(bucket int, c period.Cycle) bool
	Events     []period.Cycle // cycles for which Touched may be true
	EventLines []lake.Place   // places in open cycles whose event lines are made again, in order
	Refunds    ordering.RefundRules
	// the cycle in which records of closed cycles are billed; lake.NoCycle = no cycle is closed
	LateIn period.Cycle
	// buckets in which re-rating posted into LateIn, so that LateIn must be made again
	Reposted map[int]bool
	AsOf     period.Instant      // the run's clock; late records store it
	Watch    *accept.RejectWatch // receives the accepted records; may be nil
	Mode     money.Mode
	Digits   int
	Tax      settings.Tax
	Pay      *pay.Payer   // pays the rated lines
	Settle   *settle.Step // settles the paid lines with partners
	Progress func(stage string, done, total int64)
	// rows.LineSlots.Fewest of the lines of days; 0 = default
	SlotLines int64

	charged   [][]int32 // by bucket: customers with recurring charges
	committed [][]int32 // by bucket: customers with commitments
}

// Result is what a fold did.
type Result struct {
	*state.Tally                // its Rejects are sorted by file and row
	Days         int            // number of days folded
	Cycles       []period.Cycle // in which at least one day was folded
	// Refused holds, for every place that was replayed, the ids of the account events that were refused because the
	// balance was too low. All other events of such a place count (§6.3).
	Refused map[lake.Place]map[string]bool
	Slices  int // of large customers that were rated before the rest of their buckets
}

// Run performs the tasks of all buckets and adds the files to the transaction's next state.
func (f *Folder) Run(ctx context.Context) (*Result, error) {
	result := &Result{Tally: state.NewTally(len(f.Scanned.Files), f.Books, f.Watch),
		Refused: make(map[lake.Place]map[string]bool)}
	work, err := f.begin()
	if err != nil {
		return nil, err
	}
	tasks, slicing := f.plan(), divider{f}
	if err := slicing.divide(ctx, tasks); err != nil {
		return nil, err
	}
	done := int64(0)
	err = lake.RunTasks(ctx, f.Tasks, lake.TaskStage[bucketTask, bucketResult]{
		Kind:   BucketTask,
		Tasks:  largestFirst(slices.Clone(tasks)),
		Worker: work,
		Take: func(r *bucketResult) error {
			if done++; f.Progress != nil {
				f.Progress("rate buckets", done, int64(f.Buckets))
			}
			f.Pay.Take(r.Paid)
			return errors.Join(f.Txn.Take(r.Changes), result.add(r), f.Settle.Take(r.Settled),
				slicing.remove(tasks[r.Changes.Bucket]))
		},
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(result.Rejects, func(a, b accept.Reject) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
	slices.Sort(result.Cycles)
	result.Cycles = slices.Compact(result.Cycles)
	return result, nil
}

// BucketTask is the kind of the tasks of buckets.
const BucketTask = "bucket"

// TaskWorker returns a function that performs tasks of a kind, one at a time, for a run whose tasks several processes
// share: bucket tasks, and those of slices. It takes a task and returns its result. It must not be used after an error.
func (f *Folder) TaskWorker(kind string) (do func(context.Context, []byte) ([]byte, error), err error) {
	switch kind {
	case CountTask:
		one := divider{f}.slicer().Count
		return func(ctx context.Context, b []byte) ([]byte, error) { return lake.DoTask(ctx, kind, b, one) }, nil
	case SliceTask:
		one := divider{f}.slicer().Rate
		return func(ctx context.Context, b []byte) ([]byte, error) { return lake.DoTask(ctx, kind, b, one) }, nil
	}
	work, err := f.begin()
	if err != nil {
		return nil, err
	}
	one := work()
	return func(ctx context.Context, b []byte) ([]byte, error) { return lake.DoTask(ctx, BucketTask, b, one) }, nil
}

// begin prepares what all buckets share and returns a constructor of workers.
func (f *Folder) begin() (worker func() func(context.Context, *bucketTask) (*bucketResult, error), err error) {
	f.indexCustomers()
	if err := errors.Join(f.Pay.Begin(), f.Settle.Begin()); err != nil {
		return nil, err
	}
	strays := f.strays()
	return func() func(context.Context, *bucketTask) (*bucketResult, error) {
		txn := f.Txn.Sub()
		w := f.newWorker(txn, strays)
		w.pay, w.settle = f.Pay.NewWorker(txn, w.rated), f.Settle.NewWorker(txn)
		return w.do
	}, nil
}

// add adds the result of one bucket.
func (r *Result) add(one *bucketResult) error {
	r.Days += one.Days
	r.Slices += one.Slices
	r.Cycles = append(r.Cycles, one.Cycles...)
	for _, of := range one.Paid.Refused {
		ids := make(map[string]bool, len(of.IDs))
		for _, id := range of.IDs {
			ids[string(id)] = true
		}
		r.Refused[lake.Place{Cycle: of.Cycle, Bucket: one.Changes.Bucket}] = ids
	}
	return r.Take(one.Counts)
}

// largestFirst orders the tasks by their new rows, so that no worker is left alone with a large one at the end.
func largestFirst(tasks []*bucketTask) []*bucketTask {
	slices.SortStableFunc(tasks, func(a, b *bucketTask) int { return cmp.Compare(b.rows(), a.rows()) })
	return tasks
}

// indexCustomers lists, by bucket, the customers with recurring charges or commitments: their lines need no record.
func (f *Folder) indexCustomers() {
	f.charged = lake.ByBucket(f.Books, f.Buckets, f.Books.Recurring,
		func(c *books.RecurringCharge) int32 { return c.Customer })
	f.committed = lake.ByBucket(f.Books, f.Buckets, f.Books.Commitments,
		func(c *books.Commitment) int32 { return c.Customer })
}

// plan makes the tasks of all buckets from the parts that the scan found.
func (f *Folder) plan() []*bucketTask {
	states := f.Txn.BucketStates(f.Buckets)
	tasks := make([]*bucketTask, f.Buckets)
	for i := range tasks {
		tasks[i] = &bucketTask{State: states[i], Events: []period.Cycle{}, Usage: []dayRows{}, Samples: []dayRows{},
			Slices: []*day.Prepared{}}
	}
	for _, p := range f.EventLines {
		tasks[p.Bucket].Events = append(tasks[p.Bucket].Events, p.Cycle)
	}
	usage, rows := accept.PartsOfRuns(f.Scanned.Usage)
	for _, p := range usage {
		bucket, day := f.Scanned.Parts.Split(p)
		tasks[bucket].Usage = append(tasks[bucket].Usage, dayRows{day, rows[p]})
	}
	samples, rows := accept.PartsOfRuns(f.Scanned.Bandwidth)
	for _, p := range samples {
		bucket, day := f.Scanned.Parts.Split(p)
		tasks[bucket].Samples = append(tasks[bucket].Samples, dayRows{day, rows[p]})
	}
	return tasks
}

// state returns the next state of the lake for a part of the run.
func (f *Folder) state(txn *lake.SubTxn) *state.State {
	s := state.New(txn, f.Prices, f.Books, f.Scanned.Regions, f.Buckets)
	s.Spare, s.SlotLines = f.Tasks.Spare, f.SlotLines
	return s
}

// strays finds samples that are stored with a customer to whom their link does not belong.
func (f *Folder) strays() *state.LateStrays {
	return state.NewLateStrays(f.state(f.Txn.SubTxn), f.Tasks.Workers, f.LateIn)
}

// worker folds one bucket at a time. It has its own memory for each kind of work.
type worker struct {
	*Folder
	txn      *lake.SubTxn
	tally    *state.Tally
	late     *closed.Folder
	rated    *state.RatedLines
	fresh    map[period.Day]int64 // new rows of usage of the current bucket
	events   *day.EventFolder
	days     *day.Folder
	samples  *state.SampleFolder
	monthEnd *day.MonthEndFolder

	commitments *day.CommitmentFolder
	pay         *pay.Worker
	taxes       *settle.TaxFolder
	statements  *settle.StatementFolder
	settle      *settle.Worker
}

func (f *Folder) newWorker(txn *lake.SubTxn, strays *state.LateStrays) *worker {
	w := &worker{Folder: f, txn: txn, tally: state.NewTally(len(f.Scanned.Files), f.Books, f.Watch.ForTask())}
	w.rated = state.NewRatedLines(txn, w.pays)
	in := state.NewIncoming(f.state(txn), f.Scanned, w.tally)
	in.Rated = w.rated
	rater := rating.NewRater(f.Prices, f.Scanned.Regions.Name)
	w.events = &day.EventFolder{State: in.State, Refund: f.Refunds, Open: f.Open}
	w.samples = state.NewSampleFolder(in, strays)
	w.late = closed.New(w.samples, rater, closed.Terms{LateIn: f.LateIn, AsOf: f.AsOf, Refold: f.Refold,
		Reposted: f.Reposted})
	w.days = day.New(in, rater, f.Refold)
	w.monthEnd = day.NewMonthEnd(w.samples, rater)
	w.commitments = &day.CommitmentFolder{State: in.State, LateIn: f.LateIn, AsOf: f.AsOf, MonthEnd: f.MonthEnd}
	w.taxes = &settle.TaxFolder{State: in.State, Tax: f.Tax,
		Again: func(c period.Cycle) bool { return f.Refold(c) && f.Change.Taxes() }}
	w.statements = &settle.StatementFolder{State: in.State, Refold: f.Refold, Mode: f.Mode, Tax: f.Tax}
	return w
}

// pays reports whether the payment step will write the lines of a key, so that rating must not.
func (w *worker) pays(key lake.FileKey) bool {
	day, ok := key.Day.Calendar()
	return w.pay != nil && w.pay.Writes(key, ok && w.fresh[day] > 0)
}
