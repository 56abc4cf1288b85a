package document

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html/atom"

	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// large returns a statement of many customers with four rows each. Customer n pays n.25 for each of three services and
// gets 1 back.
func large(t testing.TB, customers int) *Statement {
	t.Helper()
	s := &Statement{Header: header(t), Partner: PageParty{ID: "north", Name: "North Distribution"},
		Kind:    "distributor",
		Sellers: []PageParty{{ID: "vendor", Name: "Example Cloud"}}}
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
		s.Usage = append(s.Usage, ChartUsage{Day: day(t, "2026-09-01") + period.Day(i%30), Service: s.Rows[i].Service,
			ServiceName: s.Rows[i].ServiceName, Amount: total(s.Rows[i].Payment)})
	}
	s.Summary.Owed, s.Summary.Net = owed, owed
	return s
}

// largeCase is a large statement with its expected texts.
type largeCase struct {
	customers     int
	owed          string // sum of all customers, exact
	others, total string // documentRows of the page: that of the other customers, and the total
	note          string // note about the customers that are not listed
	first         string // first customer that is listed
	rows          int
	lastCell      string // last row of the XLSX: the total
}

// largeStatements returns cases calculated by hand. Customer n owes 3 × (n + 0.25) − 1; the last 300 are listed.
func largeStatements() []largeCase {
	return []largeCase{
		// The sum over n = 0 … 499 is 3 × 124750 + 3 × 125 − 500. The listed 200 … 499 sum to 3 × (104850 + 75) − 300 =
		// 314475, the others to 374125 − 314475 = 59650.
		{
			customers: 500, owed: "374125.00000000", first: "Customer 200 (c-00200)", rows: 2000, lastCell: "374125",
			note: "The 200 others, 800 rows, are one row before the total; all of them are in the XLSX, CSV and " +
				"JSON ",
			others: "200 further customers||2,400|59,650.00|59,650.00|59,650.00|59,650.00",
			total:  "Total||6,000|374,125.00|374,125.00|374,125.00|374,125.00",
		},
		// The sum over n = 0 … 4999 is 3 × 12497500 + 3 × 1250 − 5000. The listed 4700 … 4999 sum to 3 × (1454850 + 75)
		// − 300 = 4364475, the others to 37491250 − 4364475 = 33126775.
		{
			customers: 5000, owed: "37491250.00000000", first: "Customer 4700 (c-04700)", rows: 20_000,
			lastCell: "37491250",
			note: "The 4,700 others, 18,800 rows, are one row before the total; all of them are in the XLSX, CSV " +
				"and JSON ",
			others: "4,700 further customers||56,400|33,126,775.00|33,126,775.00|33,126,775.00|33,126,775.00",
			total:  "Total||60,000|37,491,250.00|37,491,250.00|37,491,250.00|37,491,250.00",
		},
	}
}

// TestLargeStatement checks largeStatements. The full form, with 5,000 customers, takes a minute.
func TestLargeStatement(t *testing.T) {
	t.Parallel()
	for _, c := range largeStatements() {
		t.Run(strconv.Itoa(c.customers), func(t *testing.T) {
			t.Parallel()
			if c.customers > 500 {
				program.Slow(t)
			}
			s := large(t, c.customers)
			if got := s.Summary.Owed.String(); got != c.owed {
				t.Fatalf("owed %s", got)
			}
			c.page(t, s)
			c.files(t, s)
		})
	}
}

// page checks the HTML page. It lists some customers, or all of them on request.
func (c *largeCase) page(t *testing.T, s *Statement) {
	part := section(t, parsed(t, written(t, s, HTML)), "row")
	text := textOf(part)
	for _, want := range []string{"Listed here are the 300 customers with the largest amounts in column \"owed\".",
		c.note + "forms of this document."} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not there", want)
		}
	}
	list := documentRows(part)
	if got := strings.Join(list[len(list)-2], "|"); got != c.others {
		t.Errorf("the others are %s", got)
	}
	if got := strings.Join(list[len(list)-1], "|"); got != c.total {
		t.Errorf("the total is %s", got)
	}
	if got := textOf(all(part, atom.Th)[7]); got != c.first {
		t.Errorf("the first listed is %s", got)
	}
	var out bytes.Buffer
	if err := s.Write(&out, HTML, Options{Most: -1}); err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(out.Bytes(), []byte(`scope="rowgroup"`)); got != c.customers ||
		bytes.Contains(out.Bytes(), []byte("Listed here")) {
		t.Errorf("all of them are %d groups", got)
	}
}

// files checks the formats that have every row.
func (c *largeCase) files(t *testing.T, s *Statement) {
	f := open(t, written(t, s, XLSX))
	if got := rawCells(t, f, "Rows"); len(got) != c.rows+2 || got[c.rows+1][11] != c.lastCell ||
		got[c.rows+1][12] != c.lastCell {
		t.Errorf("%d rows, the last %v", len(got), got[len(got)-1])
	}
	if got := rawCells(t, f, "Customers"); len(got) != c.customers+2 {
		t.Errorf("%d customers", len(got))
	}
	if got := bytes.Count(written(t, s, Table), []byte("\n  Customer ")); got != c.customers {
		t.Errorf("%d customers in the text", got)
	}
	if got := len(tableOf(t, written(t, s, CSV))); got != 11+7+c.rows+c.rows+1 {
		t.Errorf("%d rows in the CSV", got)
	}
}

// allocated returns the bytes that writing a statement allocates.
func allocated(t *testing.T, s *Statement, format Format) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := s.Write(io.Discard, format, Options{}); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestMemoryOfLargeStatement checks that allocations grow at most in proportion to the rows: a statement with twice the
// customers allocates a limited number of bytes per additional row. The page lists 300 customers of each.
func TestMemoryOfLargeStatement(t *testing.T) {
	customers := 2500
	if testing.Short() {
		customers = 400
	}
	half, whole := large(t, customers), large(t, 2*customers)
	for _, tt := range []struct {
		format Format
		most   uint64 // limit of allocated bytes per additional row
	}{{HTML, 5000}, {JSON, 10_000}, {CSV, 3000}, {XLSX, 30_000}} {
		less, more := allocated(t, half, tt.format), allocated(t, whole, tt.format)
		if got := (max(more, less) - less) / uint64(4*customers); got > tt.most {
			t.Errorf("%s: %d bytes for each further row, %d at most", tt.format, got, tt.most)
		} else {
			t.Logf("%s: %d bytes for each further row", tt.format, got)
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
