package export

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/xuri/excelize/v2"
)

func TestArrow(t *testing.T) {
	t.Parallel()
	r, err := ipc.NewReader(bytes.NewReader(write(t, "arrow")))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	want := "word: type=utf8 text: type=utf8 time: type=timestamp[us, tz=UTC] maybe: type=timestamp[us, tz=UTC], " +
		"nullable " +
		"amount: type=decimal(38, 8) quantity: type=decimal(38, 10) whole: type=int64 tier: type=int32"
	var fields []string
	for _, f := range r.Schema().Fields() {
		fields = append(fields, f.String())
	}
	if got := strings.Join(fields, " "); got != want {
		t.Errorf("the schema is\n%s\nwant\n%s", got, want)
	}
	if !r.Next() {
		t.Fatal(r.Err())
	}
	var rows []string
	for i := range int(r.RecordBatch().NumRows()) {
		var row []string
		for _, col := range r.RecordBatch().Columns() {
			text := col.ValueStr(i)
			if d, isDecimal := col.(*array.Decimal128); isDecimal {
				text = d.Value(i).ToString(d.DataType().(*arrow.Decimal128Type).Scale)
			}
			row = append(row, fmt.Sprintf("%q", text))
		}
		rows = append(rows, strings.Join(row, " "))
	}
	want = `"a,b" "say \"hi\"\nthere\x01�" "2026-09-03T16:00:00Z" "(null)" "-0.00000001" "0.0000000000" "0" "0"` +
		"\n" +
		`"" "" "2026-09-03T16:00:00.25Z" "1970-01-01T00:00:00Z" "5.38000000" "1.2500000000" "7" "2"`
	if got := strings.Join(rows, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if r.Next() || r.Err() != nil {
		t.Errorf("more batches, or %v", r.Err())
	}
}

// TestArrowTextsCutWithinACharacter checks two consecutive texts whose bytes would form a character only together. Each
// is replaced, and the other texts are unchanged.
func TestArrowTextsCutWithinACharacter(t *testing.T) {
	t.Parallel()
	cols := twoRows()
	cols.Reset()
	text := cols.Col(1)
	for _, v := range []string{"漢", "\xe6\xbc", "\xa2", "", "b"} {
		text.AddText(v)
	}
	var m arrowColumn
	got := m.fillTexts(text)
	var parts []string
	for i := range text.Ends {
		parts = append(parts, string(got[m.offsets[i]:m.offsets[i+1]]))
	}
	if want := []string{"漢", "\ufffd", "\ufffd", "", "b"}; !slices.Equal(parts, want) {
		t.Errorf("%q, want %q", parts, want)
	}
}

// TestArrowWordsTooLong checks that words whose offsets Arrow cannot count are an error, not other words.
func TestArrowWordsTooLong(t *testing.T) {
	t.Parallel()
	words := twoRows().Col(8) // "mine" twice
	var m arrowColumn
	if err := m.fillWords(words, 8); err != nil || !slices.Equal(m.offsets, []int32{0, 4, 8}) {
		t.Errorf("offsets %d, %v", m.offsets, err)
	}
	if err := m.fillWords(words, 7); err == nil || !strings.Contains(err.Error(), "export it as parquet or csv") {
		t.Errorf("8 bytes of 7: %v", err)
	}
}

func TestXLSX(t *testing.T) {
	t.Parallel()
	raw := write(t, "xlsx")
	if !bytes.Equal(raw, write(t, "xlsx")) {
		t.Error("the same rows gave other bytes")
	}
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, c := range []struct {
		cell, value string
		kind        excelize.CellType
	}{
		{"A1", "word", excelize.CellTypeInlineString}, {"A2", "a,b", excelize.CellTypeInlineString},
		{"C2", "2026-09-03T16:00:00Z", excelize.CellTypeInlineString},
		{"E2", "-0.00000001", excelize.CellTypeUnset}, {"E3", "5.38", excelize.CellTypeUnset},
		{"F3", "1.25", excelize.CellTypeUnset}, {"H3", "2", excelize.CellTypeUnset}, {"H2", "", excelize.CellTypeUnset},
	} {
		value, err := f.GetCellValue("t", c.cell, excelize.Options{RawCellValue: true})
		if err != nil {
			t.Fatal(err)
		}
		kind, err := f.GetCellType("t", c.cell)
		if err != nil || value != c.value || kind != c.kind {
			t.Errorf("%s is %q of type %v (%v), want %q of %v", c.cell, value, kind, err, c.value, c.kind)
		}
	}
}

// TestNumber checks that a decimal is written as a number in a spreadsheet only if this keeps every digit.
func TestNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0.00000000": "0", "-12.50000000": "-12.5", "1234567.12345678": "1.23456712345678e+06",
		"12345678.12345678":           `"12345678.12345678"`,
		"100000000000000000.00000000": "1e+17", "0.0000000001": "1e-10", "-999999999999999.9": `"-999999999999999.9"`,
	} {
		got := fmt.Sprint(number([]byte(text)))
		if s, isText := number([]byte(text)).(string); isText {
			got = fmt.Sprintf("%q", s)
		}
		if got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
}

