package rows

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

const (
	// sparseRows is the least number of a file's rows per wanted customer for which each customer is looked up: two
	// pages. In other files most pages have wanted rows, and reading all of them once costs less.
	sparseRows = 2 * parquet.PageRows
	// customerRows is the largest number of rows of some customers in a batch.
	customerRows = 8192
)

// OfCustomers visits rows of a file of lines in stored order: at least those of some customers, which are sorted by id.
// cols has the column of customers. A batch is valid until the next one. If the customers have few of the file's rows,
// only pages with their rows are read.
func OfCustomers(ctx context.Context, snap *lake.Snapshot, e lake.FileEntry, cols tables.List[tables.Line],
	customers []string, visit func(*parquet.Columns[tables.Line]) error) (err error) {
	if int64(len(customers)) > e.Rows/sparseRows {
		skip := func(r *parquet.Reader[tables.Line]) bool {
			low, high, ok := r.Bounds(tables.LineCustomerID)
			at, _ := slices.BinarySearch(customers, low)
			return ok && (at == len(customers) || customers[at] > high)
		}
		return Groups(ctx, snap, e, Scan[tables.Line]{Table: tables.Lines(), Cols: cols, Skip: skip}, visit)
	}
	file, err := snap.Open(e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := ofCustomers(ctx, file, file.Size(), cols, customers, visit); err != nil {
		return fmt.Errorf("%s: %w", e.Path, err)
	}
	return nil
}

// ofCustomers visits exactly the rows of some customers.
func ofCustomers(ctx context.Context, src io.ReaderAt, size int64, cols tables.List[tables.Line], customers []string,
	visit func(*parquet.Columns[tables.Line]) error) error {
	layout, err := parquet.ReadIndexOf(src, size, tables.Lines().Table, cols.Any(), tables.LineCustomerID.Of().Any())
	if err != nil {
		return err
	}
	decoder, err := parquet.NewDecoder()
	if err != nil {
		return err
	}
	defer decoder.Close()
	type place struct{ group, col int }
	words := make(map[place]*parquet.Dictionary)
	pages := parquet.Pages{Layout: layout, Source: src, Decoder: decoder,
		Dictionary: func(group, col int, load func() (*parquet.Dictionary, error)) (_ *parquet.Dictionary, err error) {
			at := place{group, col}
			if words[at] == nil {
				words[at], err = load()
			}
			return words[at], err
		}}
	batch := parquet.NewColumns(tables.Lines())
	pass := func() error {
		if batch.N == 0 {
			return nil
		}
		err := visit(batch)
		batch.Reset()
		return err
	}
	for _, customer := range customers {
		if err := ctx.Err(); err != nil {
			return err
		}
		from, to, err := pages.Find(tables.LineCustomerID.Any(), customer)
		if err != nil {
			return err
		}
		for from < to {
			end := min(to, from+customerRows-int64(batch.N))
			if err := pages.Append(batch.Any(), cols.Any(), from, end); err != nil {
				return err
			}
			if from = end; batch.N == customerRows {
				if err := pass(); err != nil {
					return err
				}
			}
		}
	}
	return pass()
}
