package margins

import (
	"fmt"
	"io"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Opener opens the lake's data files.
type Opener func(manifest.FileEntry) (storage.ReadFile, error)

// Each visits the rows of files, of any table of cost files. An error names the file.
func Each[T any](o Opener, files []manifest.FileEntry, def tables.Def[T], visit func(rows.Row[T]) error) error {
	for _, e := range files {
		if err := eachOf(o, e, def, visit); err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
	}
	return nil
}

func eachOf[T any](o Opener, e manifest.FileEntry, def tables.Def[T], visit func(rows.Row[T]) error) error {
	f, err := o(e)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := parquet.NewReader(io.NewSectionReader(f, 0, f.Size()), def, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		c, err := r.Next()
		if err != nil || c == nil {
			return err
		}
		for i := range c.N {
			if err := visit(rows.Row[T]{Cols: c, I: i}); err != nil {
				return fmt.Errorf("row %d: %w", i, err)
			}
		}
	}
}
