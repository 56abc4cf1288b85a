package rows

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// inOrder is an independent implementation of the order of §8 for testLine.
func inOrder(a, b testLine) int {
	kinds := []string{"usage", "flat_fee", "period", "order", "refund", "adjustment"}
	return cmp.Or(cmp.Compare(a.customer, b.customer), cmp.Compare(a.start, b.start), cmp.Compare(a.id, b.id),
		cmp.Compare(a.tier, b.tier),
		cmp.Compare(slices.Index(kinds, a.kind), slices.Index(kinds, b.kind)), cmp.Compare(a.price, b.price))
}

// spread writes lines into a lake as a run would: sorted, by day and bucket.
func spread(l *testLake, lines []testLine, group int) {
	type place struct {
		day    string
		bucket int
	}
	parts := map[place][]testLine{}
	for _, one := range lines {
		p := place{fmt.Sprintf("2026-09-%02d", one.start/86_400%28+1), bucketOf(one.customer)}
		if one.kind == "period" {
			p.day = lake.EndDay.String()
		}
		parts[p] = append(parts[p], one)
	}
	for p, list := range parts {
		slices.SortFunc(list, inOrder)
		l.lines(p.day, p.bucket, group, list)
	}
}

func collect(t *testing.T, rows *Rows[tables.Line]) []testLine {
	t.Helper()
	var out []testLine
	if err := rows.Each(func(row Row[tables.Line]) error { out = append(out, readLine(row)); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	if err := rows.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	return out
}

// fillAll is collect that reads in batches.
func fillAll(t *testing.T, rows *Rows[tables.Line], batch int) []testLine {
	t.Helper()
	var out []testLine
	cols := parquet.NewColumns(tables.Lines())
	for {
		if err := rows.Fill(cols, batch, LineOrder()); err != nil {
			t.Fatal(err)
		}
		if cols.N == 0 || cols.N > batch {
			break
		}
		for i := range cols.N {
			out = append(out, readLine(Row[tables.Line]{cols, i}))
		}
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestOrderOfLines tests ROWS-2 and QUERY-3: the order does not depend on files, row groups or limits, and scratch
// space is released.
func TestOrderOfLines(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		lines := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) testLine {
			return testLine{
				rapid.SampledFrom([]string{"a", "b", "ba", "c", "d", "é"}).Draw(rt, "customer"),
				rapid.Int64Range(0, 28*86_400-1).Draw(rt, "start") / 43_200 * 43_200,
				rapid.SampledFrom([]string{"", "r1", "r10", "r2"}).Draw(rt, "id"),
				rapid.Int32Range(0, 2).Draw(rt, "tier"),
				rapid.SampledFrom([]string{"usage", "flat_fee", "period"}).Draw(rt, "kind"),
				rapid.Uint64Range(0, 3).Draw(rt, "price"),
			}
		}), 0, 60).Draw(rt, "lines")
		l := newLake(t)
		spread(l, lines, rapid.IntRange(1, 9).Draw(rt, "group"))
		snap := l.commit()
		want := slices.SortedFunc(slices.Values(lines), inOrder)
		batch := rapid.IntRange(1, 7).Draw(rt, "batch")
		for _, limits := range []Limits{{}, {Workers: 3}, {Rows: 20, Files: 3, Workers: 3}, {Rows: 1, Files: 1}} {
			limits.Scratch = t.TempDir()
			rows, err := Lines(t.Context(), snap, lakekey.Cycle(testCycle), "",
				tables.Columns(tables.LinePaymentAmount), limits)
			if err != nil {
				rt.Fatal(err)
			}
			if got := collect(t, rows); !slices.Equal(got, want) {
				rt.Fatalf("limits %+v: got %v, want %v", limits, got, want)
			}
			if left, err := os.ReadDir(limits.Scratch); err != nil || len(left) > 0 {
				rt.Fatalf("limits %+v: left in scratch space: %v, %v", limits, left, err)
			}
			if rows, err = Lines(t.Context(), snap, lakekey.Cycle(testCycle), "",
				tables.Columns(tables.LinePaymentAmount),
				limits); err != nil {
				rt.Fatal(err)
			}
			if got := fillAll(t, rows, batch); !slices.Equal(got, want) {
				rt.Fatalf("limits %+v, in batches of %d: got %v, want %v", limits, batch, got, want)
			}
		}
	})
}

// TestLinesOfOneCustomer checks that selecting a customer returns exactly its lines, for any requested order and any
// limit of open files. The order is calculated only if it is requested.
func TestLinesOfOneCustomer(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	var lines, want []testLine
	for i := range 40 {
		for _, c := range []string{"a", "b", "c", "d"} {
			one := testLine{c, int64(i) * 43_200, "r", 1, "usage", 7}
			lines = append(lines, one)
			if c == "c" {
				want = append(want, one)
			}
		}
	}
	spread(l, lines, 2)
	snap := l.commit()
	for _, c := range []struct {
		workers  int
		unsorted bool
	}{{1, false}, {3, false}, {3, true}} {
		s := Selection{Customer: "c", Unsorted: c.unsorted}
		rows, err := LinesOf(t.Context(), snap, lakekey.Cycle(testCycle), s, nil, Limits{Workers: c.workers})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(rows.order.cols); (n == 0) != s.Unsorted {
			t.Errorf("%d columns of the order, unsorted %t", n, s.Unsorted)
		}
		got := collect(t, rows)
		if s.Unsorted {
			slices.SortFunc(got, inOrder)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: got %v, want %v", c, got, want)
		}
	}
}

