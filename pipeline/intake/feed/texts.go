package feed

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// textBytes is the number of bytes of texts after which an array has fewer rows than requested: a page of a few bytes
// can contain any number of rows with the longest text.
const textBytes = 64 << 20

// textPage reads the texts of a page one by one.
type textPage struct {
	most  int // bytes of a text
	coded bool
	codes hybrid
	plain []byte   // parquetTexts after their lengths; nil = all and ends
	all   []byte   // parquetTexts without lengths
	ends  []uint32 // where each ends, from where it begins
}

func (t *textPage) begin(p *page) (err error) {
	t.coded, t.plain, t.ends = false, nil, nil
	switch p.encoding {
	case format.RLEDictionary, plainDictionary:
		t.coded = true
		return t.codes.openPage(p.data)
	case format.Plain:
		t.plain = p.data
		return nil
	case format.DeltaLengthByteArray:
		if err = checkDelta(p); err == nil {
			t.all, t.ends, err = new(delta.LengthByteArrayEncoding).DecodeByteArray(nil, p.data, nil)
		}
		return err
	case format.DeltaByteArray:
		e := new(delta.ByteArrayEncoding)
		if err = checkDelta(p); err != nil {
			return err
		}
		if size := e.EstimateDecodeByteArraySize(p.data); size < 0 || size > maxTexts {
			return fmt.Errorf("a page with texts of %d bytes", size)
		}
		t.all, t.ends, err = e.DecodeByteArray(nil, p.data, nil)
		return err
	}
	return errEncoding(p.encoding)
}

// more reports whether texts are left that are not coded.
func (t *textPage) more() bool { return len(t.ends) > 1 || t.ends == nil && len(t.plain) > 0 }

// next reads the next text, which is not coded.
func (t *textPage) next() (text []byte, err error) {
	if t.ends != nil {
		if len(t.ends) < 2 {
			return nil, errShort
		}
		text, t.ends = t.all[t.ends[0]:t.ends[1]], t.ends[1:]
	} else if text, t.plain, err = plainText(t.plain); err != nil {
		return nil, err
	}
	if len(text) > t.most {
		return nil, fmt.Errorf("a text %w", ErrTooLong)
	}
	return text, nil
}

func plainText(data []byte) (text, rest []byte, err error) {
	if len(data) < 4 || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-4) {
		return nil, nil, errShort
	}
	end := 4 + int(binary.LittleEndian.Uint32(data))
	return data[4:end], data[end:], nil
}

// parquetTexts collects texts as an array of them.
type parquetTexts struct {
	textPage
	of    *ParquetField
	words []byte // of the dictionary
	wends []int
	data  []byte
	ends  []int32
}

func newTexts(f *ParquetField, most int) *parquetTexts {
	return &parquetTexts{textPage: textPage{most: most}, of: f, ends: []int32{0}, wends: []int{0}}
}

func (v *parquetTexts) dictionary(p *page) error {
	page := textPage{plain: p.data, most: v.most}
	for range p.values {
		text, err := page.next()
		if err != nil {
			return err
		}
		v.words = append(v.words, text...)
		v.wends = append(v.wends, len(v.words))
	}
	return nil
}

func (v *parquetTexts) take(n int) error {
	if len(v.data) > maxTexts {
		return fmt.Errorf("rows with texts of more than %d MiB", maxTexts>>20)
	}
	if !v.coded {
		for range n {
			text, err := v.next()
			if err != nil {
				return err
			}
			v.data = append(v.data, text...)
			v.ends = append(v.ends, int32(len(v.data)))
		}
		return nil
	}
	var codes [512]int32
	for n > 0 {
		batch := codes[:min(n, len(codes))]
		if err := v.codes.read(batch); err != nil {
			return err
		}
		n -= len(batch)
		for _, code := range batch {
			if uint(uint32(code)) >= uint(len(v.wends)-1) {
				return errCode(code, len(v.wends)-1)
			}
			v.data = append(v.data, v.words[v.wends[code]:v.wends[code+1]]...)
			v.ends = append(v.ends, int32(len(v.data)))
		}
	}
	return nil
}

