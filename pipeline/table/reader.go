package table

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/tollbook/tollbook/schemas/table"
)

// Source is what a Parquet file is read from.
type Source = parquet.ReaderAtSeeker

// Reader reads chosen columns of a table's file, a row group at a time.
type Reader struct {
	def   *table.Table
	file  *file.Reader
	cols  []int // indexes in def, ascending
	at    []int // their places in the file
	group int
	out   *Columns
	text  []parquet.ByteArray
	flba  []parquet.FixedLenByteArray
	defs  []int16
}

// NewReader opens a file of a table for the named columns (indexes in def.Columns; nil = all).
// Errors: not a Parquet file, or a column missing or of another type than the table says.
func NewReader(src Source, def *table.Table, cols []int) (*Reader, error) {
	props := parquet.NewReaderProperties(nil)
	props.BufferedStreamEnabled = true // page by page, not a column of a row group at once
	f, err := file.NewParquetReader(src, file.WithReadProps(props))
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", def.Name, err)
	}
	if cols == nil {
		for i := range def.Columns {
			cols = append(cols, i)
		}
	}
	r := &Reader{def: def, file: f, cols: slices.Sorted(slices.Values(cols)), out: NewColumns(def)}
	for _, c := range r.cols {
		at := f.MetaData().Schema.ColumnIndexByName(def.Columns[c].Name)
		if at < 0 {
			return nil, fmt.Errorf("read table %s: the file has no column %s", def.Name, def.Columns[c].Name)
		}
		r.at = append(r.at, at)
	}
	return r, nil
}

// Groups is the number of row groups.
func (r *Reader) Groups() int { return r.file.NumRowGroups() }

// Rows is the number of rows of the file.
func (r *Reader) Rows() int64 { return r.file.NumRows() }

// Use makes Next fill columns of an earlier reader of the table, which has to be done with them.
func (r *Reader) Use(c *Columns) { r.out = c }

// Skip passes over the next row group.
func (r *Reader) Skip() { r.group++ }

// Bounds returns the smallest and largest text of a column in the next row group; ok is false without statistics.
func (r *Reader) Bounds(col int) (low, high string, ok bool) {
	i := slices.Index(r.cols, col)
	if i < 0 || r.group >= r.Groups() {
		return "", "", false
	}
	chunk, err := r.file.MetaData().RowGroup(r.group).ColumnChunk(r.at[i])
	if err != nil {
		return "", "", false
	}
	stats, err := chunk.Statistics()
	if err != nil || stats == nil || !stats.HasMinMax() {
		return "", "", false
	}
	return string(stats.EncodeMin()), string(stats.EncodeMax()), true
}

// Next returns the next row group's columns, or nil at the end. Columns not asked for are empty.
func (r *Reader) Next() (*Columns, error) {
	if r.group >= r.Groups() {
		return nil, nil
	}
	group := r.file.RowGroup(r.group)
	r.group++
	r.out.Reset()
	r.out.N = int(group.NumRows())
	for i, c := range r.cols {
		cr, err := group.Column(r.at[i])
		if err == nil {
			err = r.column(cr, &r.out.C[c], r.def.Columns[c].Type, r.out.N)
		}
		if err != nil {
			return nil, fmt.Errorf("read table %s: column %s: %w", r.def.Name, r.def.Columns[c].Name, err)
		}
	}
	return r.out, nil
}

// Close releases the reader; the source stays open.
func (r *Reader) Close() error { return r.file.Close() }

func (r *Reader) column(cr file.ColumnChunkReader, c *Col, t table.Type, n int) error {
	switch t {
	case table.Word, table.Text:
		return r.strings(cr, c, t, n)
	case table.Small:
		c.Codes = slices.Grow(c.Codes[:0], n)[:n]
		return readAll(cr, c.Codes, func(v []int32) (int64, int, error) {
			return cr.(*file.Int32ColumnChunkReader).ReadBatch(int64(len(v)), v, nil, nil)
		})
	case table.Time, table.Whole:
		c.Ints = slices.Grow(c.Ints[:0], n)[:n]
		return readAll(cr, c.Ints, func(v []int64) (int64, int, error) {
			return cr.(*file.Int64ColumnChunkReader).ReadBatch(int64(len(v)), v, nil, nil)
		})
	case table.MaybeTime:
		return r.maybeTimes(cr, c, n)
	default:
		return r.decimals(cr, c, n)
	}
}

// readAll fills dst from a column without nulls.
func readAll[T any](cr file.ColumnChunkReader, dst []T, read func([]T) (int64, int, error)) error {
	for done := 0; done < len(dst); {
		_, got, err := read(dst[done:])
		if err != nil {
			return err
		}
		if got == 0 {
			return short(cr, done, len(dst))
		}
		done += got
	}
	return nil
}

func short(cr file.ColumnChunkReader, got, want int) error {
	if err := cr.Err(); err != nil {
		return err
	}
	return fmt.Errorf("the file ends after %d of %d values", got, want)
}

func (r *Reader) maybeTimes(cr file.ColumnChunkReader, c *Col, n int) error {
	c.Ints = slices.Grow(c.Ints[:0], n)[:0]
	vals := make([]int64, n)
	r.defs = slices.Grow(r.defs[:0], n)[:n]
	for len(c.Ints) < n {
		levels, _, err := cr.(*file.Int64ColumnChunkReader).ReadBatch(int64(n-len(c.Ints)), vals, r.defs, nil)
		if err != nil {
			return err
		}
		if levels == 0 {
			return short(cr, len(c.Ints), n)
		}
		next := 0
		for _, d := range r.defs[:levels] {
			if d == 0 {
				c.Ints = append(c.Ints, int64(table.Nothing))
				continue
			}
			c.Ints = append(c.Ints, vals[next])
			next++
		}
	}
	return nil
}

// chunkRows is how many values are taken from a page at once; the bytes behind them are the page's, and copied before the next call.
const chunkRows = 4096

func (r *Reader) strings(cr file.ColumnChunkReader, c *Col, t table.Type, n int) error {
	r.text = slices.Grow(r.text[:0], chunkRows)[:chunkRows]
	for done := 0; done < n; {
		_, got, err := cr.(*file.ByteArrayColumnChunkReader).ReadBatchInPage(int64(min(chunkRows, n-done)), r.text, nil, nil)
		if err != nil {
			return err
		}
		if got == 0 {
			return short(cr, done, n)
		}
		for _, v := range r.text[:got] {
			if t == table.Word {
				c.addWordBytes(v)
			} else {
				c.AddBytes(v)
			}
		}
		done += got
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
	if code, ok := c.byText[string(word)]; ok {
		c.Codes = append(c.Codes, code)
		return
	}
	text := string(word)
	code := int32(len(c.Dict))
	c.Dict, c.byText[text] = append(c.Dict, text), code
	c.Codes = append(c.Codes, code)
}

func (r *Reader) decimals(cr file.ColumnChunkReader, c *Col, n int) error {
	r.flba = slices.Grow(r.flba[:0], chunkRows)[:chunkRows]
	for done := 0; done < n; {
		_, got, err := cr.(*file.FixedLenByteArrayColumnChunkReader).ReadBatchInPage(int64(min(chunkRows, n-done)), r.flba, nil, nil)
		if err != nil {
			return err
		}
		if got == 0 {
			return short(cr, done, n)
		}
		for _, v := range r.flba[:got] {
			c.Decs = append(c.Decs, fromBE(v))
		}
		done += got
	}
	return nil
}
