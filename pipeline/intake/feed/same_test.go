package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/google/go-cmp/cmp"
)

// oddRecord returns usageRecord with a fault in some rows, using forms that every format supports.
func oddRecord(i int) []string {
	r := usageRecord(i)
	switch i % 50 {
	case 7:
		r[0] = "" // missing record_id
	case 13:
		r[3] = "" // missing sku
	case 19:
		r[7] = "1e3"
	case 23:
		r[7] = "1,000"
	case 29:
		r[5] = "2026-09-01T00:00:00"
	case 31:
		r[7] = "1000000000000001"
	case 37:
		r[5], r[7] = "", "-1"
	case 41:
		r[8] = " not trimmed\t"
	}
	return r
}

// textFields are the columns as a writer without types writes them: all STRING.
var textFields = func() []field {
	f := slices.Clone(usageFields)
	for i := range f {
		f[i].typ = text
	}
	return f
}()

// TestSameRecords checks that every format gives the same rows and faults for the same records, for any size of
// batches.
func TestSameRecords(t *testing.T) {
	t.Parallel()
	n := 2000
	if testing.Short() {
		n = 250
	}
	text := writeCSV(oddRecord, n, usageNames)
	lines := writeNDJSON(oddRecord, n, usageNames)
	empties := slices.Clone(textFields)
	for i := range empties {
		empties[i].null = false
	}
	plain := parquet.WithDictionaryDefault(false)
	files := fstest.MapFS{
		"usage/a.csv":          {Data: text},
		"usage/crlf.csv":       {Data: append([]byte("\ufeff"), crlf(text)...)},
		"usage/a.csv.gz":       {Data: gz(text)},
		"usage/two.csv.gz":     {Data: append(gz(text[:1000]), gz(text[1000:])...)},
		"usage/a.csv.zst":      {Data: zst(text)},
		"usage/two.csv.zst":    {Data: append(zst(text[:1000]), zst(text[1000:])...)},
		"usage/a.ndjson":       {Data: lines},
		"usage/crlf.ndjson":    {Data: append([]byte("\ufeff"), crlf(lines)...)},
		"usage/a.ndjson.gz":    {Data: gz(lines)},
		"usage/a.ndjson.zst":   {Data: zst(lines)},
		"usage/a.parquet":      {Data: writeParquet(t, textFields, oddRecord, n, n)},
		"usage/groups.parquet": {Data: writeParquet(t, textFields, oddRecord, n, 333)},
		"usage/plain.parquet":  {Data: writeParquet(t, empties, oddRecord, n, 2000, plain)},
		"usage/fallback.parquet": {Data: writeParquet(t, textFields, oddRecord, n, n,
			parquet.WithDictionaryPageSizeLimit(512), parquet.WithDataPageSize(1024))},
		"usage/required.parquet": {Data: writeColumns(t, empties, false, oddRecord, n, 333)},
		"usage/required-plain.parquet": {Data: writeColumns(t, empties, false, oddRecord, n, n, plain,
			parquet.WithDataPageSize(1024))},
		"usage/v2.parquet": {Data: writeParquet(t, textFields, oddRecord, n, n,
			parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithDataPageSize(1024))},
	}
	for name, encoding := range map[string]parquet.Encoding{"lengths": parquet.Encodings.DeltaLengthByteArray,
		"beginnings": parquet.Encodings.DeltaByteArray} {
		props := []parquet.WriterProperty{plain, parquet.WithDataPageSize(1024)}
		for _, f := range textFields {
			// For words, arrow-go's reader of these encodings leaks a few bytes, which readAll would report.
			if at := UsageSpec().Column(f.name); at >= 0 && UsageSpec().Columns[at].Kind != WordColumn {
				props = append(props, parquet.WithEncodingFor(f.name, encoding))
			}
		}
		files["usage/"+name+".parquet"] = &fstest.MapFile{Data: writeParquet(t, textFields, oddRecord, n, n, props...)}
	}
	want := readAll(t, files, "usage/a.csv", UsageSpec(), ReadOptions{})
	if want.err != nil || len(want.rows) != n || len(want.faults) != n/50*7 {
		t.Fatalf("%d rows, %d faults, %v", len(want.rows), len(want.faults), want.err)
	}
	const row = "rec-000000000|cust-0000|res-000000|sku-000|region-0|2026-09-01T00:00:00Z|2026-09-01T00:00:59.5Z|0||||"
	if got, want := want.rows[0], row; got != want {
		t.Errorf("row 1 %q, want %q", got, want)
	}
	if got, want := want.rows[41],
		`rec-000000041|cust-0287|res-000533|sku-041|region-1|2026-09-12T17:41:00Z|2026-09-12T17:41:59.5Z|41.041|| not trimmed`+"\t||"; got != want {
		t.Errorf("row 42 %q, want %q", got, want)
	}
	wantFaults := []string{`8 record_id missing_value ""`, `14 sku missing_value ""`, `20 quantity bad_decimal "1e3"`,
		`24 quantity bad_decimal "1,000"`, `30 usage_start bad_time "2026-09-01T00:00:00"`,
		`32 quantity out_of_range "1000000000000001"`, `38 usage_start missing_value ""`}
	if d := cmp.Diff(wantFaults, want.faults[:7]); d != "" {
		t.Error(d)
	}
	for name := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, o := range []ReadOptions{{BatchRows: 1}, {BatchRows: 7}, {BatchRows: 4096}, {BatchBytes: 1000},
				{BatchRows: 7, Ahead: true}, {Ahead: true}, {PieceBytes: 300},
				{BatchRows: 50, PieceBytes: 20000, Ahead: true}} {
				if o.PieceBytes > 0 && strings.HasSuffix(name, ".parquet") {
					continue // not a text
				}
				got := readAll(t, files, name, UsageSpec(), o)
				if got.err != nil {
					t.Fatal(got.err)
				}
				if d := cmp.Diff(want.rows, got.rows); d != "" {
					t.Fatalf("%+v: rows %s", o, d)
				}
				if d := cmp.Diff(want.faults, got.faults); d != "" {
					t.Fatalf("%+v: faults %s", o, d)
				}
			}
		})
	}
}

