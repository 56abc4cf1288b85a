package table

import (
	"fmt"
	"io"

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
	some   []int64
	idx    []int32
	levels []int16
}

// decWidth is the width of DECIMAL(38,x) in Parquet.
const decWidth = 16

// PageRows is how many rows a page of a column holds: what a reader decodes to see one row. A column that has one value for all
// rows of its row group has one page.
const PageRows = 1024

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

// keyed are the columns that readers look rows up by: they alone carry statistics, of row groups and of pages. Where the pages lie is
// said of every column.
var keyed = [...]string{"cycle", "day", "customer_id", "usage_start", "sku", "partner_id", "resource_id", "slot"}

// random are the columns of numbers that nothing foretells: packing them saves a third of their bytes and costs four times the reading.
var random = [...]string{"hash"}

func properties(def *table.Table, mem *Memory) *parquet.WriterProperties {
	opts := []parquet.WriterProperty{
		parquet.WithAllocator(mem),
		parquet.WithCompression(compress.Codecs.Zstd), parquet.WithCompressionLevel(1),
		parquet.WithDictionaryDefault(true), parquet.WithDictionaryPageSizeLimit(1 << 30),
		parquet.WithStats(false), parquet.WithPageIndexEnabled(true), parquet.WithDataPageSize(1 << 20), parquet.WithBatchSize(1 << 14),
		parquet.WithCreatedBy("tollbook"), parquet.WithVersion(parquet.V2_LATEST),
	}
	for _, name := range keyed {
		if def.Index(name) >= 0 {
			opts = append(opts, parquet.WithStatsFor(name, true))
		}
	}
	for i := range def.Columns {
		if t := def.Columns[i].Type; t == table.Word || t == table.Small { // codes of a few bits: compression takes time and gives little
			opts = append(opts, parquet.WithCompressionFor(def.Columns[i].Name, compress.Codecs.Uncompressed),
				parquet.WithDictionaryCostFallbackFor(def.Columns[i].Name, false))
		}
		if def.Columns[i].Type == table.Whole || def.Columns[i].Type == table.Time || def.Columns[i].Type == table.MaybeTime {
			opts = append(opts, parquet.WithDictionaryFor(def.Columns[i].Name, false),
				parquet.WithEncodingFor(def.Columns[i].Name, parquet.Encodings.DeltaBinaryPacked))
		}
	}
	for _, name := range random {
		if def.Index(name) >= 0 {
			opts = append(opts, parquet.WithEncodingFor(name, parquet.Encodings.Plain), parquet.WithCompressionFor(name, compress.Codecs.Uncompressed),
				parquet.WithDataPageSize(1<<16))
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
		return inPages(cw, vals, func(page []int32) error {
			_, err := cw.(*file.Int32ColumnChunkWriter).WriteBatch(page, nil, nil)
			return err
		})
	case table.Time, table.Whole:
		return inPages(cw, w.whole(c, n), func(page []int64) error {
			_, err := cw.(*file.Int64ColumnChunkWriter).WriteBatch(page, nil, nil)
			return err
		})
	case table.MaybeTime:
		return w.maybeTimes(cw.(*file.Int64ColumnChunkWriter), w.whole(c, n))
	case table.Amount, table.Quantity:
		return w.decimals(cw.(*file.FixedLenByteArrayColumnChunkWriter), c, n)
	default:
		return w.texts(cw.(*file.ByteArrayColumnChunkWriter), c, n)
	}
}

// inPages writes values a page at a time.
func inPages[T any](cw file.ColumnChunkWriter, vals []T, write func(page []T) error) error {
	pager, ok := cw.(interface{ FlushCurrentPage() error })
	if !ok {
		return fmt.Errorf("column cannot be cut into pages")
	}
	for len(vals) > PageRows {
		if err := write(vals[:PageRows]); err != nil {
			return err
		}
		if err := pager.FlushCurrentPage(); err != nil {
			return err
		}
		vals = vals[PageRows:]
	}
	return write(vals)
}

// whole is a column of numbers with a value for every row.
func (w *Writer) whole(c *Col, n int) []int64 {
	if !c.Const {
		return c.Ints
	}
	w.ints = w.ints[:0]
	for range n {
		w.ints = append(w.ints, c.Ints[0])
	}
	return w.ints
}

// maybeTimes writes a column in which table.Nothing stands for null. A page of nulls alone is joined to the one before: the library's
// encoder cannot end a page that has no value after one that had.
func (w *Writer) maybeTimes(cw *file.Int64ColumnChunkWriter, vals []int64) error {
	any := false
	for i := 0; i < len(vals); i += PageRows {
		w.levels, w.some = w.levels[:0], w.some[:0]
		for _, v := range vals[i:min(i+PageRows, len(vals))] {
			if v == int64(table.Nothing) {
				w.levels = append(w.levels, 0)
				continue
			}
			w.levels, w.some = append(w.levels, 1), append(w.some, v)
		}
		if i > 0 && (len(w.some) > 0 || !any) {
			if err := cw.FlushCurrentPage(); err != nil {
				return err
			}
		}
		any = any || len(w.some) > 0
		if _, err := cw.WriteBatch(w.some, w.levels, nil); err != nil {
			return err
		}
	}
	return nil
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
	return inPages(cw, w.text, func(page []parquet.ByteArray) error {
		_, err := cw.WriteBatch(page, nil, nil)
		return err
	})
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
	return inPages(cw, w.flba, func(page []parquet.FixedLenByteArray) error {
		_, err := cw.WriteBatch(page, nil, nil)
		return err
	})
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
	if values.Len() == 1 {
		return putPage(cw, values, codes)
	}
	return inPages(cw, codes, func(page []int32) error { return putPage(cw, values, page) })
}

func putPage(cw file.ColumnChunkWriter, values arrow.Array, codes []int32) error {
	if stats := cw.PageStatistics(); stats != nil {
		if err := updateStats(stats, values, codes); err != nil {
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

// updateStats takes the smallest and the largest word of a page into its statistics. Codes that follow each other are mostly equal.
func updateStats(stats metadata.TypedStatistics, values arrow.Array, codes []int32) error {
	words, ok := values.(*array.String)
	if !ok {
		return fmt.Errorf("statistics of %s", values.DataType())
	}
	low, high, last := codes[0], codes[0], codes[0]
	for _, code := range codes {
		if code == last {
			continue
		}
		last = code
		if word := words.Value(int(code)); word < words.Value(int(low)) {
			low = code
		} else if word > words.Value(int(high)) {
			high = code
		}
	}
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Append(words.Value(int(low)))
	b.Append(words.Value(int(high)))
	ends := b.NewStringArray()
	defer ends.Release()
	stats.IncNumValues(int64(len(codes)))
	return stats.UpdateFromArrow(ends, false)
}
