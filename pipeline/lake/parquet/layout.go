package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/parquet-go/parquet-go/format"

	"github.com/tollbook/tollbook/schemas/table"
)

// Layout contains the positions of the pages of a table's file, as its footer and its page index have them.
type Layout struct {
	Def    *table.Table
	Groups []RowGroup
	Rows   int64 // of the file
	weight int
}

// RowGroup is one row group: its first row within the file, its number of rows, and its chunks.
type RowGroup struct {
	First, Rows int64
	Chunks      []IndexedChunk // by column of the table; the chunk of a column that is not in the file has no pages
}

// IndexedChunk is one column of a row group.
type IndexedChunk struct {
	Dict   int64 // offset of its dictionary page; 0 = none
	Codec  format.CompressionCodec
	Pages  []DataPage
	Bounds []TextBounds // by page, if the reader of the layout wanted them and the file has them
	Whole  *TextBounds  // of the row group, if the file has them
}

// DataPage is one data page: its offset and size with its header.
type DataPage struct {
	At    int64
	Bytes int32
	First int32 // its first row within the group
}

// TextBounds are the smallest and the largest text of a page or of a row group.
type TextBounds struct{ Low, High string }

// Weight is the approximate size of the layout in memory, in bytes.
func (l *Layout) Weight() int { return l.weight }

// Bounds returns the smallest and the largest text of a column within the pages with the rows [from, to) of one row
// group. ok is false if the layout was read without bounds or the file does not have them.
func (l *Layout) Bounds(col int, from, to int64) (low, high string, ok bool) {
	g := &l.Groups[l.Group(from)]
	c := &g.Chunks[col]
	if c.Bounds == nil {
		return "", "", false
	}
	first, last := c.Page(from-g.First), c.Page(to-1-g.First)
	low, high = c.Bounds[first].Low, c.Bounds[first].High
	for _, b := range c.Bounds[first+1 : last+1] {
		low, high = min(low, b.Low), max(high, b.High)
	}
	return low, high, true
}

// layoutReader parses the structures of a file.
type layoutReader struct {
	src    io.ReaderAt
	size   int64
	wanted []bool // by column; nil = all
}

// ReadIndex reads a file's footer and page index. bounded are the columns whose page bounds are kept. If the file has
// no page index, it reads the header of each page. Errors: the file is not a Parquet file of this table, or is damaged.
func ReadIndex(src io.ReaderAt, size int64, def *table.Table, bounded ...table.ColumnOf[table.Any]) (*Layout, error) {
	return (&layoutReader{src: src, size: size}).of(def, bounded)
}

// ReadIndexOf is Read for some columns. The file must have them unless they were added to the table later. It ignores
// all other columns.
func ReadIndexOf(src io.ReaderAt, size int64, def *table.Table, cols table.List[table.Any],
	bounded ...table.ColumnOf[table.Any]) (*Layout, error) {
	r := layoutReader{src: src, size: size, wanted: make([]bool, len(def.Columns))}
	for _, c := range cols {
		r.wanted[c] = true
	}
	l, err := r.of(def, bounded)
	if err != nil {
		return nil, err
	}
	for i := range l.Groups {
		for _, c := range cols {
			if len(l.Groups[i].Chunks[c].Pages) == 0 && !def.IsAdded(int(c)) {
				return nil, fmt.Errorf("read table %s: the file has no column %s", def.Name, def.Columns[c].Name)
			}
		}
	}
	return l, nil
}

func (r *layoutReader) of(def *table.Table, bounded table.List[table.Any]) (*Layout, error) {
	l, err := r.read(def, bounded)
	if err != nil {
		return nil, fmt.Errorf("read the layout of a file of table %s: %w", def.Name, err)
	}
	return l, nil
}

var errNotParquet = errors.New("not a Parquet file")