func crlf(text []byte) []byte {
	var out []byte
	for _, b := range text {
		if b == '\n' {
			out = append(out, '\r')
		}
		out = append(out, b)
	}
	return out
}

// TestParquetTypes checks that a value is read alike from every type of Parquet column that can store it.
func TestParquetTypes(t *testing.T) {
	t.Parallel()
	dec := func(p, s int32) arrow.DataType { return &arrow.Decimal128Type{Precision: p, Scale: s} }
	asInt := parquet.WithStoreDecimalAsInteger(true)
	stamp := func(u arrow.TimeUnit) arrow.DataType { return &arrow.TimestampType{Unit: u, TimeZone: "Asia/Shanghai"} }
	const at = "2026-09-01T00:00:00Z"
	cases := []struct {
		name      string
		typ, when arrow.DataType
		value, at string
		want      string // the expected row or fault
		props     []parquet.WriterProperty
	}{
		{"scale 10", dec(38, 10), utcMicros, "12.5", at, "r|2026-09-01T00:00:00Z|12.5|", nil},
		{"the largest", dec(38, 10), utcMicros, "1000000000000000", at, "r|2026-09-01T00:00:00Z|1000000000000000|",
			nil},
		{"over the largest", dec(38, 10), utcMicros, "1000000000000000.0000000001", at,
			`1 in_bps out_of_range "1000000000000000.0000000001"`, nil},
		{"negative", dec(38, 10), utcMicros, "-0.5", at, `1 in_bps bad_decimal "-0.5000000000"`, nil},
		{"scale 2", dec(20, 2), utcMicros, "12.50", at, "r|2026-09-01T00:00:00Z|12.5|", nil},
		{"scale 2 over", dec(38, 2), utcMicros, "999999999999999999999999999999999999.99", at,
			`1 in_bps out_of_range "999999999999999999999999999999999999.99"`, nil},
		{"scale 2 negative and over", dec(38, 2), utcMicros, "-999999999999999999999999999999999999.99", at,
			`1 in_bps bad_decimal "-999999999999999999999999999999999999.99"`, nil},
		{"scale 0", dec(20, 0), utcMicros, "12", at, "r|2026-09-01T00:00:00Z|12|", nil},
		{"scale 18", dec(38, 18), utcMicros, "12345678901.500000000000000000", at,
			"r|2026-09-01T00:00:00Z|12345678901.5|", nil},
		{"scale 18 too fine", dec(38, 18), utcMicros, "0.000000000000000001", at,
			`1 in_bps bad_decimal "0.000000000000000001"`, nil},
		{"scale 38", dec(38, 38), utcMicros, "0.5", at, "r|2026-09-01T00:00:00Z|0.5|", nil},
		{"INT32 decimal", dec(9, 4), utcMicros, "12.5", at, "r|2026-09-01T00:00:00Z|12.5|",
			[]parquet.WriterProperty{asInt}},
		{"INT64 decimal", dec(18, 4), utcMicros, "12.5", at, "r|2026-09-01T00:00:00Z|12.5|",
			[]parquet.WriterProperty{asInt}},
		{"wide decimal", &arrow.Decimal256Type{Precision: 50, Scale: 12}, utcMicros, "12.5", at,
			"r|2026-09-01T00:00:00Z|12.5|", nil},
		{"wide decimal too fine", &arrow.Decimal256Type{Precision: 50, Scale: 12}, utcMicros, "0.000000000001", at,
			`1 in_bps bad_decimal "0.000000000001"`, nil},
		{"INT64", arrow.PrimitiveTypes.Int64, utcMicros, "12", at, "r|2026-09-01T00:00:00Z|12|", nil},
		{"INT64 over", arrow.PrimitiveTypes.Int64, utcMicros, "1000000000000001", at,
			`1 in_bps out_of_range "1000000000000001"`, nil},
		{"INT64 negative", arrow.PrimitiveTypes.Int64, utcMicros, "-9223372036854775808", at,
			`1 in_bps bad_decimal "-9223372036854775808"`, nil},
		{"UINT64 over", arrow.PrimitiveTypes.Uint64, utcMicros, "18446744073709551615", at,
			`1 in_bps out_of_range "18446744073709551615"`, nil},
		{"UINT32", arrow.PrimitiveTypes.Uint32, utcMicros, "4294967295", at, "r|2026-09-01T00:00:00Z|4294967295|", nil},
		{"INT8", arrow.PrimitiveTypes.Int8, utcMicros, "12", at, "r|2026-09-01T00:00:00Z|12|", nil},
		{"INT16", arrow.PrimitiveTypes.Int16, utcMicros, "-12", at, `1 in_bps bad_decimal "-12"`, nil},
		{"STRING", text, utcMicros, "12.50", at, "r|2026-09-01T00:00:00Z|12.5|", nil},
		{"plain bytes", arrow.BinaryTypes.Binary, utcMicros, "1e3", at, `1 in_bps bad_decimal "1e3"`, nil},
		{"milliseconds", text, stamp(arrow.Millisecond), "1", "2026-09-01T00:00:00.123Z",
			"r|2026-09-01T00:00:00.123Z|1|", nil},
		{"seconds", text, stamp(arrow.Second), "1", at, "r|2026-09-01T00:00:00Z|1|", nil},
		{"nanoseconds", text, stamp(arrow.Nanosecond), "1", "2026-09-01T00:00:00.123456Z",
			"r|2026-09-01T00:00:00.123456Z|1|", nil},
		{"nanoseconds too fine", text, stamp(arrow.Nanosecond), "1", "2026-09-01T00:00:00.123456789Z",
			`1 sample_time bad_time "2026-09-01T00:00:00.123456789Z"`, nil},
		{"time as STRING", text, text, "1", "2026-09-01T08:00:00+08:00", "r|2026-09-01T00:00:00Z|1|", nil},
		{"time as STRING without zone", text, text, "1", "2026-09-01 08:00:00",
			`1 sample_time bad_time "2026-09-01 08:00:00"`, nil},
		{"before the year 1", text, utcMicros, "1", "", `1 sample_time bad_time "0000-12-31T23:59:59.999999Z"`, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fields := []field{{"resource_id", text, true}, {"sample_time", c.when, true}, {"in_bps", c.typ, true}}
			if c.name == "before the year 1" {
				c.at = "-62135596800000001" // in microseconds
			}
			data := writeParquet(t, fields, func(int) []string {
				return []string{"r", c.at, c.value}
			}, 1, 1, c.props...)
			got := readAll(t, whole("bandwidth/a.parquet", data), "bandwidth/a.parquet", BandwidthSpec(),
				ReadOptions{})
			if got.err != nil {
				t.Fatal(got.err)
			}
			if all := append(got.faults, got.rows...); all[0] != c.want {
				t.Errorf("got %q, want %q", all[0], c.want)
			}
		})
	}
}

