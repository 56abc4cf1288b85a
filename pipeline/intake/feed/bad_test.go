package feed

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
)

const bandwidthHeader = "resource_id,sample_time,in_bps,out_bps\n"

// TestFileFails checks every way in which a text file fails as a whole, with the exact message.
func TestFileFails(t *testing.T) {
	t.Parallel()
	good := bandwidthHeader + "r1,2026-09-01T00:00:00Z,1,2\n"
	var long strings.Builder
	long.WriteString(good)
	for range 500 {
		long.WriteString("r1,2026-09-01T00:00:00Z,1,2\n")
	}
	const afterGzip = "the gzip stream is complete, and other bytes follow its end\n" +
		"remove the bytes after its end, or pack the file again"
	cases := []struct {
		name, file, data, want string
	}{
		{"unknown column", "a.csv", "resource_id,sample_time,in_bps,outbps\n",
			`line 1, column 32: unknown column "outbps"` + "\n" + `did you mean "out_bps"?`},
		{"unknown and missing columns", "a.csv", "resource,sample_tme,speed,in_bps\n",
			`line 1, column 1: unknown column "resource", "sample_tme", "speed"; required columns are missing: ` +
				"resource_id, sample_time\n" + `did you mean "resource_id", "sample_time"?`},
		{"unknown column by its case", "a.csv", "resource_id,Sample_Time ,in_bps\n",
			`line 1, column 13: unknown column "Sample_Time "; the required column sample_time is missing` +
				"\n" + `did you mean "sample_time"?`},
		{"unknown column after a blank line", "a.csv", "\n\nresource_id,sku,in_bps\n",
			`line 3, column 13: unknown column "sku"; the required column sample_time is missing` +
				"\nthe name of a column of your own must begin with x_"},
		{"required column missing", "a.csv", "resource_id,in_bps\n",
			`line 1: the required column sample_time is missing`},
		{"both of two columns missing", "a.csv", "resource_id,sample_time\n",
			`line 1: the required column in_bps or out_bps is missing`},
		{"several missing", "a.csv", "x_a\n",
			`line 1: required columns are missing: resource_id, sample_time, in_bps or out_bps`},
		{"column named twice", "a.csv", "resource_id,sample_time,in_bps,in_bps\n",
			`line 1, column 32: column "in_bps" is named twice`},
		{"own column named twice", "a.csv", "resource_id,x_a,x_a,sample_time,in_bps\n",
			`line 1, column 17: column "x_a" is named twice`},
		{"semicolons", "a.csv", "resource_id;sample_time;in_bps\n",
			`line 1, column 1: unknown column "resource_id;sample_time;in_bps"` + "\nfields are separated by commas"},
		{"header not UTF-8", "a.csv", "resource_id,x_\xff\n", "line 1: header: not UTF-8\nsave the file as UTF-8"},
		{"header in UTF-16", "a.csv", "r\x00,\x00x\x00\n\x00",
			"line 1: the file is UTF-16, not UTF-8\nsave the file as UTF-8"},
		{"objects in UTF-16", "a.ndjson", "\xfe\xff\x00{\x00}",
			"line 1: the file is UTF-16, not UTF-8\nsave the file as UTF-8"},
		{"header with a bare quote", "a.csv", "resource_id,sam\"ple_time\n",
			"line 1, column 16: header: a quote inside a field that is not quoted"},
		{"empty CSV", "a.csv", "", "the file is empty"},
		{"empty NDJSON", "a.ndjson", "", "the file is empty"},
		{"empty Parquet", "a.parquet", "", "the file is empty"},
		{"empty gzip", "a.csv.gz", "", "the file is empty"},
		{"empty zstd", "a.csv.zst", "", "the file is empty"},
		{"gzip of nothing", "a.ndjson.gz", string(gz(nil)), "the file is empty"},
		{"only a byte order mark", "a.csv", "\ufeff", "no header: the file is empty"},
		{"only blank lines", "a.csv", "\n\r\n", "no header: the file is empty"},
		{"gzip cut short", "a.csv.gz", string(gz([]byte(good))[:40]),
			"the gzip stream is truncated\nthe file is incomplete; send it again"},
		{"gzip cut short after rows", "a.csv.gz", cut(gz([]byte(long.String())), 8),
			"the gzip stream is truncated\nthe file is incomplete; send it again"},
		{"zstd cut short", "a.csv.zst", cut(zst([]byte(good)), 8),
			"the zstd stream is truncated, or a few bytes follow its end\npack the file again and send it again"},
		{"a newline after gzip", "a.csv.gz", string(gz([]byte(good))) + "\n", afterGzip},
		{"text after gzip", "a.ndjson.gz", string(gz([]byte("{}\n"))) + strings.Repeat("x", 100), afterGzip},
		{"a newline after zstd", "a.csv.zst", string(zst([]byte(good))) + "\n",
			"the zstd stream is truncated, or a few bytes follow its end\npack the file again and send it again"},
		{"text after zstd", "a.csv.zst", string(zst([]byte(good))) + "more text",
			"the zstd stream is complete, and other bytes follow its end\n" +
				"remove the bytes after its end, or pack the file again"},
		{"gzip that is none", "a.csv.gz", good, "the gzip stream is broken: gzip: invalid header"},
		{"zstd that is none", "a.csv.zst", good, "the zstd stream is broken: invalid input: magic number mismatch"},
		{"gzip with a wrong sum", "a.csv.gz", flip(gz([]byte(good)), -6),
			"the gzip stream is broken: gzip: invalid checksum"},
		{"quote left open", "a.csv", good + "\n\"r2,2026-09-01T00:00:00Z,1,2\nr3,2026-09-01T00:00:00Z,1,2\n",
			"line 4, column 1: a quote that opens here is not closed\n" +
				"a quote inside a field is written twice, and the field in quotes"},
		{"quote left open on the last line", "a.csv", good + "r2,\"2026",
			"line 3, column 4: a quote that opens here is not closed\n" +
				"a quote inside a field is written twice, and the field in quotes"},
		{"quote left open in the header", "a.csv", "resource_id,\"sample_time\nr1,x",
			"line 1, column 13: a quote that opens here is not closed\n" +
				"a quote inside a field is written twice, and the field in quotes"},
		{"quote closed wrongly on a later line", "a.csv", good + "\"r2,2026-09-01T00:00:00Z,1,2\nr3,\"2026\",1,2\n",
			"line 3, column 1: the quoted field that opens here goes wrong on line 4: text after its closing quote\n" +
				"a quote inside a field is written twice, and the field in quotes"},
		{"record too long", "a.csv", good + "r2," + strings.Repeat("x", 1<<20) + ",1,2\n",
			"line 3: a record longer than 1 MiB"},
		{"record too long with a quote open", "a.csv", good + "r2,\"" + strings.Repeat("x\n", 1<<20) + "\",1,2\n",
			"line 3, column 4: a quote that opens here is not closed within 1 MiB"},
		{"line too long", "a.ndjson", "{}\n" + strings.Repeat(" ", 1<<20+1), "line 2: a record longer than 1 MiB"},
		{"unknown key", "a.ndjson", "{}\n\n{\"x_a\":{\"b\":1},\"resource_id\":\"r1\",\"speed\":[1]}\n",
			`line 3, column 35: unknown column "speed"` + "\nthe name of a column of your own must begin with x_"},
		{"no feed file", "a.txt", good, "not a feed file by its name\n" +
			"feed files end in .csv, .ndjson or .parquet; the first two may be followed by .gz or .zst"},
		{"no Parquet", "a.parquet", good, "not a Parquet file\n" +
			"the file is incomplete, or its writer is wrong; send it again"},
		{"Parquet cut short", "a.parquet", cut(writeParquet(t, []field{{"a", text, true}}, nil, 0, 1), 1),
			"the Parquet file is truncated\nthe file is incomplete, or its writer is wrong; send it again"},
		{"encrypted Parquet", "a.parquet", "PAR1 the content PARE", "the Parquet file is encrypted\n" +
			"send it without encryption"},
		{"Parquet without a sound footer", "a.parquet", "PAR1\x15\x02\x19\x55\x00\x00\x00PAR1",
			"broken Parquet: the file is smaller than its footer\n" +
				"the file is incomplete, or its writer breaks the format: send it again, written in version 1 of " +
				"the format (DuckDB: parquet_version v1)"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := "bandwidth/" + c.file
			for _, o := range []ReadOptions{{BatchRows: 1}, {BatchRows: 4096}, {PieceBytes: 1},
				{PieceBytes: 1000}} {
				got := readAll(t, whole(file, []byte(c.data)), file, BandwidthSpec(), o)
				if want := "read inbox/" + file + ": " + c.want; errorText(got.err) != want {
					t.Errorf("%+v: got\n%s\nwant\n%s", o, errorText(got.err), want)
				}
				for _, size := range []int64{1, 1000} {
					sameInRanges(t, whole(file, []byte(c.data)), file, BandwidthSpec(), size, o, got)
				}
			}
		})
	}
}

