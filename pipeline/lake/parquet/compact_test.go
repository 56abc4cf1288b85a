package parquet

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// everyKind is a page header with a skipped field of every type among the fields that this package reads.
func everyKind() []byte {
	return []byte{
		0x15, 0x04, // 1: type 2
		0x15, 0x90, 0x4E, // 2: 5000
		0x15, 0xE0, 0x5D, // 3: 6000
		0x11,                         // 4: true
		0x1C, 0x15, 0x0E, 0x15, 0x10, // 5: a data page with 7 values in encoding 8,
		0x1C, 0x18, 0x02, 'a', 'b', 0x00, 0x00, // with statistics
		0x42,       // 9: false
		0x13, 0x7F, // 10: a byte
		0x17, 1, 2, 3, 4, 5, 6, 7, 8, // 11: a double
		0x19, 0x21, 0x01, 0x02, // 12: a list of two booleans
		0x1A, 0x15, 0x02, // 13: a set with one number
		0x1B, 0x01, 0x58, 0x02, 0x01, 'x', // 14: a map from one number to a text
		0x1B, 0x00, // 15: an empty map
		0x06, 0xC8, 0x01, 0x54, // 100: a number with a long-form id
		0x00, 0xFF,
	}
}

// TestEveryKind checks that fields that are not read are skipped, whatever their type.
func TestEveryKind(t *testing.T) {
	t.Parallel()
	b := everyKind()
	h, n, err := PageHeader(b)
	if err != nil || n != len(b)-1 {
		t.Fatalf("%d of %d bytes, %v", n, len(b)-1, err)
	}
	if h.Type != 2 || h.UncompressedPageSize != 5000 || h.CompressedPageSize != 6000 || !h.DataPageHeader.Valid ||
		h.DataPageHeader.V.NumValues != 7 || h.DataPageHeader.V.Encoding != 8 || h.DictionaryPageHeader.Valid {
		t.Errorf("%+v", h)
	}
	for n := range len(b) - 1 {
		if _, _, err := PageHeader(b[:n]); err == nil {
			t.Errorf("no error after %d bytes", n)
		}
	}
}

// TestNested checks that endlessly nested structures are refused.
func TestNested(t *testing.T) {
	t.Parallel()
	for _, b := range [][]byte{bytes.Repeat([]byte{0x1C}, 1<<20), bytes.Repeat([]byte{0x19}, 1<<20)} {
		if _, err := footer(b); err == nil {
			t.Error("no error")
		}
	}
}

// FuzzFooter compares the values that this package reads with those that the library reads.
func FuzzFooter(f *testing.F) {
	var protocol thrift.CompactProtocol
	page := format.PageHeader{Type: 2, UncompressedPageSize: 3, CompressedPageSize: 4}
	page.DataPageHeader.Valid, page.DataPageHeader.V.NumValues = true, 5
	for _, v := range []any{
		&page,
		&format.OffsetIndex{PageLocations: []format.PageLocation{{Offset: 4, CompressedPageSize: 5, FirstRowIndex: 6}}},
		&format.ColumnIndex{NullPages: []bool{false}, MinValues: [][]byte{[]byte("a")},
			MaxValues: [][]byte{[]byte("b")}},
		&format.FileMetaData{Schema: []format.SchemaElement{{Name: "s"}}, NumRows: 9, RowGroups: []format.RowGroup{{
			NumRows: 9, Columns: []format.ColumnChunk{{OffsetIndexOffset: 5, OffsetIndexLength: 6, ColumnIndexOffset: 7,
				ColumnIndexLength: 8, MetaData: format.ColumnMetaData{PathInSchema: []string{"c"}, NumValues: 9,
					Codec: format.Zstd, TotalCompressedSize: 10, DataPageOffset: 11, DictionaryPageOffset: 12,
					Statistics: format.Statistics{MinValue: []byte("a"), MaxValue: []byte("z")}}}}}}},
	} {
		b, err := thrift.Marshal(&protocol, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var meta format.FileMetaData
		if groups, err := footer(b); err == nil && thrift.Unmarshal(&protocol, b, &meta) == nil {
			sameFooter(t, groups, &meta)
		}
		var pages format.OffsetIndex
		if got, err := offsetIndex(b); err == nil && thrift.Unmarshal(&protocol, b, &pages) == nil {
			var want []DataPage
			for _, p := range pages.PageLocations {
				want = append(want, DataPage{At: p.Offset, Bytes: p.CompressedPageSize, First: int32(p.FirstRowIndex)})
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("places of pages %v, want %v", got, want)
			}
		}
		var values format.ColumnIndex
		if low, high, err := columnIndexOf(b); err == nil && thrift.Unmarshal(&protocol, b, &values) == nil {
			if !sameTexts(low, values.MinValues) || !sameTexts(high, values.MaxValues) {
				t.Errorf("bounds %q %q, want %q %q", low, high, values.MinValues, values.MaxValues)
			}
		}
		var want format.PageHeader
		if h, _, err := PageHeader(b); err == nil && thrift.Unmarshal(&protocol, b, &want) == nil {
			if h.Type != want.Type || h.CompressedPageSize != want.CompressedPageSize ||
				h.UncompressedPageSize != want.UncompressedPageSize ||
				h.DataPageHeader.Valid != want.DataPageHeader.Valid ||
				h.DataPageHeader.V.NumValues != want.DataPageHeader.V.NumValues ||
				h.DataPageHeader.V.Encoding != want.DataPageHeader.V.Encoding {
				t.Errorf("header %+v, want %+v", h, want)
			}
		}
	})
}

func sameTexts(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// sameFooter compares row groups.
func sameFooter(t *testing.T, groups []groupMeta, meta *format.FileMetaData) {
	t.Helper()
	if len(groups) != len(meta.RowGroups) {
		t.Fatalf("%d row groups, want %d", len(groups), len(meta.RowGroups))
	}
	for i, g := range groups {
		want := &meta.RowGroups[i]
		if g.rows != want.NumRows || len(g.chunks) != len(want.Columns) {
			t.Fatalf("row group %d: %d rows, %d columns, want %d, %d", i, g.rows, len(g.chunks), want.NumRows,
				len(want.Columns))
		}
		for k := range g.chunks {
			c, w := &g.chunks[k], &want.Columns[k]
			name := ""
			if path := w.MetaData.PathInSchema; len(path) == 1 {
				name = path[0]
			}
			stats := &w.MetaData.Statistics
			if string(c.name) != name || c.codec != w.MetaData.Codec || c.values != w.MetaData.NumValues ||
				c.compressed != w.MetaData.TotalCompressedSize || c.data != w.MetaData.DataPageOffset ||
				c.dict != w.MetaData.DictionaryPageOffset || !bytes.Equal(c.low, stats.MinValue) ||
				!bytes.Equal(c.high, stats.MaxValue) ||
				c.offsetIndex != (place{w.OffsetIndexOffset, w.OffsetIndexLength}) ||
				c.columnIndex != (place{w.ColumnIndexOffset, w.ColumnIndexLength}) {
				t.Errorf("row group %d, column %d: %+v, want %+v", i, k, c, w)
			}
		}
	}
}
