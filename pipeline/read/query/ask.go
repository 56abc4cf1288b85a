package query

import (
	"context"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// PartnerReader reads what partners owe and earn from one committed state.
type PartnerReader struct {
	Snap     *lake.Snapshot
	Books    *books.Books
	Book     *settlement.Book
	Settings *settings.Settings
	Limits   rows.Limits
	// caches the calculated statements of open cycles until state or books change; nil = no cache
	Cache *Cache
}

// Statements returns the rows of partner_statements of a cycle in the order of §8, partner "" = all: as stored when it
// was closed, or calculated from its lines (PARTNERS-1). Errors: *rows.NoCycleError, *books.MissingError.
func (r *PartnerReader) Statements(ctx context.Context, name lake.Cycle,
	partner string) (*rows.Rows[tables.PartnerStatement], error) {
	// partner statements remain in the lake when the cycle's lines are archived
	if ref, _ := r.Snap.Cycle(name); ref.State == lake.CycleClosed {
		return rows.PartnerStatements(ctx, r.Snap, name, partner, r.Limits)
	}
	if err := rows.HasCycle(r.Snap, name); err != nil {
		return nil, err
	}
	cycle, ok := name.Period()
	if !ok {
		return nil, fmt.Errorf("partner statements of no cycle")
	}
	if r.Cache == nil {
		return r.workOut(ctx, cycle, partner)
	}
	// All concurrent callers share the file, so the end of the first caller's context must not stop it.
	f, err := r.Cache.Open(r.tag(name), func(w io.Writer) error {
		list, err := r.workOut(context.WithoutCancel(ctx), cycle, "")
		if err != nil {
			return err
		}
		return rows.Spill(w, r.table(), list)
	})
	if err != nil {
		return nil, err
	}
	return rows.Spilled(ctx, f, r.table(), of(partner), r.Limits)
}

// table returns the table of the statements of an open cycle.
func (r *PartnerReader) table() tables.Def[tables.PartnerStatement] {
	return tables.PartnerStatementsOf(r.Books.Mixed)
}

// TableOf returns the table of the rows of Statements.
func (r *PartnerReader) TableOf(cycle lake.Cycle) (tables.Def[tables.PartnerStatement], error) {
	if ref, _ := r.Snap.Cycle(cycle); ref.State == lake.CycleClosed {
		return rows.PartnerStatementsTable(r.Snap, cycle)
	}
	return r.table(), nil
}

// of selects a partner's rows; "" = all.
func of(partner string) rows.Filter[tables.PartnerStatement] {
	return rows.Filter[tables.PartnerStatement]{Column: tables.PartnerStatementPartnerID, Word: partner}
}

// tag identifies the calculated statements of a cycle: they are a function of the state, with its lines, and of the
// books.
func (r *PartnerReader) tag(cycle lake.Cycle) string {
	return string(lake.HashBytes(fmt.Appendf(nil, "%s %q %x %q", tables.PartnerStatements().Name, r.Snap.Hash,
		r.Books.Hash, cycle)))
}

// workOut adds up the lines of an open cycle; partner "" = all.
func (r *PartnerReader) workOut(ctx context.Context, cycle period.Cycle,
	partner string) (*rows.Rows[tables.PartnerStatement],
	error) {
	files, err := r.Snap.Files(lake.CycleOf(cycle))
	if err != nil {
		return nil, err
	}
	return rows.Materialize(ctx, r.table(), max(1, r.Snap.Manifest.Buckets),
		func(ctx context.Context, bucket int, write func(*parquet.Columns[tables.PartnerStatement]) error) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			rows, err := r.bucketRows(cycle, settle.LinesOf(files, bucket), partner)
			if err != nil {
				return err
			}
			return settle.WriteRows(r.Books, rows, write)
		}, of(partner), r.Limits)
}

// EachOpen passes the rows of Statements of all partners of an open cycle to write, bucket by bucket. Within a bucket
// they are in the order of the table; buckets come in any order. The rows are calculated from the lines, Limits.Workers
// buckets at a time, and nothing is stored. Errors: *rows.NoCycleError, *books.MissingError, and those of write.
func (r *PartnerReader) EachOpen(ctx context.Context, name lake.Cycle,
	write func(*parquet.Columns[tables.PartnerStatement]) error) error {
	if err := rows.HasCycle(r.Snap, name); err != nil {
		return err
	}
	cycle, ok := name.Period()
	if !ok {
		return fmt.Errorf("partner statements of no cycle")
	}
	files, err := r.Snap.Files(name)
	if err != nil {
		return err
	}
	within, stop := context.WithCancel(ctx)
	defer stop()
	found, failed := make(chan []settlement.Row), make(chan error, 1)
	go func() {
		defer close(found)
		failed <- r.eachBucket(within, cycle, files, found)
	}()
	for list := range found {
		if err := settle.WriteRows(r.Books, list, write); err != nil {
			stop()
			for range found { // until no bucket is being read
			}
			return err
		}
	}
	return <-failed
}

// eachBucket sends the rows of the lines of each bucket to found. The files are those of the cycle.
func (r *PartnerReader) eachBucket(ctx context.Context, cycle period.Cycle, files []lake.FileEntry,
	found chan<- []settlement.Row) error {
	work, within := errgroup.WithContext(ctx)
	work.SetLimit(max(1, r.Limits.Workers))
	for bucket := range max(1, r.Snap.Manifest.Buckets) {
		work.Go(func() error {
			if err := within.Err(); err != nil {
				return err
			}
			list, err := r.bucketRows(cycle, settle.LinesOf(files, bucket), "")
			if err != nil {
				return err
			}
			select {
			case found <- list:
				return nil
			case <-within.Done():
				return within.Err()
			}
		})
	}
	return work.Wait()
}

// bucketRows returns the rows of the lines of a bucket's files; partner "" = all.
func (r *PartnerReader) bucketRows(cycle period.Cycle, files []lake.FileEntry, partner string) ([]settlement.Row,
	error) {
	if code := r.Books.Partner(partner); partner != "" && code >= 0 {
		return settle.PartnerRows(r.Snap, r.Books, r.Book.Settler(cycle), files, code)
	}
	return settle.BucketRows(r.Snap, r.Books, r.Book.Settler(cycle), files)
}

// Incentives returns all incentives as of the last run.
func (r *PartnerReader) Incentives() (list []settlement.Incentive, err error) {
	files, err := r.Snap.Find(settle.IncentivesKey())
	for _, e := range files {
		if err == nil {
			list, err = settle.LoadIncentives(r.Snap, r.Books, e)
		}
	}
	return list, err
}

// IncentiveRows returns the incentives of the periods that contain a cycle, as the table; zero cycle = all. A period
// can contain a cycle of which the lake has no other data, or no longer has it.
func (r *PartnerReader) IncentiveRows(cycle lake.Cycle) (*parquet.Columns[tables.Incentive], error) {
	wanted := func(*settlement.Incentive) bool { return true }
	if c, ok := cycle.Period(); ok {
		wanted = func(i *settlement.Incentive) bool { return HoldsIncentive(i, c) }
	}
	list, err := r.Incentives()
	out := parquet.NewColumns(tables.Incentives())
	for i := range list {
		if wanted(&list[i]) {
			settle.AddIncentive(out, r.Books, &list[i])
		}
	}
	return out, err
}

// HoldsIncentive reports whether an incentive's period contains a cycle.
func HoldsIncentive(i *settlement.Incentive, cycle period.Cycle) bool {
	return i.Period.First <= cycle && cycle <= i.Period.Last()
}
