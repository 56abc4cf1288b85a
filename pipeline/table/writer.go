package table

import (
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/tollbook/tollbook/schemas/table"
)

// Writer writes batches of one table to one Parquet file, a row group a batch.
type Writer struct {
	def    *table.Table
	file   *file.Writer
	rows   int64
	dict   dictionary
	flba   []parquet.FixedLenByteArray
	text   []parquet.ByteArray
	be     []byte
	ints   []int64
	idx    []int32
	levels []int16
}

// decWidth is the width of DECIMAL(38,x) in Parquet.
const decWidth = 16

// Schema is the Parquet schema of a table: every column required.
func Schema(def *table.Table) (*schema.GroupNode, error) {
	fields := make(schema.FieldList, len(def.Columns))
	for i, c := range def.Columns {
		node, err := node(c)
		if err != nil {
			return nil, fmt.Errorf("schema of table %s: column %s: %w", def.Name, c.Name, err)
		}
		fields[i] = node
	}
	return schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1)
}

func node(c table.Column) (schema.Node, error) {
	req := parquet.Repetitions.Required
	switch c.Type {
	case table.Word, table.Text:
		return schema.NewPrimitiveNodeLogical(c.Name, req, schema.StringLogicalType{}, parquet.Types.ByteArray, 0, -1)
	case table.MaybeTime:
		return schema.NewPrimitiveNodeLogical(c.Name, parquet.Repetitions.Optional, schema.NewTimestampLogicalType(true, schema.TimeUnitMicros), parquet.Types.Int64, 0, -1)
	case table.Time:
		return schema.NewPrimitiveNodeLogical(c.Name, req, schema.NewTimestampLogicalType(true, schema.TimeUnitMicros), parquet.Types.Int64, 0, -1)
	case table.Whole:
		return schema.NewPrimitiveNodeLogical(c.Name, req, schema.NewIntLogicalType(64, true), parquet.Types.Int64, 0, -1)
	case table.Small:
		return schema.NewPrimitiveNodeLogical(c.Name, req, schema.NewIntLogicalType(32, true), parquet.Types.Int32, 0, -1)
	case table.Amount:
		return schema.NewPrimitiveNodeLogical(c.Name, req, schema.NewDecimalLogicalType(38, 8), parquet.Types.FixedLenByteArray, decWidth, -1)
	default:
		return schema.NewPrimitiveNodeLogical(c.Name, req, schema.NewDecimalLogicalType(38, 10), parquet.Types.FixedLenByteArray, decWidth, -1)
	}
}

// keyed are the columns that readers look rows up by: they alone carry statistics and a page index.
var keyed = [...]string{"cycle", "day", "customer_id", "usage_start", "sku", "partner_id", "resource_id", "slot"}

func properties(def *table.Table, mem *Memory) *parquet.WriterProperties {
	opts := []parquet.WriterProperty{
		parquet.WithAllocator(mem),
		parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCompressionLevel(1),
		parquet.WithDictionaryDefault(true), parquet.WithDictionaryPageSizeLimit(1 << 30),
		parquet.WithStats(false), parquet.WithDataPageSize(1 << 20), parquet.WithBatchSize(1 << 14),
		parquet.WithCreatedBy("tollbook"), parquet.WithVersion(parquet.V2_LATEST),
	}
	for _, name := range keyed {
		if def.Index(name) >= 0 {
			opts = append(opts, parquet.WithStatsFor(name, true), parquet.WithPageIndexEnabledFor(name, true))
		}
	}
	for i := range def.Columns {
		if def.Columns[i].Type == table.Whole || def.Columns[i].Type == table.Time || def.Columns[i].Type == table.MaybeTime {
			opts = append(opts, parquet.WithDictionaryFor(def.Columns[i].Name, false),
				parquet.WithEncodingFor(def.Columns[i].Name, parquet.Encodings.DeltaBinaryPacked))
		}
	}
	return parquet.NewWriterProperties(opts...)
}

