package document

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/net/html/atom"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// large is a statement of many customers with four rows each, customer n paying n.25 for each of three services and
// getting 1 back.
func large(t testing.TB, customers int) *Statement {
	t.Helper()
	s := &Statement{Header: header(t), Partner: Party{"north", "North Distribution"}, Kind: "distributor",
		Sellers: []Party{{"vendor", "Example Cloud"}}}
	for n := range customers {
		id, name := fmt.Sprintf("c-%05d", n), fmt.Sprintf("Customer %d", n)
		for _, service := range []string{"ecs", "eip", "oss"} {
			paid := fmt.Sprintf("%d.25", n)
			s.Rows = append(s.Rows, row(t, id, name, service, "+", paid, "0", paid))
		}
		s.Rows = append(s.Rows, row(t, id, name, "ecs", "-", "-1", "0", "-1"))
	}
	var owed money.AmountTotal
	for i := range s.Rows {
		if err := owed.Add(s.Rows[i].Owed); err != nil {
			t.Fatal(err)
		}
		s.Usage = append(s.Usage, Usage{day(t, "2026-09-01") + period.Day(i%30), s.Rows[i].Service,
			s.Rows[i].ServiceName, total(s.Rows[i].Payment), false})
	}
	s.Summary.Owed, s.Summary.Net = owed, owed
	return s
}

func TestLargeStatement(t *testing.T) {
	t.Parallel()
	s := large(t, 5000)
	// Σ 3 × (n + 0.25) − 1 over n = 0 … 4999 = 3 × 12497500 + 3 × 1250 − 5000.
	if got := s.Summary.Owed.String(); got != "37491250.00000000" {
		t.Fatalf("owed %s", got)
	}
	page := parsed(t, written(t, s, HTML))
	part := section(t, page, "row")
	text := textOf(part)
	for _, want := range []string{"Listed here are the 300 customers with the largest amounts in column \"owed\".",
		"The 4,700 others, 18,800 rows, are one row before the total; all of them are in the XLSX, CSV and JSON " +
			"forms of this document."} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not there", want)
		}
	}
	list := rows(part)
	// The listed 4700 … 4999: 3 × (1454850 + 75) − 300 = 4364475; the others 37491250 − 4364475 = 33126775.
	if got := strings.Join(list[len(list)-2],
		"|"); got != "4,700 further customers||56,400|33,126,775.00|33,126,775.00|33,126,775.00|33,126,775.00" {
		t.Errorf("the others are %s", got)
	}
	if got := strings.Join(list[len(list)-1],
		"|"); got != "Total||60,000|37,491,250.00|37,491,250.00|37,491,250.00|37,491,250.00" {
		t.Errorf("the total is %s", got)
	}
	if got := textOf(all(part, atom.Th)[7]); got != "Customer 4700 (c-04700)" {
		t.Errorf("the first listed is %s", got)
	}
	var out bytes.Buffer
	if err := s.Write(&out, HTML, Options{Most: -1}); err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(out.Bytes(), []byte(`scope="rowgroup"`)); got != 5000 ||
		bytes.Contains(out.Bytes(), []byte("Listed here")) {
		t.Errorf("all of them are %d groups", got)
	}
	f := open(t, written(t, s, XLSX))
	if got := rawCells(t, f, "Rows"); len(got) != 20_002 || got[20_001][11] != "37491250" ||
		got[20_001][12] != "37491250" {
		t.Errorf("%d rows, the last %v", len(got), got[len(got)-1])
	}
	if got := rawCells(t, f, "Customers"); len(got) != 5002 {
		t.Errorf("%d customers", len(got))
	}
	if got := bytes.Count(written(t, s, Table), []byte("\n  Customer ")); got != 5000 {
		t.Errorf("%d customers in the text", got)
	}
	if got := len(table(t, written(t, s, CSV))); got != 11+7+20_000+20_000+1 {
		t.Errorf("%d rows in the CSV", got)
	}
}

// What is allocated grows with the rows and no faster.
func TestMemoryOfLargeStatement(t *testing.T) {
	s := large(t, 5000)
	for _, tt := range []struct {
		format Format
		most   uint64 // bytes allocated for each row
	}{{HTML, 5000}, {JSON, 10_000}, {CSV, 3000}, {XLSX, 30_000}} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := s.Write(io.Discard, tt.format, Options{}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if got := (after.TotalAlloc - before.TotalAlloc) / 20_000; got > tt.most {
			t.Errorf("%s: %d bytes a row, %d at most", tt.format, got, tt.most)
		} else {
			t.Logf("%s: %d bytes a row", tt.format, got)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	s := large(b, 5000)
	for _, f := range Formats() {
		b.Run(string(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := s.Write(io.Discard, f, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
