package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"sync"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/plain"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"

	"github.com/tollbook/tollbook/schemas/table"
)

// Dictionary contains the distinct values of a column of a row group. It is immutable and may be shared between
// goroutines.
type Dictionary struct {
	bytes  []byte   // of texts: value i is bytes[ends[i]:ends[i+1]]
	ends   []uint32 // of texts
	smalls []int32
	wholes []int64 // of whole numbers and times
	decs   []Dec
	n      int
}

// Weight returns the approximate size of the dictionary in memory in bytes.
func (d *Dictionary) Weight() int {
	return 136 + len(d.bytes) + 4*(len(d.ends)+len(d.smalls)) + 8*len(d.wholes) + decWidth*len(d.decs)
}

func (d *Dictionary) text(code int32) []byte { return d.bytes[d.ends[code]:d.ends[code+1]] }

// Decoder decodes pages. It may be used from several goroutines.
type Decoder struct {
	zstd    *zstd.Decoder
	scratch sync.Pool
}

// scratch is the working memory of one call.
type scratch struct {
	page, raw []byte
	codes     []int32
	ints      []int64
	levels    []int32
	// for the current column, by code: the index of the word in the batch's dictionary, plus 1; 0 = not looked up yet
	words []int32
	alone bool // the batch's dictionary contains only these words
}

// NewDecoder makes a decoder.
func NewDecoder() (*Decoder, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0))
	if err != nil {
		return nil, fmt.Errorf("decoder of pages: %w", err)
	}
	return &Decoder{zstd: z, scratch: sync.Pool{New: func() any { return new(scratch) }}}, nil
}

var errNoColumn = errors.New("the file does not have it")

// InMemory is a file that was read completely. It must not change while it is used.
type InMemory []byte

// ReadAt implements io.ReaderAt.
func (m InMemory) ReadAt(b []byte, at int64) (int, error) {
	if at < 0 || at > int64(len(m)) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(b, m[at:])
	if n < len(b) {
		return n, io.ErrUnexpectedEOF
	}
	return n, nil
}

// Close releases the decoder, which cannot be used afterwards.
func (d *Decoder) Close() { d.zstd.Close() }

// Pages reads rows of one file by position and reads only their pages. It may be used from several goroutines if its
// parts may.
type Pages struct {
	Layout  *Layout
	Source  io.ReaderAt
	Decoder *Decoder
	// Dictionary caches dictionaries; it calls load for a missing one. nil = no cache.
	Dictionary func(group, col int, load func() (*Dictionary, error)) (*Dictionary, error)
	constant   bool // see Wanted; rows are then appended to empty batches and belong to one row group
}

// Group appends a row group to a batch, like Append.
func (p *Pages) Group(dst *Columns[table.Any], cols table.List[table.Any], group int) error {
	g := &p.Layout.Groups[group]
	return p.Append(dst, cols, g.First, g.First+g.Rows)
}

// Append appends the rows [from, to) of the file to a batch: the given columns, in the same form as Reader.
func (p *Pages) Append(dst *Columns[table.Any], cols table.List[table.Any], from, to int64) error {
	if from < 0 || to > p.Layout.Rows || from > to {
		return fmt.Errorf("rows %d to %d of a file of %d", from, to, p.Layout.Rows)
	}
	s := p.Decoder.scratch.Get().(*scratch)
	defer p.Decoder.scratch.Put(s)
	for at := from; at < to; {
		g := p.Layout.Group(at)
		group := &p.Layout.Groups[g]
		low, high := at-group.First, min(to-group.First, group.Rows)
		for _, col := range cols {
			if err := p.column(s, &dst.c[col], g, int(col), low, high); err != nil {
				return fmt.Errorf("table %s: column %s: row group %d: %w", p.Layout.Def.Name,
					p.Layout.Def.Columns[col].Name, g, err)
			}
		}
		at = group.First + high
	}
	dst.N += int(to - from)
	return nil
}

