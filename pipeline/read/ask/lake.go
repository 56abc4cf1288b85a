package ask

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/currencies"
	"github.com/tollbook/tollbook/pipeline/read/partners"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Reading is one worker's pass over batches of the lake: what Shape.Make knows of the batch at hand.
type Reading struct {
	groups *groups
	clock  period.Clock
	Books  *books.Books   // of the reader
	Cycle  manifest.Cycle // of the batch
	Before bool           // the batch is of a cycle before the one that is asked for
	only   *sieve
	money  *splitter // nil = rows have one currency
}

// Day is the day of an instant in the contract zone.
func (w *Reading) Day(t period.Instant) period.Day { return w.clock.Day(t) }

// take adds a batch of the lake.
func (w *Reading) take(c *parquet.Columns[tables.Any]) error {
	if w.only != nil {
		c = w.only.pass(c)
	}
	if w.money == nil {
		return w.add(c)
	}
	return w.money.each(c, func(part *parquet.Columns[tables.Any], currencies [2]string) error {
		for i, code := range currencies {
			w.groups.in[i] = w.groups.word(code)
		}
		return w.add(part)
	})
}

// add adds rows of one currency.
func (w *Reading) add(c *parquet.Columns[tables.Any]) error {
	q := w.groups.q
	if q.Lake.Make == nil {
		return w.groups.add(c)
	}
	made := parquet.NewColumns(tables.Untyped(q.Lake.Made))
	if err := q.Lake.Make(w, c, made); err != nil {
		return err
	}
	return w.groups.add(made)
}

// FromLake answers a question from one state of the lake, which is the reader's. Errors: *LimitError,
// *rows.NoCycleError, *partners.MissingBookError, those of the lake.
func FromLake(ctx context.Context, q *Question, r Request, from *partners.Reader) (*Answer, error) {
	if err := q.Check(r.Only); err != nil {
		return nil, err
	}
	snap := from.Snap
	if !r.Cycle.IsZero() {
		if err := rows.HasCycle(snap, r.Cycle); err != nil {
			return nil, err
		}
	}
	r.Cycle = q.newest(snap, r.Cycle)
	if q.Span == WithBefore && !r.Cycle.IsZero() {
		if err := hasBoth(q, snap, r.Cycle); err != nil {
			return nil, err
		}
	}
	find, err := currencies.NewFinder(ctx, from.Snap, from.Books)
	if err != nil {
		return nil, fmt.Errorf("answer %s: %w", q.Name, err)
	}
	if find != nil {
		q = q.PerCurrency()
	}
	added := q
	if q.From != nil {
		added = q.From.Of
	}
	rows, err := added.Gather(ctx, r, from, find)
	if err != nil {
		return nil, fmt.Errorf("answer %s: %w", q.Name, err)
	}
	a, err := NewAnswer(q, Lake, snap.Manifest.Number, snap.Manifest.AsOf)
	if err != nil {
		return nil, err
	}
	a.Archived = q.Archived(snap, r.Cycle)
	if q.From != nil {
		context, err := q.From.unlimited(ctx, r, from, find)
		if err != nil {
			return nil, fmt.Errorf("answer %s: %w", q.Name, err)
		}
		rows = append(rows, context...)
		if rows, err = q.From.Rows(rows, cmp.Or(r.Cycle, LastCycle(snap))); err != nil {
			return nil, fmt.Errorf("answer %s: %w", q.Name, err)
		}
	}
	slices.SortFunc(rows, q.Compare)
	for _, row := range rows {
		if err := a.Add(row, r.Limit); err != nil {
			return nil, fmt.Errorf("answer %s: %w", q.Name, err)
		}
	}
	return a, nil
}

// unlimited are the rows of the context, if the request has limits that can hide some of them.
func (d *Derived) unlimited(ctx context.Context, r Request, from *partners.Reader, find *currencies.Finder) ([]Row,
	error) {
	customers := Only{Customers: r.Only.Customers}
	if d.Context == nil || len(r.Only.limits()) == len(customers.limits()) {
		return nil, nil
	}
	r.Only = customers
	return d.Context.Gather(ctx, r, from, find)
}

