package costs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
	"github.com/tollbook/tollbook/schemas/visible"
)

// noText is the number of a null.
const noText = -1

// numberedTexts numbers the distinct texts of a column.
type numberedTexts struct {
	texts    []string
	numbers  map[string]int32
	onlyOdd  bool  // all texts that are not odd have the number 0, and no text
	identity bool  // the column has identities
	wrong    error // the first text that fails the file
}

func (t *numberedTexts) reset() {
	t.texts, t.numbers = t.texts[:0], make(map[string]int32)
	if t.onlyOdd {
		t.texts = append(t.texts, "")
	}
}

func (t *numberedTexts) number(text []byte) int32 {
	if t.onlyOdd && !t.odd(text) {
		return 0
	}
	n, known := t.numbers[string(text)]
	if !known {
		t.check(text)
		n = int32(len(t.texts))
		t.texts = append(t.texts, string(text))
		t.numbers[t.texts[n]] = n
	}
	return n
}

// odd reports whether a text is the word NULL, or an identity with a flaw.
func (t *numberedTexts) odd(text []byte) bool {
	t.check(text)
	return string(text) == nullWord || t.identity && visible.FlawOf(text) != ""
}

// check notes a text that fails the file: it is too long, or not UTF-8 (TEXT-3).
func (t *numberedTexts) check(text []byte) {
	switch {
	case t.wrong != nil:
	case len(text) > feedfile.MaxRecord:
		t.wrong = fmt.Errorf("a text %w", feedfile.ErrTooLong)
	case !utf8.Valid(text):
		t.wrong = fmt.Errorf("%q is not UTF-8", text)
	}
}

// hasOdd reports whether the texts of a column with onlyOdd include an odd one.
func (t *numberedTexts) hasOdd() bool { return len(t.texts) > 1 }

// textPages reads a text column of a row group as numbers of its texts.
type textPages struct {
	pages    file.PageReader
	to       *numberedTexts
	optional bool    // a row may be null
	words    []int32 // numbers of the texts of the row group's dictionary
	left     int     // rows of the page that are not read yet
	levels   hybrid
	indices  hybrid
	plain    []byte // texts of a page without a dictionary
	isPlain  bool
	scratch  []int32
}

// hasTextPages reports whether textPages can read all encodings of a chunk.
func hasTextPages(chunk *metadata.ColumnChunkMetaData) bool {
	for _, e := range chunk.Encodings() {
		switch e {
		case parquet.Encodings.Plain, parquet.Encodings.RLE, parquet.Encodings.RLEDict, parquet.Encodings.PlainDict,
			parquet.Encodings.BitPacked:
		default:
			return false
		}
	}
	return true
}

// onlyDictionary reports whether all texts of a chunk are in its dictionary.
func onlyDictionary(chunk *metadata.ColumnChunkMetaData) bool {
	stats := chunk.EncodingStats()
	for _, s := range stats {
		if s.PageType != file.PageTypeDictionaryPage && s.Encoding != parquet.Encodings.RLEDict &&
			s.Encoding != parquet.Encodings.PlainDict {
			return false
		}
	}
	return len(stats) > 0 && chunk.HasDictionaryPage()
}

// begin starts the next row group and reads its dictionary, if it has one.
func (p *textPages) begin(pages file.PageReader) error {
	p.pages, p.left, p.words = pages, 0, p.words[:0]
	_, err := p.turn()
	return err
}

// turn opens the next page; more is false if there is none.
func (p *textPages) turn() (more bool, err error) {
	if !p.pages.Next() {
		return false, p.pages.Err()
	}
	switch page := p.pages.Page().(type) {
	case *file.DictionaryPage:
		return true, p.dictionary(page)
	case *file.DataPageV1:
		data := page.Data()
		if p.optional {
			if page.DefinitionLevelEncoding() != parquet.Encodings.RLE {
				return false, fmt.Errorf("definition levels in the encoding %s", page.DefinitionLevelEncoding())
			}
			if len(data) < 4 || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-4) {
				return false, errShort
			}
			end := 4 + int(binary.LittleEndian.Uint32(data))
			p.levels.open(data[4:end], 1)
			data = data[end:]
		}
		return true, p.data(data, int(page.NumValues()), parquet.Encoding(page.Encoding()))
	case *file.DataPageV2:
		data, first := page.Data(), int(page.RepetitionLevelByteLen())
		end := first + int(page.DefinitionLevelByteLen())
		if first < 0 || end < first || end > len(data) {
			return false, errShort
		}
		if p.optional {
			p.levels.open(data[first:end], 1)
		}
		return true, p.data(data[end:], int(page.NumValues()), parquet.Encoding(page.Encoding()))
	}
	return true, nil // a page of another kind contains no rows
}

