package costs

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// EachMargin visits the rows of files, of any table of cost files. An error names the file.
func EachMargin[T any](o rows.FileOpener, files []lake.FileEntry, def tables.Def[T],
	visit func(rows.Row[T]) error) error {
	for _, e := range files {
		err := rows.EachRow(o, e, def, nil, func(c *parquet.Columns[T], i int) error {
			return visit(rows.Row[T]{Cols: c, I: i})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