// Raw passes a column of whole numbers of a row group to visit, in parts, as little-endian numbers of eight bytes. The
// bytes are valid during the call.
func (p *Pages) Raw(col, group int, visit func(values []byte)) error {
	s := p.Decoder.scratch.Get().(*scratch)
	defer p.Decoder.scratch.Put(s)
	g := &p.Layout.Groups[group]
	chunk := &g.Chunks[col]
	if len(chunk.Pages) == 0 {
		return fmt.Errorf("table %s: column %s: %w", p.Layout.Def.Name, p.Layout.Def.Columns[col].Name, errNoColumn)
	}
	for k := range chunk.Pages {
		first, end := int64(chunk.Pages[k].First), g.End(chunk, k)
		done, err := p.inParts(s, chunk, k, end-first, visit)
		if !done && err == nil {
			h, raw, wrong := p.read(s, chunk, chunk.Pages[k].At, int(chunk.Pages[k].Bytes))
			d := h.DataPageHeader
			if wrong == nil && (!d.Valid || d.V.Encoding != format.Plain || len(raw) != 8*int(end-first)) {
				raw, wrong = p.repacked(s, col, g.First+first, g.First+end)
			}
			if err = wrong; err == nil {
				visit(raw)
			}
		}
		if err != nil {
			return fmt.Errorf("table %s: column %s: row group %d: page %d: %w", p.Layout.Def.Name,
				p.Layout.Def.Columns[col].Name, group, k, err)
		}
	}
	return nil
}

// rawBytes is the size of the parts in which inParts reads.
const rawBytes = 4 << 20

// inParts passes the k-th page of a chunk, of that many rows, to visit in parts, so that memory is bounded. It reports
// false, and passes nothing, if the page is small, in memory, compressed or not PLAIN.
func (p *Pages) inParts(s *scratch, chunk *IndexedChunk, k int, rows int64, visit func([]byte)) (bool, error) {
	const headerBytes = 64 // more than a header without statistics has
	at, size := chunk.Pages[k].At, int(chunk.Pages[k].Bytes)
	if _, all := p.Source.(InMemory); all || chunk.Codec != format.Uncompressed || size <= rawBytes {
		return false, nil
	}
	b, err := p.bytes(s, at, headerBytes)
	if err != nil {
		return false, err
	}
	h, header, err := PageHeader(b)
	if d := h.DataPageHeader; err != nil || !d.Valid || d.V.Encoding != format.Plain || int64(size-header) != 8*rows {
		return false, nil //nolint:nilerr // the caller reads the whole page and returns the error
	}
	for at, size = at+int64(header), size-header; err == nil && size > 0; at, size = at+int64(len(b)), size-len(b) {
		if b, err = p.bytes(s, at, min(size, rawBytes)); err == nil {
			visit(b)
		}
	}
	return true, err
}

// repacked returns the rows [from, to) of a column of whole numbers in PLAIN form, for pages in another encoding.
func (p *Pages) repacked(s *scratch, col int, from, to int64) ([]byte, error) {
	c := NewColumns(table.Untyped(p.Layout.Def))
	if err := p.Append(c, table.List[table.Any]{table.ColumnOf[table.Any](col)}, from, to); err != nil {
		return nil, err
	}
	s.raw = s.raw[:0]
	for _, v := range c.c[col].Ints {
		s.raw = binary.LittleEndian.AppendUint64(s.raw, uint64(v))
	}
	return s.raw, nil
}

