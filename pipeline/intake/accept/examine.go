package accept

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/schemas/books"
)

// ExaminedCosts is the result of reading a delivery.
type ExaminedCosts struct {
	Rows     int64 // accepted
	Rejected int64
	Rejects  []CostReject // the first maxRejects, then one per file, column and reason for the rest
	Tally    CostTally
	Values   books.CostValues // sums over the accepted rows
	Currency string           // BillingCurrency; "" if there are no rows
	Fault    string           // why the delivery fails; "" = it does not fail

	single int               // Rejects that are kept one by one
	bytes  int               // of their texts
	header *books.CostHeader // header of the file to which kinds belongs
	kinds  []bool            // by kind of row: its currency was compared
}

// maxRejects is the number of rejected rows of a delivery that are kept one by one. Further ones are counted by file,
// column and reason, so that a delivery in the wrong folder does not fill the memory.
const maxRejects = 10_000

// maxRejectBytes is the number of bytes of texts of these rows after which further ones are counted: a row can have
// 1 MiB.
const maxRejectBytes = 64 << 20

// ExamineCosts is Examine with several workers, each reading one file at a time. The result does not depend on their
// number. also returns a further sink for a worker's rows; complete reports whether those sinks received all rows.
func ExamineCosts(ctx context.Context, fsys fs.FS, f *CostFiles, workers int, also func(worker int) CostSink,
) (x *ExaminedCosts, complete bool, err error) {
	if len(f.Odd)+len(f.Broken) == 0 {
		if x, ok := examineFiles(ctx, fsys, f, workers, also); ok {
			return x, true, nil
		}
	}
	x, err = examine(ctx, fsys, f)
	return x, false, err
}

// examine reads a delivery once and checks it. Faults of the delivery are in the result; an error is one of the disk.
func examine(ctx context.Context, fsys fs.FS, f *CostFiles) (*ExaminedCosts, error) {
	x := &ExaminedCosts{}
	if len(f.Odd) > 0 {
		x.Fault = fmt.Sprintf("inbox/%s is no CSV or Parquet file", f.Odd[0])
		return x, nil
	}
	if len(f.Broken) > 0 {
		x.Fault = f.Broken[0].Error()
		return x, nil
	}
	err := ReadCosts(ctx, fsys, f, &x.Tally, CostSink{Take: x.take, Reject: x.reject})
	var broken *feed.FormError
	if errors.As(err, &broken) {
		x.Fault = strings.TrimPrefix(broken.Error(), "read ")
		return x, nil
	}
	var mixed *mixedError
	var large *sumError
	var unreadable *UnreadableError
	if errors.As(err, &mixed) || errors.As(err, &large) || errors.As(err, &unreadable) {
		x.Fault = err.Error()
		return x, nil
	}
	return x, err
}

// examineFiles reads files concurrently. ok is false if the delivery has a fault or a reject; Examine then reports it.
func examineFiles(ctx context.Context, fsys fs.FS, f *CostFiles, workers int, also func(worker int) CostSink,
) (x *ExaminedCosts, ok bool) {
	files := make([]ExaminedCosts, len(f.Files))
	odd := errors.New("odd")
	if err := ReadCostFiles(ctx, fsys, f, workers, func(worker, file int) (*CostTally, CostSink) {
		to, one := also(worker), &files[file]
		if take := to.Take; take != nil {
			to.Take = func(row *books.CostRow) error {
				if err := one.take(row); err != nil {
					return err
				}
				return take(row)
			}
		} else {
			to.Take = one.take
		}
		to.Reject, to.Only = func(CostReject) error { return odd }, nil
		return &one.Tally, to
	}); err != nil {
		return nil, false
	}
	x = &ExaminedCosts{}
	for i := range files {
		one := &files[i]
		if one.Rows > 0 && x.Rows > 0 && one.Currency != x.Currency || x.Values.Add(&one.Values) != nil {
			return nil, false
		}
		if one.Rows > 0 {
			x.Currency = one.Currency
		}
		x.Rows += one.Rows
		x.Tally.Add(&one.Tally)
	}
	return x, true
}

// ReadCostFiles passes the rows of a delivery to sinks, several files at a time. to returns the sink for a worker's
// next file.
func ReadCostFiles(ctx context.Context, fsys fs.FS, f *CostFiles, workers int,
	to func(worker, file int) (*CostTally, CostSink),
) error {
	all, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for worker := range max(1, min(workers, len(f.Files))) {
		all.Go(func() error {
			for {
				file := int(next.Add(1)) - 1
				if file >= len(f.Files) {
					return nil
				}
				tally, sink := to(worker, file)
				if err := f.ReadFile(ctx, fsys, f.Files[file], tally, sink); err != nil {
					return err
				}
			}
		})
	}
	return all.Wait()
}

// ReadCosts passes the rows of a delivery to a sink, file by file. Rows do not depend on the rows before them
// (COSTS-4).
func ReadCosts(ctx context.Context, fsys fs.FS, f *CostFiles, tally *CostTally, to CostSink) error {
	root := path.Join(CostFolder, f.Path()) + "/"
	reject := to.Reject
	to.Reject = func(r CostReject) error {
		r.File = strings.TrimPrefix(r.File, root)
		return reject(r)
	}
	for _, name := range f.Files {
		if err := f.ReadFile(ctx, fsys, name, tally, to); err != nil {
			return err
		}
	}
	return nil
}

// mixedError reports that a delivery has rows of two currencies.
type mixedError struct{ one, other string }

func (e *mixedError) Error() string {
	return fmt.Sprintf("BillingCurrency is %s in some rows and %s in others", e.one, e.other)
}

// sumError reports that a delivery's sums exceed the range of costs.
type sumError struct{ error }

func (x *ExaminedCosts) take(row *books.CostRow) error {
	if !x.compared(row) {
		currency := row.Field(books.CostCurrency)
		if x.Currency != "" && x.Currency != currency {
			return &mixedError{min(x.Currency, currency), max(x.Currency, currency)}
		}
		x.Currency = currency
	}
	x.Rows++
	if err := x.Values.Add(&row.Values); err != nil {
		return &sumError{err}
	}
	return nil
}

// compared reports whether the currency of this kind of rows was compared before, and marks the kind as compared.
func (x *ExaminedCosts) compared(row *books.CostRow) bool {
	kind := int(row.Kind)
	if kind < 0 {
		return false
	}
	if x.header != row.CostHeader {
		x.header, x.kinds = row.CostHeader, x.kinds[:0]
	}
	for len(x.kinds) <= kind {
		x.kinds = append(x.kinds, false)
	}
	was := x.kinds[kind]
	x.kinds[kind] = true
	return was
}

func (x *ExaminedCosts) reject(r CostReject) error {
	if x.Rejected++; x.single == len(x.Rejects) && x.single < maxRejects && x.bytes < maxRejectBytes {
		r.Rows = 1
		x.Rejects = append(x.Rejects, r)
		x.single, x.bytes = x.single+1, x.bytes+len(r.Raw)+len(r.Value)
		return nil
	}
	for i := x.single; i < len(x.Rejects); i++ {
		if more := &x.Rejects[i]; more.File == r.File && more.Column == r.Column && more.Reason == r.Reason {
			more.Rows++
			return nil
		}
	}
	x.Rejects = append(x.Rejects, CostReject{File: r.File, Column: r.Column, Reason: r.Reason, Rows: 1})
	return nil
}
