package parquet

import (
	"bytes"
	"cmp"
	"encoding/binary"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/tollbook/tollbook/schemas/table"
)

// Magic is the text with which a Parquet file begins and ends.
const Magic = "PAR1"

// DecWidth is the width of DECIMAL(38,x) in Parquet.
const DecWidth = 16

// Chunk is one column of a row group under construction. Its offsets count from the beginning of the group's bytes.
type Chunk struct {
	From, To     int // its bytes
	Dict         bool
	Encoding     format.Encoding
	Codec        format.CompressionCodec
	Uncompressed int // headers included, as the format defines it
	Nulls        int
	Pages        []Page
	Bounds       []Bounds // of pages, for a column by which readers look up rows
}

// Page is one data page.
type Page struct {
	At, Size int
	First    int
	Header   int // size of its header in bytes
	Raw      int // its size before compression
}

// Bounds are the smallest and the largest value of a page in the form of statistics.
type Bounds struct{ Low, High []byte }

// Take extends the bounds by a text.
func (b *Bounds) Take(text []byte, first bool) {
	switch {
	case first:
		b.Low, b.High = text, text
	case bytes.Equal(text, b.High): // successive texts are mostly equal
	case bytes.Compare(text, b.Low) < 0:
		b.Low = text
	case bytes.Compare(text, b.High) > 0:
		b.High = text
	}
}

// Footer collects the content of a file's end: the page index, then the metadata.
type Footer struct {
	Def *table.Table

	groups  []format.RowGroup
	offsets []format.OffsetIndex // of every chunk, group by group
	bounds  [][]Bounds           // of every chunk's pages; nil if there are none
}

// Add adds a row group that begins at an offset of the file.
func (f *Footer) Add(chunks []Chunk, at int64, rows int) {
	g := format.RowGroup{NumRows: int64(rows), FileOffset: at, Ordinal: int16(len(f.groups)),
		Columns: make([]format.ColumnChunk, 0, len(chunks))}
	for i := range chunks {
		ch, from := &chunks[i], at+int64(chunks[i].From)
		size := int64(ch.To - ch.From)
		meta := format.ColumnMetaData{
			Type: physical(f.Def.Columns[i].Type), Encoding: []format.Encoding{ch.Encoding, format.RLE},
			PathInSchema: []string{f.Def.Columns[i].Name},
			Codec:        ch.Codec, NumValues: int64(rows), TotalUncompressedSize: int64(ch.Uncompressed),
			TotalCompressedSize: size,
			DataPageOffset:      from + int64(ch.Pages[0].At), Statistics: statistics(ch, f.Def.Columns[i].Type),
		}
		if ch.Dict {
			meta.Encoding = []format.Encoding{ch.Encoding, format.Plain, format.RLE}
			meta.DictionaryPageOffset = from
		}
		g.Columns = append(g.Columns, format.ColumnChunk{MetaData: meta})
		g.TotalByteSize += int64(ch.Uncompressed)
		g.TotalCompressedSize += size
		index := format.OffsetIndex{PageLocations: make([]format.PageLocation, 0, len(ch.Pages))}
		for _, p := range ch.Pages {
			index.PageLocations = append(index.PageLocations,
				format.PageLocation{Offset: from + int64(p.At), CompressedPageSize: int32(p.Size),
					FirstRowIndex: int64(p.First)})
		}
		f.offsets = append(f.offsets, index)
		f.bounds = append(f.bounds, append([]Bounds(nil), ch.Bounds...))
	}
	f.groups = append(f.groups, g)
}

// statistics returns a chunk's statistics: nulls and, for a keyed column, the bounds over all pages.
func statistics(ch *Chunk, t table.Type) format.Statistics {
	s := format.Statistics{NullCount: int64(ch.Nulls)}
	for i, b := range ch.Bounds {
		if i == 0 || compare(t, b.Low, s.MinValue) < 0 {
			s.MinValue = b.Low
		}
		if i == 0 || compare(t, b.High, s.MaxValue) > 0 {
			s.MaxValue = b.High
		}
	}
	return s
}

// compare orders values in the form of statistics.
func compare(t table.Type, a, b []byte) int {
	if t == table.Time {
		return cmp.Compare(int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b)))
	}
	return bytes.Compare(a, b)
}

