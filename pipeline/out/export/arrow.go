package export

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// arrowSheet writes an Arrow IPC stream, one record batch per batch, not compressed: texts as utf8 (invalid bytes
// become U+FFFD), decimals as decimal128, times in microseconds UTC. As in Parquet, an empty text and a tier of 0 mean
// no value.
//
// Numbers, and the bytes of texts that are valid utf8, are not copied from the batch. Other columns are converted in
// memory that the next batch reuses.
type arrowSheet struct {
	buffer  *bufio.Writer
	w       *ipc.Writer
	schema  *arrow.Schema
	columns []arrowColumn
}

// arrowColumn is the memory of one column.
type arrowColumn struct {
	bytes   []byte  // of texts, or of decimals
	offsets []int32 // of texts: one more than the number of rows
	words   []string
	valid   []byte // one bit per row
}

func newArrow(def *tables.Table, w io.Writer) *arrowSheet {
	fields := make([]arrow.Field, len(def.Columns))
	for i, c := range def.Columns {
		fields[i] = arrow.Field{Name: c.Name, Type: arrowType(c.Type), Nullable: c.Type == tables.MaybeTime}
	}
	schema := arrow.NewSchema(fields, nil)
	buffer := bufio.NewWriterSize(w, bufferSize)
	return &arrowSheet{buffer: buffer, w: ipc.NewWriter(buffer, ipc.WithSchema(schema)), schema: schema,
		columns: make([]arrowColumn, len(fields))}
}

// arrowType returns a column's type in Arrow.
func arrowType(t tables.Type) arrow.DataType {
	switch t {
	case tables.Word, tables.Text:
		return arrow.BinaryTypes.String
	case tables.Time, tables.MaybeTime:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case tables.Amount, tables.Quantity, tables.Cost:
		return &arrow.Decimal128Type{Precision: 38, Scale: int32(t.Scale())}
	case tables.Whole:
		return arrow.PrimitiveTypes.Int64
	default:
		return arrow.PrimitiveTypes.Int32
	}
}

func (s *arrowSheet) write(cols *parquet.Columns[tables.Any]) error {
	arrays := make([]arrow.Array, len(cols.Def.Columns))
	for i := range cols.Def.Columns {
		buffers, nulls, err := s.columns[i].buffers(cols.Col(tables.ColumnOf[tables.Any](i)), cols.Def.Columns[i].Type)
		if err != nil {
			return fmt.Errorf("column %s: %w", cols.Def.Columns[i].Name, err)
		}
		data := array.NewData(s.schema.Field(i).Type, cols.N, buffers, nil, nulls, 0)
		arrays[i] = array.MakeFromData(data)
		data.Release()
	}
	batch := array.NewRecordBatch(s.schema, arrays, int64(cols.N))
	for _, a := range arrays {
		a.Release()
	}
	defer batch.Release()
	return s.w.Write(batch)
}

// buffers returns Arrow's buffers of a column, and its number of nulls: the validity bits (nil = no nulls), offsets of
// texts, the values.
func (m *arrowColumn) buffers(c *parquet.Col, t tables.Type) (list []*memory.Buffer, nulls int, err error) {
	switch t {
	case tables.Word:
		err = m.fillWords(c, math.MaxInt32)
		return []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(m.offsets)),
			memory.NewBufferBytes(m.bytes)}, 0, err
	case tables.Text:
		text := m.fillTexts(c)
		return []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(m.offsets)),
			memory.NewBufferBytes(text)}, 0, nil
	case tables.Amount, tables.Quantity, tables.Cost:
		m.fillDecimals(c.Decs)
		return []*memory.Buffer{nil, memory.NewBufferBytes(m.bytes)}, 0, nil
	case tables.MaybeTime:
		nulls = m.fillValid(c.Ints)
		return []*memory.Buffer{memory.NewBufferBytes(m.valid),
			memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(c.Ints))}, nulls, nil
	case tables.Time, tables.Whole:
		return []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(c.Ints))}, 0, nil
	default:
		return []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(c.Codes))}, 0, nil
	}
}

// fillWords writes the word of each row, one after the other: at most as many bytes as offsets of Arrow can count.
func (m *arrowColumn) fillWords(c *parquet.Col, most int) error {
	m.words = m.words[:0]
	for _, word := range c.Dict {
		m.words = append(m.words, strings.ToValidUTF8(word, "\ufffd"))
	}
	m.bytes, m.offsets = m.bytes[:0], append(slices.Grow(m.offsets[:0], len(c.Codes)+1), 0)
	for _, code := range c.Codes {
		if m.bytes = append(m.bytes, m.words[code]...); len(m.bytes) > most {
			return errors.New("its texts in a batch exceed 2 GiB, which Arrow cannot hold: export it as parquet or csv")
		}
		m.offsets = append(m.offsets, int32(len(m.bytes)))
	}
	return nil
}

// fillTexts writes the offsets of texts and returns their bytes.
func (m *arrowColumn) fillTexts(c *parquet.Col) []byte {
	m.offsets = append(append(m.offsets[:0], 0), c.Ends...)
	if utf8.Valid(c.Bytes) && m.whole(c.Bytes) {
		return c.Bytes
	}
	m.bytes = m.bytes[:0]
	for i := range c.Ends {
		m.bytes = append(m.bytes, strings.ToValidUTF8(string(c.Text(i)), "\ufffd")...)
		m.offsets[i+1] = int32(len(m.bytes))
	}
	return m.bytes
}

// whole reports whether no text begins within a character: two invalid texts can be valid utf8 when joined.
func (m *arrowColumn) whole(text []byte) bool {
	for _, from := range m.offsets {
		if int(from) < len(text) && !utf8.RuneStart(text[from]) {
			return false
		}
	}
	return true
}

// fillDecimals writes decimals, the lower half first.
func (m *arrowColumn) fillDecimals(decs []parquet.Dec) {
	n := len(decs) * arrow.Decimal128SizeBytes
	m.bytes = slices.Grow(m.bytes[:0], n)[:n]
	for i, v := range decs {
		at := m.bytes[i*arrow.Decimal128SizeBytes:][:arrow.Decimal128SizeBytes]
		binary.LittleEndian.PutUint64(at, v.Lo)
		binary.LittleEndian.PutUint64(at[8:], uint64(v.Hi))
	}
}

// fillValid writes the validity bits of times, and returns the number of nulls.
func (m *arrowColumn) fillValid(times []int64) (nulls int) {
	n := int(bitutil.BytesForBits(int64(len(times))))
	m.valid = slices.Grow(m.valid[:0], n)[:n]
	clear(m.valid)
	for i, v := range times {
		if v == int64(tables.Nothing) {
			nulls++
		} else {
			bitutil.SetBit(m.valid, i)
		}
	}
	return nulls
}

func (s *arrowSheet) end() error { return errors.Join(s.w.Close(), s.buffer.Flush()) }