func (v *parquetTexts) spread(there []bool) {
	v.ends = spread(v.ends, 1, there)
	from := len(v.ends) - len(there)
	for i, is := range there {
		if !is { // a null ends where the text before it does
			v.ends[from+i] = v.ends[from+i-1]
		}
	}
}

// room is 0 once the texts have textBytes; a nested column goes on to maxTexts.
func (v *parquetTexts) room() int {
	if len(v.data) >= textBytes {
		return 0
	}
	return max(1, (textBytes-len(v.data))/max(v.most, 1))
}

func (v *parquetTexts) array(n int, valid *memory.Buffer, nulls int) arrow.Array {
	data, ends := v.data, v.ends
	v.data, v.ends = make([]byte, 0, len(data)+len(data)/16), make([]int32, 1, len(ends))
	return newArray(v.of.Type, n, nulls, valid, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(ends)),
		memory.NewBufferBytes(data))
}

// TextNumber numbers a text. Equal texts have one number.
type TextNumber func(text []byte) (int32, error)

// numbers collects the numbers of texts.
type numbers struct {
	textPage
	number TextNumber
	words  []int32 // of the dictionary
	out    []int32
}

func (v *numbers) dictionary(p *page) error {
	page := textPage{plain: p.data, most: v.most}
	for range p.values {
		text, err := page.next()
		if err != nil {
			return err
		}
		n, err := v.number(text)
		if err != nil {
			return err
		}
		v.words = append(v.words, n)
	}
	return nil
}

func (v *numbers) take(n int) error {
	from := len(v.out)
	v.out = append(v.out, make([]int32, n)...)
	out := v.out[from:]
	if !v.coded {
		for i := range out {
			text, err := v.next()
			if err != nil {
				return err
			}
			if out[i], err = v.number(text); err != nil {
				return err
			}
		}
		return nil
	}
	if err := v.codes.read(out); err != nil {
		return err
	}
	for i, code := range out {
		if uint(uint32(code)) >= uint(len(v.words)) {
			return errCode(code, len(v.words))
		}
		out[i] = v.words[code]
	}
	return nil
}

func (v *numbers) spread(there []bool) { v.out = spread(v.out, 1, there) }

func (v *numbers) room() int { return math.MaxInt32 }

func (v *numbers) array(n int, valid *memory.Buffer, nulls int) arrow.Array {
	out := v.out
	v.out = make([]int32, 0, len(out))
	return newArray(arrow.PrimitiveTypes.Int32, n, nulls, valid,
		memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(out)))
}

// parquetWordIDs are the distinct texts of a column that is read as an array with a dictionary: those of the dictionary
// of the row group, and after them the texts of pages without one.
type parquetWordIDs struct {
	known map[string]int32
	list  []string
	fixed int // how many are in the dictionary of the row group
	made  *array.String
}

func (w *parquetWordIDs) number(text []byte) (int32, error) {
	n, known := w.known[string(text)]
	if !known {
		n = int32(len(w.list))
		w.list = append(w.list, string(text))
		w.known[w.list[n]] = n
	}
	return n, nil
}

// values returns the dictionary of an array. It is the same object for all arrays whose texts are in the row group's.
func (w *parquetWordIDs) values() *array.String {
	if w.made == nil || w.made.Len() != len(w.list) {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		defer b.Release()
		for _, text := range w.list {
			b.Append(text)
		}
		w.made = b.NewStringArray()
	}
	return w.made
}

// forget forgets the texts of earlier arrays, so that a column of distinct texts takes the memory of an array.
func (w *parquetWordIDs) forget() {
	if len(w.list) == w.fixed {
		return
	}
	for _, text := range w.list[w.fixed:] {
		delete(w.known, text)
	}
	w.list, w.made = w.list[:w.fixed], nil
}
