package feed

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// ParquetOptions are those of a Writer.
type ParquetOptions struct {
	Snappy    bool                   // instead of zstd
	Plain     func(name string) bool // text columns without a dictionary; nil = none
	GroupRows int64                  // rows of a row group, which has whole batches
}

// ParquetWriter writes a file that every program reads: data pages of version 1, texts with a dictionary, all other
// values PLAIN. Package parquet of the lake writes smaller files, faster, of tables that it knows.
type ParquetWriter struct {
	w       io.Writer
	at      int64
	o       ParquetOptions
	zstd    *zstd.Encoder
	columns []columnWriter
	rows    int64 // of the row group
	meta    format.FileMetaData
}

// columnWriter collects the pages of a column of a row group.
type columnWriter struct {
	arrow.Field
	element  format.SchemaElement
	codes    map[string]int32 // nil = no dictionary
	words    []byte
	coded    bool         // some page has codes
	pages    bytes.Buffer // with their headers
	unpacked int64
	values   []byte // of a page
	levels   []byte
	indexes  []int32
}

// maxDictionary is the number of bytes of the texts of a dictionary, after which pages have texts.
const maxDictionary = 8 << 20

// NewParquetWriter starts a file. The columns may be texts, decimals, timestamps, whole and floating-point numbers, and
// texts with a dictionary.
func NewParquetWriter(w io.Writer, schema *arrow.Schema, o ParquetOptions) (*ParquetWriter, error) {
	out := &ParquetWriter{w: w, o: o, columns: make([]columnWriter, schema.NumFields())}
	out.meta = format.FileMetaData{Version: 1, CreatedBy: "tollbook", Schema: []format.SchemaElement{{Name: "schema",
		NumChildren: thrift.New(int32(schema.NumFields()))}}}
	for i := range out.columns {
		c := &out.columns[i]
		c.Field = schema.Field(i)
		if err := c.describe(); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		if c.element.Type.V == format.ByteArray && (o.Plain == nil || !o.Plain(c.Name)) {
			c.codes = make(map[string]int32)
		}
		out.meta.Schema = append(out.meta.Schema, c.element)
	}
	var err error
	if out.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(1)); err != nil {
		return nil, err
	}
	return out, out.write([]byte(magic))
}

func (w *ParquetWriter) write(b []byte) error {
	n, err := w.w.Write(b)
	w.at += int64(n)
	return err
}

// describe sets the column's element of the schema.
func (c *columnWriter) describe() error {
	e := &c.element
	e.Name, e.RepetitionType = c.Name, thrift.New(format.Required)
	if c.Nullable {
		e.RepetitionType = thrift.New(format.Optional)
	}
	switch t := c.Type.(type) {
	case *arrow.StringType, *arrow.DictionaryType:
		e.Type, e.ConvertedType = thrift.New(format.ByteArray), thrift.New(deprecated.UTF8)
		e.LogicalType.Value = new(format.StringType)
	case *arrow.TimestampType:
		if t.Unit != arrow.Microsecond {
			return fmt.Errorf("cannot write %s", t)
		}
		e.Type, e.ConvertedType = thrift.New(format.Int64), thrift.New(deprecated.TimestampMicros)
		e.LogicalType.Value = &format.TimestampType{IsAdjustedToUTC: true,
			Unit: format.TimeUnit{Value: new(format.MicroSeconds)}}
	case *arrow.Decimal128Type:
		e.Type, e.ConvertedType = thrift.New(format.FixedLenByteArray), thrift.New(deprecated.Decimal)
		e.LogicalType.Value = &format.DecimalType{Scale: t.Scale, Precision: t.Precision}
		e.Scale, e.Precision = thrift.New(t.Scale), thrift.New(t.Precision)
		if t.Precision <= 18 {
			e.Type.V = format.Int64
		} else {
			e.TypeLength = thrift.New(int32(arrow.Decimal128SizeBytes))
		}
	case *arrow.Int64Type:
		e.Type = thrift.New(format.Int64)
	case *arrow.Float64Type:
		e.Type = thrift.New(format.Double)
	default:
		return fmt.Errorf("cannot write %s", t)
	}
	return nil
}

// Write adds rows to the current row group.
func (w *ParquetWriter) Write(batch arrow.RecordBatch) error {
	for i := range w.columns {
		if err := w.page(&w.columns[i], batch.Column(i)); err != nil {
			return fmt.Errorf("column %s: %w", w.columns[i].Name, err)
		}
	}
	if w.rows += batch.NumRows(); w.rows >= w.o.GroupRows {
		return w.endGroup()
	}
	return nil
}

// page adds a page of the values of an array.
func (w *ParquetWriter) page(c *columnWriter, a arrow.Array) error {
	c.values, c.levels, c.indexes = c.values[:0], c.levels[:0], c.indexes[:0]
	coded := c.codes != nil && len(c.words) < maxDictionary
	for row := range a.Len() {
		if c.Nullable {
			c.levels = append(c.levels, 1)
		}
		if a.IsNull(row) {
			c.levels[row] = 0
			continue
		}
		c.add(a, row, coded)
	}
	var body []byte
	if c.Nullable {
		levels, err := (&rle.Encoding{BitWidth: 1}).EncodeLevels(nil, c.levels)
		if err != nil {
			return err
		}
		body = append(binary.LittleEndian.AppendUint32(nil, uint32(len(levels))), levels...)
	}
	h := format.DataPageHeader{NumValues: int32(a.Len()), Encoding: format.Plain,
		DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE}
	if coded {
		width := max(1, bits.Len(uint(len(c.codes))))
		codes, err := (&rle.Encoding{BitWidth: width}).EncodeInt32(nil, c.indexes)
		if err != nil {
			return err
		}
		h.Encoding, c.coded = format.RLEDictionary, true
		c.values = append(append(c.values, byte(width)), codes...)
	}
	return w.pack(&c.pages, &c.unpacked, format.PageHeader{DataPageHeader: thrift.New(h)}, append(body, c.values...))
}

