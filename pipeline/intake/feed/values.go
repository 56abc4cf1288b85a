package feed

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/uuid"
	"github.com/parquet-go/parquet-go/encoding/bytestreamsplit"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"
)

// values decodes the values of a column that are not null, and collects those of the next array.
type values interface {
	// dictionary reads the dictionary, which precedes all values.
	dictionary(p *page) error
	// begin starts a page.
	begin(p *page) error
	// take collects the next n values of the page.
	take(n int) error
	// spread puts nulls among the values taken last: of there, each true is one of these values, and each false a null.
	spread(there []bool)
	// room is the number of values that the next array has room for.
	room() int
	// array returns what was collected, with its validity, and begins anew.
	array(n int, valid *memory.Buffer, nulls int) arrow.Array
}

// Limits of what few bytes can decode to.
const (
	maxDelta  = 1 << 24   // values of a page in a DELTA encoding
	maxNested = 1 << 24   // elements of the rows of a nested column that are read at once
	maxTexts  = 512 << 20 // bytes of their texts, or of those of a page in a DELTA encoding
)

func errEncoding(e format.Encoding) error { return fmt.Errorf("values in the encoding %s", e) }

// fixed are values of a fixed width.
type fixed struct {
	of      *ParquetField
	stored  int                      // bytes of a stored value
	width   int                      // bytes of a value in the array
	convert func(dst, stored []byte) // nil = the array has what is stored
	words   []byte                   // values of the dictionary
	coded   bool                     // the page has codes of words, or bits
	codes   hybrid
	plain   []byte // of the page, converted
	scratch []byte
	indexes [512]int32
	out     []byte
}

func newFixed(f *ParquetField) (*fixed, error) {
	v := &fixed{of: f, width: 1}
	switch f.Physical {
	case format.Boolean:
		v.stored = 1 // unpacked
	case format.Int32, format.Float:
		v.stored = 4
	case format.Int64, format.Double:
		v.stored = 8
	case format.Int96:
		v.stored = 12
	case format.FixedLenByteArray:
		v.stored = f.length
	case format.ByteArray: // a decimal of any number of bytes
	}
	if t, ok := f.Type.(arrow.FixedWidthDataType); ok && f.Physical != format.Boolean {
		v.width = t.BitWidth() / 8
	}
	switch f.Type.ID() {
	case arrow.DECIMAL128, arrow.DECIMAL256:
		v.convert = bigEndian
		if f.Physical == format.Int32 || f.Physical == format.Int64 {
			v.convert = extend
		}
	case arrow.INT8, arrow.INT16, arrow.UINT8, arrow.UINT16:
		v.convert = func(dst, stored []byte) { copy(dst, stored) }
	case arrow.TIMESTAMP:
		if f.Physical == format.Int96 {
			v.convert = julian
		}
	}
	if v.convert == nil && v.stored != v.width {
		return nil, fmt.Errorf("%s stored as %s", f.TypeName(), f.Physical)
	}
	return v, nil
}

// extend makes a decimal of a whole number.
func extend(dst, stored []byte) {
	fill(dst[copy(dst, stored):], stored[len(stored)-1])
}

// bigEndian makes a decimal of the bytes of a number, the largest first.
func bigEndian(dst, stored []byte) {
	if len(stored) == 0 {
		clear(dst)
		return
	}
	fill(dst, stored[0])
	for i, b := range stored {
		if at := len(stored) - 1 - i; at < len(dst) {
			dst[at] = b
		} else if b != stored[0] || (b != 0 && b != 0xff) {
			panic("a decimal that is longer than its precision")
		}
	}
}

func fill(dst []byte, sign byte) {
	b := byte(0)
	if sign >= 0x80 {
		b = 0xff
	}
	for i := range dst {
		dst[i] = b
	}
}

// julian makes nanoseconds of a day and the nanoseconds of that day.
func julian(dst, stored []byte) {
	const epoch, day = 2_440_588, 86_400_000_000_000
	days := int64(binary.LittleEndian.Uint32(stored[8:])) - epoch
	binary.LittleEndian.PutUint64(dst, uint64(days*day)+binary.LittleEndian.Uint64(stored))
}

func (v *fixed) dictionary(p *page) (err error) {
	if v.of.Physical == format.ByteArray {
		v.words, err = v.decimals(nil, &textPage{plain: p.data, most: maxDecimal})
		return err
	}
	v.words = v.converted(nil, p.data)
	return nil
}

// maxDecimal is the number of bytes of a decimal that is stored as a text.
const maxDecimal = 1 << 10

// decimals appends the decimals of a page that stores them as texts.
func (v *fixed) decimals(dst []byte, t *textPage) ([]byte, error) {
	for t.more() {
		text, err := t.next()
		if err != nil {
			return nil, err
		}
		dst = append(dst, make([]byte, v.width)...)
		bigEndian(dst[len(dst)-v.width:], text)
	}
	return dst, nil
}

