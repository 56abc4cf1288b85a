package feed

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// usageNames are the columns of the usage files that tests write.
var usageNames = []string{"record_id", "customer_id", "resource_id", "sku", "region_code", "usage_start", "usage_end",
	"quantity", "resource_tag", "x_note"}

// usageRecord returns record i of an endless usage feed as texts in the order of usageNames; "" means no value.
func usageRecord(i int) []string {
	return []string{
		fmt.Sprintf("rec-%09d", i),
		fmt.Sprintf("cust-%04d", i*7%1000),
		fmt.Sprintf("res-%06d", i*13%100_000),
		fmt.Sprintf("sku-%03d", i%400),
		fmt.Sprintf("region-%d", i%8),
		fmt.Sprintf("2026-09-%02dT%02d:%02d:00Z", 1+i%30, i%24, i%60),
		fmt.Sprintf("2026-09-%02dT%02d:%02d:59.5Z", 1+i%30, i%24, i%60),
		fmt.Sprintf("%d.%03d", i%1000, i%997),
		[]string{"", "env=prod;team=blå", "a,\"b\""}[i%3],
		fmt.Sprintf("n%d", i),
	}
}

func writeCSV(records func(int) []string, n int, names []string) []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.Write(names)
	for i := range n {
		w.Write(records(i))
	}
	w.Flush()
	return out.Bytes()
}

func writeNDJSON(records func(int) []string, n int, names []string) []byte {
	var out bytes.Buffer
	for i := range n {
		out.WriteByte('{')
		for j, v := range records(i) {
			if j > 0 {
				out.WriteByte(',')
			}
			text, _ := json.Marshal(v)
			if v == "" {
				text = []byte("null")
			}
			fmt.Fprintf(&out, "%q:%s", names[j], text)
		}
		out.WriteString("}\n")
	}
	return out.Bytes()
}

func gz(data []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(data)
	w.Close()
	return out.Bytes()
}

func zst(data []byte) []byte {
	var out bytes.Buffer
	w, _ := zstd.NewWriter(&out)
	w.Write(data)
	w.Close()
	return out.Bytes()
}

// field is a column of a Parquet file and its values as texts.
type field struct {
	name string
	typ  arrow.DataType
	null bool // an empty text is written as null
}

var (
	utcMicros = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	text      = arrow.BinaryTypes.String
)

// usageFields are the columns of a Parquet file with exact types.
var usageFields = []field{{"record_id", text, true}, {"customer_id", text, true}, {"resource_id", text, true},
	{"sku", text, true}, {"region_code", text, true}, {"usage_start", utcMicros, true}, {"usage_end", utcMicros, true},
	{"quantity", &arrow.Decimal128Type{Precision: 38, Scale: 10}, true}, {"resource_tag", text, true},
	{"x_note", text, true}}

// writeParquet writes n records with the given types, in row groups of the given size.
func writeParquet(t testing.TB, fields []field, records func(int) []string, n, group int,
	more ...parquet.WriterProperty) []byte {
	t.Helper()
	return writeColumns(t, fields, true, records, n, group, more...)
}

// writeColumns is writeParquet with columns that are all nullable or all required.
func writeColumns(t testing.TB, fields []field, nullable bool, records func(int) []string, n, group int,
	more ...parquet.WriterProperty) []byte {
	t.Helper()
	arrowFields := make([]arrow.Field, len(fields))
	for i, f := range fields {
		arrowFields[i] = arrow.Field{Name: f.name, Type: f.typ, Nullable: nullable}
	}
	schema := arrow.NewSchema(arrowFields, nil)
	var out bytes.Buffer
	props := append([]parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithMaxRowGroupLength(int64(group)), parquet.WithDictionaryFor("record_id", false)}, more...)
	w, err := pqarrow.NewFileWriter(schema, &out, parquet.NewWriterProperties(props...), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for from := 0; from < n || from == 0; from += group {
		for i := from; i < min(from+group, n); i++ {
			for j, v := range records(i) {
				appendCell(t, b.Field(j), fields[j], v)
			}
		}
		rows := b.NewRecordBatch()
		if err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
		rows.Release()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func appendCell(t testing.TB, b array.Builder, f field, v string) {
	t.Helper()
	if v == "" && f.null {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(v)
	case *array.BinaryBuilder:
		b.Append([]byte(v))
	case *array.TimestampBuilder:
		at, err := arrow.TimestampFromString(v, f.typ.(*arrow.TimestampType).Unit)
		if n, notInt := strconv.ParseInt(v, 10, 64); notInt == nil {
			at, err = arrow.Timestamp(n), nil
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Append(at)
	case *array.Decimal128Builder:
		d := f.typ.(*arrow.Decimal128Type)
		n, err := decimal128.FromString(v, d.Precision, d.Scale)
		if err != nil {
			t.Fatal(err)
		}
		b.Append(n)
	case *array.Int64Builder:
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		b.Append(n)
	case *array.Float64Builder:
		n, _ := strconv.ParseFloat(v, 64)
		b.Append(n)
	default:
		if err := b.AppendValueFromString(v); err != nil {
			t.Fatal(err)
		}
	}
}
