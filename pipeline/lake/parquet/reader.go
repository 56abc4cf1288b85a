package parquet

import (
	"fmt"
	"io"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/parquet/pageindex"
	"github.com/tollbook/tollbook/schemas/table"
)

// Source is what a Parquet file is read from.
type Source interface {
	io.ReaderAt
	io.Seeker
}

// Reader reads chosen columns of a file of T's table, a row group at a time, or less of it.
type Reader[T any] struct{ reader }

type reader struct {
	pages  Pages
	wanted Wanted[table.Any]
	group  int                 // the next row group
	at     int64               // its rows that were given
	dicts  map[int]*Dictionary // of the row group at hand, by column
	out    *untyped
	own    bool // the decoder
}

// Wanted is what a reader gives of a file. The zero value is all of it, a row group at a time.
type Wanted[T any] struct {
	Cols     table.List[T]       // nil = all
	Rows     int64               // how many at once, at most; 0 = a row group
	Only     string              // if not empty, rows are passed over before the first and after the last that holds it
	By       table.WordColumn[T] // one of Cols
	Decoder  *Decoder            // shared with other readers; nil = one of its own
	Constant bool                // a column whose rows are seen to have one value has one entry: it is Const
	// Keep looks at the columns First, some of Cols, of the rows that are next, and reports whether they are wanted; if
	// not, the other columns are not decoded. nil = all rows are wanted.
	Keep  func(*Columns[T]) bool
	First table.List[T]
}

// any is what is wanted for the reader, which does not know the table.
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

// NewReaderOf opens a file of a table. Errors: not a Parquet file of tollbook's, or a column that it does not have.
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
	layout, err := pageindex.ReadOf(src, size, def, w.Cols, bounded...)
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

// dictionary keeps those of the row group at hand.
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

// Groups is the number of row groups.
func (r *reader) Groups() int { return len(r.pages.Layout.Groups) }

// Rows is the number of rows of the file.
func (r *reader) Rows() int64 { return r.pages.Layout.Rows }

// Use makes Next fill columns of an earlier reader of the table, which has to be done with them.
func (r *Reader[T]) Use(c *Columns[T]) { r.out = c.Any() }

// Skip passes over the row group that is next, or what is left of it.
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

// Next returns the next rows' columns, or nil at the end: of one row group, so that their words are of one dictionary.
// Columns not asked for are empty.
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
		passed := r.passes(from, to)
		if !passed && r.wanted.Only != "" {
			from, to, err = r.pages.stretch(r.wanted.By, r.wanted.Only, from, to)
			passed = from == to
		}
		if !passed && err == nil {
			passed, err = r.decode(from, to)
		}
		if r.at == g.Rows {
			r.Skip()
		}
		if !passed || err != nil {
			return r.out, err
		}
	}
	return nil, nil
}

// decode fills the columns with some rows of the file; passed = they are not wanted.
func (r *reader) decode(from, to int64) (passed bool, err error) {
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

// passes reports whether no row from..to can hold the word that alone is wanted.
func (r *reader) passes(from, to int64) bool {
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

// addWordBytes is AddWord without making a string of a word that is known.
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