// column appends the rows [from, to) of a row group.
func (p *Pages) column(s *scratch, dst *Col, g, col int, from, to int64) (err error) {
	defer recovered(&err)
	group := &p.Layout.Groups[g]
	chunk := &group.Chunks[col]
	t := p.Layout.Def.Columns[col].Type
	if len(chunk.Pages) == 0 {
		if !p.Layout.Def.IsAdded(col) {
			return errNoColumn
		}
		if p.constant {
			to, dst.Const = from+1, true
		}
		for range to - from {
			dst.addEmpty(t)
		}
		return nil
	}
	var dict *Dictionary
	if chunk.Dict > 0 {
		var err error
		if dict, err = p.dictionary(s, g, col); err != nil {
			return err
		}
		if t == table.Word {
			s.words = append(s.words[:0], make([]int32, dict.n)...)
			if s.alone = len(dst.Dict) == 0; s.alone && from == 0 && to == group.Rows {
				s.adopt(dst, dict)
			}
		}
		if dict.n == 1 && t != table.MaybeTime { // every row has the only value
			if p.constant {
				to, dst.Const = from+1, true
			}
			s.codes = append(s.codes[:0], make([]int32, to-from)...)
			s.take(dst, t, dict, s.codes)
			return nil
		}
	}
	dst.grow(t, int(to-from))
	for at := from; at < to; {
		k := chunk.Page(at)
		first, end := int64(chunk.Pages[k].First), group.End(chunk, k)
		upTo := min(end, to)
		rows := pageRows{n: int(end - first), from: int(at - first), to: int(upTo - first)}
		if err := p.page(s, chunk, k, &values{dst, t, dict}, rows); err != nil {
			return fmt.Errorf("page %d: %w", k, err)
		}
		at = upTo
	}
	if p.constant && t == table.MaybeTime && dst.constant(t, len(dst.Ints)) {
		dst.Ints, dst.Const = dst.Ints[:1], true
	}
	return nil
}

// recovered turns a panic into an error: the library's decoders panic on some damaged pages.
func recovered(err *error) {
	if cause := recover(); cause != nil {
		*err = fmt.Errorf("damaged page: %v", cause)
	}
}

func (p *Pages) dictionary(s *scratch, g, col int) (*Dictionary, error) {
	load := func() (*Dictionary, error) { return p.loadDictionary(s, g, col) }
	if p.Dictionary == nil {
		return load()
	}
	return p.Dictionary(g, col, load)
}

func (p *Pages) loadDictionary(s *scratch, g, col int) (*Dictionary, error) {
	chunk := &p.Layout.Groups[g].Chunks[col]
	size := chunk.Pages[0].At - chunk.Dict
	if size <= 0 || size > 1<<30 {
		return nil, fmt.Errorf("dictionary of %d bytes", size)
	}
	h, raw, err := p.read(s, chunk, chunk.Dict, int(size))
	if err != nil {
		return nil, fmt.Errorf("dictionary: %w", err)
	}
	if !h.DictionaryPageHeader.Valid {
		return nil, errors.New("dictionary: another page is in its place")
	}
	d := &Dictionary{n: int(h.DictionaryPageHeader.V.NumValues)}
	switch p.Layout.Def.Columns[col].Type {
	case table.Word, table.Text:
		d.bytes, d.ends, err = new(plain.Encoding).DecodeByteArray(make([]byte, 0, len(raw)), raw,
			make([]uint32, 0, min(max(d.n, 0), len(raw)/4)+1))
		if err == nil && len(d.ends) != d.n+1 {
			err = fmt.Errorf("%d values, %d announced", len(d.ends)-1, d.n)
		}
	case table.Small:
		d.smalls, err = numbers(raw, d.n, 4, func(b []byte) int32 { return int32(binary.LittleEndian.Uint32(b)) })
	case table.Time, table.MaybeTime, table.Whole:
		d.wholes, err = numbers(raw, d.n, 8, func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) })
	default:
		d.decs, err = numbers(raw, d.n, decWidth, fromBE)
	}
	if err != nil {
		return nil, fmt.Errorf("dictionary: %w", err)
	}
	return d, nil
}

// numbers parses the n values of a dictionary, of width bytes each.
func numbers[T any](raw []byte, n, width int, value func([]byte) T) ([]T, error) {
	if len(raw) != width*n {
		return nil, fmt.Errorf("%d bytes for %d values", len(raw), n)
	}
	values := make([]T, n)
	for i := range values {
		values[i] = value(raw[i*width:])
	}
	return values, nil
}

