package export

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tollbook/tollbook/pipeline/table"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// arrowSheet is an Arrow IPC stream, a record batch a batch, not compressed: texts as utf8 (what is not becomes U+FFFD), decimals as decimal128, times in microseconds
// UTC. As in Parquet an empty text and a tier of 0 stand for none.
type arrowSheet struct {
	buffer  *bufio.Writer
	w       *ipc.Writer
	builder *array.RecordBuilder
}

func newArrow(def *tables.Table, w io.Writer) *arrowSheet {
	fields := make([]arrow.Field, len(def.Columns))
	for i, c := range def.Columns {
		fields[i] = arrow.Field{Name: c.Name, Type: arrowType(c.Type), Nullable: c.Type == tables.MaybeTime}
	}
	schema := arrow.NewSchema(fields, nil)
	buffer := bufio.NewWriterSize(w, bufferSize)
	return &arrowSheet{buffer: buffer, w: ipc.NewWriter(buffer, ipc.WithSchema(schema)), builder: array.NewRecordBuilder(memory.DefaultAllocator, schema)}
}

// arrowType is a column's type in Arrow.
func arrowType(t tables.Type) arrow.DataType {
	switch t {
	case tables.Word, tables.Text:
		return arrow.BinaryTypes.String
	case tables.Time, tables.MaybeTime:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case tables.Amount:
		return &arrow.Decimal128Type{Precision: 38, Scale: 8}
	case tables.Quantity:
		return &arrow.Decimal128Type{Precision: 38, Scale: 10}
	case tables.Whole:
		return arrow.PrimitiveTypes.Int64
	default:
		return arrow.PrimitiveTypes.Int32
	}
}

func (s *arrowSheet) write(cols *table.Columns) error {
	for i := range cols.C {
		fill(s.builder.Field(i), &cols.C[i], cols.Def.Columns[i].Type)
	}
	batch := s.builder.NewRecordBatch()
	defer batch.Release()
	return s.w.Write(batch)
}

// fill makes a column of Arrow.
func fill(b array.Builder, c *table.Col, t tables.Type) {
	switch b := b.(type) {
	case *array.StringBuilder:
		if t == tables.Word {
			for _, code := range c.Codes {
				b.Append(strings.ToValidUTF8(c.Dict[code], "\ufffd"))
			}
			return
		}
		from := int32(0)
		for _, end := range c.Ends {
			if text := c.Bytes[from:end]; utf8.Valid(text) {
				b.BinaryBuilder.Append(text)
			} else {
				b.Append(strings.ToValidUTF8(string(text), "\ufffd"))
			}
			from = end
		}
	case *array.TimestampBuilder:
		for _, v := range c.Ints {
			if t == tables.MaybeTime && v == int64(tables.Nothing) {
				b.AppendNull()
				continue
			}
			b.Append(arrow.Timestamp(v))
		}
	case *array.Decimal128Builder:
		for _, v := range c.Decs {
			b.Append(decimal128.New(v.Hi, v.Lo))
		}
	case *array.Int64Builder:
		b.AppendValues(c.Ints, nil)
	case *array.Int32Builder:
		b.AppendValues(c.Codes, nil)
	}
}

func (s *arrowSheet) end() error {
	s.builder.Release()
	return errors.Join(s.w.Close(), s.buffer.Flush())
}
