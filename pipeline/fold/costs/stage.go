package costs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Stage is one run's work on cost files.
type Stage struct {
	Txn      *lake.SubTxn
	Books    *books.Books
	Prices   *tariff.Book
	Costs    settings.Costs
	Currency string // the workspace's
	Buckets  int
	Workers  int // number of files read at a time; 0 = one
	Inbox    fs.FS
	Hash     func(name string) (string, error) // content hash of a file of the inbox
	Now      period.Instant                    // the machine's clock, for settle; 0 = every delivery is complete
	Until    period.Instant                    // deliveries that changed after it are not taken; 0 = no limit
	AsOf     period.Instant
	Closed   period.Cycle // the last closed cycle, or lake.NoCycle
	Archived period.Cycle // the last archived cycle, or lake.NoCycle
	MonthEnd func(period.Cycle) bool
	Inputs   string       // identifies the books and settings that lines depend on
	Rerate   period.Cycle // closed cycle to rate again even without a change; lake.NoCycle = none
	Draft    *Draft       // the books to rate it with; nil = Books
	Accept   string       // the delivery whose rejects are accepted, SOURCE/YYYY-MM/DELIVERY; "" = none
	// SortBytes is the number of bytes of groups that a worker or a sorter has in memory; 0 = sortedBytes.
	SortBytes int

	result  Result
	sorters []*sorter
}

// Draft holds books with which only Stage.Rerate is rated.
type Draft struct {
	Books  *books.Books
	Prices *tariff.Book
}

// Result is the result of the stage.
type Result struct {
	Places    []lake.Place // whose lines changed
	Lines     int64
	Notes     []string
	Attention bool     // a delivery failed or is held: a person should look
	Strange   []string // paths below inbox/ that are part of no delivery
	Left      []string // paths below inbox/ that other programs leave
	Accepted  bool     // Stage.Accept named a delivery
	// Differences is what re-rating Stage.Rerate changes, by customer, sku, region and resource.
	Differences []Difference
}

func (r *Result) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// Run updates the lines of cost files in the transaction's next state.
func (s *Stage) Run(ctx context.Context) (_ *Result, err error) {
	defer func() {
		for _, one := range s.sorters { // also those of deliveries that do not count
			err = errors.Join(err, one.Close())
		}
	}()
	old, err := Deliveries(s.Txn, s.Txn.Next().Find(DeliveriesKey()))
	if err != nil {
		return nil, err
	}
	if len(old) == 0 && len(s.Costs.Sources.All()) == 0 {
		return &s.result, nil
	}
	found := &survey{stage: s, result: &s.result}
	if found.rates, err = ReadRates(s.Txn); err != nil {
		return nil, err
	}
	if err := found.find(ctx, old); err != nil {
		return nil, err
	}
	objects, err := newVerbatimJSON()
	if err != nil {
		return nil, err
	}
	w := &writer{txn: s.Txn, books: s.Books, buckets: s.Buckets, result: &s.result, verbatim: objects,
		several: found.several()}
	for _, c := range found.cycles(old) {
		switch {
		case c > s.Closed:
			err = s.open(ctx, found, w, c, old)
		case c > s.Archived: // an archived cycle is final, and its lines are not in the lake
			err = s.closed(ctx, found, w, c, old)
		}
		if err != nil {
			return nil, fmt.Errorf("bill the cost files of %s: %w", c, err)
		}
	}
	if err := w.keepRates(found); err != nil {
		return nil, err
	}
	return &s.result, w.keep(found.all(old))
}

// pricer returns a pricer by a set of books.
func (s *Stage) pricer(b *books.Books, prices *tariff.Book) *pricer {
	return &pricer{books: b, prices: prices, grain: s.Costs.Grain, rates: s.Books, inbox: s.Inbox, workers: s.Workers,
		monthEnd: func(c period.Cycle) bool { return s.MonthEnd(c) || c <= s.Closed }, buckets: s.Buckets,
		sorter: s.sorter}
}