func cut(data []byte, n int) string { return string(data[:len(data)-n]) }

func flip(data []byte, at int) string {
	data = bytes.Clone(data)
	data[len(data)+at] ^= 1
	return string(data)
}

// TestRowFails checks every way in which a single record fails, and that records next to it do not fail.
func TestRowFails(t *testing.T) {
	t.Parallel()
	const good = `r0|2026-09-01T00:00:00Z|1|`
	cases := []struct {
		name, file, record, fault string
	}{
		{"too few fields", "a.csv", `r1,2026-09-01T00:00:00Z`, `2  bad_row "2 fields, the header has 4"`},
		{"too many fields", "a.csv", `r1,2026-09-01T00:00:00Z,1,2,`, `2  bad_row "5 fields, the header has 4"`},
		{"blanks are a record", "a.csv", `  `, `2  bad_row "1 fields, the header has 4"`},
		{"bare quote", "a.csv", `r1,2026"-09-01T00:00:00Z,1,2`,
			`2  bad_row "a quote inside a field that is not quoted"`},
		{"a carriage return is no blank line", "a.csv", "\r\"",
			`2  bad_row "a quote inside a field that is not quoted"`},
		{"text after a quote", "a.csv", `"r"1,2026-09-01T00:00:00Z,1,2`, `2  bad_row "text after a closing quote"`},
		{"blank after a quote", "a.csv", `"r1" ,2026-09-01T00:00:00Z,1,2`, `2  bad_row "text after a closing quote"`},
		{"not UTF-8", "a.csv", "r1\xff,2026,1,2", `2 resource_id bad_row "r1�"`},
		{"unseen character", "a.csv", "r1\u200b,2026-09-01T00:00:00Z,1,2", `2 resource_id bad_row "r1<U+200B>"`},
		{"a mark before a later row", "a.csv", "\ufeffr1,2026-09-01T00:00:00Z,1,2",
			`2 resource_id bad_row "<U+FEFF>r1"`},
		{"blank at an end", "a.ndjson", `{"resource_id":"r1 ","sample_time":"2026-09-01T00:00:00Z","in_bps":1}`,
			`2 resource_id bad_row "r1<U+0020>"`},
		{"missing text", "a.csv", `,2026-09-01T00:00:00Z,1,2`, `2 resource_id missing_value ""`},
		{"missing text in quotes", "a.csv", `"",2026-09-01T00:00:00Z,1,2`, `2 resource_id missing_value ""`},
		{"missing time", "a.csv", `r1,,1,2`, `2 sample_time missing_value ""`},
		{"both missing", "a.csv", `r1,2026-09-01T00:00:00Z,,`, `2 in_bps missing_value ""`},
		{"the first column names it", "a.csv", `r1,2026,1e3,-1`, `2 sample_time bad_time "2026"`},
		{"time before both missing", "a.csv", `r1,2026,,`, `2 sample_time bad_time "2026"`},
		{"no zone", "a.csv", `r1,2026-09-01T00:00:00,1,2`, `2 sample_time bad_time "2026-09-01T00:00:00"`},
		{"no such day", "a.csv", `r1,2026-09-31T00:00:00Z,1,2`, `2 sample_time bad_time "2026-09-31T00:00:00Z"`},
		{"nanoseconds", "a.csv", `r1,2026-09-01T00:00:00.0000001Z,1,2`,
			`2 sample_time bad_time "2026-09-01T00:00:00.0000001Z"`},
		{"exponent", "a.csv", `r1,2026-09-01T00:00:00Z,1e3,2`, `2 in_bps bad_decimal "1e3"`},
		{"thousands separator", "a.csv", `r1,2026-09-01T00:00:00Z,"1,000",2`, `2 in_bps bad_decimal "1,000"`},
		{"NaN", "a.csv", `r1,2026-09-01T00:00:00Z,NaN,2`, `2 in_bps bad_decimal "NaN"`},
		{"blank before a number", "a.csv", `r1,2026-09-01T00:00:00Z, 1,2`, `2 in_bps bad_decimal " 1"`},
		{"minus", "a.csv", `r1,2026-09-01T00:00:00Z,1,-2`, `2 out_bps bad_decimal "-2"`},
		{"plus", "a.csv", `r1,2026-09-01T00:00:00Z,+1,2`, `2 in_bps bad_decimal "+1"`},
		{"point at an end", "a.csv", `r1,2026-09-01T00:00:00Z,.5,2`, `2 in_bps bad_decimal ".5"`},
		{"too fine", "a.csv", `r1,2026-09-01T00:00:00Z,0.00000000001,2`, `2 in_bps bad_decimal "0.00000000001"`},
		{"too large", "a.csv", `r1,2026-09-01T00:00:00Z,1000000000000000.1,2`,
			`2 in_bps out_of_range "1000000000000000.1"`},
		{"long value", "a.csv", `r1,2026-09-01T00:00:00Z,` + strings.Repeat("é", 200) + `,2`,
			`2 in_bps bad_decimal "` + strings.Repeat("é", 128) + `…"`},

		{"no object", "a.ndjson", `["r1"]`, `2  bad_row "not a JSON object"`},
		{"no JSON", "a.ndjson", `r1`, `2  bad_row "byte 1: invalid character 'r' at start of value"`},
		{"blanks are a record", "a.ndjson", `  `, `2  bad_row "the object is not closed"`},
		{"not closed", "a.ndjson", `{"resource_id":"r1"`, `2  bad_row "the object is not closed"`},
		{"two objects", "a.ndjson", `{} {}`, `2  bad_row "text after the object"`},
		{"duplicate key", "a.ndjson", `{"in_bps":"1","in_bps":"1"}`, `2 in_bps bad_row "the name occurs twice"`},
		{"duplicate key by an escape", "a.ndjson", `{"in_bps":"1","in\u005fbps":"1"}`,
			`2 in_bps bad_row "the name occurs twice"`},
		{"duplicate own key", "a.ndjson", `{"x_a":1,"x_a":1}`, `2 x_a bad_row "the name occurs twice"`},
		{"broken and unknown", "a.ndjson", `{"speed":1`, `2  bad_row "the object is not closed"`},
		{"not UTF-8", "a.ndjson", "{\"resource_id\":\"\xff\"}", `2  bad_row "byte 17: invalid UTF-8"`},
		{"half a surrogate", "a.ndjson", `{"resource_id":"\ud800"}`, `2  bad_row "byte 17: invalid surrogate pair ` +
			"`" + `\\ud800\"}` + "`" + ` in string"`},
		{"truth", "a.ndjson", `{"in_bps":true}`, `2 in_bps bad_row "true"`},
		{"nested before missing", "a.ndjson", `{"out_bps": {"a":1}}`, `2 out_bps bad_row "{\"a\":1}"`},
		{"list", "a.ndjson", `{"resource_id":["r1"]}`, `2 resource_id bad_row "[\"r1\"]"`},
		{"null", "a.ndjson", `{"resource_id":null,"sample_time":"2026-09-01T00:00:00Z","in_bps":1}`,
			`2 resource_id missing_value ""`},
		{"empty", "a.ndjson", `{"resource_id":"r1","sample_time":"","in_bps":1}`, `2 sample_time missing_value ""`},
		{"absent", "a.ndjson", `{"resource_id":"r1","sample_time":"2026-09-01T00:00:00Z"}`,
			`2 in_bps missing_value ""`},
		{"exponent", "a.ndjson", `{"resource_id":"r1","sample_time":"2026-09-01T00:00:00Z","in_bps":1e3}`,
			`2 in_bps bad_decimal "1e3"`},
		{"number too fine", "a.ndjson",
			`{"resource_id":"r1","sample_time":"2026-09-01T00:00:00Z","in_bps":0.10000000000000001}`,
			`2 in_bps bad_decimal "0.10000000000000001"`},
		{"number as time", "a.ndjson", `{"resource_id":"r1","sample_time":1767225600,"in_bps":1}`,
			`2 sample_time bad_time "1767225600"`},
	}
	for _, c := range cases {
		t.Run(c.file+" "+c.name, func(t *testing.T) {
			t.Parallel()
			file := "bandwidth/" + c.file
			before, after := bandwidthHeader+"r0,2026-09-01T00:00:00Z,1,\n", "\r\nr0,2026-09-01T00:00:00Z,1,\r\n"
			if c.file == "a.ndjson" {
				before = `{"resource_id":"r0","sample_time":"2026-09-01T00:00:00Z","in_bps":1}` + "\n\n"
				after = "\r\n\r\n" + `{"resource_id":"r0","sample_time":"2026-09-01T00:00:00Z","in_bps":1}`
			}
			for _, rows := range []int{1, 2, 4096} {
				got := readAll(t, whole(file, []byte(before+c.record+after)), file, BandwidthSpec(),
					ReadOptions{BatchRows: rows})
				if got.err != nil {
					t.Fatal(got.err)
				}
				if want := []string{good, "#", good}; !slices.Equal(got.rows, want) {
					t.Errorf("rows %q, want %q", got.rows, want)
				}
				if len(got.faults) != 1 || got.faults[0] != c.fault {
					t.Errorf("faults %q, want %q", got.faults, c.fault)
				}
				if got.raw[1] != c.record {
					t.Errorf("raw record %q, want %q", got.raw[1], c.record)
				}
			}
		})
	}
}