// TestParquetRaw checks that the raw record of Parquet has all columns and is a valid NDJSON record of the same feed.
func TestParquetRaw(t *testing.T) {
	t.Parallel()
	fields := append(slices.Clone(usageFields), field{"x_count", arrow.PrimitiveTypes.Int64, true},
		field{"x_true", arrow.FixedWidthTypes.Boolean, true}, field{"x_nested", arrow.ListOf(text), true})
	record := func(i int) []string {
		return append(usageRecord(i), []string{"", "12"}[i%2], "true", "[\"a\"]")
	}
	const n = 1000
	files := fstest.MapFS{"usage/a.parquet": {Data: writeParquet(t, fields, record, n, 300)}}
	got := readAll(t, files, "usage/a.parquet", UsageSpec(), ReadOptions{BatchRows: 64})
	if got.err != nil || len(got.rows) != n {
		t.Fatal(len(got.rows), got.err)
	}
	want :=
		`{"record_id":"rec-000000431","customer_id":"cust-0017","resource_id":"res-005603","sku":"sku-031","region_code":"region-7",` +
			`"usage_start":"2026-09-12T23:11:00Z","usage_end":"2026-09-12T23:11:59.5Z","quantity":"431.4310000000",` +
			`"resource_tag":"a,\"b\"","x_note":"n431","x_count":12,"x_true":true}`
	if got.raw[431] != want {
		t.Errorf("raw record\n%s\nwant\n%s", got.raw[431], want)
	}
	var lines []byte
	for _, raw := range got.raw {
		lines = append(append(lines, raw...), '\n')
	}
	files["usage/b.ndjson"] = &fstest.MapFile{Data: lines}
	again := readAll(t, files, "usage/b.ndjson", UsageSpec(), ReadOptions{})
	if d := cmp.Diff(got.rows, again.rows); d != "" {
		t.Error(d)
	}
}