// TestSheets checks that rows that exceed a sheet continue on another one, and that each has a header.
func TestSheets(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s, err := newXLSX(&Request{Table: "t"}, leaving(every()), &out)
	if err != nil {
		t.Fatal(err)
	}
	s.maxRows = 3
	rows := twoRows()
	for range 4 {
		if err := s.write(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sheet, want := range map[string]int{"t": 4, "t 2": 4, "t 3": 3} {
		got, err := f.GetRows(sheet)
		if err != nil || len(got) != want || got[0][0] != "word" {
			t.Errorf("sheet %q has %d rows (%v), want %d with a header", sheet, len(got), err, want)
		}
	}
}

// TestSplit checks that each part has 100,000 rows and a header, and that the same rows give the same bytes.
func TestSplit(t *testing.T) {
	t.Parallel()
	request := &Request{Table: "t", Format: "csv", Cycle: lakekey.Cycle("2026-09"), Split: true}
	for _, c := range []struct {
		times int
		want  string
	}{{0, "t-2026-09-000001.csv 0"}, {1, "t-2026-09-000001.csv 2"}, {50_000, "t-2026-09-000001.csv 100000"},
		{50_001, "t-2026-09-000001.csv 100000, t-2026-09-000002.csv 2"}} {
		raw := writeAs(t, request, c.times)
		if c.times == 1 && !bytes.Equal(raw, writeAs(t, request, 1)) {
			t.Error("the same rows gave other bytes")
		}
		if got := partsOf(t, raw); got != c.want {
			t.Errorf("%d rows are in %s, want %s", 2*c.times, got, c.want)
		}
	}
}

// partsOf returns the names of an archive's parts, each with its number of rows.
func partsOf(t *testing.T, raw []byte) string {
	t.Helper()
	gz, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for in := tar.NewReader(gz); ; {
		head, err := in.Next()
		if errors.Is(err, io.EOF) {
			return strings.Join(parts, ", ")
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil || !bytes.HasPrefix(text, []byte("word,text,time,")) || head.ModTime.Unix() != 0 {
			t.Errorf("%s of %v begins with %.20q, %v", head.Name, head.ModTime, text, err)
		}
		// The text of every first row of two has a line feed, so two rows are three lines.
		rows := bytes.Count(text, []byte("\n")) - 1
		parts = append(parts, fmt.Sprintf("%s %d", head.Name, rows-rows/3))
	}
}

func TestRequestScope(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		request Request
		want    string
	}{
		{Request{Table: "lines", Format: "csv", Scope: Scope{Customer: "a", Partner: "p", Resellers: true}}, ""},
		{Request{Table: "statements", Format: "csv", Scope: Scope{Partner: "p"}},
			"partner: statements cannot be limited to a partner; want one of lines, partner_statements, incentives, " +
				"partner_accounts, receivables, funds, withdrawals, taxes"},
		{Request{Table: "totals", Format: "csv", Scope: Scope{Customer: "a"}},
			"customer: totals cannot be limited to a customer; want one of lines, statements, accounts, taxes"},
		{Request{Table: "lines", Format: "csv", Scope: Scope{Seller: "p"}},
			"with-resellers: name the partner of the resellers"},
		{Request{Table: "lines", Format: "csv", Scope: OfPartner("p", "r", true)},
			"with-resellers: not with --indirect-partner, which names one reseller"},
		{Request{Table: "statements", Format: "csv", Scope: Scope{Customer: "a", Resellers: true}},
			"with-resellers: for lines only, not for statements"},
		{Request{Table: "lines", Format: "csv", Scope: Scope{Named: "m1"}},
			"a choice of customers has a name, and a name a choice"},
		{Request{Table: "lines", Format: "parquet", Split: true},
			"split: parts of 100000 rows are for CSV, not for parquet"},
	} {
		got := ""
		if err := c.request.Check(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v: %q, want %q", c.request.Scope, got, c.want)
		}
	}
}