// read reads and decompresses a page. The result is valid until the next call.
func (p *Pages) read(
	s *scratch, chunk *IndexedChunk, at int64, size int,
) (h format.PageHeader, raw []byte, err error) {
	page, err := p.bytes(s, at, size)
	if err != nil {
		return h, nil, err
	}
	h, header, err := PageHeader(page)
	if err != nil {
		return h, nil, err
	}
	body := page[header:]
	if int(h.CompressedPageSize) > len(body) {
		return h, nil, io.ErrUnexpectedEOF
	}
	body = body[:h.CompressedPageSize]
	switch chunk.Codec {
	case format.Uncompressed:
		return h, body, nil
	case format.Zstd:
		if s.raw, err = p.Decoder.zstd.DecodeAll(body, s.raw[:0]); err != nil {
			return h, nil, err
		}
		if len(s.raw) != int(h.UncompressedPageSize) {
			return h, nil, fmt.Errorf("%d bytes, %d announced", len(s.raw), h.UncompressedPageSize)
		}
		return h, s.raw, nil
	}
	return h, nil, fmt.Errorf("compressed by %s", chunk.Codec)
}

// bytes returns a part of the file: a copy, unless the file is in memory.
func (p *Pages) bytes(s *scratch, at int64, size int) ([]byte, error) {
	if all, ok := p.Source.(InMemory); ok {
		if at < 0 || size < 0 || at > int64(len(all)-size) {
			return nil, io.ErrUnexpectedEOF
		}
		return all[at : at+int64(size)], nil
	}
	s.page = slices.Grow(s.page[:0], size)[:size]
	if n, err := p.Source.ReadAt(s.page, at); n < size {
		return nil, err
	}
	return s.page, nil
}

// values is the column to which values are appended, and how they are read.
type values struct {
	dst  *Col
	t    table.Type
	dict *Dictionary // of the row group; nil = none
}

// pageRows is the rows [from, to) of a page of n rows.
type pageRows struct{ n, from, to int }

// page appends rows of the k-th page of a chunk.
func (p *Pages) page(s *scratch, chunk *IndexedChunk, k int, v *values, rows pageRows) error {
	h, raw, err := p.read(s, chunk, chunk.Pages[k].At, int(chunk.Pages[k].Bytes))
	if err != nil {
		return err
	}
	if !h.DataPageHeader.Valid || int(h.DataPageHeader.V.NumValues) != rows.n {
		return fmt.Errorf("not a page of %d rows", rows.n)
	}
	encoding := h.DataPageHeader.V.Encoding
	if v.t == table.MaybeTime {
		return s.maybeTimes(v, raw, encoding, rows)
	}
	switch encoding {
	case format.RLEDictionary:
		if err := s.decodeCodes(raw, v.dict, rows.n); err != nil {
			return err
		}
		s.take(v.dst, v.t, v.dict, s.codes[rows.from:rows.to])
		return nil
	case format.DeltaBinaryPacked:
		if err := s.decodeInts(raw, rows.n); err != nil {
			return err
		}
		v.dst.Ints = append(v.dst.Ints, s.ints[rows.from:rows.to]...)
		return nil
	case format.Plain:
		return s.plain(v.dst, raw, v.t, rows)
	}
	return fmt.Errorf("encoded by %s", encoding)
}

// decodeCodes decodes the codes of a page; each is within the dictionary.
func (s *scratch) decodeCodes(raw []byte, dict *Dictionary, n int) (err error) {
	if dict == nil {
		return errors.New("codes without a dictionary")
	}
	if s.codes, err = new(rle.DictionaryEncoding).DecodeInt32(s.codes, raw); err != nil {
		return err
	}
	if len(s.codes) < n {
		return fmt.Errorf("%d of %d codes", len(s.codes), n)
	}
	s.codes = s.codes[:n] // the last run may be padded
	for _, c := range s.codes {
		if uint32(c) >= uint32(dict.n) {
			return fmt.Errorf("code %d of a dictionary of %d", c, dict.n)
		}
	}
	return nil
}

