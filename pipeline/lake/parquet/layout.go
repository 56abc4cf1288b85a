package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/tollbook/tollbook/schemas/table"
)

// Layout says where the pages of a table's file lie, as its footer and its page index do. It is parsed once, does not
// change, and may be shared between goroutines.
type Layout struct {
	def    *table.Table
	groups []groupLayout
	rows   int64
	weight int
}

type groupLayout struct {
	first, rows int64
	chunks      []chunkLayout // by column of the table; a column that the file does not have has no pages
}

// chunkLayout is one column of a row group.
type chunkLayout struct {
	dict   int64 // where its dictionary page begins; 0 = it has none
	codec  format.CompressionCodec
	pages  []pageLayout
	bounds []wordBounds // of pages, where the layout was asked for them and the file has them
	whole  *wordBounds  // of the row group, where the file says them
}

// pageLayout is one data page, header and all.
type pageLayout struct {
	at    int64
	bytes int32
	first int32 // its first row within the group
}

// wordBounds are the smallest and the largest word of a page.
type wordBounds struct{ low, high string }

// Rows is the number of rows of the file.
func (l *Layout) Rows() int64 { return l.rows }

// Groups is the number of row groups.
func (l *Layout) Groups() int { return len(l.groups) }

// Weight is about how many bytes the layout takes in memory.
func (l *Layout) Weight() int { return l.weight }

// Bounds are the smallest and the largest text of a column within the pages that hold the rows [from, to) of one row
// group; ok is false if the layout was not asked for them or the file does not say.
func (l *Layout) Bounds(col int, from, to int64) (low, high string, ok bool) {
	g := &l.groups[l.group(from)]
	c := &g.chunks[col]
	if c.bounds == nil {
		return "", "", false
	}
	first, last := c.page(from-g.first), c.page(to-1-g.first)
	low, high = c.bounds[first].low, c.bounds[first].high
	for _, b := range c.bounds[first+1 : last+1] {
		low, high = min(low, b.low), max(high, b.high)
	}
	return low, high, true
}

// layoutReader parses the structures of a file one after the other.
type layoutReader struct {
	src    io.ReaderAt
	size   int64
	wanted []bool // by column; nil = all
	compat thrift.CompactProtocol
}

// ReadLayout reads a file's footer and page index. bounded are the columns whose pages' bounds are kept. A file written
// without a page index is gone through page by page, headers alone. Errors: not a Parquet file of tollbook's, or one
// that is damaged.
func ReadLayout(src io.ReaderAt, size int64, def *table.Table, bounded ...int) (*Layout, error) {
	return (&layoutReader{src: src, size: size}).of(def, bounded)
}

// ReadLayoutOf is ReadLayout for some columns, which the file must have unless they were added to the table later; of
// the others nothing is read.
func ReadLayoutOf(src io.ReaderAt, size int64, def *table.Table, cols []int, bounded ...int) (*Layout, error) {
	r := layoutReader{src: src, size: size, wanted: make([]bool, len(def.Columns))}
	for _, c := range cols {
		r.wanted[c] = true
	}
	l, err := r.of(def, bounded)
	if err != nil {
		return nil, err
	}
	for i := range l.groups {
		for _, c := range cols {
			if len(l.groups[i].chunks[c].pages) == 0 && !def.IsAdded(c) {
				return nil, fmt.Errorf("read table %s: the file has no column %s", def.Name, def.Columns[c].Name)
			}
		}
	}
	return l, nil
}

func (r *layoutReader) of(def *table.Table, bounded []int) (*Layout, error) {
	l, err := r.read(def, bounded)
	if err != nil {
		return nil, fmt.Errorf("read the layout of a file of table %s: %w", def.Name, err)
	}
	return l, nil
}

var errNotParquet = errors.New("not a Parquet file")

func (r *layoutReader) read(def *table.Table, bounded []int) (*Layout, error) {
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
	footer, err := r.bytes(r.size-8-length, length)
	if err != nil {
		return nil, err
	}
	var meta format.FileMetaData
	if err := thrift.Unmarshal(&r.compat, footer, &meta); err != nil {
		return nil, fmt.Errorf("footer: %w", err)
	}
	l := &Layout{def: def, weight: 200}
	for i := range meta.RowGroups {
		g, err := r.group(&meta.RowGroups[i], def, bounded)
		if err != nil {
			return nil, fmt.Errorf("row group %d: %w", i, err)
		}
		g.first = l.rows
		l.rows += g.rows
		l.groups = append(l.groups, g)
		l.weight += g.weight()
	}
	return l, nil
}

func (g *groupLayout) weight() int {
	n := 48
	for i := range g.chunks {
		n += 80 + 16*len(g.chunks[i].pages) + 64*len(g.chunks[i].bounds)
		if g.chunks[i].whole != nil {
			n += 64
		}
	}
	return n
}

// at fills b from a place of the file.
// bytes reads n bytes that the file says are there.
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

func (r *layoutReader) group(meta *format.RowGroup, def *table.Table, bounded []int) (groupLayout, error) {
	g := groupLayout{rows: meta.NumRows, chunks: make([]chunkLayout, len(def.Columns))}
	if g.rows < 0 {
		return g, fmt.Errorf("%d rows", g.rows)
	}
	for i := range meta.Columns {
		c := &meta.Columns[i]
		col := -1
		if path := c.MetaData.PathInSchema; len(path) == 1 {
			col = def.Index(path[0])
		}
		if col < 0 || r.wanted != nil && !r.wanted[col] {
			continue
		}
		chunk, err := r.chunk(c, g.rows)
		if err == nil {
			err = r.check(&chunk, g.rows)
		}
		if err == nil {
			for _, b := range bounded {
				if b == col {
					chunk.bounds, err = r.bounds(c, len(chunk.pages))
				}
			}
		}
		if err != nil {
			return g, fmt.Errorf("column %s: %w", def.Columns[col].Name, err)
		}
		g.chunks[col] = chunk
	}
	return g, nil
}

