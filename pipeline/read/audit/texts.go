package audit

import (
	"context"
	"errors"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// texts checks that all texts of all files are UTF-8 (VERIFY-2, TEXT-3). Files that cannot be read are differences of
// other checks.
func (v *verifier) texts(ctx context.Context) error {
	files, _, err := v.snap.All()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, v.o.Workers))
	for _, e := range files {
		group.Go(func() error {
			_ = v.textsOf(e) // see above
			return ctx.Err()
		})
	}
	return group.Wait()
}

// textsOf checks the texts of a file.
func (v *verifier) textsOf(e lake.FileEntry) (err error) {
	f, err := v.snap.Open(e)
	if err != nil {
		return err
	}
	def, err := parquet.IndexedTexts(f, f.Size(), e.Table)
	if err = errors.Join(err, f.Close()); err != nil || len(def.Columns) == 0 {
		return err
	}
	r, err := rows.OpenFile(v.snap, e, tables.Untyped(def), nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		cols, err := r.Next()
		if err != nil || cols == nil {
			return err
		}
		for i := range def.Columns {
			if bad, found := notUTF8(cols.Col(tables.ColumnOf[tables.Any](i))); found {
				v.differ(Contents, "%s: column %s has a text that is not UTF-8: %.40q", e.Path, def.Columns[i].Name,
					bad)
			}
		}
	}
}

// notUTF8 returns the first text of a column that is not UTF-8.
func notUTF8(c *parquet.Col) (bad string, found bool) {
	for _, word := range c.Dict {
		if !utf8.ValidString(word) {
			return word, true
		}
	}
	from := int32(0)
	for _, end := range c.Ends {
		if !utf8.Valid(c.Bytes[from:end]) {
			return string(c.Bytes[from:end]), true
		}
		from = end
	}
	return "", false
}
