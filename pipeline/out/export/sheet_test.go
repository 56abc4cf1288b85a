package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// every returns a table with a column of each type, and one column that is not exported.
func every() *tables.Table {
	return &tables.Table{Name: "t", Exported: 8, Columns: []tables.Column{
		{Name: "word", Type: tables.Word}, {Name: "text", Type: tables.Text}, {Name: "time", Type: tables.Time},
		{Name: "maybe", Type: tables.MaybeTime},
		{Name: "amount", Type: tables.Amount}, {Name: "quantity", Type: tables.Quantity},
		{Name: "whole", Type: tables.Whole},
		{Name: "tier", Type: tables.Small}, {Name: "own", Type: tables.Word},
	}}
}

// twoRows returns rows with all unusual values: quotes, fractions of a second, null, negative amounts, tier 0.
func twoRows() *parquet.Columns[tables.Any] {
	c := parquet.NewColumns(tables.Untyped(every()))
	c.Col(0).AddWord("a,b")
	c.Col(0).AddWord("")
	c.Col(1).AddText("say \"hi\"\nthere\x01\xff")
	c.Col(1).AddText("")
	c.Col(2).Ints = append(c.Col(2).Ints, 1_788_451_200_000_000, 1_788_451_200_250_000)
	c.Col(3).Ints = append(c.Col(3).Ints, int64(tables.Nothing), 0)
	c.Col(4).AddDec(-1, ^uint64(0))
	c.Col(4).AddDec(0, 538_000_000)
	c.Col(5).AddDec(0, 0)
	c.Col(5).AddDec(0, 12_500_000_000)
	c.Col(6).Ints = append(c.Col(6).Ints, 0, 7)
	c.Col(7).Codes = append(c.Col(7).Codes, 0, 2)
	c.Col(8).AddWord("mine")
	c.Col(8).AddWord("mine")
	c.N = 2
	return c
}

func write(t *testing.T, format string) []byte {
	t.Helper()
	return writeAs(t, &Request{Table: "t", Format: format}, 1)
}

// writeAs writes the two rows the given number of times.
func writeAs(t *testing.T, r *Request, times int) []byte {
	t.Helper()
	var out bytes.Buffer
	s, err := newSheet(r, leaving(every()), &out)
	if err != nil {
		t.Fatal(err)
	}
	batch, words, rows := parquet.NewColumns(tables.Untyped(leaving(every()))), parquet.Recode{}, twoRows()
	for range times {
		batch.Reset()
		words.Reset(rows)
		batch.AppendRun(rows, 0, rows.N, nil, &words)
		if err := s.write(batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestCSV tests EXPORT-1.
func TestCSV(t *testing.T) {
	t.Parallel()
	want := "word,text,time,maybe,amount,quantity,whole,tier\n" +
		"\"a,b\",\"say \"\"hi\"\"\nthere\x01\xff\",2026-09-03T16:00:00Z,,-0.00000001,0.0000000000,0,\n" +
		",,2026-09-03T16:00:00.25Z,1970-01-01T00:00:00Z,5.38000000,1.2500000000,7,2\n"
	if got := string(write(t, "csv")); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestNDJSON(t *testing.T) {
	t.Parallel()
	want := `{"word":"a,b","text":"say \"hi\"\nthere\u0001` + "\ufffd" +
		`","time":"2026-09-03T16:00:00Z","maybe":null,"amount":"-0.00000001","quantity":"0.0000000000","whole":0,"tier":null}` + "\n" +
		`{"word":null,"text":null,"time":"2026-09-03T16:00:00.25Z","maybe":"1970-01-01T00:00:00Z","amount":"5.38000000","quantity":"1.2500000000","whole":7,"tier":2}` + "\n"
	if got := string(write(t, "ndjson")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestParquet(t *testing.T) {
	t.Parallel()
	def := every()
	r, err := parquet.NewReader(bytes.NewReader(write(t, "parquet")),
		tables.Untyped(&tables.Table{Name: "t", Columns: def.Columns[:8]}), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c, err := r.Next()
	if err != nil || c.N != 2 || c.Col(0).Word(0) != "a,b" || c.Col(3).Ints[0] != int64(tables.Nothing) ||
		c.Col(4).Decs[0].Hi != -1 || c.Col(7).Codes[1] != 2 {
		t.Errorf("read back %+v, %v", c, err)
	}
	if _, err := parquet.NewReader(bytes.NewReader(write(t, "parquet")), tables.Untyped(def), nil); err == nil {
		t.Error("the lake's own column left too")
	}
}

func TestRequestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ table, format, want string }{
		{"lines", "csv", ""}, {"totals", "parquet", ""},
		{"bill", "csv",
			`table "bill": want one of lines, rejects, statements, partner_statements, incentives, accounts, margins, ` +
				`taxes, totals, partner_accounts, receivables, coupons, coupon_records, funds, withdrawals, invoices, ` +
				`invoice_records, order_status`},
		{"lines", "CSV", `format "CSV": want one of csv, ndjson, parquet, arrow, xlsx`},
	} {
		got := ""
		if err := (&Request{Table: c.table, Format: c.format}).Check(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s as %s: %q, want %q", c.table, c.format, got, c.want)
		}
	}
}

// FuzzField checks that encoding/csv reads back what AppendField writes, except that it drops a CR before an LF.
func FuzzField(f *testing.F) {
	for _, s := range []string{"", "a", "a,b", `"`, " x", "\t", "a\nb", "\r", "é", `\.`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := AppendField([]byte("x,"), []byte(text))
		got, err := csv.NewReader(bytes.NewReader(append(line, '\n'))).Read()
		if err != nil {
			t.Fatalf("%q became %q: %v", text, line, err)
		}
		if want := strings.ReplaceAll(text, "\r\n", "\n"); len(got) != 2 || got[1] != want {
			t.Fatalf("%q became %q, read as %q", text, line, got)
		}
	})
}

// FuzzString checks that encoding/json reads back the string that appendString writes.
func FuzzString(f *testing.F) {
	for _, s := range []string{"", "a\"b", "\\", "\n\r\t\x00\x1f", "\xff", "\u2028", "漢"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got string
		if err := json.Unmarshal(appendString(nil, []byte(text)), &got); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if want := string([]rune(text)); got != want {
			t.Fatalf("%q was read as %q", text, got)
		}
	})
}
