package parquet

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/tollbook/tollbook/schemas/table"
)

// sample returns three rows with one column of every type.
func sample(def *table.Table) *untyped {
	c := NewColumns(table.Untyped(def))
	for _, w := range []string{"a", "b", "a"} {
		c.c[0].AddWord(w)
	}
	for _, s := range []string{"x", "", "zz"} {
		c.c[1].AddText(s)
	}
	c.c[2].Ints = append(c.c[2].Ints, 1, -2, 3)
	c.c[3].Ints = append(c.c[3].Ints, 7, int64(table.Nothing), 9)
	c.c[4].AddDec(0, 5)
	c.c[4].AddDec(-1, ^uint64(0))
	c.c[4].AddDec(1<<40, 7)
	c.c[5].SetDec(0, 0)
	c.c[6].Ints = append(c.c[6].Ints, 1, 2, 3)
	c.c[7].SetSmall(3)
	c.N = 3
	return c
}

func definition() *table.Table {
	return &table.Table{Name: "t", Columns: []table.Column{
		{Name: "customer_id", Type: table.Word}, {Name: "id", Type: table.Text},
		{Name: "usage_start", Type: table.Time},
		{Name: "maybe", Type: table.MaybeTime}, {Name: "amount", Type: table.Amount},
		{Name: "zero", Type: table.Quantity},
		{Name: "whole", Type: table.Whole}, {Name: "small", Type: table.Small},
	}}
}

