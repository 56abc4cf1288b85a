package rows

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// TestOfCustomers reads the rows of some customers from a file of several row groups. One customer has more rows than a
// batch, one has rows in two groups. Few customers are looked up; with many, the file is read and other rows are passed
// too.
func TestOfCustomers(t *testing.T) {
	t.Parallel()
	l := newLakeIn(t, storage.NewMem(), 1)
	var all []testLine
	for n, rows := range []int{5, 700, 1500, 1, 9500, 3, 1024, 1} {
		for i := range rows {
			all = append(all, testLine{customer: fmt.Sprintf("c%d", n), start: int64(1_790_000_000 + i),
				id: fmt.Sprint("r", i), tier: 1, kind: "usage", price: uint64(i)})
		}
	}
	l.lines("2026-09-05", 0, 4500, all)
	snap := l.commit()
	files, err := snap.Files(snap.Manifest.Cycles[0].Cycle)
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	many := make([]string, 1000)
	for i := range many {
		many[i] = fmt.Sprintf("c%03d", i)
	}
	for _, c := range []struct {
		customers []string
		exactly   bool
	}{
		{[]string{"c0"}, true}, {[]string{"c4"}, true}, {[]string{"c1", "c2", "c7"}, true},
		{[]string{"b", "c3", "c35", "c5", "d"}, true}, {[]string{"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"}, true},
		{[]string{"a", "x"}, true}, {append([]string{"c2"}, many...), false},
	} {
		var got, want []testLine
		largest := 0
		cols := tables.Columns(tables.LineCustomerID, tables.LineUsageStart, tables.LineID, tables.LineTier,
			tables.LineKind, tables.LineUnitPrice)
		slices.Sort(c.customers)
		err := OfCustomers(t.Context(), snap, files[0], cols, c.customers,
			func(batch *parquet.Columns[tables.Line]) error {
				largest = max(largest, batch.N)
				for i := range batch.N {
					line := readLine(Row[tables.Line]{Cols: batch, I: i})
					if c.exactly || slices.Contains(c.customers, line.customer) {
						got = append(got, line)
					}
				}
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range all {
			if slices.Contains(c.customers, line.customer) {
				want = append(want, line)
			}
		}
		if d := cmp.Diff(want, got, cmp.AllowUnexported(testLine{})); d != "" {
			t.Errorf("%.5v: (- the rows, + read)\n%.2000s", c.customers, d)
		}
		if c.exactly && largest > customerRows {
			t.Errorf("%v: a batch of %d rows", c.customers, largest)
		}
	}
}
