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

const magic = "PAR1"

// footer collects the content of a file's end: the page index, then the metadata.
type footer struct {
	def     *table.Table
	groups  []format.RowGroup
	offsets []format.OffsetIndex // of every chunk, group by group
	bounds  [][]bounds           // of every chunk's pages; nil if there are none
}

func newFooter(def *table.Table) footer { return footer{def: def} }

// add adds a row group that begins at an offset of the file.
func (f *footer) add(chunks []chunk, at int64, rows int) {
	g := format.RowGroup{NumRows: int64(rows), FileOffset: at, Ordinal: int16(len(f.groups)),
		Columns: make([]format.ColumnChunk, 0, len(chunks))}
	for i := range chunks {
		ch, from := &chunks[i], at+int64(chunks[i].from)
		size := int64(ch.to - ch.from)
		meta := format.ColumnMetaData{
			Type: physical(f.def.Columns[i].Type), Encoding: []format.Encoding{ch.encoding, format.RLE},
			PathInSchema: []string{f.def.Columns[i].Name},
			Codec:        ch.codec, NumValues: int64(rows), TotalUncompressedSize: int64(ch.uncompressed),
			TotalCompressedSize: size,
			DataPageOffset:      from + int64(ch.pages[0].at), Statistics: statistics(ch, f.def.Columns[i].Type),
		}
		if ch.dict {
			meta.Encoding = []format.Encoding{ch.encoding, format.Plain, format.RLE}
			meta.DictionaryPageOffset = from
		}
		g.Columns = append(g.Columns, format.ColumnChunk{MetaData: meta})
		g.TotalByteSize += int64(ch.uncompressed)
		g.TotalCompressedSize += size
		index := format.OffsetIndex{PageLocations: make([]format.PageLocation, 0, len(ch.pages))}
		for _, p := range ch.pages {
			index.PageLocations = append(index.PageLocations,
				format.PageLocation{Offset: from + int64(p.at), CompressedPageSize: int32(p.size),
					FirstRowIndex: int64(p.first)})
		}
		f.offsets = append(f.offsets, index)
		f.bounds = append(f.bounds, append([]bounds(nil), ch.bounds...))
	}
	f.groups = append(f.groups, g)
}

// statistics returns a chunk's statistics: nulls and, for a keyed column, the bounds over all pages.
func statistics(ch *chunk, t table.Type) format.Statistics {
	s := format.Statistics{NullCount: int64(ch.nulls)}
	for i, b := range ch.bounds {
		if i == 0 || compare(t, b.low, s.MinValue) < 0 {
			s.MinValue = b.low
		}
		if i == 0 || compare(t, b.high, s.MaxValue) > 0 {
			s.MaxValue = b.high
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
func columnIndex(list []bounds, t table.Type) *format.ColumnIndex {
	index := &format.ColumnIndex{BoundaryOrder: format.Ascending, NullPages: make([]bool, len(list)),
		NullCounts: make([]int64, len(list))}
	for i, b := range list {
		index.MinValues, index.MaxValues = append(index.MinValues, b.low), append(index.MaxValues, b.high)
		if i > 0 && (compare(t, list[i-1].low, b.low) > 0 || compare(t, list[i-1].high, b.high) > 0) {
			index.BoundaryOrder = format.Unordered
		}
	}
	return index
}

// bytes returns the end of a file; at is the number of bytes before it.
func (f *footer) bytes(at int64, rows int64) ([]byte, error) {
	var b bytes.Buffer
	compact := new(thrift.CompactProtocol)
	enc := thrift.NewEncoder(compact.NewWriter(&b))
	put := func(v any) (from int64, size int32, err error) {
		n := b.Len()
		err = enc.Encode(v)
		return at + int64(n), int32(b.Len() - n), err
	}
	chunk := func(i int) *format.ColumnChunk { return &f.groups[i/len(f.def.Columns)].Columns[i%len(f.def.Columns)] }
	for i, list := range f.bounds {
		if len(list) == 0 {
			continue
		}
		var err error
		if chunk(i).ColumnIndexOffset, chunk(i).ColumnIndexLength, err =
			put(columnIndex(list, f.def.Columns[i%len(f.def.Columns)].Type)); err != nil {
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
	return append(binary.LittleEndian.AppendUint32(b.Bytes(), uint32(size)), magic...), nil
}

func (f *footer) metadata(rows int64) *format.FileMetaData {
	orders := make([]format.ColumnOrder, len(f.def.Columns))
	for i := range orders {
		orders[i].Value = new(format.TypeDefinedOrder)
	}
	return &format.FileMetaData{Version: 2, Schema: schemaOf(f.def), NumRows: rows, RowGroups: f.groups,
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
		e.TypeLength, e.Scale, e.Precision = thrift.New(int32(decWidth)), thrift.New(scale),
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
