package pay

import (
	"context"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// Payer pays what a run has rated. It is used once: first Begin, then its workers, whose results it takes.
type Payer struct {
	Base    *lake.Snapshot
	Books   *books.Books
	Rules   payment.Rules
	Refunds ordering.RefundRules
	Buckets int
	Closed  period.Cycle // the last closed cycle; lake.NoCycle = none
	// cycles in which the run wrote account events or reclaims coupons; those of the live state can be omitted
	Cycles []period.Cycle
	Refold func(period.Cycle) bool // whether a cycle was paid with other books or settings than today's
	Issued Issued                  // §9.2

	coupons *payment.Coupons
	// when discounts are commercial, by id; nil if no coupon excludes them
	commercial map[string][]period.Span
	altered    map[int]period.Instant // by bucket: first instant at which issued coupons differ from the live state
	holders    map[int][]int32        // customers with coupons, by bucket
	cycles     []period.Cycle         // known ones, ascending
	base       map[lake.Place]dayFiles
}

// tableDay names a file within its place.
type tableDay struct {
	table string
	day   lake.Day
}

// dayFiles are the files of one place.
type dayFiles map[tableDay]lake.FileEntry

// Begin prepares what all buckets share. Errors: the lake's.
func (p *Payer) Begin() error {
	p.coupons = payment.NewCoupons(p.Books, p.Issued.Coupons...)
	if p.coupons.NotCommercial() {
		p.commercial = p.Books.Commercial()
	}
	p.indexIssued()
	p.holders = make(map[int][]int32)
	for _, customer := range p.coupons.Customers() {
		bucket := lake.PlaceOf(p.Books, customer, p.Buckets)
		p.holders[bucket] = append(p.holders[bucket], customer)
	}
	return p.index()
}

// index finds the cycles, and sorts the files of the live state by place.
func (p *Payer) index() error {
	set := make(map[period.Cycle]bool)
	for _, c := range p.Cycles {
		set[c] = true
	}
	for _, ref := range p.Base.Manifest.Cycles {
		set[ref.Period()] = true
	}
	p.cycles = slices.Sorted(maps.Keys(set))
	p.base = make(map[lake.Place]dayFiles)
	for _, c := range p.cycles {
		was, err := p.Base.Files(lake.CycleOf(c))
		if err != nil {
			return err
		}
		sortPlaces(p.base, c, was)
	}
	return nil
}

func sortPlaces(to map[lake.Place]dayFiles, c period.Cycle, files []lake.FileEntry) {
	for _, e := range files {
		if e.Bucket == lake.NoBucket {
			continue
		}
		at := lake.Place{Cycle: c, Bucket: e.Bucket}
		if to[at] == nil {
			to[at] = make(dayFiles)
		}
		to[at][tableDay{e.Table, e.Day}] = e
	}
}

// bucketPayer is what the task of a bucket needs of a Payer.
type bucketPayer struct {
	*Payer
	Txn      *lake.SubTxn
	rated    *state.RatedLines // of the current bucket; they are in no file yet
	known    []period.Cycle    // Payer.cycles, and those that were rated in the current bucket
	next     map[lake.Place]dayFiles
	reclaims map[int][]*Reclaim // by bucket: copies, on which the task decides
	result   *Result
}

// Worker pays one bucket after the other. It reuses its memory.
type Worker struct {
	*bucketPayer
	wallet   *payment.Wallet
	lines    *rows.Writer[tables.Line] // it writes batches of the reader: its own is empty
	balances *rows.Writer[tables.Balance]
	entries  *rows.Writer[tables.AccountEntry]
	uses     *rows.Writer[tables.CouponEntry] // of coupons
	drawn    []payment.Use
	rows     []payment.Row

	of      int                      // the current bucket
	opening lake.FileEntry           // the latest balances of the next state so far; no Path = none
	was     lake.FileEntry           // the same for the live state
	resplit map[accept.OrderKey]bool // orders whose payment changed
	orders  *orderBook

	recharged map[chargeKey]bool // recurring charges whose payment may have changed
}

// Pay pays the open cycles of a bucket, oldest first, and puts the files into its next state. rated are the cycles in
// which the run rated something in the bucket. Errors: errors of the lake, *accept.GoneBookError for something that the
// books no longer contain, and *money.RangeError.
func (w *Worker) Pay(ctx context.Context, bucket int, rated []period.Cycle) (*Result, error) {
	w.known = slices.Concat(w.cycles, rated)
	slices.Sort(w.known)
	w.known = slices.Compact(w.known)
	w.next, w.result = make(map[lake.Place]dayFiles), newResult()
	for _, c := range w.known {
		sortPlaces(w.next, c, append(w.Txn.Next().Files(lake.CycleOf(c)), w.rated.Files(lake.CycleOf(c))...))
	}
	if err := w.bucket(ctx, bucket); err != nil {
		return nil, err
	}
	for _, one := range w.reclaims[bucket] {
		w.result.Reclaims = append(w.result.Reclaims, verdictOf(one.Event))
	}
	return w.result, nil
}

// bucket pays the open cycles of a bucket, oldest first.
func (w *Worker) bucket(ctx context.Context, bucket int) error {
	w.of, w.opening, w.was = bucket, lake.FileEntry{}, lake.FileEntry{}
	w.resplit, w.orders = make(map[accept.OrderKey]bool), newOrderBook(w.bucketPayer, bucket)
	w.recharged = make(map[chargeKey]bool)
	for _, c := range w.known {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := lake.Place{Cycle: c, Bucket: bucket}
		if c > w.Closed {
			if err := w.place(ctx, at); err != nil {
				return err
			}
			continue
		}
		if e, ok := latest(w.base[at]); ok {
			w.opening, w.was = e, e
		}
	}
	return nil
}

// latest returns the last balances file of a place.
func latest(files dayFiles) (last lake.FileEntry, ok bool) {
	for _, e := range files {
		if e.Table == balancesTable && e.Day.Compare(last.Day) >= 0 {
			last, ok = e, true
		}
	}
	return last, ok
}

// The tables that this package writes next to lines and sums.
const (
	balancesTable = "balances"
	entriesTable  = "account_entries"
	usesTable     = "coupon_entries"
)

// carries reports whether the current place opens with other balances than in the live state (CASH-3).
func (w *Worker) carries() bool { return w.opening.Hash != w.was.Hash }

// NewWorker returns a worker for buckets that txn enters. lines may contain the lines of keys for which Writes is true.
func (p *Payer) NewWorker(txn *lake.SubTxn, lines *state.RatedLines) *Worker {
	b := &bucketPayer{Payer: p, Txn: txn, rated: lines, reclaims: p.reclaimsByBucket()}
	return &Worker{bucketPayer: b, wallet: payment.NewWallet(p.Rules), lines: rows.NewFileWriter(txn, tables.Lines()),
		balances: rows.NewFileWriter(txn, tables.Balances()),
		entries:  rows.NewFileWriter(txn, tables.AccountEntries()),
		uses:     rows.NewFileWriter(txn, tables.CouponEntries())}
}
