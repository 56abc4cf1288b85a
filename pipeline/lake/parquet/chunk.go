package parquet

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"

	"github.com/tollbook/tollbook/schemas/table"
)

// Memory is shared by writers that are used one after the other: the bytes of the current row group, and buffers for
// building pages. It has no lock.
type Memory struct {
	out        []byte // pages of the row group, columns one after the other
	page       []byte // a page before it is compressed
	packed     []byte // a compressed page
	before     []byte // the uncompressed content of packed, if it is short
	scratch    []byte // for an encoder that needs a buffer of its own
	chunks     []Chunk
	dict       dictionary
	lexicon    Lexicon
	small      map[int32]int32
	ints       []int64
	some       []int64
	places     []int32
	levels     []int32
	compressor pageCompressor
}

// NewMemory starts with nothing.
func NewMemory() *Memory { return &Memory{small: make(map[int32]int32)} }

// maker builds the chunk of one column.
type maker struct {
	*Memory
	chunk    *Chunk
	keyed    bool
	strategy strategy
	decided  bool
	encoder  rle.Encoding // of codes; shared to save an allocation per page
}

// header appends a page header: PageHeader of the format, in Thrift's compact protocol.
func header(dst []byte, kind format.PageType, raw, packed, n int, encoding format.Encoding) []byte {
	const i32, structure, next, stop = 0x15, 0x1C, 0x10, 0
	whole := func(v int) { dst = binary.AppendUvarint(append(dst, i32), uint64(v)<<1) }
	whole(int(kind))
	whole(raw)
	whole(packed)
	if kind == format.DictionaryPage {
		dst = append(dst, structure+3*next) // dictionary_page_header is field 7
		whole(n)
		whole(int(encoding))
		return append(dst, stop, stop)
	}
	dst = append(dst, structure+next) // data_page_header is field 5
	whole(n)
	whole(int(encoding))
	whole(int(format.RLE))
	whole(int(format.RLE))
	return append(dst, stop, stop)
}

// put appends m.page as a page of n rows; first is the number of the first row. decimals are its values if it contains
// only decimals.
func (m *maker) put(kind format.PageType, encoding format.Encoding, first, n int, decimals []Dec) error {
	body := m.page
	if m.chunk.Codec == format.Zstd {
		var err error
		if m.packed, err = m.compressed(decimals); err != nil {
			return err
		}
		body = m.packed
	}
	at := len(m.out)
	m.out = header(m.out, kind, len(m.page), len(body), n, encoding)
	size := len(m.out) - at
	m.chunk.Uncompressed += size + len(m.page)
	m.out = append(m.out, body...)
	if kind == format.DictionaryPage {
		m.chunk.Dict = true
		return nil
	}
	m.chunk.Encoding = encoding
	m.chunk.Pages = append(m.chunk.Pages, Page{At: at - m.chunk.From, Size: len(m.out) - at, First: first,
		Header: size, Raw: len(m.page)})
	return nil
}

// levelled builds the chunk of optional times that are present in all n rows: the pages of an earlier column with the
// same times, preceded by definition levels. The compressed values are not compressed again.
func (m *Memory) levelled(ch, times *Chunk, n int) (err error) {
	ch.Encoding = times.Encoding
	for i, p := range times.Pages {
		upTo := n
		if i+1 < len(times.Pages) {
			upTo = times.Pages[i+1].First
		}
		if m.page, err = m.withLevels(m.page[:0], repeated(&m.levels, 1, upTo-p.First)); err != nil {
			return err
		}
		body := m.out[times.From+p.At+p.Header : times.From+p.At+p.Size]
		if m.packed, err = before(m.packed[:0], m.page, body, p.Raw); err != nil {
			return err
		}
		at, raw := len(m.out), len(m.page)+p.Raw
		m.out = header(m.out, format.DataPage, raw, len(m.packed), upTo-p.First, ch.Encoding)
		ch.Uncompressed += len(m.out) - at + raw
		m.out = append(m.out, m.packed...)
		ch.Pages = append(ch.Pages, Page{At: at - ch.From, Size: len(m.out) - at, First: p.First})
	}
	return nil
}

// withLevels appends the definition levels at the beginning of a page.
func (m *Memory) withLevels(dst []byte, levels []int32) (_ []byte, err error) {
	encoder := rle.Encoding{BitWidth: 1}
	if m.scratch, err = encoder.EncodeInt32(m.scratch, levels); err != nil {
		return nil, err
	}
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(m.scratch))), m.scratch...), nil
}

