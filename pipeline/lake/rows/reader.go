package rows

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// FileOpener opens data files: a snapshot, a transaction, or any lake.FileSet.
type FileOpener interface {
	Open(lake.FileEntry) (storage.ReadFile, error)
}

// Reader reads columns of a file, a row group at a time.
type Reader[T any] struct {
	path   string
	file   storage.ReadFile
	stream *parquet.Reader[T] // nil if pages read the file
	pages  parquet.Pages
	cols   tables.List[tables.Any] // columns that pages read
	group  int                     // next row group for pages
	out    *parquet.Columns[T]
}

// OpenFile opens a file for some columns (nil = all).
func OpenFile[T any](o FileOpener, e lake.FileEntry, def tables.Def[T], cols tables.List[T]) (*Reader[T], error) {
	return open(o, e, def, parquet.Wanted[T]{Cols: cols})
}

func open[T any](o FileOpener, e lake.FileEntry, def tables.Def[T], w parquet.Wanted[T]) (*Reader[T], error) {
	f, err := o.Open(e)
	if err != nil {
		return nil, err
	}
	r, err := parquet.NewReaderOf(io.NewSectionReader(f, 0, f.Size()), def, w)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", e.Path, err), f.Close())
	}
	return &Reader[T]{path: e.Path, file: f, stream: r}, nil
}

// OpenAtOnce is Open for files that are read sequentially and whose columns mostly have one value: such columns cost
// nothing. Several readers can share the decoder.
func OpenAtOnce[T any](o FileOpener, e lake.FileEntry, def tables.Def[T], cols tables.List[T], d *parquet.Decoder) (
	*Reader[T], error) {
	f, err := o.Open(e)
	if err != nil {
		return nil, err
	}
	src, _, err := InMemory(f, nil)
	var layout *parquet.Layout
	if err == nil {
		layout, err = parquet.ReadIndex(src, f.Size(), def.Table)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", e.Path, err), f.Close())
	}
	if cols == nil {
		cols = def.All()
	}
	pages := parquet.Pages{Layout: layout, Source: src, Decoder: d}
	return &Reader[T]{path: e.Path, file: f, pages: pages, cols: cols.Any(), out: parquet.NewColumns(def)}, nil
}

// InMemory reads a file of up to 4 MiB at once into memory, reusing mem. Reading it in parts would check the checksum
// of the footer's block for each part. A larger file is returned unchanged.
func InMemory(f storage.ReadFile, mem []byte) (io.ReaderAt, []byte, error) {
	const maxSize = 4 << 20
	size := f.Size()
	if size > maxSize {
		return f, mem, nil
	}
	mem = slices.Grow(mem[:0], int(size))[:size]
	if n, err := f.ReadAt(mem, 0); n < len(mem) {
		return nil, mem, err
	}
	return parquet.InMemory(mem), mem, nil
}

// Next returns the columns of the next row group, or nil at the end. They are valid until the next call.
func (r *Reader[T]) Next() (*parquet.Columns[T], error) {
	cols, err := r.next()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.path, err)
	}
	return cols, nil
}

func (r *Reader[T]) next() (*parquet.Columns[T], error) {
	if r.stream != nil {
		return r.stream.Next()
	}
	if r.group == len(r.pages.Layout.Groups) {
		return nil, nil
	}
	r.out.Reset()
	err := r.pages.Group(r.out.Any(), r.cols, r.group)
	r.group++
	return r.out, err
}

// Groups returns the number of row groups of a file that Open opened.
func (r *Reader[T]) Groups() int { return r.stream.Groups() }

// Skip skips the next row group of a file that Open opened.
func (r *Reader[T]) Skip() { r.stream.Skip() }

// Bounds returns the smallest and the largest text of a column in the next row group of a file that Open opened; ok is
// false without statistics.
func (r *Reader[T]) Bounds(col tables.WordColumn[T]) (low, high string, ok bool) {
	return r.stream.Bounds(col)
}

