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

// Groups visits the row groups of a file of the lake as they are there, but those that skip passes over (nil = none).
// Only the columns asked for are read (nil = all). A group is valid until the next.
func Groups(ctx context.Context, snap *lake.Snapshot, e lake.FileEntry, def *tables.Table, cols []int,
	skip func(*parquet.Reader) bool,
	visit func(*parquet.Columns) error) (err error) {
	file, err := snap.Open(e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	r, err := parquet.NewReader(io.NewSectionReader(file, 0, file.Size()), def, cols)
	if err != nil {
		return fmt.Errorf("%s: %w", e.Path, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for range r.Groups() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if skip != nil && skip(r) {
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
