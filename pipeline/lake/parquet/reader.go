package parquet

import (
	"fmt"
	"io"
	"slices"

	"github.com/tollbook/tollbook/schemas/table"
)

// Source is an open Parquet file.
type Source interface {
	io.ReaderAt
	io.Seeker
}

// Reader reads columns of a file of T's table, by row groups or smaller parts.
type Reader[T any] struct{ reader }

type reader struct {
	pages  Pages
	wanted Wanted[table.Any]
	group  int                 // the next row group
	at     int64               // number of its rows that were returned
	dicts  map[int]*Dictionary // of the current row group, by column
	out    *untyped
	own    bool // the decoder belongs to this reader
}

// Wanted defines what a reader returns. The zero value means the complete file, one row group at a time.
type Wanted[T any] struct {
	Cols     table.List[T]       // nil = all
	Rows     int64               // largest number of rows at once; 0 = a row group
	Only     string              // if not empty, rows before the first and after the last with this word are skipped
	By       table.WordColumn[T] // one of Cols
	Decoder  *Decoder            // shared with other readers; nil = a new one
	Constant bool                // a column known to have one value has a single entry: Const
	// Keep reads the columns First, a subset of Cols, of the next rows, and reports whether they are wanted. If not,
	// the other columns are not decoded. nil = all rows are wanted.
	Keep  func(*Columns[T]) bool
	First table.List[T]
}

// any returns the value without its table's type.
func (w *Wanted[T]) any() Wanted[table.Any] {
	all := Wanted[table.Any]{Cols: w.Cols.Any(), Rows: w.Rows, Only: w.Only, By: table.WordColumn[table.Any](w.By),
		Decoder: w.Decoder, Constant: w.Constant, First: w.First.Any()}
	if w.Keep != nil {
		all.Keep = func(c *untyped) bool { return w.Keep((*Columns[T])(c)) }
	}
	return all
}

// NewReader opens a file of a table for some columns (nil = all). Errors are those of NewReaderOf.
func NewReader[T any](src Source, def table.Def[T], cols table.List[T]) (*Reader[T], error) {
	return NewReaderOf(src, def, Wanted[T]{Cols: cols})
}

// NewReaderOf opens a file of a table. It fails for a file that tollbook did not write, or that lacks a column.
func NewReaderOf[T any](src Source, def table.Def[T], w Wanted[T]) (*Reader[T], error) {
	r, err := newReader(src, def.Table, w.any())
	if err != nil {
		return nil, err
	}
	return &Reader[T]{*r}, nil
}

func newReader(src Source, def *table.Table, w Wanted[table.Any]) (*reader, error) {
	size, err := src.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", def.Name, err)
	}
	if w.Cols == nil {
		w.Cols = table.Untyped(def).All()
	}
	w.Cols = slices.Compact(slices.Sorted(slices.Values(w.Cols)))
	var bounded table.List[table.Any]
	if w.Only != "" {
		bounded = table.Columns(w.By)
	}
	layout, err := ReadIndexOf(src, size, def, w.Cols, bounded...)
	if err != nil {
		return nil, err
	}
	r := &reader{wanted: w, out: NewColumns(table.Untyped(def)), dicts: make(map[int]*Dictionary),
		own: w.Decoder == nil}
	if r.own {
		if w.Decoder, err = NewDecoder(); err != nil {
			return nil, err
		}
	}
	r.pages = Pages{Layout: layout, Source: src, Decoder: w.Decoder, Dictionary: r.dictionary, constant: w.Constant}
	return r, nil
}

// dictionary caches the dictionaries of the current row group.
func (r *reader) dictionary(_, col int, load func() (*Dictionary, error)) (*Dictionary, error) {
	if d, ok := r.dicts[col]; ok {
		return d, nil
	}
	d, err := load()
	if err == nil {
		r.dicts[col] = d
	}
	return d, err
}