func (s *scratch) decodeInts(raw []byte, n int) (err error) {
	if s.ints, err = new(delta.BinaryPackedEncoding).DecodeInt64(s.ints[:0], raw); err != nil {
		return err
	}
	if len(s.ints) != n {
		return fmt.Errorf("%d of %d values", len(s.ints), n)
	}
	return nil
}

// maybeTimes decodes a page of times with definition levels before them.
func (s *scratch) maybeTimes(v *values, raw []byte, encoding format.Encoding, rows pageRows) (err error) {
	if len(raw) < 4 {
		return io.ErrUnexpectedEOF
	}
	length := int(binary.LittleEndian.Uint32(raw))
	if length < 0 || length > len(raw)-4 {
		return io.ErrUnexpectedEOF
	}
	levels := rle.Encoding{BitWidth: 1}
	if s.levels, err = levels.DecodeInt32(s.levels, raw[4:4+length]); err != nil {
		return err
	}
	if len(s.levels) < rows.n {
		return fmt.Errorf("%d of %d levels", len(s.levels), rows.n)
	}
	some := 0
	for _, l := range s.levels[:rows.n] {
		some += int(l)
	}
	s.ints = s.ints[:0]
	switch {
	case some == 0:
	case encoding == format.DeltaBinaryPacked:
		err = s.decodeInts(raw[4+length:], some)
	case v.dict != nil:
		if err = s.decodeCodes(raw[4+length:], v.dict, some); err == nil {
			s.ints = chosen(s.ints, v.dict.wholes, s.codes)
		}
	default:
		err = fmt.Errorf("times encoded by %s", encoding)
	}
	if err != nil {
		return err
	}
	next := 0
	for i, l := range s.levels[:rows.to] {
		time := int64(table.Nothing)
		if l == 1 {
			time = s.ints[next]
			next++
		}
		if i >= rows.from {
			v.dst.Ints = append(v.dst.Ints, time)
		}
	}
	return nil
}

// plain appends values of a PLAIN page.
func (s *scratch) plain(dst *Col, raw []byte, t table.Type, rows pageRows) (err error) {
	n, from, to := rows.n, rows.from, rows.to
	switch t {
	case table.Amount, table.Quantity, table.Cost:
		if len(raw) != n*decWidth {
			return fmt.Errorf("%d bytes for %d values", len(raw), n)
		}
		for i := from; i < to; i++ {
			dst.Decs = append(dst.Decs, fromBE(raw[i*decWidth:]))
		}
		return nil
	case table.Word, table.Text:
		s.alone = false
		for i := range to {
			if len(raw) < 4 || int(binary.LittleEndian.Uint32(raw)) > len(raw)-4 {
				return fmt.Errorf("text %d of %d: %w", i, n, io.ErrUnexpectedEOF)
			}
			size := int(binary.LittleEndian.Uint32(raw))
			if i >= from {
				addText(dst, t, raw[4:4+size])
			}
			raw = raw[4+size:]
		}
		return nil
	case table.Time, table.Whole:
		if len(raw) != 8*n {
			return fmt.Errorf("%d bytes for %d values", len(raw), n)
		}
		for b := raw[8*from : 8*to]; len(b) > 0; b = b[8:] {
			dst.Ints = append(dst.Ints, int64(binary.LittleEndian.Uint64(b)))
		}
		return nil
	}
	return errors.New("plain values in a column of small numbers or of times that need not be")
}

func addText(dst *Col, t table.Type, text []byte) {
	if t == table.Word {
		dst.addWordBytes(text)
	} else {
		dst.AddBytes(text)
	}
}

// adopt copies the words of a dictionary to a column that has none yet, with their codes. It is used if all rows are
// read, so that all words are needed.
func (s *scratch) adopt(dst *Col, dict *Dictionary) {
	all := string(dict.bytes)
	for i := range dict.n {
		dst.Dict = append(dst.Dict, all[dict.ends[i]:dict.ends[i+1]])
		s.words[i] = int32(i) + 1
	}
}