// NewWriter starts a Parquet file of a table on w; Close ends it and leaves w open.
func NewWriter(w io.Writer, def *table.Table) (*Writer, error) {
	return NewWriterIn(NewMemory(), w, def)
}

// NewWriterIn is NewWriter in memory that writers share one after the other.
func NewWriterIn(mem *Memory, w io.Writer, def *table.Table) (*Writer, error) {
	root, err := Schema(def)
	if err != nil {
		return nil, err
	}
	fw, err := file.NewParquetWriterWithError(struct{ io.Writer }{w}, root, // bare, for the library closes what it can
		file.WithWriterProps(properties(def, mem)))
	if err != nil {
		return nil, fmt.Errorf("start a file of table %s: %w", def.Name, err)
	}
	return &Writer{def: def, file: fw}, nil
}

// Rows is the number of rows written so far.
func (w *Writer) Rows() int64 { return w.rows }

// Close writes the footer.
func (w *Writer) Close() error {
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("end a file of table %s: %w", w.def.Name, err)
	}
	return nil
}

// Write writes a batch as one row group; an empty batch writes nothing.
func (w *Writer) Write(c *Columns) error {
	if c.N == 0 {
		return nil
	}
	if err := c.check(); err != nil {
		return err
	}
	group, err := w.file.AppendRowGroupChecked()
	if err != nil {
		return fmt.Errorf("write table %s: %w", w.def.Name, err)
	}
	for i := range c.C {
		cw, err := group.NextColumn()
		if err != nil {
			return fmt.Errorf("write table %s: %w", w.def.Name, err)
		}
		if err := w.column(cw, &c.C[i], w.def.Columns[i].Type, c.N); err != nil {
			return fmt.Errorf("write table %s: column %s: %w", w.def.Name, w.def.Columns[i].Name, err)
		}
		if err := cw.Close(); err != nil {
			return fmt.Errorf("write table %s: column %s: %w", w.def.Name, w.def.Columns[i].Name, err)
		}
	}
	w.rows += int64(c.N)
	return group.Close()
}

func (w *Writer) column(cw file.ColumnChunkWriter, c *Col, t table.Type, n int) error {
	switch t {
	case table.Word:
		return w.words(cw, c, n)
	case table.Small:
		vals := c.Codes
		if c.Const {
			vals = w.fill(c.Codes[0], n)
		}
		_, err := cw.(*file.Int32ColumnChunkWriter).WriteBatch(vals, nil, nil)
		return err
	case table.Time, table.Whole:
		vals := c.Ints
		if c.Const {
			vals = w.ints[:0]
			for range n {
				vals = append(vals, c.Ints[0])
			}
			w.ints = vals
		}
		_, err := cw.(*file.Int64ColumnChunkWriter).WriteBatch(vals, nil, nil)
		return err
	case table.MaybeTime:
		return w.maybeTimes(cw.(*file.Int64ColumnChunkWriter), c, n)
	case table.Amount, table.Quantity:
		return w.decimals(cw.(*file.FixedLenByteArrayColumnChunkWriter), c, n)
	default:
		return w.texts(cw.(*file.ByteArrayColumnChunkWriter), c, n)
	}
}

// maybeTimes writes a column in which table.Nothing stands for null.
func (w *Writer) maybeTimes(cw *file.Int64ColumnChunkWriter, c *Col, n int) error {
	vals := c.Ints
	if c.Const {
		vals = slices.Repeat(c.Ints[:1], n)
	}
	w.levels = slices.Grow(w.levels[:0], n)[:n]
	nothing := 0
	for i, v := range vals {
		w.levels[i] = 1
		if v == int64(table.Nothing) {
			w.levels[i] = 0
			nothing++
		}
	}
	if nothing > 0 {
		w.ints = w.ints[:0]
		for _, v := range vals {
			if v != int64(table.Nothing) {
				w.ints = append(w.ints, v)
			}
		}
		vals = w.ints
	}
	_, err := cw.WriteBatch(vals, w.levels, nil)
	return err
}