// TestRawInAnyOrder checks that batches can return their raw records after the reader was closed, in reverse order.
func TestRawInAnyOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := writeParquet(t, usageFields, usageRecord, 900, 300)
	if err := os.WriteFile(dir+"/a.parquet", data, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Open(os.DirFS(dir), "a.parquet", UsageSpec(), ReadOptions{BatchRows: 100})
	if err != nil {
		t.Fatal(err)
	}
	var batches []*Batch
	for {
		b, err := r.Next(context.Background())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		batches = append(batches, b)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for _, b := range slices.Backward(batches) {
		for i := range b.Len() {
			row := int(b.First) - 1 + i
			want := `"x_note":"` + usageRecord(row)[9] + `"}`
			if raw := string(b.Raw(nil, i)); len(raw) < len(want) || raw[len(raw)-len(want):] != want {
				t.Fatalf("row %d: raw record %s, want …%s", row+1, raw, want)
			}
		}
		b.Release()
		b.Release()
	}
}

// tails counts how often the length of a file's footer is read: the 8 bytes at its end.
type tails struct {
	fs.FS
	n int
}

func (c *tails) Open(name string) (fs.File, error) {
	f, err := c.FS.Open(name)
	return &tailed{File: f, ReaderAt: f.(io.ReaderAt), Seeker: f.(io.Seeker), of: c}, err
}

type tailed struct {
	fs.File
	io.ReaderAt
	io.Seeker
	of *tails
}

func (f *tailed) ReadAt(p []byte, at int64) (int, error) {
	if info, err := f.Stat(); err == nil && at == info.Size()-8 && len(p) == 8 {
		f.of.n++
	}
	return f.ReaderAt.ReadAt(p, at)
}

// TestOpenRange checks that reading the row groups of a file separately gives the rows of the file, and parses its
// footer once (invariant 9).
func TestOpenRange(t *testing.T) {
	t.Parallel()
	const n, group = 1000, 300
	files := whole("usage/a.parquet", writeParquet(t, textFields, oddRecord, n, group))
	counted, all := &tails{FS: files}, new(Files)
	groups, err := all.Groups(counted, "usage/a.parquet", 0, UsageSpec(), ReadOptions{})
	if err != nil || len(groups) != 4 || groups[0] <= groups[3] || groups[3] <= 0 {
		t.Fatal(groups, err)
	}
	want := readAll(t, files, "usage/a.parquet", UsageSpec(), ReadOptions{})
	var got contents
	for i := range groups {
		r, err := all.OpenRange(counted, "usage/a.parquet", UsageSpec(), ReadOptions{BatchRows: 128}, i, i+1)
		if err != nil {
			t.Fatal(err)
		}
		c := drain(t, r, ReadOptions{BatchRows: 128})
		if c.err != nil {
			t.Fatal(c.err)
		}
		got.rows, got.faults, got.raw = append(got.rows, c.rows...), append(got.faults, c.faults...),
			append(got.raw, c.raw...)
	}
	if d := cmp.Diff(want.rows, got.rows) + cmp.Diff(want.faults, got.faults) + cmp.Diff(want.raw, got.raw); d != "" {
		t.Error(d)
	}
	if counted.n != 1 {
		t.Errorf("the footer of 4 row groups was parsed %d times", counted.n)
	}
	for _, c := range []struct {
		name     string
		from, to int
	}{{"usage/a.parquet", 3, 5}, {"usage/a.parquet", -1, 1}, {"usage/a.parquet", 2, 1}, {"usage/b.csv", 0, 2},
		{"usage/b.csv", 1, 2}} {
		files.(fstest.MapFS)["usage/b.csv"] = &fstest.MapFile{Data: writeCSV(usageRecord, 1, usageNames)}
		if r, err := new(Files).OpenRange(files, c.name, UsageSpec(), ReadOptions{}, c.from, c.to); err == nil {
			t.Errorf("%s [%d, %d): no error", c.name, c.from, c.to)
			r.Close()
		}
	}
	one, err := new(Files).Groups(files, "usage/b.csv", 7, UsageSpec(), ReadOptions{})
	if !slices.Equal(one, []int64{7}) || err != nil {
		t.Error(one, err)
	}
}

// TestDictionaries checks that the batches of one Parquet row group share one dictionary, and that text batches extend
// their dictionary.
func TestDictionaries(t *testing.T) {
	t.Parallel()
	const sku = 3
	for _, name := range []string{"usage/a.parquet", "usage/a.csv"} {
		data := writeCSV(usageRecord, 900, usageNames)
		if name == "usage/a.parquet" {
			data = writeParquet(t, usageFields, usageRecord, 900, 900)
		}
		r, err := Open(whole(name, data), name, UsageSpec(), ReadOptions{BatchRows: 200})
		if err != nil {
			t.Fatal(err)
		}
		var dictionaries []*array.String
		for {
			b, err := r.Next(context.Background())
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			defer b.Release()
			dictionaries = append(dictionaries, b.Rows.Column(sku).(*array.Dictionary).Dictionary().(*array.String))
		}
		last := dictionaries[len(dictionaries)-1]
		for i, d := range dictionaries {
			if name == "usage/a.parquet" && d.Data() != last.Data() || d.Len() > last.Len() {
				t.Errorf("%s: the dictionary of batch %d is another one", name, i)
			}
			for code := range d.Len() {
				if d.Value(code) != last.Value(code) {
					t.Errorf("%s: batch %d: code %d is %q, later %q", name, i, code, d.Value(code), last.Value(code))
				}
			}
		}
		if last.Data() != dictionaries[len(dictionaries)-2].Data() || last.Len() != 400 {
			t.Errorf("%s: %d words", name, last.Len())
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestDictionaryTwice checks that a dictionary with a duplicate word, which would shift later words, is an error.
func TestDictionaryTwice(t *testing.T) {
	t.Parallel()
	fields := []field{{"resource_id", text, true}, {"sample_time", text, true}, {"in_bps", text, true}}
	record := func(i int) []string { return []string{fmt.Sprintf("link-%d", i%4), "2026-09-01T00:00:00Z", "1"} }
	data := writeParquet(t, fields, record, 400, 400, parquet.WithCompression(compress.Codecs.Uncompressed),
		parquet.WithStats(false))
	if got := readAll(t, whole("bandwidth/a.parquet", data), "bandwidth/a.parquet", BandwidthSpec(),
		ReadOptions{}); len(got.rows) != 400 {
		t.Fatal(got.err)
	}
	if n := bytes.Count(data, []byte("link-1")); n != 1 {
		t.Fatalf("the word stands %d times in the file", n)
	}
	data = bytes.Replace(data, []byte("link-1"), []byte("link-0"), 1)
	got := readAll(t, whole("bandwidth/a.parquet", data), "bandwidth/a.parquet", BandwidthSpec(), ReadOptions{})
	if want :=
		`read inbox/bandwidth/a.parquet: broken Parquet: column resource_id: its dictionary contains "link-0" ` +
			`twice`; got.err == nil || got.err.Error() != want {
		t.Errorf("got %v, want %s", got.err, want)
	}
}

// TestHeader checks the header and the raw records of a CSV file, which together are a CSV file.
func TestHeader(t *testing.T) {
	t.Parallel()
	data := []byte("\ufeff" + "\"resource_id\",sample_time,in_bps,x_a\r\n\r\nr1,2026-09-01T00:00:00Z,\"1\n\",\r\n" +
		"r2,2026-09-01T00:00:00Z,2,\"a\r\nb\"")
	r, err := Open(whole("bandwidth/a.csv", data), "bandwidth/a.csv", BandwidthSpec(), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(r.Header()), `"resource_id",sample_time,in_bps,x_a`; got != want {
		t.Errorf("header %q, want %q", got, want)
	}
	got := drain(t, r, ReadOptions{})
	want := []string{"r1,2026-09-01T00:00:00Z,\"1\n\",", "r2,2026-09-01T00:00:00Z,2,\"a\r\nb\""}
	if d := cmp.Diff(want, got.raw); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{`1 in_bps bad_decimal "1\n"`}, got.faults); d != "" {
		t.Error(d)
	}
}

// TestNDJSONValues checks escapes, digits, names in any order and x_ values of any form.
func TestNDJSONValues(t *testing.T) {
	t.Parallel()
	lines :=
		`{"out_bps":0.10,"x_a":{"b":[null,{"c":1e400}]},"sample_time":"2026-09-01T08:00:00\u002b08:00","resource_id":"a\/\"\u00e9\ud83d\ude00"}
 { "resource_id" : 0.50 , "sample_time" : "2026-09-01T00:00:00Z" , "in_bps" : "7" , "x_b" : null }
{"resource\u005fid":"b","sample_time":"2026-09-01T00:00:00Z","in_bps":1,"out_bps":null}`
	got := readAll(t, whole("bandwidth/a.ndjson", []byte(lines)), "bandwidth/a.ndjson", BandwidthSpec(),
		ReadOptions{})
	want := []string{"a/\"é😀|2026-09-01T00:00:00Z||0.1", "0.50|2026-09-01T00:00:00Z|7|", "b|2026-09-01T00:00:00Z|1|"}
	if d := cmp.Diff(want, got.rows); d != "" || got.err != nil {
		t.Error(got.err, got.faults, d)
	}
}

// failingFS has one file that fails after some bytes, as on a faulty disk.
type failingFS struct {
	fstest.MapFS
	after int64
}

var errDisk = errors.New("input/output error")

type failingFile struct {
	fs.File
	read, after int64
}

func (f failingFS) Open(name string) (fs.File, error) {
	file, err := f.MapFS.Open(name)
	return &failingFile{File: file, after: f.after}, err
}

func (f *failingFile) Read(p []byte) (int, error) {
	if f.read >= f.after {
		return 0, errDisk
	}
	n, err := f.File.Read(p[:min(int64(len(p)), f.after-f.read)])
	f.read += int64(n)
	return n, err
}

func (f *failingFile) ReadAt(p []byte, off int64) (int, error) {
	if f.read >= f.after {
		return 0, errDisk
	}
	f.read += int64(len(p))
	return f.File.(io.ReaderAt).ReadAt(p, off)
}

func (f *failingFile) Seek(offset int64, whence int) (int64, error) {
	return f.File.(io.Seeker).Seek(offset, whence)
}

// TestEnvironment checks that a failing disk, a deleted file and an ended context are not reported as errors in the
// content of the file.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	data := writeCSV(usageRecord, 5000, usageNames)
	files := fstest.MapFS{"a.csv": {Data: data}, "a.csv.gz": {Data: gz(data)}, "a.csv.zst": {Data: zst(data)},
		"a.ndjson":  {Data: writeNDJSON(usageRecord, 5000, usageNames)},
		"a.parquet": {Data: writeParquet(t, usageFields, usageRecord, 5000, 1000)}}
	for name, file := range files {
		for _, share := range []int64{0, 3, 6} {
			got := readAll(t, failingFS{files, int64(len(file.Data)) * share / 8}, name, UsageSpec(),
				ReadOptions{Ahead: share > 3})
			var whole *FormError
			if !errors.Is(got.err, errDisk) || errors.As(got.err, &whole) || got.err.Error() != "read inbox/"+name+
				": input/output error" {
				t.Errorf("%s after %d/8: %v", name, share, got.err)
			}
		}
	}
	if _, err := Open(files, "b.csv", UsageSpec(), ReadOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name := range files {
		r, err := Open(files, name, UsageSpec(), ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		if b, err := r.Next(context.Background()); err != nil {
			t.Errorf("%s: after a context that ended: %v", name, err)
		} else {
			b.Release()
		}
		r.Close()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if _, err := r.Next(context.Background()); err == nil || err.Error() != "read inbox/"+name+
			": the reader is closed" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