// grow reserves capacity for n more values of a type.
func (c *Col) grow(t table.Type, n int) {
	switch t {
	case table.Word, table.Small:
		c.Codes = slices.Grow(c.Codes, n)
	case table.Amount, table.Quantity, table.Cost:
		c.Decs = slices.Grow(c.Decs, n)
	case table.Text:
		c.Ends = slices.Grow(c.Ends, n)
	default:
		c.Ints = slices.Grow(c.Ints, n)
	}
}

// take appends the values of codes.
func (s *scratch) take(dst *Col, t table.Type, dict *Dictionary, codes []int32) {
	switch t {
	case table.Word:
		s.takeWords(dst, dict, codes)
	case table.Text:
		for _, c := range codes {
			dst.AddBytes(dict.text(c))
		}
	case table.Small:
		dst.Codes = chosen(dst.Codes, dict.smalls, codes)
	case table.Amount, table.Quantity, table.Cost:
		dst.Decs = chosen(dst.Decs, dict.decs, codes)
	default:
		dst.Ints = chosen(dst.Ints, dict.wholes, codes)
	}
}

// chosen appends the values of codes.
func chosen[T any](dst, values []T, codes []int32) []T {
	n := len(dst)
	dst = slices.Grow(dst, len(codes))[:n+len(codes)]
	for i, c := range codes {
		dst[n+i] = values[c]
	}
	return dst
}

// takeWords appends words. Words of a dictionary are distinct: if the batch has only words of this dictionary, a new
// word is added without a search.
func (s *scratch) takeWords(dst *Col, dict *Dictionary, codes []int32) {
	for _, c := range codes {
		if s.words[c] == 0 {
			if !s.alone {
				dst.addWordBytes(dict.text(c))
				s.words[c] = dst.Codes[len(dst.Codes)-1] + 1
				continue
			}
			dst.Dict = append(dst.Dict, string(dict.text(c)))
			s.words[c] = int32(len(dst.Dict))
		}
		dst.Codes = append(dst.Codes, s.words[c]-1)
	}
}

// Find returns the rows [from, to) of the file whose column contains a word; the file is sorted by that column. Pages
// that cannot contain the word are not read.
func (p *Pages) Find(by table.WordColumn[table.Any], word string) (from, to int64, err error) {
	s := p.Decoder.scratch.Get().(*scratch)
	defer p.Decoder.scratch.Put(s)
	col, found := by.Index(), false
	for g := range p.Layout.Groups {
		group := &p.Layout.Groups[g]
		chunk := &group.Chunks[col]
		k := 0
		if chunk.Bounds != nil {
			k = sort.Search(len(chunk.Bounds), func(i int) bool { return chunk.Bounds[i].High >= word })
		}
		for ; k < len(chunk.Pages) && (chunk.Bounds == nil || chunk.Bounds[k].Low <= word); k++ {
			low, high, err := p.findIn(s, g, col, k, word)
			if err != nil {
				return 0, 0, fmt.Errorf("table %s: column %s: row group %d: page %d: %w", p.Layout.Def.Name,
					p.Layout.Def.Columns[col].Name, g, k, err)
			}
			if low == high {
				continue
			}
			if !found {
				found, from = true, group.First+low
			}
			to = group.First + high
		}
	}
	return from, to, nil
}

// stretch returns the part of the rows [from, to) of one row group from the first to the last with a word in a column;
// low = high if there is none. Without a dictionary it returns all of them. The rows need not be sorted.
func (p *Pages) stretch(by table.WordColumn[table.Any], word string, from, to int64) (low, high int64, err error) {
	s := p.Decoder.scratch.Get().(*scratch)
	defer p.Decoder.scratch.Put(s)
	g, col := p.Layout.Group(from), by.Index()
	group := &p.Layout.Groups[g]
	low, high, err = p.stretchIn(s, g, col, word, from-group.First, to-group.First)
	if err != nil {
		return 0, 0, fmt.Errorf("table %s: column %s: row group %d: %w", p.Layout.Def.Name,
			p.Layout.Def.Columns[col].Name, g, err)
	}
	return group.First + low, group.First + high, nil
}