func (r *layoutReader) chunk(c *format.ColumnChunk, rows int64) (chunkLayout, error) {
	out := chunkLayout{dict: c.MetaData.DictionaryPageOffset, codec: c.MetaData.Codec}
	// no text is smaller than an empty smallest one, whether it is said or not
	if s := &c.MetaData.Statistics; len(s.MaxValue) > 0 {
		out.whole = &wordBounds{string(s.MinValue), string(s.MaxValue)}
	}
	if c.MetaData.NumValues != rows {
		return out, fmt.Errorf("%d values in a group of %d rows", c.MetaData.NumValues, rows)
	}
	if c.OffsetIndexOffset == 0 {
		return out, r.walk(c, &out)
	}
	b, err := r.bytes(c.OffsetIndexOffset, int64(c.OffsetIndexLength))
	if err != nil {
		return out, err
	}
	var index format.OffsetIndex
	if err := thrift.Unmarshal(&r.compat, b, &index); err != nil {
		return out, fmt.Errorf("page index: %w", err)
	}
	for _, p := range index.PageLocations {
		out.pages = append(out.pages, pageLayout{at: p.Offset, bytes: p.CompressedPageSize,
			first: int32(p.FirstRowIndex)})
	}
	if len(out.pages) == 0 || out.pages[0].first != 0 {
		return out, errors.New("page index: no page holds the first row")
	}
	return out, nil
}

// check holds the pages of a column to the file and to the rows of their group, of which each begins after the one
// before.
func (r *layoutReader) check(c *chunkLayout, rows int64) error {
	for i, p := range c.pages {
		switch {
		case p.bytes <= 0 || p.at < 0 || p.at > r.size-int64(p.bytes):
			return fmt.Errorf("page %d: %d bytes from %d on, of a file of %d", i, p.bytes, p.at, r.size)
		case i > 0 && (p.first <= c.pages[i-1].first || int64(p.first) >= rows):
			return fmt.Errorf("page %d: begins with row %d of %d, after one of row %d", i, p.first, rows,
				c.pages[i-1].first)
		}
	}
	return nil
}

// headerBytes is more than a page's header takes, its statistics included.
const headerBytes = 1 << 12

// walk finds the pages of a column that has no page index.
func (r *layoutReader) walk(c *format.ColumnChunk, out *chunkLayout) error {
	at, end := c.MetaData.DataPageOffset, c.MetaData.DataPageOffset+c.MetaData.TotalCompressedSize
	if out.dict > 0 {
		end = out.dict + c.MetaData.TotalCompressedSize
	}
	for first := int64(0); first < c.MetaData.NumValues && at < end; {
		b, err := r.bytes(at, min(headerBytes, r.size-at))
		if err != nil {
			return err
		}
		h, header, err := pageHeader(b)
		if err != nil {
			return err
		}
		if h.DataPageHeader.Valid {
			out.pages = append(out.pages, pageLayout{at: at, bytes: int32(header) + h.CompressedPageSize,
				first: int32(first)})
			first += int64(h.DataPageHeader.V.NumValues)
		}
		at += int64(header) + int64(h.CompressedPageSize)
	}
	if len(out.pages) == 0 {
		return errors.New("no page")
	}
	return nil
}

// pageHeader parses the header that b begins with, and says how long it is.
func pageHeader(b []byte) (h format.PageHeader, n int, err error) {
	var compact thrift.CompactProtocol
	in := compact.NewReaderFromBytes(b)
	if err := thrift.NewDecoder(in).Decode(&h); err != nil {
		return h, 0, fmt.Errorf("page header: %w", err)
	}
	if h.CompressedPageSize < 0 || h.UncompressedPageSize < 0 {
		return h, 0, errors.New("page header: negative size")
	}
	return h, in.BytesRead(), nil
}

// bounds reads the smallest and largest word of each page; nil where the file does not say.
func (r *layoutReader) bounds(c *format.ColumnChunk, pages int) ([]wordBounds, error) {
	if c.ColumnIndexOffset == 0 {
		return nil, nil
	}
	b, err := r.bytes(c.ColumnIndexOffset, int64(c.ColumnIndexLength))
	if err != nil {
		return nil, err
	}
	var index format.ColumnIndex
	if err := thrift.Unmarshal(&r.compat, b, &index); err != nil {
		return nil, fmt.Errorf("page bounds: %w", err)
	}
	if len(index.MinValues) != pages || len(index.MaxValues) != pages {
		return nil, fmt.Errorf("page bounds: %d of %d pages", len(index.MinValues), pages)
	}
	out := make([]wordBounds, pages)
	for i := range out {
		out[i] = wordBounds{string(index.MinValues[i]), string(index.MaxValues[i])}
	}
	return out, nil
}

// group is the index of the row group that holds a row of the file.
func (l *Layout) group(row int64) int {
	return sort.Search(len(l.groups), func(i int) bool { return l.groups[i].first > row }) - 1
}

// page is the index of the page of a column that holds a row of the group.
func (c *chunkLayout) page(row int64) int {
	return sort.Search(len(c.pages), func(i int) bool { return int64(c.pages[i].first) > row }) - 1
}

// end is the first row of the group after a page.
func (g *groupLayout) end(c *chunkLayout, page int) int64 {
	if page+1 < len(c.pages) {
		return int64(c.pages[page+1].first)
	}
	return g.rows
}