// IndexedTexts returns the columns of texts of a file, whatever its table. A column is a Word if it has a dictionary.
func IndexedTexts(src io.ReaderAt, size int64, name string) (*table.Table, error) {
	groups, err := (&layoutReader{src: src, size: size}).footer()
	if err != nil {
		return nil, fmt.Errorf("read the columns of a file of table %s: %w", name, err)
	}
	def := &table.Table{Name: name}
	for i := range groups[:min(1, len(groups))] {
		for _, c := range groups[i].chunks {
			kind := table.Text
			if c.dict > 0 {
				kind = table.Word
			}
			if c.isText {
				def.Columns = append(def.Columns, table.Column{Name: string(c.name), Type: kind})
			}
		}
	}
	return def, nil
}

func (r *layoutReader) footer() ([]groupMeta, error) {
	if r.size < 12 {
		return nil, errNotParquet
	}
	tail, err := r.bytes(r.size-8, 8)
	if err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(tail))
	if string(tail[4:]) != "PAR1" || length > r.size-12 {
		return nil, errNotParquet
	}
	text, err := r.bytes(r.size-8-length, length)
	if err != nil {
		return nil, err
	}
	return footer(text)
}

func (r *layoutReader) read(def *table.Table, bounded table.List[table.Any]) (*Layout, error) {
	groups, err := r.footer()
	if err != nil {
		return nil, err
	}
	l := &Layout{Def: def, weight: 200}
	for i := range groups {
		g, err := r.group(&groups[i], def, bounded)
		if err != nil {
			return nil, fmt.Errorf("row group %d: %w", i, err)
		}
		g.First = l.Rows
		l.Rows += g.Rows
		l.Groups = append(l.Groups, g)
		l.weight += g.weight()
	}
	return l, nil
}

func (g *RowGroup) weight() int {
	n := 48
	for i := range g.Chunks {
		n += 80 + 16*len(g.Chunks[i].Pages) + 64*len(g.Chunks[i].Bounds)
		if g.Chunks[i].Whole != nil {
			n += 64
		}
	}
	return n
}

// bytes reads n bytes from an offset; it is an error if the file is shorter.
func (r *layoutReader) bytes(from, n int64) ([]byte, error) {
	if from < 0 || n < 0 || from > r.size-n {
		return nil, fmt.Errorf("%d bytes from %d on, of a file of %d", n, from, r.size)
	}
	b := make([]byte, n)
	if got, err := r.src.ReadAt(b, from); got < len(b) {
		return nil, err
	}
	return b, nil
}

func (r *layoutReader) group(meta *groupMeta, def *table.Table, bounded table.List[table.Any]) (RowGroup, error) {
	g := RowGroup{Rows: meta.rows, Chunks: make([]IndexedChunk, len(def.Columns))}
	if g.Rows < 0 {
		return g, fmt.Errorf("%d rows", g.Rows)
	}
	for i := range meta.chunks {
		c := &meta.chunks[i]
		col := def.Index(string(c.name))
		if col < 0 || r.wanted != nil && !r.wanted[col] {
			continue
		}
		chunk, err := r.chunk(c, g.Rows)
		if err == nil {
			err = r.check(&chunk, g.Rows)
		}
		if err == nil {
			for _, b := range bounded {
				if int(b) == col {
					chunk.Bounds, err = r.bounds(c, len(chunk.Pages))
				}
			}
		}
		if err != nil {
			return g, fmt.Errorf("column %s: %w", def.Columns[col].Name, err)
		}
		g.Chunks[col] = chunk
	}
	return g, nil
}

func (r *layoutReader) chunk(c *chunkMeta, rows int64) (IndexedChunk, error) {
	out := IndexedChunk{Dict: c.dict, Codec: c.codec}
	// An absent minimum and an empty one are the same bound: no text is smaller than the empty one.
	if len(c.high) > 0 {
		out.Whole = &TextBounds{string(c.low), string(c.high)}
	}
	if c.values != rows {
		return out, fmt.Errorf("%d values in a group of %d rows", c.values, rows)
	}
	if c.offsetIndex.from == 0 {
		return out, r.walk(c, &out)
	}
	b, err := r.bytes(c.offsetIndex.from, int64(c.offsetIndex.bytes))
	if err != nil {
		return out, err
	}
	if out.Pages, err = offsetIndex(b); err != nil {
		return out, err
	}
	if len(out.Pages) == 0 || out.Pages[0].First != 0 {
		return out, errors.New("page index: no page holds the first row")
	}
	return out, nil
}