// stretchIn is stretch with row positions within the group.
func (p *Pages) stretchIn(s *scratch, g, col int, word string, from, to int64) (low, high int64, err error) {
	defer recovered(&err)
	group := &p.Layout.Groups[g]
	chunk := &group.Chunks[col]
	if chunk.Dict == 0 {
		return from, to, nil
	}
	dict, err := p.dictionary(s, g, col)
	if err != nil {
		return 0, 0, err
	}
	low, high = to, to
	last, is := int32(-1), false
	for at := from; at < to; {
		k := chunk.Page(at)
		first, end := int64(chunk.Pages[k].First), group.End(chunk, k)
		if err := p.codes(s, chunk, k, int(end-first), dict); err != nil {
			return 0, 0, fmt.Errorf("page %d: %w", k, err)
		}
		upTo := min(end, to)
		for i, c := range s.codes[at-first : upTo-first] {
			if c != last {
				last, is = c, string(dict.text(c)) == word
			}
			if is {
				low, high = min(low, at+int64(i)), at+int64(i)+1
			}
		}
		at = upTo
	}
	return low, high, nil
}

// codes decodes the k-th page of a chunk, with n rows, whose values are all in a dictionary.
func (p *Pages) codes(s *scratch, chunk *IndexedChunk, k, n int, dict *Dictionary) error {
	h, raw, err := p.read(s, chunk, chunk.Pages[k].At, int(chunk.Pages[k].Bytes))
	if err != nil {
		return err
	}
	if !h.DataPageHeader.Valid || int(h.DataPageHeader.V.NumValues) != n {
		return fmt.Errorf("not a page of %d rows", n)
	}
	return s.decodeCodes(raw, dict, n)
}

// HasWord reports whether a row group's dictionary of a column contains a word for which is returns true. Without a
// dictionary it returns true.
func (p *Pages) HasWord(col table.WordColumn[table.Any], group int, is func(word []byte) bool) (bool, error) {
	if p.Layout.Groups[group].Chunks[col].Dict == 0 {
		return true, nil
	}
	s := p.Decoder.scratch.Get().(*scratch)
	defer p.Decoder.scratch.Put(s)
	dict, err := p.dictionary(s, group, col.Index())
	if err != nil {
		return false, fmt.Errorf("table %s: column %s: row group %d: %w", p.Layout.Def.Name,
			p.Layout.Def.Columns[col].Name, group, err)
	}
	for code := range int32(dict.n) {
		if is(dict.text(code)) {
			return true, nil
		}
	}
	return false, nil
}

// findIn returns the rows [low, high) of the group within one page that have the word.
func (p *Pages) findIn(s *scratch, g, col, k int, word string) (low, high int64, err error) {
	group := &p.Layout.Groups[g]
	chunk := &group.Chunks[col]
	first, end := int64(chunk.Pages[k].First), group.End(chunk, k)
	if chunk.Bounds != nil && chunk.Bounds[k].Low == chunk.Bounds[k].High { // it is the word
		return first, end, nil
	}
	if chunk.Dict == 0 {
		return 0, 0, errors.New("words without a dictionary")
	}
	dict, err := p.dictionary(s, g, col)
	if err != nil {
		return 0, 0, err
	}
	n := int(end - first)
	if err := p.codes(s, chunk, k, n, dict); err != nil {
		return 0, 0, err
	}
	at := sort.Search(n, func(i int) bool { return string(dict.text(s.codes[i])) >= word })
	after := at + sort.Search(n-at, func(i int) bool { return string(dict.text(s.codes[at+i])) > word })
	return first + int64(at), first + int64(after), nil
}
