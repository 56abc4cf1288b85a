package costs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
	"github.com/tollbook/tollbook/schemas/cost"
)

// Examined is the result of reading a delivery.
type Examined struct {
	Rows     int64 // accepted
	Rejected int64
	Rejects  []Reject // the first maxRejects, then one per file, column and reason for the rest
	Tally    Tally
	Values   cost.Values // sums over the accepted rows
	Currency string      // BillingCurrency; "" if there are no rows
	Fault    string      // why the delivery fails; "" = it does not fail

	single int          // Rejects that are kept one by one
	bytes  int          // of their texts
	header *cost.Header // header of the file to which kinds belongs
	kinds  []bool       // by kind of row: its currency was compared
}

// maxRejects is the number of rejected rows of a delivery that are kept one by one. Further ones are counted by file,
// column and reason, so that a delivery in the wrong folder does not fill the memory.
const maxRejects = 10_000

// maxRejectBytes is the number of bytes of texts of these rows after which further ones are counted: a row can have
// 1 MiB.
const maxRejectBytes = 64 << 20

// ExamineFiles is Examine with several workers, each reading one file at a time. The result does not depend on their
// number. also returns a further sink for a worker's rows; complete reports whether those sinks received all rows.
func ExamineFiles(ctx context.Context, fsys fs.FS, f *Found, workers int, also func(worker int) Sink,
) (x *Examined, complete bool, err error) {
	if len(f.Odd)+len(f.Broken) == 0 {
		if x, ok := examineFiles(ctx, fsys, f, workers, also); ok {
			return x, true, nil
		}
	}
	x, err = examine(ctx, fsys, f)
	return x, false, err
}

// examine reads a delivery once and checks it. Faults of the delivery are in the result; an error is one of the disk.
func examine(ctx context.Context, fsys fs.FS, f *Found) (*Examined, error) {
	x := &Examined{}
	if len(f.Odd) > 0 {
		x.Fault = fmt.Sprintf("inbox/%s is no CSV or Parquet file", f.Odd[0])
		return x, nil
	}
	if len(f.Broken) > 0 {
		x.Fault = f.Broken[0].Error()
		return x, nil
	}
	err := Read(ctx, fsys, f, &x.Tally, Sink{Take: x.take, Reject: x.reject})
	var broken *feedfile.Error
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
func examineFiles(ctx context.Context, fsys fs.FS, f *Found, workers int, also func(worker int) Sink,
) (x *Examined, ok bool) {
	files := make([]Examined, len(f.Files))
	odd := errors.New("odd")
	if err := ReadFiles(ctx, fsys, f, workers, func(worker, file int) (*Tally, Sink) {
		to, one := also(worker), &files[file]
		if take := to.Take; take != nil {
			to.Take = func(row *cost.Row) error {
				if err := one.take(row); err != nil {
					return err
				}
				return take(row)
			}
		} else {
			to.Take = one.take
		}
		to.Reject, to.Only = func(Reject) error { return odd }, nil
		return &one.Tally, to
	}); err != nil {
		return nil, false
	}
	x = &Examined{}
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

// ReadFiles passes the rows of a delivery to sinks, several files at a time. to returns the sink for a worker's next
// file.
func ReadFiles(ctx context.Context, fsys fs.FS, f *Found, workers int, to func(worker, file int) (*Tally, Sink),
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

// Read passes the rows of a delivery to a sink, file by file. Rows do not depend on the rows before them (COSTS-4).
func Read(ctx context.Context, fsys fs.FS, f *Found, tally *Tally, to Sink) error {
	root := path.Join(Folder, f.Path()) + "/"
	reject := to.Reject
	to.Reject = func(r Reject) error {
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

func (x *Examined) take(row *cost.Row) error {
	if !x.compared(row) {
		currency := row.Field(cost.Currency)
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
func (x *Examined) compared(row *cost.Row) bool {
	kind := int(row.Kind)
	if kind < 0 {
		return false
	}
	if x.header != row.Header {
		x.header, x.kinds = row.Header, x.kinds[:0]
	}
	for len(x.kinds) <= kind {
		x.kinds = append(x.kinds, false)
	}
	was := x.kinds[kind]
	x.kinds[kind] = true
	return was
}

func (x *Examined) reject(r Reject) error {
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
	x.Rejects = append(x.Rejects, Reject{File: r.File, Column: r.Column, Reason: r.Reason, Rows: 1})
	return nil
}