// compressed returns m.page compressed. Successive pages of rows with equal values are small and equal; they are
// compressed once.
func (m *maker) compressed(decimals []Dec) (out []byte, err error) {
	const few = 1 << 10
	if m.decided && decimals == nil && len(m.before) > 0 && bytes.Equal(m.page, m.before) {
		return m.packed, nil
	}
	if m.before = m.before[:0]; len(m.page) <= few && decimals == nil {
		m.before = append(m.before, m.page...)
	}
	switch {
	case decimals != nil:
		return m.compressor.decimals(m.packed[:0], m.page, decimals)
	case !m.decided:
		m.decided = true
		out, m.strategy, err = m.compressor.choose(m.packed[:0], m.page)
		return out, err
	}
	return m.compressor.page(m.packed[:0], m.page, m.strategy)
}

// inPages calls write for the rows of each page of n rows.
func inPages(n int, write func(from, to int) error) error {
	for from := 0; from < n; from += PageRows {
		if err := write(from, min(n, from+PageRows)); err != nil {
			return err
		}
	}
	return nil
}

// coded writes pages of codes. distinct is the number of distinct values; a single value is written as one page.
func (m *maker) coded(codes []int32, distinct int, bound func(codes []int32) Bounds) error {
	page := func(from, to int) (err error) {
		if m.page, err = m.codes(m.page[:0], codes[from:to], distinct); err != nil {
			return err
		}
		if bound != nil {
			m.chunk.Bounds = append(m.chunk.Bounds, bound(codes[from:to]))
		}
		return m.put(format.DataPage, format.RLEDictionary, from, to-from, nil)
	}
	if distinct == 1 {
		return page(0, len(codes))
	}
	return inPages(len(codes), page)
}

// codes appends codes in the form of a page: their width in bits, then run-length and bit-packed codes.
func (m *maker) codes(dst []byte, codes []int32, distinct int) (_ []byte, err error) {
	width := max(1, bits.Len(uint(distinct-1)))
	m.encoder.BitWidth = width
	if m.scratch, err = m.encoder.EncodeInt32(m.scratch, codes); err != nil {
		return nil, err
	}
	return append(append(dst, byte(width)), m.scratch...), nil
}

// words writes a dictionary of texts and the codes of the rows, uncompressed: compressing codes of a few bits takes
// time and saves little.
func (m *maker) words(dict []string, codes []int32) error {
	m.chunk.Codec = format.Uncompressed
	m.page = m.page[:0]
	for _, word := range dict {
		m.page = append(binary.LittleEndian.AppendUint32(m.page, uint32(len(word))), word...)
	}
	if err := m.put(format.DictionaryPage, format.Plain, 0, len(dict), nil); err != nil {
		return err
	}
	if !m.keyed {
		return m.coded(codes, len(dict), nil)
	}
	return m.coded(codes, len(dict), func(codes []int32) Bounds { return boundsOf(dict, codes) })
}

// boundsOf finds the smallest and the largest word of a page. Successive codes are mostly equal.
func boundsOf(dict []string, codes []int32) Bounds {
	low, high, last := codes[0], codes[0], codes[0]
	for _, code := range codes {
		if code == last {
			continue
		}
		last = code
		if word := dict[code]; word < dict[low] {
			low = code
		} else if word > dict[high] {
			high = code
		}
	}
	return Bounds{Low: []byte(dict[low]), High: []byte(dict[high])}
}

// smalls writes a column of small numbers with a dictionary, for any number of distinct values.
func (m *maker) smalls(vals []int32) error {
	clear(m.small)
	m.places, m.page = m.places[:0], m.page[:0]
	last, code := int32(0), int32(-1)
	for _, v := range vals {
		if code < 0 || v != last {
			known, ok := m.small[v]
			if !ok {
				known = int32(len(m.small))
				m.small[v] = known
				m.page = binary.LittleEndian.AppendUint32(m.page, uint32(v))
			}
			last, code = v, known
		}
		m.places = append(m.places, code)
	}
	if err := m.put(format.DictionaryPage, format.Plain, 0, len(m.small), nil); err != nil {
		return err
	}
	return m.coded(m.places, len(m.small), nil)
}

// decimals writes few distinct values with a dictionary and many as PLAIN.
func (m *maker) decimals(vals []Dec) error {
	if codes, ok := m.dict.try(vals); ok {
		return m.decimalCodes(m.dict.values, codes)
	}
	return inPages(len(vals), func(from, to int) error {
		m.bigEndian(vals[from:to])
		return m.put(format.DataPage, format.Plain, from, to-from, vals[from:to])
	})
}

func (m *maker) decimalCodes(distinct []Dec, codes []int32) error {
	m.bigEndian(distinct)
	if err := m.put(format.DictionaryPage, format.Plain, 0, len(distinct), distinct); err != nil {
		return err
	}
	return m.coded(codes, len(distinct), nil)
}

// bigEndian sets the page to values in Parquet's byte order.
func (m *maker) bigEndian(vals []Dec) {
	need := len(vals) * decWidth
	m.page = slices.Grow(m.page[:0], need)[:need]
	for i, v := range vals {
		putBE(m.page[i*decWidth:], v)
	}
}

