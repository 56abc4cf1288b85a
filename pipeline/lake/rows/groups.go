package rows

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Scan defines what Groups reads of a file.
type Scan[T any] struct {
	Table tables.Def[T]
	Cols  tables.List[T]                // nil = all
	Skip  func(*parquet.Reader[T]) bool // whether to skip the next row group; nil = read all
}

// Groups visits the row groups of a file of the lake in stored order. A group is valid until the next one.
func Groups[T any](ctx context.Context, snap *lake.Snapshot, e lake.FileEntry, s Scan[T],
	visit func(*parquet.Columns[T]) error) (err error) {
	file, err := snap.Open(e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	r, err := parquet.NewReader(io.NewSectionReader(file, 0, file.Size()), s.Table, s.Cols)
	if err != nil {
		return fmt.Errorf("%s: %w", e.Path, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for range r.Groups() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.Skip != nil && s.Skip(r) {
			r.Skip()
			continue
		}
		c, err := r.Next()
		if err == nil && c != nil {
			err = visit(c)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
	}
	return nil
}