var errShort = errors.New("a page ends too early")

// dictionary numbers the texts of a dictionary page.
func (p *textPages) dictionary(page *file.DictionaryPage) error {
	p.plain = page.Data()
	for range page.NumValues() {
		text, err := p.text()
		if err != nil {
			return err
		}
		p.words = append(p.words, p.to.number(text))
	}
	return nil
}

// data starts reading the values of a page.
func (p *textPages) data(values []byte, rows int, encoding parquet.Encoding) error {
	p.left = rows
	switch encoding {
	case parquet.Encodings.Plain:
		p.plain, p.isPlain = values, true
	case parquet.Encodings.RLEDict, parquet.Encodings.PlainDict:
		p.isPlain = false
		if len(values) == 0 { // all rows are null
			p.indices.open(nil, 0)
			return nil
		}
		if values[0] > 32 {
			return fmt.Errorf("numbers of %d bits", values[0])
		}
		p.indices.open(values[1:], uint(values[0]))
	default:
		return fmt.Errorf("texts in the encoding %s", encoding)
	}
	return nil
}

// text reads the next text of a PLAIN page.
func (p *textPages) text() ([]byte, error) {
	if len(p.plain) < 4 || uint64(binary.LittleEndian.Uint32(p.plain)) > uint64(len(p.plain)-4) {
		return nil, errShort
	}
	end := 4 + int(binary.LittleEndian.Uint32(p.plain))
	if end-4 > feedfile.MaxRecord {
		return nil, fmt.Errorf("a text of %d bytes, more than 1 MiB", end-4)
	}
	text := p.plain[4:end]
	p.plain = p.plain[end:]
	return text, nil
}

// read reads the numbers of the next rows' texts.
func (p *textPages) read(dst []int32) error {
	for len(dst) > 0 {
		for p.left == 0 {
			more, err := p.turn()
			if err != nil {
				return err
			}
			if !more {
				return errors.New("a column has fewer rows than its row group")
			}
		}
		n := min(p.left, len(dst))
		if err := p.rows(dst[:n]); err != nil {
			return err
		}
		dst = dst[n:]
		p.left -= n
	}
	return nil
}

// rows reads rows of one page.
func (p *textPages) rows(dst []int32) error {
	if !p.optional {
		return p.values(dst)
	}
	for len(dst) > 0 {
		n, level, err := p.levels.repeat(len(dst))
		switch {
		case err != nil:
			return err
		case n > 0 && level == 0:
			for i := range n {
				dst[i] = noText
			}
		case n > 0:
			if err := p.values(dst[:n]); err != nil {
				return err
			}
		default:
			if n, err = p.mixed(dst); err != nil {
				return err
			}
		}
		dst = dst[n:]
	}
	return nil
}

// mixed reads up to len(dst) rows that each have their own level, and returns their number.
func (p *textPages) mixed(dst []int32) (n int, err error) {
	n = min(p.levels.packed, len(dst))
	if err := p.levels.read(dst[:n]); err != nil {
		return 0, err
	}
	there := 0
	for _, level := range dst[:n] {
		there += int(level)
	}
	if cap(p.scratch) < there {
		p.scratch = make([]int32, max(there, parquetBatch))
	}
	values := p.scratch[:there]
	if err := p.values(values); err != nil {
		return 0, err
	}
	for i, level := range dst[:n] {
		if level == 0 {
			dst[i] = noText
			continue
		}
		dst[i], values = values[0], values[1:]
	}
	return n, nil
}