// TestRoundTrip tests COL-2.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	def := definition()
	var buf bytes.Buffer
	w, err := NewWriter(&buf, def)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.Write(sample(def)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(bytes.NewReader(buf.Bytes()), table.Untyped(def), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for g := range 2 {
		low, high, ok := r.Bounds(0)
		if !ok || low != "a" || high != "b" {
			t.Fatalf("group %d: customer bounds %q..%q, %v; want a..b", g, low, high, ok)
		}
		c, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if c.N != 3 || c.c[0].Word(2) != "a" || c.c[0].Word(1) != "b" || string(c.c[1].Text(2)) != "zz" ||
			len(c.c[1].Text(1)) != 0 {
			t.Errorf("group %d: words and texts came back as %+v", g, c.c[:2])
		}
		if c.c[2].Ints[1] != -2 || c.c[3].Ints[0] != 7 || c.c[3].Ints[1] != int64(table.Nothing) ||
			c.c[3].Ints[2] != 9 {
			t.Errorf("group %d: times came back as %v %v", g, c.c[2].Ints, c.c[3].Ints)
		}
		if c.c[4].Decs[0] != (Dec{0, 5}) || c.c[4].Decs[1] != (Dec{-1, ^uint64(0)}) ||
			c.c[4].Decs[2] != (Dec{1 << 40, 7}) {
			t.Errorf("group %d: decimals came back as %v", g, c.c[4].Decs)
		}
		if len(c.c[5].Decs) != 3 || c.c[5].Decs[2] != (Dec{}) || c.c[6].Ints[2] != 3 || c.c[7].Codes[2] != 3 {
			t.Errorf("group %d: constants came back as %v %v", g, c.c[5].Decs, c.c[7].Codes)
		}
	}
	if c, err := r.Next(); c != nil || err != nil {
		t.Errorf("after the last group: %v, %v", c, err)
	}
}

func TestManyDistinctDecimals(t *testing.T) {
	t.Parallel()
	def := &table.Table{Name: "t", Columns: []table.Column{{Name: "q", Type: table.Quantity}}}
	for _, distinct := range []int{1, 3, 2047, 2049, 20000} {
		c := NewColumns(table.Untyped(def))
		for i := range 20000 {
			c.c[0].AddDec(0, uint64(i%distinct)*1_000_003)
		}
		c.N = 20000
		r, err := NewReader(bytes.NewReader(fileOf(t, def, c)), table.Untyped(def), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range got.c[0].Decs {
			if want := (Dec{0, uint64(i%distinct) * 1_000_003}); v != want {
				t.Fatalf("%d distinct: row %d = %v, want %v", distinct, i, v, want)
			}
		}
	}
}

// TestManyRows checks that both readers return texts with few and with many distinct values, and optional times that
// equal those of another column.
func TestManyRows(t *testing.T) {
	t.Parallel()
	def := &table.Table{Name: "t", Columns: []table.Column{
		{Name: "resource_id", Type: table.Text}, {Name: "trade_time", Type: table.Time},
		{Name: "usage_end", Type: table.MaybeTime},
	}}
	for _, distinct := range []int{1, 2, 2047, 2048, 2049, 5000, 9000} {
		const n, hole = 9000, 8500
		c := NewColumns(table.Untyped(def))
		for i := range n {
			c.c[0].AddText(fmt.Sprintf("resource-%d", i%distinct))
			c.c[1].Ints = append(c.c[1].Ints, int64(i*i%7919)*1_000_000)
			c.c[2].Ints = append(c.c[2].Ints, int64(i*i%7919)*1_000_000)
		}
		c.N = n
		var buf bytes.Buffer
		w, err := NewWriter(&buf, def)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // one row group in which all times are set, and one in which one time is not set
			if err := w.Write(c); err != nil {
				t.Fatal(err)
			}
			c.c[2].Ints[hole] = int64(table.Nothing)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		pages := opened(t, buf.Bytes(), def)
		r, err := NewReader(bytes.NewReader(buf.Bytes()), table.Untyped(def), nil)
		if err != nil {
			t.Fatal(err)
		}
		for g := range 2 {
			read, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			paged := NewColumns(table.Untyped(def))
			if err := pages.Group(paged, table.List[table.Any]{0, 1, 2}, g); err != nil {
				t.Fatal(err)
			}
			for i := range n {
				end := int64(i*i%7919) * 1_000_000
				if g == 1 && i == hole {
					end = int64(table.Nothing)
				}
				want := fmt.Sprintf("resource-%d", i%distinct)
				for _, got := range []*untyped{read, paged} {
					if string(got.c[0].Text(i)) != want || got.c[1].Ints[i] != int64(i*i%7919)*1_000_000 ||
						got.c[2].Ints[i] != end {
						t.Fatalf("%d distinct, row group %d, row %d: %s, %d, %d; want %s, ending %d",
							distinct, g, i, got.c[0].Text(i), got.c[1].Ints[i], got.c[2].Ints[i], want, end)
					}
				}
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUnevenBatchIsRefused(t *testing.T) {
	t.Parallel()
	def := definition()
	c := sample(def)
	c.c[1].AddText("one too many")
	var buf bytes.Buffer
	w, err := NewWriter(&buf, def)
	if err != nil {
		t.Fatal(err)
	}
	err = w.Write(c)
	if want := "table t: column id has 4 entries in a batch of 3 rows"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// closer is a writer that must not be closed.
type closer struct {
	bytes.Buffer
	closed bool
}

func (c *closer) Close() error {
	c.closed = true
	return nil
}

func TestWriterLeavesOpen(t *testing.T) {
	t.Parallel()
	var out closer
	w, err := NewWriter(&out, table.Totals().Table)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if out.closed || out.Len() == 0 {
		t.Errorf("closed %t with %d bytes; want an open writer with a footer", out.closed, out.Len())
	}
}

// TestAddedColumns reads a file that was written before columns of every type were added to its table. Invariant:
// COL-5.
func TestAddedColumns(t *testing.T) {
	t.Parallel()
	def := &table.Table{Name: "t", Columns: []table.Column{{Name: "customer_id", Type: table.Word}}}
	var file bytes.Buffer
	w, err := NewWriter(&file, def)
	if err != nil {
		t.Fatal(err)
	}
	c := NewColumns(table.Untyped(def))
	c.c[0].AddWord("a")
	c.c[0].AddWord("b")
	c.N = 2
	if err := w.Write(c); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	grown := definition()
	grown.Columns = append(grown.Columns, table.Column{Name: "cost", Type: table.Cost})
	if _, err := NewReader(bytes.NewReader(file.Bytes()), table.Untyped(grown), nil); err == nil ||
		err.Error() != "read table t: the file has no column id" {
		t.Errorf("a column that was not added later: %v", err)
	}
	for _, c := range grown.Columns[1:] {
		grown.Added = append(grown.Added, c.Name)
	}
	r, err := NewReader(bytes.NewReader(file.Bytes()), table.Untyped(grown), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if err := got.check(); err != nil || got.N != 2 || got.c[0].Word(1) != "b" {
		t.Fatalf("%d rows, %v: %+v", got.N, err, got.c[0])
	}
	for i := range 2 {
		if len(got.c[1].Text(i)) > 0 || got.c[2].Ints[i] != 0 || got.c[3].Ints[i] != int64(table.Nothing) ||
			got.c[4].Decs[i] != (Dec{}) || got.c[5].Decs[i] != (Dec{}) || got.c[6].Ints[i] != 0 ||
			got.c[7].Codes[i] != 0 || got.c[8].Decs[i] != (Dec{}) {
			t.Errorf("row %d of the added columns is %+v", i, got.c[1:])
		}
	}
	between := &table.Table{Name: "t", Columns: []table.Column{{Name: "sku", Type: table.Word}, def.Columns[0]},
		Added: []string{"sku"}} // such as an exported column that precedes the lake's own
	r, err = NewReader(bytes.NewReader(file.Bytes()), table.Untyped(between), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err = r.Next(); err != nil || got.c[0].Word(1) != "" || got.c[1].Word(1) != "b" {
		t.Errorf("a column that was added before others: %v, %+v", err, got.c)
	}
}