// TestFileOutOfOrder tests ROWS-2: unordered rows of a file are an error, both within a row group and across two.
func TestFileOutOfOrder(t *testing.T) {
	t.Parallel()
	for _, group := range []int{1, 2, 3} {
		l := newLake(t)
		l.lines("2026-09-03", 0, group, []testLine{{"a", 1, "r1", 1, "usage", 1}, {"a", 1, "r3", 1, "usage", 1},
			{"a", 1, "r2", 1, "usage", 1}})
		rows, err := Lines(t.Context(), l.commit(), lakekey.Cycle(testCycle), "", nil, Limits{})
		if err == nil {
			err = errors.Join(rows.Each(func(Row[tables.Line]) error { return nil }), rows.Close())
		}
		if err == nil || !strings.Contains(err.Error(), "rows are not in order") {
			t.Errorf("row groups of %d: %v, want rows not in order", group, err)
		}
	}
}

// TestOrderOfRejects checks that rejects are returned in the order of file and row, regardless of the order in which
// runs wrote them and of the available memory.
func TestOrderOfRejects(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	add := func(c *parquet.Columns[tables.Reject], file string, row int64, hash string) {
		fill(c, func(c *parquet.Columns[tables.Reject]) {
			c.Word(tables.RejectFile).Add(file)
			c.Whole(tables.RejectRow).Add(row)
			c.Word(tables.RejectFileHash).Add(hash)
		})
	}
	first, second, third := parquet.NewColumns(tables.Rejects()), parquet.NewColumns(tables.Rejects()),
		parquet.NewColumns(tables.Rejects())
	add(first, "usage/b.csv", 10, "x")
	add(first, "usage/b.csv", 9, "x")
	add(second, "usage/a.csv", 2, "y")
	add(second, "usage/a.csv", 2, "x")
	add(third, "bandwidth/z.csv", 100, "x")
	key := lake.FileKey{Table: "rejects", Bucket: lake.NoBucket}
	l.put(key, first.Any(), second.Any())
	l.put(key, third.Any())
	snap := l.commit()
	want := "bandwidth/z.csv 100 x, usage/a.csv 2 x, usage/a.csv 2 y, usage/b.csv 9 x, usage/b.csv 10 x"
	for _, limits := range []Limits{{}, {Rows: 1, Files: 1, Scratch: t.TempDir()}} {
		rows, err := Rejects(t.Context(), snap, tables.Columns(tables.RejectFile), limits)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		err = rows.Each(func(row Row[tables.Reject]) error {
			got = append(got, fmt.Sprintf("%s %d %s", row.Word(tables.RejectFile), row.Whole(tables.RejectRow),
				row.Word(tables.RejectFileHash)))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("limits %+v: %s, want %s", limits, text, want)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	err := l.txn.Next().SetTotals([]lake.TableTotal{
		{Name: "rows.usage.read", Value: "7"}, {Name: "2026-09/lines.payment_amount", Value: "5.38000000"},
		{Name: "2026-09/lines.rows", Value: "5"}, {Name: "2026-09/lines.quantity", Value: "1.0000000000"},
		{Name: "2026-08/lines.payment_amount", Value: "9.00000000"},
	})
	if err != nil {
		t.Fatal(err)
	}
	snap := l.commit()
	totals, err := Totals(snap, lakekey.Cycle(testCycle))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, total := range totals {
		if strings.Trim(total.Value, "0.") != "" {
			got = append(got, total.Name+"="+total.Value)
		}
	}
	if text, want := strings.Join(got, " "), "rows.usage.read=7 lines.payment_amount=5.38000000"; text != want ||
		len(totals) != 1+10+12 {
		t.Errorf("%d totals, %s; want 23, %s", len(totals), text, want)
	}
	_, err = Totals(snap, lakekey.Cycle("2026-08"))
	if err == nil || err.Error() != "the lake has no data of cycle 2026-08" {
		t.Errorf("of another cycle: %v", err)
	}
}

// TestKindRank tests LINE-3.
func TestKindRank(t *testing.T) {
	t.Parallel()
	for i, word := range []string{"usage", "flat_fee", "period", "order", "refund", "adjustment", "recurring",
		"true_up", "overage", "cap", "else"} {
		if got := int(KindRank(word)); got != i {
			t.Errorf("kindRank(%s) = %d, want %d", word, got, i)
		}
	}
}

// TestSelectionOpensFewFiles checks that lines of more files than a selection may open are merged through scratch space
// in the same order. Without a selection all files are open at the same time.
func TestSelectionOpensFewFiles(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	var lines []testLine
	for day := range 28 {
		for _, c := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			lines = append(lines, testLine{c, int64(day) * 86_400, "r", 1, "usage", 7})
		}
	}
	spread(l, lines, 2)
	snap := l.commit()
	files, err := filesOf(snap, lakekey.Cycle(testCycle), tables.Lines().Name)
	if err != nil || len(files) <= selectedFiles {
		t.Fatalf("%d files, error %v: too few for this test", len(files), err)
	}
	for _, c := range []struct {
		keep    func(Row[tables.Line]) bool
		scratch bool
	}{{nil, false}, {func(Row[tables.Line]) bool { return true }, true}} {
		limits := Limits{Scratch: t.TempDir(), Workers: 2}
		rows, err := LinesOf(t.Context(), snap, lakekey.Cycle(testCycle), Selection{Keep: c.keep}, nil, limits)
		if err != nil {
			t.Fatal(err)
		}
		used, err := os.ReadDir(limits.Scratch)
		if err != nil || len(used) > 0 != c.scratch {
			t.Errorf("selection %v: scratch space has %d folders, error %v", c.keep != nil, len(used), err)
		}
		if got, want := collect(t, rows), slices.SortedFunc(slices.Values(lines), inOrder); !slices.Equal(got, want) {
			t.Errorf("selection %v: got %d lines, want %d in order", c.keep != nil, len(got), len(want))
		}
	}
}