// TestParquetFails checks that every unsupported type of a Parquet column is refused.
func TestParquetFails(t *testing.T) {
	t.Parallel()
	base := []field{{"resource_id", text, true}, {"sample_time", utcMicros, true}, {"in_bps", text, true}}
	with := func(i int, name string, typ arrow.DataType) []field {
		f := slices.Clone(base)
		f[i] = field{name, typ, true}
		return f
	}
	const decimal = "write it as DECIMAL, or as STRING with the digits of the decimal"
	const instant = "write it as TIMESTAMP with isAdjustedToUTC=true, or as STRING with an offset"
	cases := []struct {
		name   string
		fields []field
		want   string
	}{
		{"double", with(2, "in_bps", arrow.PrimitiveTypes.Float64),
			`column "in_bps" is DOUBLE, which cannot represent a decimal exactly` + "\n" + decimal},
		{"float", with(2, "in_bps", arrow.PrimitiveTypes.Float32),
			`column "in_bps" is FLOAT, which cannot represent a decimal exactly` + "\n" + decimal},
		{"date as decimal", with(2, "in_bps", arrow.FixedWidthTypes.Date32),
			`column "in_bps" is DATE in a decimal column` + "\n" + decimal},
		{"local time", with(1, "sample_time", &arrow.TimestampType{Unit: arrow.Microsecond}),
			`column "sample_time" is a local TIMESTAMP (isAdjustedToUTC=false), a time without a zone` + "\n" +
				instant},
		{"date", with(1, "sample_time", arrow.FixedWidthTypes.Date32),
			`column "sample_time" is DATE in a time column` + "\n" + instant},
		{"number as time", with(1, "sample_time", arrow.PrimitiveTypes.Int64),
			`column "sample_time" is INT64 in a time column` + "\n" + instant},
		{"number as text", with(0, "resource_id", arrow.PrimitiveTypes.Int64),
			`column "resource_id" is INT64 in a text column` + "\nwrite it as STRING"},
		{"list", with(0, "resource_id", arrow.ListOf(text)), `column "resource_id" is nested` +
			"\nwrite one plain value per row"},
		{"unknown column", with(2, "speed", text),
			`unknown column "speed"; the required column in_bps or out_bps is missing` +
				"\nthe name of a column of your own must begin with x_"},
		{"missing column", base[:2], `the required column in_bps or out_bps is missing`},
		{"named twice", append(slices.Clone(base), base[2]), `column "in_bps" is named twice`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data := writeParquet(t, c.fields, nil, 0, 10)
			got := readAll(t, whole("bandwidth/a.parquet", data), "bandwidth/a.parquet", BandwidthSpec(),
				ReadOptions{})
			if want := "read inbox/bandwidth/a.parquet: " + c.want; errorText(got.err) != want {
				t.Errorf("got\n%s\nwant\n%s", errorText(got.err), want)
			}
		})
	}
}