// check checks that the pages of a column are within the file, and that their first rows ascend within their group.
func (r *layoutReader) check(c *IndexedChunk, rows int64) error {
	for i, p := range c.Pages {
		switch {
		case p.Bytes <= 0 || p.At < 0 || p.At > r.size-int64(p.Bytes):
			return fmt.Errorf("page %d: %d bytes from %d on, of a file of %d", i, p.Bytes, p.At, r.size)
		case i > 0 && (p.First <= c.Pages[i-1].First || int64(p.First) >= rows):
			return fmt.Errorf("page %d: begins with row %d of %d, after one of row %d", i, p.First, rows,
				c.Pages[i-1].First)
		}
	}
	return nil
}

// headerBytes is larger than any page header with its statistics.
const headerBytes = 1 << 12

// walk finds the pages of a column that has no page index.
func (r *layoutReader) walk(c *chunkMeta, out *IndexedChunk) error {
	at, end := c.data, c.data+c.compressed
	if out.Dict > 0 {
		end = out.Dict + c.compressed
	}
	for first := int64(0); first < c.values && at < end; {
		b, err := r.bytes(at, min(headerBytes, r.size-at))
		if err != nil {
			return err
		}
		h, header, err := PageHeader(b)
		if err != nil {
			return err
		}
		if h.DataPageHeader.Valid {
			out.Pages = append(out.Pages, DataPage{At: at, Bytes: int32(header) + h.CompressedPageSize,
				First: int32(first)})
			first += int64(h.DataPageHeader.V.NumValues)
		}
		at += int64(header) + int64(h.CompressedPageSize)
	}
	if len(out.Pages) == 0 {
		return errors.New("no page")
	}
	return nil
}

// PageHeader parses the page header at the beginning of b and returns it with its length in bytes.
func PageHeader(b []byte) (h format.PageHeader, n int, err error) {
	c := compact{b: b}
	h = c.header()
	if err := c.err("page header"); err != nil {
		return h, 0, err
	}
	if h.CompressedPageSize < 0 || h.UncompressedPageSize < 0 {
		return h, 0, errors.New("page header: negative size")
	}
	return h, c.at, nil
}

// bounds reads the smallest and largest text of each page; nil if the file does not have them.
func (r *layoutReader) bounds(c *chunkMeta, pages int) ([]TextBounds, error) {
	if c.columnIndex.from == 0 {
		return nil, nil
	}
	b, err := r.bytes(c.columnIndex.from, int64(c.columnIndex.bytes))
	if err != nil {
		return nil, err
	}
	low, high, err := columnIndexOf(b)
	if err != nil {
		return nil, err
	}
	if len(low) != pages || len(high) != pages {
		return nil, fmt.Errorf("page bounds: %d of %d pages", len(low), pages)
	}
	out := make([]TextBounds, pages)
	for i := range out {
		out[i] = TextBounds{string(low[i]), string(high[i])}
	}
	return out, nil
}

// Group returns the index of the row group with a row of the file.
func (l *Layout) Group(row int64) int {
	return sort.Search(len(l.Groups), func(i int) bool { return l.Groups[i].First > row }) - 1
}

// Page returns the index of the page of a column with a row of the group.
func (c *IndexedChunk) Page(row int64) int {
	return sort.Search(len(c.Pages), func(i int) bool { return int64(c.Pages[i].First) > row }) - 1
}

// End returns the first row of the group after a page.
func (g *RowGroup) End(c *IndexedChunk, page int) int64 {
	if page+1 < len(c.Pages) {
		return int64(c.Pages[page+1].First)
	}
	return g.Rows
}