// wholes writes a few distinct numbers with a dictionary and others as differences.
func (m *maker) wholes(vals []int64) error {
	if codes, ok := m.dict.tryWholes(vals); ok {
		if err := m.wholeDictionary(); err != nil {
			return err
		}
		if !m.keyed {
			return m.coded(codes, len(m.dict.values), nil)
		}
		return m.coded(codes, len(m.dict.values), func(codes []int32) Bounds {
			m.some = m.some[:0]
			for _, code := range codes {
				m.some = append(m.some, int64(m.dict.values[code].Lo))
			}
			return wholeBounds(m.some)
		})
	}
	return inPages(len(vals), func(from, to int) error {
		m.page = m.differences(m.page[:0], vals[from:to])
		if m.keyed {
			m.chunk.Bounds = append(m.chunk.Bounds, wholeBounds(vals[from:to]))
		}
		return m.put(format.DataPage, format.DeltaBinaryPacked, from, to-from, nil)
	})
}

// wholeDictionary writes the dictionary's values as a page of numbers.
func (m *maker) wholeDictionary() error {
	m.page = m.page[:0]
	for _, v := range m.dict.values {
		m.page = binary.LittleEndian.AppendUint64(m.page, v.Lo)
	}
	return m.put(format.DictionaryPage, format.Plain, 0, len(m.dict.values), nil)
}

// differences appends numbers in delta encoding.
func (m *maker) differences(dst []byte, vals []int64) []byte {
	var encoder delta.BinaryPackedEncoding
	m.scratch, _ = encoder.EncodeInt64(m.scratch, vals) // never fails
	return append(dst, m.scratch...)
}

func wholeBounds(vals []int64) Bounds {
	return Bounds{
		Low:  binary.LittleEndian.AppendUint64(nil, uint64(slices.Min(vals))),
		High: binary.LittleEndian.AppendUint64(nil, uint64(slices.Max(vals))),
	}
}

// maybeTimes writes a column in which table.Nothing means null: definition levels and the non-null times. A few
// distinct times are written with a dictionary, others as differences. A column of nulls is one page.
func (m *maker) maybeTimes(vals []int64) error {
	m.some = m.some[:0]
	for _, v := range vals {
		if v != int64(table.Nothing) {
			m.some = append(m.some, v)
		}
	}
	m.chunk.Nulls = len(vals) - len(m.some)
	if len(m.some) == 0 {
		return m.maybePage(vals, 0, len(vals), nil, nil)
	}
	times, codes := m.some, []int32(nil)
	if few, ok := m.dict.tryWholes(times); ok {
		codes = few
		if err := m.wholeDictionary(); err != nil {
			return err
		}
	}
	return inPages(len(vals), func(from, to int) error {
		some := 0
		for _, v := range vals[from:to] {
			if v != int64(table.Nothing) {
				some++
			}
		}
		if codes != nil {
			page := codes[:some]
			codes = codes[some:]
			return m.maybePage(vals, from, to, nil, page)
		}
		page := times[:some]
		times = times[some:]
		return m.maybePage(vals, from, to, page, nil)
	})
}

// maybePage writes the rows from..to: their levels, then the codes of the non-null rows, or, without codes, their
// times.
func (m *maker) maybePage(vals []int64, from, to int, times []int64, codes []int32) (err error) {
	m.levels = m.levels[:0]
	for _, v := range vals[from:to] {
		level := int32(1)
		if v == int64(table.Nothing) {
			level = 0
		}
		m.levels = append(m.levels, level)
	}
	if m.page, err = m.withLevels(m.page[:0], m.levels); err != nil {
		return err
	}
	if codes == nil {
		m.page = m.differences(m.page, times)
		return m.put(format.DataPage, format.DeltaBinaryPacked, from, to-from, nil)
	}
	if m.page, err = m.codes(m.page, codes, len(m.dict.values)); err != nil {
		return err
	}
	return m.put(format.DataPage, format.RLEDictionary, from, to-from, nil)
}

// texts writes few distinct texts with a dictionary and many as PLAIN.
func (m *maker) texts(c *Col) error {
	if codes, ok := m.lexicon.Try(c.Bytes, c.Ends, min(MostWords, len(c.Ends)/rowsPerValue+1)); ok {
		return m.words(m.lexicon.Words(), codes)
	}
	return inPages(len(c.Ends), func(from, to int) error {
		m.page = m.page[:0]
		var b Bounds
		for i := from; i < to; i++ {
			text := c.Text(i)
			m.page = append(binary.LittleEndian.AppendUint32(m.page, uint32(len(text))), text...)
			if m.keyed {
				b.Take(text, i == from)
			}
		}
		if m.keyed {
			m.chunk.Bounds = append(m.chunk.Bounds, Bounds{Low: bytes.Clone(b.Low),
				High: bytes.Clone(b.High)})
		}
		return m.put(format.DataPage, format.Plain, from, to-from, nil)
	})
}