// Groups returns the number of row groups.
func (r *reader) Groups() int { return len(r.pages.Layout.Groups) }

// Rows returns the number of rows of the file.
func (r *reader) Rows() int64 { return r.pages.Layout.Rows }

// Use makes Next fill the columns of an earlier reader of the table, which must no longer use them.
func (r *Reader[T]) Use(c *Columns[T]) { r.out = c.Any() }

// Skip skips the next row group, or the rest of the current one.
func (r *reader) Skip() {
	r.group, r.at = r.group+1, 0
	clear(r.dicts)
}

// Bounds returns the smallest and largest text of a column in the next row group; ok is false without statistics.
func (r *Reader[T]) Bounds(col table.WordColumn[T]) (low, high string, ok bool) {
	if r.group >= r.Groups() || !slices.Contains(r.wanted.Cols, table.ColumnOf[table.Any](col)) {
		return "", "", false
	}
	b := r.pages.Layout.Groups[r.group].Chunks[col].Whole
	if b == nil {
		return "", "", false
	}
	return b.Low, b.High, true
}

// Next returns the columns of the next rows, or nil at the end. The rows are of one row group, so their words have one
// dictionary. Columns that were not requested are empty.
func (r *Reader[T]) Next() (*Columns[T], error) {
	c, err := r.next()
	return (*Columns[T])(c), err
}

func (r *reader) next() (*untyped, error) {
	for r.group < r.Groups() {
		g := &r.pages.Layout.Groups[r.group]
		from, to := g.First+r.at, g.First+g.Rows
		if r.wanted.Rows > 0 {
			to = min(to, from+r.wanted.Rows)
		}
		r.at = to - g.First
		var err error
		skipped := r.excludes(from, to)
		if !skipped && r.wanted.Only != "" {
			from, to, err = r.pages.stretch(r.wanted.By, r.wanted.Only, from, to)
			skipped = from == to
		}
		if !skipped && err == nil {
			skipped, err = r.decode(from, to)
		}
		if r.at == g.Rows {
			r.Skip()
		}
		if !skipped || err != nil {
			return r.out, err
		}
	}
	return nil, nil
}

// decode fills the columns with rows of the file; skipped means that they are not wanted.
func (r *reader) decode(from, to int64) (skipped bool, err error) {
	r.out.Reset()
	if r.wanted.Keep == nil {
		return false, r.pages.Append(r.out, r.wanted.Cols, from, to)
	}
	if err := r.pages.Append(r.out, r.wanted.First, from, to); err != nil {
		return false, err
	}
	if !r.wanted.Keep(r.out) {
		return true, nil
	}
	rest := slices.DeleteFunc(slices.Clone(r.wanted.Cols),
		func(c table.ColumnOf[table.Any]) bool { return slices.Contains(r.wanted.First, c) })
	err = r.pages.Append(r.out, rest, from, to)
	r.out.N = int(to - from)
	return false, err
}

// excludes reports whether no row from..to can have the wanted word.
func (r *reader) excludes(from, to int64) bool {
	if r.wanted.Only == "" {
		return false
	}
	low, high, ok := r.pages.Layout.Bounds(r.wanted.By.Index(), from, to)
	return ok && (r.wanted.Only < low || r.wanted.Only > high)
}

// Close releases the reader; the source stays open.
func (r *reader) Close() error {
	if r.own {
		r.pages.Decoder.Close()
	}
	return nil
}

// addWordBytes is AddWord without allocating a string for a known word.
func (c *Col) addWordBytes(word []byte) {
	if n := len(c.Codes); n > 0 && c.Dict[c.Codes[n-1]] == string(word) {
		c.Codes = append(c.Codes, c.Codes[n-1])
		return
	}
	c.index()
	code, ok := c.byText[string(word)]
	if !ok {
		text := string(word)
		code = int32(len(c.Dict))
		c.Dict, c.byText[text] = append(c.Dict, text), code
	}
	c.Codes = append(c.Codes, code)
}