// sorter returns an empty sorter, which Run closes.
func (s *Stage) sorter() *sorter {
	limit := cmp.Or(s.SortBytes, sortedBytes)
	one := &sorter{Sorter: rows.NewSorter(s.Txn, limit), limit: limit}
	s.sorters = append(s.sorters, one)
	return one
}

// inputs identifies what the lines of a cycle depend on, except its deliveries.
func (s *Stage) inputs(found *survey, d *Delivery) string {
	rate := ""
	if fx, ok := found.sources[d.Source].Fx[d.Period]; ok {
		rate = fx.Trim()
	}
	end := ""
	if d.Period > s.Closed && s.MonthEnd(d.Period) {
		end = "end"
	}
	if found.several() {
		end += "|several"
	}
	return string(lake.HashBytes([]byte(s.Inputs + "|" + s.Costs.Grain.String() + "|" + rate + "|" + end)))
}

// draftInputs is Delivery.Inputs after Draft left costs of a closed cycle unallocated and none were unallocated before.
// The next run rates the cycle again by the workspace's books.
const draftInputs = "draft"

// open rates an open cycle again if necessary.
func (s *Stage) open(ctx context.Context, found *survey, w *writer, c period.Cycle, old []*Delivery) error {
	counted, news, other := found.counted(c), found.news(c, old), false
	for _, d := range counted {
		other = other || d.stayed() && d.Inputs != s.inputs(found, d)
	}
	if !news && !other {
		return nil
	}
	if d := unreadable(counted); d != nil && !other {
		found.leave(c, d)
		return nil
	}
	by := s.pricer(s.Books, s.Prices)
	r, err := by.gather(ctx, c, c, counted)
	if err != nil {
		return err
	}
	for _, d := range counted {
		d.Inputs = s.inputs(found, d)
	}
	return w.write(ctx, by, r)
}

// convertPosted converts the open cycle's margins of a closed cycle by today's books, which can have later rates.
func (s *Stage) convertPosted(found *survey, p *poster, counted []*Delivery) error {
	if !s.Books.Mixed {
		return nil
	}
	for _, d := range counted {
		d.Inputs = s.inputs(found, d)
	}
	return p.convertAgain()
}

// closed posts what a change of deliveries changes in a closed cycle.
func (s *Stage) closed(ctx context.Context, found *survey, w *writer, c period.Cycle, old []*Delivery) error {
	p := &poster{writer: w, found: found, closed: s.Closed, asOf: s.AsOf, again: c == s.Rerate}
	counted, news := found.counted(c), found.news(c, old)
	stale := news || c == s.Rerate && len(counted) > 0
	if !stale {
		other := false
		for _, d := range counted {
			other = other || d.Inputs != s.inputs(found, d)
		}
		if !other {
			return nil
		}
		held, err := p.holds(c)
		if err == nil && !held {
			err = s.convertPosted(found, p, counted)
		}
		if err != nil || !held {
			return err
		}
	}
	if d := unreadable(counted); d != nil && c != s.Rerate {
		found.leave(c, d)
		return nil
	}
	by, isDraft := s.pricer(s.Books, s.Prices), c == s.Rerate && s.Draft != nil
	heldBefore, held := false, false // only determined for a draft
	if isDraft {
		by = s.pricer(s.Draft.Books, s.Draft.Prices)
		var err error
		if heldBefore, err = p.holds(c); err != nil {
			return err
		}
	}
	r, err := by.gather(ctx, c, p.target(), counted)
	if err != nil {
		return err
	}
	if err := p.post(ctx, by, r); err != nil {
		return err
	}
	if isDraft {
		if held, err = p.holds(c); err != nil {
			return err
		}
	}
	for _, d := range counted {
		if held && (!heldBefore || d.Inputs == draftInputs) {
			d.Inputs = draftInputs
		} else {
			d.Inputs = s.inputs(found, d)
		}
	}
	return nil
}