// values reads the numbers of texts that are not null.
func (p *textPages) values(dst []int32) error {
	if p.isPlain {
		for i := range dst {
			text, err := p.text()
			if err != nil {
				return err
			}
			dst[i] = p.to.number(text)
		}
		return nil
	}
	if err := p.indices.read(dst); err != nil {
		return err
	}
	for i, index := range dst {
		if uint(index) >= uint(len(p.words)) {
			return fmt.Errorf("text %d of a dictionary of %d", uint32(index), len(p.words))
		}
		dst[i] = p.words[index]
	}
	return nil
}

// hybrid reads numbers in Parquet's hybrid of run lengths and bit packing, only as many as requested. The decoders of
// the libraries decode a complete page, whose number of rows is limited only by its header.
type hybrid struct {
	in     []byte
	width  uint
	value  int32
	same   int // how often value still repeats
	packed int // how many packed numbers are left
	group  [8]int32
	held   int // how many numbers at the end of group are not read yet
}

func (h *hybrid) open(in []byte, width uint) { *h = hybrid{in: in, width: width} }

// next opens the next run.
func (h *hybrid) next() error {
	if h.width == 0 && len(h.in) == 0 { // a dictionary of one text: some writers leave out the run
		h.same, h.value = 1<<30, 0
		return nil
	}
	n, size := binary.Uvarint(h.in)
	if size <= 0 || n>>1 == 0 || n>>1 > 1<<28 {
		return errShort
	}
	h.in = h.in[size:]
	if n&1 == 1 {
		h.packed = int(n>>1) * 8
		return nil
	}
	bytes := int(h.width+7) / 8
	if len(h.in) < bytes {
		return errShort
	}
	v := uint32(0)
	for i := range bytes {
		v |= uint32(h.in[i]) << (8 * i)
	}
	h.in = h.in[bytes:]
	h.same, h.value = int(n>>1), int32(v)
	return nil
}

// repeat takes up to n numbers of a run of equal numbers; taken is 0 if the current run is bit-packed.
func (h *hybrid) repeat(n int) (taken int, value int32, err error) {
	if h.same == 0 && h.packed == 0 {
		if err := h.next(); err != nil {
			return 0, 0, err
		}
	}
	taken = min(n, h.same)
	h.same -= taken
	return taken, h.value, nil
}

// read reads the next numbers.
func (h *hybrid) read(dst []int32) error {
	for len(dst) > 0 {
		n, v, err := h.repeat(len(dst))
		if err != nil {
			return err
		}
		if n > 0 {
			for i := range n {
				dst[i] = v
			}
			dst = dst[n:]
			continue
		}
		n = min(h.packed, len(dst))
		if err := h.unpack(dst[:n]); err != nil {
			return err
		}
		h.packed -= n
		dst = dst[n:]
	}
	return nil
}

// unpack reads packed numbers of the current run.
func (h *hybrid) unpack(dst []int32) error {
	n := copy(dst, h.group[len(h.group)-h.held:])
	h.held -= n
	for dst = dst[n:]; len(dst) >= len(h.group); dst = dst[len(h.group):] {
		if err := h.eight((*[8]int32)(dst)); err != nil {
			return err
		}
	}
	if len(dst) == 0 {
		return nil
	}
	if err := h.eight(&h.group); err != nil {
		return err
	}
	h.held = len(h.group) - copy(dst, h.group[:])
	return nil
}

// eight unpacks a group of eight numbers, which takes width bytes. The last group of a page can lack the bytes after
// its last number.
func (h *hybrid) eight(dst *[8]int32) error {
	var padded [40]byte
	in := h.in
	switch {
	case len(in) >= len(padded):
		h.in = in[h.width:]
	case len(in) == 0 && h.width > 0:
		return errShort
	default:
		copy(padded[:], in[:min(len(in), int(h.width))])
		h.in = in[min(len(in), int(h.width)):]
		in = padded[:]
	}
	mask := uint64(1)<<h.width - 1
	for i := range dst {
		bit := uint(i) * h.width
		dst[i] = int32(binary.LittleEndian.Uint64(in[bit/8:]) >> (bit % 8) & mask)
	}
	return nil
}