func (v *fixed) begin(p *page) (err error) {
	if v.of.Physical == format.ByteArray {
		t := textPage{most: maxDecimal}
		if err := t.begin(p); err != nil {
			return err
		}
		v.coded, v.codes = t.coded, t.codes
		v.scratch, err = v.decimals(v.scratch[:0], &t)
		v.plain = v.scratch
		return err
	}
	v.coded = true
	data, isBool := p.data, v.of.Physical == format.Boolean
	switch e := p.encoding; {
	case e == format.RLEDictionary || e == plainDictionary:
		return v.codes.openPage(data)
	case e == format.Plain && isBool:
		v.codes = hybrid{in: data, width: 1, packed: 8 * len(data)}
		return nil
	case e == format.RLE && isBool && len(data) >= 4:
		v.codes.open(data[4:], 1)
		return nil
	case e == format.Plain:
	case e == format.DeltaBinaryPacked:
		data, err = v.delta(p)
	case e == format.DeltaByteArray && v.of.Physical == format.FixedLenByteArray:
		if err = checkDelta(p); err == nil {
			data, err = new(delta.ByteArrayEncoding).DecodeFixedLenByteArray(nil, data, v.stored)
		}
	case e == format.ByteStreamSplit && v.stored > 1:
		data, err = new(bytestreamsplit.Encoding).DecodeFixedLenByteArray(nil, data, v.stored)
	default:
		return errEncoding(e)
	}
	v.coded = false
	if err == nil {
		v.scratch = v.converted(v.scratch[:0], data)
		v.plain = v.scratch
	}
	return err
}

func (v *fixed) delta(p *page) ([]byte, error) {
	if err := checkDelta(p); err != nil {
		return nil, err
	}
	switch v.of.Physical {
	case format.Int32:
		out, err := new(delta.BinaryPackedEncoding).DecodeInt32(nil, p.data)
		return arrow.Int32Traits.CastToBytes(out), err
	case format.Int64:
		out, err := new(delta.BinaryPackedEncoding).DecodeInt64(nil, p.data)
		return arrow.Int64Traits.CastToBytes(out), err
	}
	return nil, errEncoding(p.encoding)
}

// checkDelta compares the number of values at the beginning of a DELTA encoding with that of the page.
func checkDelta(p *page) error {
	at, n := 0, uint64(0)
	for range 3 { // the size of a block, the number of its parts, the number of values
		v, size := binary.Uvarint(p.data[at:])
		if size <= 0 {
			return errShort
		}
		at, n = at+size, v
	}
	if p.values > maxDelta || n > uint64(p.values) {
		return fmt.Errorf("%d values in a page of %d", n, p.values)
	}
	return nil
}

// converted appends stored values as the array has them.
func (v *fixed) converted(dst, data []byte) []byte {
	if v.convert == nil {
		return append(dst, data...)
	}
	n := len(data) / v.stored
	at := len(dst)
	dst = append(dst, make([]byte, n*v.width)...)
	for i := range n {
		v.convert(dst[at+i*v.width:at+(i+1)*v.width], data[i*v.stored:(i+1)*v.stored])
	}
	return dst
}

func (v *fixed) take(n int) error {
	if !v.coded {
		if len(v.plain) < n*v.width {
			return errShort
		}
		v.out, v.plain = append(v.out, v.plain[:n*v.width]...), v.plain[n*v.width:]
		return nil
	}
	for n > 0 {
		codes := v.indexes[:min(n, len(v.indexes))]
		if err := v.codes.read(codes); err != nil {
			return err
		}
		n -= len(codes)
		if v.of.Physical == format.Boolean && v.words == nil {
			for _, code := range codes {
				v.out = append(v.out, byte(code))
			}
			continue
		}
		for _, code := range codes {
			from := int(uint32(code)) * v.width
			if from+v.width > len(v.words) {
				return errCode(code, len(v.words)/v.width)
			}
			v.out = append(v.out, v.words[from:from+v.width]...)
		}
	}
	return nil
}

func errCode(code int32, n int) error {
	return fmt.Errorf("value %d of a dictionary of %d", uint32(code), n)
}

func (v *fixed) spread(there []bool) { v.out = spread(v.out, v.width, there) }

// spread puts zeros among the last values of a slice, which have n elements each: of there, each true is one of these
// values, and each false a zero.
func spread[T any](out []T, n int, there []bool) []T {
	known := 0
	for _, is := range there {
		if is {
			known++
		}
	}
	from := len(out)
	out = append(out, make([]T, n*(len(there)-known))...)
	for i, at := len(there)-1, len(out)-n; i >= 0 && from-n < at; i, at = i-1, at-n {
		if there[i] {
			from -= n
			copy(out[at:at+n], out[from:from+n])
		} else {
			clear(out[at : at+n])
		}
	}
	return out
}

func (v *fixed) room() int { return math.MaxInt32 }

func (v *fixed) array(n int, valid *memory.Buffer, nulls int) arrow.Array {
	out := v.out
	v.out = make([]byte, 0, len(out))
	switch {
	case v.of.Physical == format.Boolean:
		bits := make([]byte, bitutil.BytesForBits(int64(n)))
		for i, b := range out {
			bitutil.SetBitTo(bits, i, b != 0)
		}
		out = bits
	case v.of.Type.ID() == arrow.STRING:
		return uuids(out, n, valid)
	}
	return newArray(v.of.Type, n, nulls, valid, memory.NewBufferBytes(out))
}

func newArray(t arrow.DataType, n, nulls int, buffers ...*memory.Buffer) arrow.Array {
	data := array.NewData(t, n, buffers, nil, nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// uuids writes the values of a column of UUIDs as texts.
func uuids(values []byte, n int, valid *memory.Buffer) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for i := range n {
		if valid != nil && !bitutil.BitIsSet(valid.Bytes(), i) {
			b.AppendNull()
			continue
		}
		b.Append(uuid.UUID(values[i*len(uuid.UUID{}):]).String())
	}
	return b.NewArray()
}