// columnIndex returns the page index of a chunk with the bounds of its pages.
func columnIndex(list []Bounds, t table.Type) *format.ColumnIndex {
	index := &format.ColumnIndex{BoundaryOrder: format.Ascending, NullPages: make([]bool, len(list)),
		NullCounts: make([]int64, len(list))}
	for i, b := range list {
		index.MinValues, index.MaxValues = append(index.MinValues, b.Low), append(index.MaxValues, b.High)
		if i > 0 && (compare(t, list[i-1].Low, b.Low) > 0 || compare(t, list[i-1].High, b.High) > 0) {
			index.BoundaryOrder = format.Unordered
		}
	}
	return index
}

// Bytes returns the end of a file; at is the number of bytes before it.
func (f *Footer) Bytes(at int64, rows int64) ([]byte, error) {
	var b bytes.Buffer
	compact := new(thrift.CompactProtocol)
	enc := thrift.NewEncoder(compact.NewWriter(&b))
	put := func(v any) (from int64, size int32, err error) {
		n := b.Len()
		err = enc.Encode(v)
		return at + int64(n), int32(b.Len() - n), err
	}
	chunk := func(i int) *format.ColumnChunk { return &f.groups[i/len(f.Def.Columns)].Columns[i%len(f.Def.Columns)] }
	for i, list := range f.bounds {
		if len(list) == 0 {
			continue
		}
		var err error
		if chunk(i).ColumnIndexOffset, chunk(i).ColumnIndexLength, err =
			put(columnIndex(list, f.Def.Columns[i%len(f.Def.Columns)].Type)); err != nil {
			return nil, err
		}
	}
	for i := range f.offsets {
		var err error
		if chunk(i).OffsetIndexOffset, chunk(i).OffsetIndexLength, err = put(&f.offsets[i]); err != nil {
			return nil, err
		}
	}
	_, size, err := put(f.metadata(rows))
	if err != nil {
		return nil, err
	}
	return append(binary.LittleEndian.AppendUint32(b.Bytes(), uint32(size)), Magic...), nil
}

func (f *Footer) metadata(rows int64) *format.FileMetaData {
	orders := make([]format.ColumnOrder, len(f.Def.Columns))
	for i := range orders {
		orders[i].Value = new(format.TypeDefinedOrder)
	}
	return &format.FileMetaData{Version: 2, Schema: schemaOf(f.Def), NumRows: rows, RowGroups: f.groups,
		CreatedBy: "tollbook", ColumnOrders: orders}
}

// schemaOf returns the Parquet schema of a table: all columns are required, except optional times.
func schemaOf(def *table.Table) []format.SchemaElement {
	out := []format.SchemaElement{{Name: "schema", RepetitionType: thrift.New(format.Required),
		NumChildren: thrift.New(int32(len(def.Columns)))}}
	for i := range def.Columns {
		out = append(out, element(&def.Columns[i]))
	}
	return out
}

// physical returns the Parquet type in which a column is stored.
func physical(t table.Type) format.Type {
	switch t {
	case table.Word, table.Text:
		return format.ByteArray
	case table.Time, table.MaybeTime, table.Whole:
		return format.Int64
	case table.Small:
		return format.Int32
	}
	return format.FixedLenByteArray
}

func element(c *table.Column) format.SchemaElement {
	e := format.SchemaElement{Name: c.Name, Type: thrift.New(physical(c.Type)),
		RepetitionType: thrift.New(format.Required)}
	converted := func(t deprecated.ConvertedType, logical format.LogicalTypeValue) {
		e.ConvertedType, e.LogicalType = thrift.New(t), format.LogicalType{Value: logical}
	}
	decimal := func(scale int32) {
		converted(deprecated.Decimal, &format.DecimalType{Scale: scale, Precision: decDigits})
		e.TypeLength, e.Scale, e.Precision = thrift.New(int32(DecWidth)), thrift.New(scale),
			thrift.New(int32(decDigits))
	}
	switch c.Type {
	case table.Word, table.Text:
		converted(deprecated.UTF8, new(format.StringType))
	case table.MaybeTime, table.Time:
		converted(deprecated.TimestampMicros, &format.TimestampType{IsAdjustedToUTC: true,
			Unit: format.TimeUnit{Value: new(format.MicroSeconds)}})
	case table.Whole:
		converted(deprecated.Int64, &format.IntType{BitWidth: 64, IsSigned: true})
	case table.Small:
		converted(deprecated.Int32, &format.IntType{BitWidth: 32, IsSigned: true})
	default:
		decimal(int32(c.Type.Scale()))
	}
	if c.Type == table.MaybeTime {
		e.RepetitionType = thrift.New(format.Optional)
	}
	return e
}

// decDigits is the precision of DECIMAL(38,x).
const decDigits = 38
