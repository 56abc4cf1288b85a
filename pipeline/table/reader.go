package table

import (
	"fmt"
	"io"
	"slices"

	"github.com/tollbook/tollbook/schemas/table"
)

// Source is what a Parquet file is read from.
type Source interface {
	io.ReaderAt
	io.Seeker
}

// Reader reads chosen columns of a table's file, a row group at a time.
type Reader struct {
	pages Pages
	cols  []int // indexes in the table, ascending
	group int
	out   *Columns
}

// NewReader opens a file of a table for the named columns (indexes in def.Columns; nil = all). Errors: not a Parquet file of tollbook's, or
// a column that it does not have.
func NewReader(src Source, def *table.Table, cols []int) (*Reader, error) {
	size, err := src.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", def.Name, err)
	}
	if cols == nil {
		for i := range def.Columns {
			cols = append(cols, i)
		}
	}
	r := &Reader{cols: slices.Sorted(slices.Values(cols)), out: NewColumns(def), pages: Pages{Source: src}}
	if r.pages.Layout, err = ReadLayoutOf(src, size, def, r.cols); err != nil {
		return nil, err
	}
	r.pages.Decoder, err = NewDecoder()
	return r, err
}

// Groups is the number of row groups.
func (r *Reader) Groups() int { return r.pages.Layout.Groups() }

// Rows is the number of rows of the file.
func (r *Reader) Rows() int64 { return r.pages.Layout.Rows() }

// Use makes Next fill columns of an earlier reader of the table, which has to be done with them.
func (r *Reader) Use(c *Columns) { r.out = c }

// Skip passes over the next row group.
func (r *Reader) Skip() { r.group++ }

// Bounds returns the smallest and largest text of a column in the next row group; ok is false without statistics.
func (r *Reader) Bounds(col int) (low, high string, ok bool) {
	if r.group >= r.Groups() || !slices.Contains(r.cols, col) {
		return "", "", false
	}
	b := r.pages.Layout.groups[r.group].chunks[col].whole
	if b == nil {
		return "", "", false
	}
	return b.low, b.high, true
}

// Next returns the next row group's columns, or nil at the end. Columns not asked for are empty.
func (r *Reader) Next() (*Columns, error) {
	if r.group >= r.Groups() {
		return nil, nil
	}
	r.out.Reset()
	err := r.pages.Group(r.out, r.cols, r.group)
	r.group++
	if err != nil {
		return nil, err
	}
	return r.out, nil
}

// Close releases the reader; the source stays open.
func (r *Reader) Close() error {
	r.pages.Decoder.Close()
	return nil
}

// addWordBytes is AddWord without making a string of a word that is known.
func (c *Col) addWordBytes(word []byte) {
	if n := len(c.Codes); n > 0 && c.Dict[c.Codes[n-1]] == string(word) {
		c.Codes = append(c.Codes, c.Codes[n-1])
		return
	}
	c.index()
	if code, ok := c.byText[string(word)]; ok {
		c.Codes = append(c.Codes, code)
		return
	}
	text := string(word)
	code := int32(len(c.Dict))
	c.Dict, c.byText[text] = append(c.Dict, text), code
	c.Codes = append(c.Codes, code)
}
