package focus

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
)

// parquetFile is Parquet with DECIMAL columns; null is null.
type parquetFile struct {
	columns []Column
	w       *feed.ParquetWriter
	batch   *array.RecordBuilder
	rows    int
}

// groupRows is the number of rows of a row group.
const groupRows = 1 << 15

func newParquet(w io.Writer, columns []Column) (*parquetFile, error) {
	f := &parquetFile{columns: columns}
	fields := make([]arrow.Field, len(f.columns))
	for i, c := range f.columns {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Kind.arrow(), Nullable: c.Nullable}
	}
	schema := arrow.NewSchema(fields, nil)
	var err error
	if f.w, err = feed.NewParquetWriter(w, schema, feed.ParquetOptions{GroupRows: groupRows}); err != nil {
		return nil, fmt.Errorf("start a FOCUS file: %w", err)
	}
	f.batch = array.NewRecordBuilder(memory.DefaultAllocator, schema)
	return f, nil
}

func (k Kind) arrow() arrow.DataType {
	switch k {
	case Time:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case Cost:
		return &arrow.Decimal128Type{Precision: precision, Scale: costScale}
	case Price:
		return &arrow.Decimal128Type{Precision: precision, Scale: priceScale}
	case Quantity:
		return &arrow.Decimal128Type{Precision: precision, Scale: vendorScale}
	default:
		return arrow.BinaryTypes.String
	}
}

func (f *parquetFile) add(r *Row) error {
	for i := range f.columns {
		c := &f.columns[i]
		switch b := f.batch.Field(i).(type) {
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(c.time(r)))
		case *array.Decimal128Builder:
			v := maybe{ok: c.Kind == Cost}
			if v.ok {
				v.v = c.cost(r)
			} else {
				v = c.price(r)
			}
			if v.ok {
				b.Append(v.v)
			} else {
				b.AppendNull()
			}
		case *array.StringBuilder:
			if text := c.text(r); text != "" || !c.Nullable {
				b.Append(text)
			} else {
				b.AppendNull()
			}
		}
	}
	if f.rows++; f.rows == groupRows {
		return f.flush()
	}
	return nil
}

func (f *parquetFile) flush() error {
	batch := f.batch.NewRecordBatch()
	defer batch.Release()
	f.rows = 0
	return f.w.Write(batch)
}

func (f *parquetFile) end() error {
	defer f.batch.Release()
	var err error
	if f.rows > 0 {
		err = f.flush()
	}
	return errors.Join(err, f.w.Close())
}