// Gather adds up what the question is of and returns all rows, in no order. find is nil if rows are not separate by
// currency. Errors: those of the lake, and that of a sum that has no room for a row.
func (q *Question) Gather(ctx context.Context, r Request, from *partners.Reader, find *currencies.Finder) ([]Row,
	error) {
	all, err := q.gather(ctx, r, from, find)
	if err != nil {
		return nil, err
	}
	return all.rows(), nil
}

// gather adds up what the question is of; find is nil in a workspace of one currency.
func (q *Question) gather(ctx context.Context, r Request, from *partners.Reader, find *currencies.Finder) (*groups,
	error) {
	one := func() *Reading {
		return &Reading{groups: newGroups(q), clock: from.Books.Zone.Clock(), Books: from.Books,
			only: newSieve(q, r.Only), money: newSplitter(q, r.Only, find)}
	}
	if q.Lake.List != nil || q.Lake.Ask != nil {
		return q.gatherList(ctx, r, from, one())
	}
	switch q.Lake.Table.Name {
	case tables.PartnerStatements().Name:
		return q.gatherPartners(ctx, r, from, one())
	case tables.Incentives().Name:
		return q.gatherIncentives(r, from, one())
	}
	files, err := q.files(from.Snap, r.Cycle)
	if err != nil {
		return nil, err
	}
	all := newGroups(q)
	var mu sync.Mutex
	next := make(chan manifest.FileEntry)
	var done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(next)
		for _, e := range files {
			select {
			case next <- e:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range max(1, from.Limits.Workers) {
		group.Go(func() error {
			w := one()
			for e := range next {
				w.Cycle, w.Before = e.Cycle, e.Cycle.Compare(r.Cycle) < 0
				scan := rows.Scan[tables.Any]{Table: tables.Untyped(q.Lake.Table), Cols: q.reads(r.Only)}
				if err := rows.Groups(ctx, from.Snap, e, scan, w.take); err != nil {
					return err
				}
				if n := done.Add(1); r.Progress != nil {
					r.Progress(n, int64(len(files)))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			return all.merge(w.groups)
		})
	}
	return all, group.Wait()
}

// files are the files of the question's table that it is of.
func (q *Question) files(snap *lake.Snapshot, cycle manifest.Cycle) ([]manifest.FileEntry, error) {
	var out []manifest.FileEntry
	for _, c := range q.cycles(snap, cycle) {
		files, err := snap.Files(c)
		if err != nil {
			return nil, err
		}
		for _, e := range files {
			if e.Table == q.Lake.Table.Name {
				out = append(out, e)
			}
		}
	}
	return out, nil
}

// LastCycle is the last cycle of a state; none if it has none.
func LastCycle(snap *lake.Snapshot) manifest.Cycle {
	if all := snap.Manifest.Cycles; len(all) > 0 {
		return all[len(all)-1].Cycle
	}
	return manifest.Cycle{}
}

// hasBoth refuses a cycle unless the state has its lines and those of the cycle before it. A cycle before it of which
// the lake has no data has no lines (C171). Cycles are archived in order, so no other state has both.
func hasBoth(q *Question, snap *lake.Snapshot, cycle manifest.Cycle) error {
	if err := rows.HasCycle(snap, cycle); err != nil {
		return err
	}
	before := cycleBefore(cycle)
	if archived := new(rows.ArchivedError); errors.As(rows.HasCycle(snap, before), &archived) {
		return &rows.NotFoundError{
			What: fmt.Sprintf("%s compares %s with the cycle before it, and %s", q.Name, cycle, archived),
			Do: fmt.Sprintf("`tollbook query revenue --cycle %s` and `tollbook --lake %s query revenue --cycle %s` "+
				"show the lines of one cycle each", cycle, archived.Where, before)}
	}
	return nil
}

// cycleBefore is the cycle before one; none before none.
func cycleBefore(cycle manifest.Cycle) manifest.Cycle {
	if c, ok := cycle.Period(); ok {
		return manifest.CycleOf(c - 1)
	}
	return manifest.Cycle{}
}

// cycles are those that the question is of; none stands for files of no cycle.
func (q *Question) cycles(snap *lake.Snapshot, cycle manifest.Cycle) []manifest.Cycle {
	if q.Span == OfNone {
		return []manifest.Cycle{{}}
	}
	var out []manifest.Cycle
	for _, ref := range snap.Manifest.Cycles {
		if q.spans(ref.Cycle, cycle) && !q.left(ref) {
			out = append(out, ref.Cycle)
		}
	}
	return out
}

// spans reports whether a cycle of the lake is among those that the question is of.
func (q *Question) spans(of, cycle manifest.Cycle) bool {
	if q.Span == WithBefore && of != cycle && of != cycleBefore(cycle) {
		return false
	}
	return cycle.IsZero() || of == cycle || q.Span != OfCycle && of.Compare(cycle) < 0
}

// left reports whether the rows of a cycle left for an archive. Of its lines only those of orders stay.
func (q *Question) left(ref manifest.CycleRef) bool {
	return ref.Archived != nil && q.Lake.Table != nil && q.Lake.Table.Name == tables.Lines().Name
}

// Archived are the cycles that the answer from a state is of, but without their lines, which left for an archive.
func (q *Question) Archived(snap *lake.Snapshot, cycle manifest.Cycle) (out []string) {
	cycle = q.newest(snap, cycle)
	if q.From != nil {
		q = q.From.Of
	}
	for _, ref := range snap.Manifest.Cycles {
		if q.Span != OfNone && q.spans(ref.Cycle, cycle) && q.left(ref) {
			out = append(out, ref.Cycle.String())
		}
	}
	return out
}

// newest is the cycle that a question is of: the last one if none is asked for, and the question is of one alone.
func (q *Question) newest(snap *lake.Snapshot, cycle manifest.Cycle) manifest.Cycle {
	if cycle.IsZero() && (q.Span == WithBefore || q.Span == OfOne) {
		return LastCycle(snap)
	}
	return cycle
}

// gatherPartners adds up partner statements, which are calculated for cycles that are open.
func (q *Question) gatherPartners(ctx context.Context, r Request, from *partners.Reader, w *Reading) (*groups,
	error) {
	for _, cycle := range q.cycles(from.Snap, r.Cycle) {
		if err := statements(ctx, from, cycle, w.take); err != nil {
			return nil, err
		}
	}
	return w.groups, nil
}

// batchRows is how many rows of statements are added up at once.
const batchRows = 1 << 12

// statements gives the partner statements of a cycle in batches.
func statements(ctx context.Context, from *partners.Reader, cycle manifest.Cycle,
	take func(*parquet.Columns[tables.Any]) error) (
	err error) {
	list, err := from.Statements(ctx, cycle, "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	batch := parquet.NewColumns(tables.PartnerStatements())
	err = list.Each(func(row rows.Row[tables.PartnerStatement]) error {
		rows.AppendRow(batch, row, nil)
		if batch.N < batchRows {
			return nil
		}
		err := take(batch.Any())
		batch.Reset()
		return err
	})
	if err != nil {
		return err
	}
	return take(batch.Any())
}

// gatherList takes the rows of a question that lists them itself.
func (q *Question) gatherList(ctx context.Context, r Request, from *partners.Reader, w *Reading) (*groups,
	error) {
	rows := parquet.NewColumns(tables.Untyped(q.Lake.Table))
	list := q.Lake.Ask
	if list == nil {
		list = func(_ context.Context, r Request, from *partners.Reader, to *parquet.Columns[tables.Any]) error {
			return q.Lake.List(r, from, to)
		}
	}
	if err := list(ctx, r, from, rows); err != nil {
		return nil, err
	}
	return w.groups, w.take(rows)
}

// gatherIncentives adds up incentives: those of the periods that hold the cycle, or all.
func (q *Question) gatherIncentives(r Request, from *partners.Reader, w *Reading) (*groups, error) {
	rows, err := from.IncentiveRows(r.Cycle)
	if err != nil {
		return nil, err
	}
	return w.groups, w.take(rows.Any())
}
