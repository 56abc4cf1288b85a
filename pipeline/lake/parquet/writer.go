package parquet

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/format"

	"github.com/tollbook/tollbook/schemas/table"
)

// Writer writes batches of one table to one Parquet file, one row group per batch. Columns have dictionaries and known
// types, so pages are built directly from codes and numbers, without the intermediate arrays of a general writer.
type Writer struct {
	def       *table.Table
	out       io.Writer
	mem       *Memory
	at        int64 // bytes written
	rows      int64
	footer    Footer
	plainRows int // the constant; tests set fewer
}

// decWidth is the width of DECIMAL(38,x) in Parquet.
const decWidth = DecWidth

// PageRows is the number of rows of a page: a reader decodes as many to read one row. A column with one value for all
// rows of its row group has one page.
const PageRows = 1024

// keyed are the columns by which readers look up rows. Only they have statistics of row groups and pages. The positions
// of pages are stored for every column.
var keyed = [...]string{"cycle", "day", "customer_id", "usage_start", "sku", "partner_id", "resource_id", "slot"}

// random are the columns of numbers without a pattern: packing them saves a third of their bytes, but reading takes
// four times as long. A table with such a column has no other column.
var random = [...]string{"hash"}

// NewWriter starts a Parquet file of a table on w. Close ends the file and leaves w open.
func NewWriter(w io.Writer, def *table.Table) (*Writer, error) {
	return NewWriterIn(NewMemory(), w, def)
}

// NewWriterIn is NewWriter with memory that successive writers share.
func NewWriterIn(mem *Memory, w io.Writer, def *table.Table) (*Writer, error) {
	n, err := w.Write([]byte(Magic))
	if err != nil {
		return nil, fmt.Errorf("start a file of table %s: %w", def.Name, err)
	}
	return &Writer{def: def, out: w, mem: mem, at: int64(n), footer: Footer{Def: def}, plainRows: plainRows}, nil
}

// Rows is the number of rows written so far.
func (w *Writer) Rows() int64 { return w.rows }

// summed is a destination that computes checksums of its content, which are stored in the file.
type summed interface{ Checksums() []byte }

// Close writes the footer. The checksums of the destination precede it, where readers of Parquet do not look.
func (w *Writer) Close() error {
	var b []byte
	if out, is := w.out.(summed); is {
		b = out.Checksums()
	}
	end, err := w.footer.Bytes(w.at+int64(len(b)), w.rows)
	if err == nil {
		_, err = w.out.Write(append(b, end...))
	}
	if err != nil {
		return fmt.Errorf("end a file of table %s: %w", w.def.Name, err)
	}
	return nil
}

// Write writes a batch as one row group; an empty batch writes nothing.
func (w *Writer) Write(c *Columns[table.Any]) error {
	if c.N == 0 {
		return nil
	}
	if err := c.check(); err != nil {
		return err
	}
	m := w.mem
	if one := &w.def.Columns[0]; len(c.c) == 1 && one.Type == table.Whole && isOf(random[:], one) {
		vals := c.c[0].Ints
		if c.c[0].Const {
			vals = repeated(&m.ints, vals[0], c.N)
		}
		return w.WriteWholes(c.N, func() ([]int64, error) { return vals, nil })
	}
	m.out, m.chunks = m.out[:0], slices.Grow(m.chunks[:0], len(c.c))[:len(c.c)]
	for i := range c.c {
		ch := &m.chunks[i]
		*ch = Chunk{From: len(m.out), Pages: ch.Pages[:0], Bounds: ch.Bounds[:0],
			Codec: codecOf(&w.def.Columns[i])}
		if earlier := w.sameDictionary(c, i); earlier >= 0 {
			copyOf(ch, &m.chunks[earlier], m)
		} else if earlier := w.sameTimes(c, i); earlier >= 0 {
			if err := m.levelled(ch, &m.chunks[earlier], c.N); err != nil {
				return fmt.Errorf("write table %s: column %s: %w", w.def.Name, w.def.Columns[i].Name, err)
			}
		} else if err := w.column(ch, c, i); err != nil {
			return fmt.Errorf("write table %s: column %s: %w", w.def.Name, w.def.Columns[i].Name, err)
		}
		ch.To = len(m.out)
	}
	if _, err := w.out.Write(m.out); err != nil {
		return fmt.Errorf("write table %s: %w", w.def.Name, err)
	}
	w.footer.Add(m.chunks, w.at, c.N)
	w.at += int64(len(m.out))
	w.rows += int64(c.N)
	return nil
}

// Append writes the row groups of another Parquet file of the table, as they are (FOOT-1).
func (w *Writer) Append(file io.ReaderAt, size int64) error {
	end, rows, err := w.footer.Append(file, size, w.at)
	n := int64(0)
	if err == nil {
		first := int64(len(Magic))
		n, err = io.Copy(w.out, io.NewSectionReader(file, first, end-first))
	}
	if err != nil {
		return fmt.Errorf("append row groups to a file of table %s: %w", w.def.Name, err)
	}
	w.at, w.rows = w.at+n, w.rows+rows
	return nil
}

// plainRows is the largest number of rows of a page of WriteWholes. The format has 31 bits for the bytes of a page.
const plainRows = 1 << 27

