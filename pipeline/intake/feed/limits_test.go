package feed

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// column starts reading a file that has one column and one page, of the given levels and values.
func column(t *testing.T, schema format.SchemaElement, codec format.CompressionCodec, encoding format.Encoding,
	rows int, reps, defs, data []byte) (*ParquetColumn, error) {
	t.Helper()
	schema.Name = "a"
	fields, err := fieldsOf([]format.SchemaElement{{Name: "schema", NumChildren: thrift.New(int32(1))}, schema})
	if err != nil {
		t.Fatal(err)
	}
	size := int32(len(reps) + len(defs) + len(data))
	page, err := thrift.Marshal(new(thrift.CompactProtocol), &format.PageHeader{Type: format.DataPageV2,
		UncompressedPageSize: size, CompressedPageSize: size,
		DataPageHeaderV2: thrift.New(format.DataPageHeaderV2{NumValues: int32(rows), NumRows: int32(rows),
			Encoding: encoding, RepetitionLevelsByteLength: int32(len(reps)),
			DefinitionLevelsByteLength: int32(len(defs))})})
	if err != nil {
		t.Fatal(err)
	}
	page = append(append(append(page, reps...), defs...), data...)
	f := &ParquetFile{meta: format.FileMetaData{RowGroups: []format.RowGroup{{NumRows: int64(rows),
		Columns: []format.ColumnChunk{{MetaData: format.ColumnMetaData{Type: schema.Type.V, Codec: codec,
			TotalCompressedSize: int64(len(page))}}}}}}}
	return f.Column(bytes.NewReader(page), fields[0], 0, ParquetForm{Longest: 1 << 20})
}

// run is a run of equal levels.
func run(n int, level byte) []byte { return append(binary.AppendUvarint(nil, uint64(n)<<1), level) }

// TestEmptyPages reads pages whose rows are all null and for which the writer stored no byte, not even one that says
// so in the page's compression or encoding.
func TestEmptyPages(t *testing.T) {
	t.Parallel()
	of := func(physical format.Type) format.SchemaElement {
		return format.SchemaElement{Type: thrift.New(physical), RepetitionType: thrift.New(format.Optional),
			TypeLength: thrift.New(int32(4))}
	}
	for _, codec := range []format.CompressionCodec{format.Uncompressed, format.Snappy, format.Gzip, format.Brotli,
		format.Zstd, format.Lz4Raw} {
		for _, physical := range []format.Type{format.Boolean, format.Int32, format.Int64, format.Int96, format.Float,
			format.Double, format.ByteArray, format.FixedLenByteArray} {
			for _, encoding := range []format.Encoding{format.Plain, format.RLEDictionary, format.RLE,
				format.DeltaBinaryPacked, format.DeltaLengthByteArray, format.DeltaByteArray, format.ByteStreamSplit} {
				c, err := column(t, of(physical), codec, encoding, 3, nil, run(3, 0), nil)
				if err != nil {
					t.Errorf("%s, %s, %s: %v", codec, physical, encoding, err)
					continue
				}
				if a, err := c.Next(10); err != nil || a.Len() != 3 || a.NullN() != 3 {
					t.Errorf("%s, %s, %s: %v, %v", codec, physical, encoding, a, err)
				}
			}
		}
	}
}

// TestElements checks that a list of a few bytes does not become one of any length.
func TestElements(t *testing.T) {
	t.Parallel()
	list := format.SchemaElement{Type: thrift.New(format.Int64), RepetitionType: thrift.New(format.Repeated)}
	const n = maxNested + 1
	c, err := column(t, list, format.Uncompressed, format.Plain, n, append(run(1, 0), run(n-1, 1)...), run(n, 0), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.Next(1); err == nil || !strings.Contains(err.Error(), "elements") {
		t.Error(err)
	}
}