// Close closes the file. Closing nil does nothing.
func (r *Reader[T]) Close() error {
	if r == nil {
		return nil
	}
	if r.stream != nil {
		r.stream.Close()
	}
	return r.file.Close()
}

// Cursor walks the rows of a file.
type Cursor[T any] struct {
	*Reader[T]
	Pass func(*Reader[T]) bool // whether to skip the next row group; nil = never
	Cols *parquet.Columns[T]   // the current row group
	At   int                   // index of the current row in Cols
}

// Next moves to the next row; fresh is true at the first row of a row group.
func (c *Cursor[T]) Next() (ok, fresh bool, err error) {
	c.At++
	if c.Cols != nil && c.At < c.Cols.N {
		return true, false, nil
	}
	for {
		for c.Pass != nil && c.Pass(c.Reader) {
			c.Skip()
		}
		c.Cols, err = c.Reader.Next()
		if err != nil || c.Cols == nil {
			return false, false, err
		}
		if c.Cols.N > 0 {
			c.At = 0
			return true, true, nil
		}
	}
}

// EachRow visits every row of a file. Only the columns in cols are filled; nil means all.
func EachRow[T any](o FileOpener, e lake.FileEntry, def tables.Def[T], cols tables.List[T],
	visit func(*parquet.Columns[T], int) error) error {
	return each(o, e, def, parquet.Wanted[T]{Cols: cols}, visit)
}

// EachRowOf visits the rows of a file whose column by contains a word, with all their columns. It skips parts of the
// file that cannot contain the word.
func EachRowOf[T any](o FileOpener, e lake.FileEntry, def tables.Def[T], by tables.WordColumn[T], word string,
	visit func(*parquet.Columns[T], int) error) error {
	return each(o, e, def, parquet.Wanted[T]{By: by, Only: word}, func(c *parquet.Columns[T], i int) error {
		if c.Word(by).At(i) != word {
			return nil
		}
		return visit(c, i)
	})
}

// EachRowAmong visits the rows of a file whose column by contains one of the words, with all their columns. Pages
// without them are not decoded.
func EachRowAmong[T any](o FileOpener, e lake.FileEntry, def tables.Def[T], by tables.WordColumn[T],
	words map[string]bool,
	visit func(*parquet.Columns[T], int) error) error {
	holds := func(c *parquet.Columns[T]) bool {
		dict := c.Word(by).Dict()
		return slices.ContainsFunc(c.Word(by).Codes(), func(code int32) bool { return words[dict[code]] })
	}
	w := parquet.Wanted[T]{Rows: parquet.PageRows, First: tables.Columns(by), Keep: holds}
	return each(o, e, def, w, func(c *parquet.Columns[T], i int) error {
		if !words[c.Word(by).At(i)] {
			return nil
		}
		return visit(c, i)
	})
}

func each[T any](o FileOpener, e lake.FileEntry, def tables.Def[T], w parquet.Wanted[T],
	visit func(*parquet.Columns[T], int) error) error {
	r, err := open(o, e, def, w)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		cols, err := r.Next()
		if err != nil || cols == nil {
			return err
		}
		for i := range cols.N {
			if err := visit(cols, i); err != nil {
				return fmt.Errorf("%s: row %d: %w", e.Path, i, err)
			}
		}
	}
}

// LatestFiles returns, of the files of a table, the latest by cycle and day of each bucket, in the order of buckets.
func LatestFiles(files []lake.FileEntry, table string) []lake.FileEntry {
	latest := make(map[int]lake.FileEntry)
	for _, e := range files {
		if e.Table != table {
			continue
		}
		if was, has := latest[e.Bucket]; !has || cmp.Or(was.Cycle.Compare(e.Cycle), was.Day.Compare(e.Day)) <= 0 {
			latest[e.Bucket] = e
		}
	}
	return slices.SortedFunc(maps.Values(latest), func(a, b lake.FileEntry) int { return a.Bucket - b.Bucket })
}