// WriteWholes writes n > 0 numbers as one row group of a table whose only column contains numbers without a pattern.
// next returns the numbers in parts, of at least one number each. A part is valid until the next call. The numbers are
// written as PLAIN in one page, because readers need all or none; more than a page can hold are written in several.
func (w *Writer) WriteWholes(n int, next func() ([]int64, error)) error {
	const atOnce = 8192
	ch := Chunk{Codec: format.Uncompressed, Encoding: format.Plain}
	b, vals := w.mem.page[:0], []int64(nil)
	for row, page := 0, 0; row < n; { // page: numbers of the page that are not yet written
		if page == 0 {
			page = min(w.plainRows, n-row)
			b = header(b, format.DataPage, 8*page, 8*page, page, format.Plain)
			p := Page{At: ch.To, Size: len(b) + 8*page, First: row, Header: len(b), Raw: 8 * page}
			ch.Pages, ch.To = append(ch.Pages, p), ch.To+p.Size
		}
		var err error
		if len(vals) == 0 {
			vals, err = next()
		}
		part := vals[:min(atOnce, len(vals), page)]
		for _, v := range part {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
		if err == nil {
			_, err = w.out.Write(b)
		}
		if err != nil {
			return fmt.Errorf("write table %s: %w", w.def.Name, err)
		}
		b, vals, row, page = b[:0], vals[len(part):], row+len(part), page-len(part)
	}
	w.mem.page, ch.Uncompressed = b, ch.To
	w.footer.Add([]Chunk{ch}, w.at, n)
	w.at, w.rows = w.at+int64(ch.To), w.rows+int64(n)
	return nil
}

func isOf(names []string, c *table.Column) bool { return slices.Contains(names, c.Name) }

func codecOf(c *table.Column) format.CompressionCodec {
	if c.Type == table.Small || isOf(random[:], c) { // codes of a few bits, and values without a pattern
		return format.Uncompressed
	}
	return format.Zstd
}

// sameDictionary returns an earlier column of the batch with equal values in all rows, whose pages can be copied: for
// example, most payments are all cash, and the end of usage is in three columns. -1 = none.
func (w *Writer) sameDictionary(c *untyped, col int) int {
	def, vals := w.def.Columns, &c.c[col]
	if isOf(keyed[:], &def[col]) || isOf(random[:], &def[col]) || vals.Const {
		return -1
	}
	for i := range col {
		o := &c.c[i]
		if def[i].Type != def[col].Type || o.Const {
			continue
		}
		switch def[col].Type {
		case table.Amount, table.Quantity, table.Cost:
			if slices.Equal(o.Decs, vals.Decs) {
				return i
			}
		case table.Time, table.Whole, table.MaybeTime:
			if slices.Equal(o.Ints, vals.Ints) && !isOf(random[:], &def[i]) {
				return i
			}
		}
	}
	return -1
}

// sameTimes returns, for a column of optional times without nulls, an earlier column with the same times that was
// written as compressed differences. -1 = none.
func (w *Writer) sameTimes(c *untyped, col int) int {
	def, vals := w.def.Columns, &c.c[col]
	if def[col].Type != table.MaybeTime || vals.Const {
		return -1
	}
	for i := range col {
		o, ch := &c.c[i], &w.mem.chunks[i]
		if def[i].Type == table.Time && !o.Const && ch.Encoding == format.DeltaBinaryPacked &&
			ch.Codec == format.Zstd &&
			slices.Equal(o.Ints, vals.Ints) && !slices.Contains(vals.Ints, int64(table.Nothing)) {
			return i
		}
	}
	return -1
}

// copyOf makes a chunk a copy of an earlier one.
func copyOf(ch, o *Chunk, m *Memory) {
	m.out = append(m.out, m.out[o.From:o.To]...)
	ch.Dict, ch.Encoding, ch.Uncompressed, ch.Nulls = o.Dict, o.Encoding, o.Uncompressed, o.Nulls
	ch.Pages = append(ch.Pages, o.Pages...)
}

func (w *Writer) column(ch *Chunk, b *untyped, col int) error {
	def, c, n := &w.def.Columns[col], &b.c[col], b.N
	m := &maker{Memory: w.mem, chunk: ch, keyed: isOf(keyed[:], def)}
	m.compressor.tree = m.compressor.tree[:0]
	switch def.Type {
	case table.Word:
		if c.Const {
			return m.words(c.Dict[:1], repeated(&m.places, 0, n))
		}
		return m.words(c.Dict, c.Codes)
	case table.Small:
		if c.Const {
			return m.smalls(repeated(&m.levels, c.Codes[0], n))
		}
		return m.smalls(c.Codes)
	case table.Amount, table.Quantity, table.Cost:
		if c.Const {
			return m.decimalCodes(c.Decs, repeated(&m.places, 0, n))
		}
		return m.decimals(c.Decs)
	case table.Text:
		if c.Const || len(c.Bytes) == 0 {
			return m.words([]string{string(c.Text(0))}, repeated(&m.places, 0, n))
		}
		return m.texts(c)
	}
	vals := c.Ints
	if c.Const {
		vals = repeated(&m.ints, c.Ints[0], n)
	}
	switch {
	case def.Type == table.MaybeTime:
		return m.maybeTimes(vals)
	}
	return m.wholes(vals)
}

// repeated returns a slice of n times a value, in reused memory.
func repeated[T any](mem *[]T, v T, n int) []T {
	s := slices.Grow((*mem)[:0], n)[:n]
	for i := range s {
		s[i] = v
	}
	*mem = s
	return s
}