// add adds a value to the page.
func (c *columnWriter) add(a arrow.Array, row int, coded bool) {
	switch a := a.(type) {
	case *array.Dictionary:
		c.addText(a.Dictionary().(*array.String).Value(a.GetValueIndex(row)), coded)
	case *array.String:
		c.addText(a.Value(row), coded)
	case *array.Timestamp:
		c.values = binary.LittleEndian.AppendUint64(c.values, uint64(a.Value(row)))
	case *array.Int64:
		c.values = binary.LittleEndian.AppendUint64(c.values, uint64(a.Value(row)))
	case *array.Float64:
		c.values = append(c.values, arrow.Float64Traits.CastToBytes(a.Float64Values()[row:row+1])...)
	case *array.Decimal128:
		v := a.Value(row)
		if c.element.Type.V == format.Int64 {
			c.values = binary.LittleEndian.AppendUint64(c.values, v.LowBits())
		} else {
			c.values = binary.BigEndian.AppendUint64(c.values, uint64(v.HighBits()))
			c.values = binary.BigEndian.AppendUint64(c.values, v.LowBits())
		}
	}
}

func (c *columnWriter) addText(text string, coded bool) {
	if !coded {
		c.values = append(binary.LittleEndian.AppendUint32(c.values, uint32(len(text))), text...)
		return
	}
	code, known := c.codes[text]
	if !known {
		code = int32(len(c.codes))
		c.codes[text] = code
		c.words = append(binary.LittleEndian.AppendUint32(c.words, uint32(len(text))), text...)
	}
	c.indexes = append(c.indexes, code)
}

// pack compresses a page and adds it to others.
func (w *ParquetWriter) pack(to *bytes.Buffer, unpacked *int64, h format.PageHeader, body []byte) error {
	packed := []byte(nil)
	if w.o.Snappy {
		packed = snappy.Encode(nil, body)
	} else {
		packed = w.zstd.EncodeAll(body, nil)
	}
	h.UncompressedPageSize, h.CompressedPageSize = int32(len(body)), int32(len(packed))
	head, err := thrift.Marshal(new(thrift.CompactProtocol), &h)
	*unpacked += int64(len(head) + len(body))
	to.Write(head)
	to.Write(packed)
	return err
}

// endGroup writes the row group.
func (w *ParquetWriter) endGroup() error {
	g := format.RowGroup{NumRows: w.rows}
	for i := range w.columns {
		chunk, err := w.chunk(&w.columns[i])
		if err != nil {
			return fmt.Errorf("column %s: %w", w.columns[i].Name, err)
		}
		g.Columns = append(g.Columns, format.ColumnChunk{MetaData: chunk})
		g.TotalByteSize += chunk.TotalUncompressedSize
		g.TotalCompressedSize += chunk.TotalCompressedSize
	}
	w.meta.RowGroups = append(w.meta.RowGroups, g)
	w.meta.NumRows += w.rows
	w.rows = 0
	return nil
}

func (w *ParquetWriter) chunk(c *columnWriter) (m format.ColumnMetaData, err error) {
	m = format.ColumnMetaData{Type: c.element.Type.V, Encoding: []format.Encoding{format.Plain, format.RLE},
		PathInSchema: []string{c.Name}, Codec: format.Zstd, NumValues: w.rows}
	if w.o.Snappy {
		m.Codec = format.Snappy
	}
	begin := w.at
	if c.coded {
		m.Encoding, m.DictionaryPageOffset = append(m.Encoding, format.RLEDictionary), w.at
		var dictionary bytes.Buffer
		h := format.PageHeader{Type: format.DictionaryPage, DictionaryPageHeader: thrift.New(
			format.DictionaryPageHeader{NumValues: int32(len(c.codes)), Encoding: format.Plain})}
		if err := w.pack(&dictionary, &c.unpacked, h, c.words); err != nil {
			return m, err
		}
		if err := w.write(dictionary.Bytes()); err != nil {
			return m, err
		}
	}
	m.DataPageOffset = w.at
	err = w.write(c.pages.Bytes())
	m.TotalUncompressedSize, m.TotalCompressedSize = c.unpacked, w.at-begin
	c.pages.Reset()
	clear(c.codes)
	c.words, c.unpacked, c.coded = c.words[:0], 0, false
	return m, err
}

// Close writes the last row group and the footer. It does not close the destination.
func (w *ParquetWriter) Close() error {
	if w.rows > 0 {
		if err := w.endGroup(); err != nil {
			return err
		}
	}
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), &w.meta)
	if err != nil {
		return err
	}
	return w.write(append(binary.LittleEndian.AppendUint32(footer, uint32(len(footer))), magic...))
}