// fill returns n times v in the writer's own memory.
func (w *Writer) fill(v int32, n int) []int32 {
	w.idx = w.idx[:0]
	for range n {
		w.idx = append(w.idx, v)
	}
	return w.idx
}

func (w *Writer) words(cw file.ColumnChunkWriter, c *Col, n int) error {
	codes := c.Codes
	if c.Const {
		codes = w.fill(0, n)
	}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for _, word := range c.Dict {
		b.Append(word)
	}
	values := b.NewStringArray()
	defer values.Release()
	return putCodes(cw, values, codes)
}

func (w *Writer) texts(cw *file.ByteArrayColumnChunkWriter, c *Col, n int) error {
	if c.Const || allEmpty(c) {
		b := array.NewStringBuilder(memory.DefaultAllocator)
		defer b.Release()
		b.Append(string(c.Text(0)))
		values := b.NewStringArray()
		defer values.Release()
		return putCodes(cw, values, w.fill(0, n))
	}
	cw.FallbackToPlain()
	w.text = w.text[:0]
	from := int32(0)
	for _, end := range c.Ends {
		w.text = append(w.text, c.Bytes[from:end:end])
		from = end
	}
	_, err := cw.WriteBatch(w.text, nil, nil)
	return err
}

func allEmpty(c *Col) bool { return len(c.Bytes) == 0 }

// decimals writes few distinct values by dictionary and many plainly.
func (w *Writer) decimals(cw *file.FixedLenByteArrayColumnChunkWriter, c *Col, n int) error {
	if c.Const {
		return w.codedDecimals(cw, c.Decs, w.fill(0, n))
	}
	if codes, ok := w.dict.try(c.Decs); ok {
		return w.codedDecimals(cw, w.dict.values, codes)
	}
	cw.FallbackToPlain()
	w.bigEndian(c.Decs)
	w.flba = w.flba[:0]
	for i := 0; i < len(w.be); i += decWidth {
		w.flba = append(w.flba, w.be[i:i+decWidth:i+decWidth])
	}
	_, err := cw.WriteBatch(w.flba, nil, nil)
	return err
}

func (w *Writer) codedDecimals(cw file.ColumnChunkWriter, distinct []Dec, codes []int32) error {
	w.bigEndian(distinct)
	data := array.NewData(&arrow.FixedSizeBinaryType{ByteWidth: decWidth}, len(distinct),
		[]*memory.Buffer{nil, memory.NewBufferBytes(w.be)}, nil, 0, 0)
	defer data.Release()
	values := array.NewFixedSizeBinaryData(data)
	defer values.Release()
	return putCodes(cw, values, codes)
}

// bigEndian puts the values into w.be as Parquet stores them.
func (w *Writer) bigEndian(vals []Dec) {
	need := len(vals) * decWidth
	if cap(w.be) < need {
		w.be = make([]byte, need)
	}
	w.be = w.be[:need]
	for i, v := range vals {
		putBE(w.be[i*decWidth:], v)
	}
}

// seeder is the part of a dictionary encoder that takes a ready dictionary.
type seeder interface{ PutDictionary(arrow.Array) error }

// putCodes writes codes into a ready dictionary without hashing a value per row.
func putCodes(cw file.ColumnChunkWriter, values arrow.Array, codes []int32) error {
	enc, ok := cw.CurrentEncoder().(seeder)
	if !ok {
		return fmt.Errorf("column is not dictionary-encoded")
	}
	if err := enc.PutDictionary(values); err != nil {
		return err
	}
	if stats := cw.PageStatistics(); stats != nil {
		if err := updateStats(stats, values, len(codes)); err != nil {
			return err
		}
	}
	data := array.NewData(arrow.PrimitiveTypes.Int32, len(codes),
		[]*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(codes))}, nil, 0, 0)
	defer data.Release()
	indices := array.NewInt32Data(data)
	defer indices.Release()
	return cw.WriteDictIndices(indices, nil, nil)
}

func updateStats(stats metadata.TypedStatistics, values arrow.Array, n int) error {
	stats.IncNumValues(int64(n))
	return stats.UpdateFromArrow(values, false)
}
