package query

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
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// QuestionReading is one worker's pass over batches of the lake. Shape.Make receives it with the current batch.
type QuestionReading struct {
	groups *groups
	clock  period.Clock
	Books  *books.Books // of the reader
	Cycle  lake.Cycle   // of the batch
	Before bool         // whether the batch is of a cycle before the requested one
	only   *sieve
	money  *splitter // nil = rows have one currency
}

// Day returns the day of an instant in the contract zone.
func (w *QuestionReading) Day(t period.Instant) period.Day { return w.clock.Day(t) }

// take adds a batch of the lake.
func (w *QuestionReading) take(c *parquet.Columns[tables.Any]) error {
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
func (w *QuestionReading) add(c *parquet.Columns[tables.Any]) error {
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

// AnswerFromLake answers a question from one state of the lake, that of the reader. Errors: *LimitError,
// *rows.NoCycleError, *books.MissingError, and those of the lake.
func AnswerFromLake(ctx context.Context, q *Question, r Request, from *PartnerReader) (*Answer, error) {
	if err := q.Check(r.Only); err != nil {
		return nil, err
	}
	snap := from.Snap
	var without error // why there is no data of the cycle
	if !r.Cycle.IsZero() {
		if without = rows.HasCycle(snap, r.Cycle); without != nil && !q.OfIncentives() {
			return nil, without
		}
	}
	r.Cycle = q.newest(snap, r.Cycle)
	if q.Span == WithBefore && !r.Cycle.IsZero() {
		if err := hasBoth(q, snap, r.Cycle); err != nil {
			return nil, err
		}
	}
	find, err := NewCurrencyFinder(ctx, from.Snap, from.Books)
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
	a, err := NewAnswer(q, LakeSource, snap.Manifest.Number, snap.Manifest.AsOf)
	if err != nil {
		return nil, err
	}
	a.Archived = q.Archived(snap, r.Cycle, snap.Manifest.Number)
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
	if a.Count == 0 && without != nil {
		return nil, without
	}
	return a, nil
}

// unlimited returns the rows of the context, if the request has limits that can hide some of them.
func (d *Derived) unlimited(ctx context.Context, r Request, from *PartnerReader, find *CurrencyFinder) ([]AnswerRow,
	error) {
	customers := OnlyFor{Customers: r.Only.Customers}
	if d.Context == nil || len(r.Only.limits()) == len(customers.limits()) {
		return nil, nil
	}
	r.Only = customers
	return d.Context.Gather(ctx, r, from, find)
}

// Gather adds up the data of the question and returns all rows, in no particular order. find is nil if rows are not
// separated by currency. Errors: those of the lake, and overflow of a sum.
func (q *Question) Gather(ctx context.Context, r Request, from *PartnerReader, find *CurrencyFinder) ([]AnswerRow,
	error) {
	all, err := q.gather(ctx, r, from, find)
	if err != nil {
		return nil, err
	}
	return all.rows(), nil
}

// gather adds up the data of the question; find is nil in a workspace with one currency.
func (q *Question) gather(ctx context.Context, r Request, from *PartnerReader, find *CurrencyFinder) (*groups,
	error) {
	one := func() *QuestionReading {
		return &QuestionReading{groups: newGroups(q), clock: from.Books.Zone.Clock(), Books: from.Books,
			only: newSieve(q, r.Only), money: newSplitter(q, r.Only, find)}
	}
	if q.Lake.List != nil || q.Lake.Ask != nil {
		return q.gatherList(ctx, r, from, one())
	}
	switch {
	case q.Lake.Table.Name == tables.PartnerStatements().Name:
		return q.gatherPartners(ctx, r, from, one())
	case q.OfIncentives():
		return q.gatherIncentives(r, from, one())
	}
	files, err := q.files(from.Snap, r.Cycle)
	if err != nil {
		return nil, err
	}
	all := newGroups(q)
	var mu sync.Mutex
	next := make(chan lake.FileEntry)
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

// files returns the files of the question's table that it covers.
func (q *Question) files(snap *lake.Snapshot, cycle lake.Cycle) ([]lake.FileEntry, error) {
	var out []lake.FileEntry
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

// LastCycle returns the last cycle of a state; zero if there is none.
func LastCycle(snap *lake.Snapshot) lake.Cycle {
	if all := snap.Manifest.Cycles; len(all) > 0 {
		return all[len(all)-1].Cycle
	}
	return lake.Cycle{}
}

// hasBoth returns an error unless the state has the lines of a cycle and the one before, which has none if the lake
// lacks its data (C171). Cycles are archived in order, so no other state has both.
func hasBoth(q *Question, snap *lake.Snapshot, cycle lake.Cycle) error {
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

// cycleBefore returns the cycle before a cycle; the zero value for the zero value.
func cycleBefore(cycle lake.Cycle) lake.Cycle {
	if c, ok := cycle.Period(); ok {
		return lake.CycleOf(c - 1)
	}
	return lake.Cycle{}
}

// cycles returns the cycles that the question covers; the zero value represents files that belong to no cycle.
func (q *Question) cycles(snap *lake.Snapshot, cycle lake.Cycle) []lake.Cycle {
	if q.Span == OfNone {
		return []lake.Cycle{{}}
	}
	var out []lake.Cycle
	for _, ref := range snap.Manifest.Cycles {
		if q.spans(ref.Cycle, cycle) && !q.left(ref) {
			out = append(out, ref.Cycle)
		}
	}
	return out
}

// spans reports whether the question covers a cycle of the lake.
func (q *Question) spans(of, cycle lake.Cycle) bool {
	if q.Span == WithBefore && of != cycle && of != cycleBefore(cycle) {
		return false
	}
	return cycle.IsZero() || of == cycle || q.Span != OfCycle && of.Compare(cycle) < 0
}

// left reports whether the rows of a cycle were moved to an archive. Of its lines only those of orders remain.
func (q *Question) left(ref lake.CycleRef) bool {
	return ref.Archived != nil && q.Lake.Table != nil && q.Lake.Table.Name == tables.Lines().Name
}

// Archived returns the cycles of an answer whose lines were moved to an archive and are missing in it. The answer is of
// the manifest with the number, that of the snapshot or an earlier one.
func (q *Question) Archived(snap *lake.Snapshot, cycle lake.Cycle, number int64) (out []string) {
	cycle = q.newest(snap, cycle)
	if q.From != nil {
		q = q.From.Of
	}
	for _, ref := range snap.Manifest.Cycles {
		if q.Span != OfNone && q.spans(ref.Cycle, cycle) && q.left(ref) && ref.Archived.Run <= number {
			out = append(out, ref.Cycle.String())
		}
	}
	return out
}

// newest returns the cycle of a question: the last one if none is requested and the question covers a single cycle.
func (q *Question) newest(snap *lake.Snapshot, cycle lake.Cycle) lake.Cycle {
	if cycle.IsZero() && (q.Span == WithBefore || q.Span == OfOne) {
		return LastCycle(snap)
	}
	return cycle
}

// gatherPartners adds up partner statements. Those of open cycles are calculated.
func (q *Question) gatherPartners(ctx context.Context, r Request, from *PartnerReader, w *QuestionReading) (*groups,
	error) {
	for _, cycle := range q.cycles(from.Snap, r.Cycle) {
		if err := statements(ctx, from, cycle, w.take); err != nil {
			return nil, err
		}
	}
	return w.groups, nil
}

// batchRows is the number of rows of statements that are added up at once.
const batchRows = 1 << 12

// statements passes the partner statements of a cycle in batches.
func statements(ctx context.Context, from *PartnerReader, cycle lake.Cycle,
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

// gatherList adds up the rows of a question that lists them itself.
func (q *Question) gatherList(ctx context.Context, r Request, from *PartnerReader, w *QuestionReading) (*groups,
	error) {
	rows := parquet.NewColumns(tables.Untyped(q.Lake.Table))
	list := q.Lake.Ask
	if list == nil {
		list = func(_ context.Context, r Request, from *PartnerReader, to *parquet.Columns[tables.Any]) error {
			return q.Lake.List(r, from, to)
		}
	}
	if err := list(ctx, r, from, rows); err != nil {
		return nil, err
	}
	return w.groups, w.take(rows)
}

// OfIncentives reports whether the question adds up incentives. Their periods can contain cycles without data.
func (q *Question) OfIncentives() bool {
	return q.Lake.Table != nil && q.Lake.Table.Name == tables.Incentives().Name
}

// gatherIncentives adds up incentives: of the periods that contain the cycle, or all.
func (q *Question) gatherIncentives(r Request, from *PartnerReader, w *QuestionReading) (*groups, error) {
	rows, err := from.IncentiveRows(r.Cycle)
	if err != nil {
		return nil, err
	}
	return w.groups, w.take(rows.Any())
}
