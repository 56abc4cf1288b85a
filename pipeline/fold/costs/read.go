package costs

import (
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// EachMargin visits the rows of files, of any table of cost files. An error names the file.
func EachMargin[T any](o tablefile.Opener, files []manifest.FileEntry, def tables.Def[T],
	visit func(rows.Row[T]) error) error {
	for _, e := range files {
		err := tablefile.Each(o, e, def, nil, func(c *parquet.Columns[T], i int) error {
			return visit(rows.Row[T]{Cols: c, I: i})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
