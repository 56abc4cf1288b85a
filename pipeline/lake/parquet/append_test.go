package parquet

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/table"
)

// TestAppend tests FOOT-1: files whose row groups are taken over give the bytes of one file into which all were
// written.
func TestAppend(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		def := definition()
		write := func(w *Writer, batch *untyped) {
			if err := w.Write(batch); err != nil {
				t.Fatal(err)
			}
		}
		var whole, joined bytes.Buffer
		straight, w := newWriter(t, &whole, def), newWriter(t, &joined, def)
		for range rapid.IntRange(1, 5).Draw(t, "files") {
			var other bytes.Buffer
			o := newWriter(t, &other, def)
			for range rapid.IntRange(0, 3).Draw(t, "groups of a file") {
				batch := drawn(t, def)
				write(o, batch)
				write(straight, batch)
			}
			if err := o.Close(); err != nil {
				t.Fatal(err)
			}
			if err := w.Append(bytes.NewReader(other.Bytes()), int64(other.Len())); err != nil {
				t.Fatal(err)
			}
			if rapid.Bool().Draw(t, "a group between") {
				batch := drawn(t, def)
				write(w, batch)
				write(straight, batch)
			}
		}
		for _, w := range []*Writer{straight, w} {
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if w.Rows() != straight.Rows() || !bytes.Equal(joined.Bytes(), whole.Bytes()) {
			t.Errorf("%d rows in %d bytes, want %d in the same %d bytes", w.Rows(), joined.Len(), straight.Rows(),
				whole.Len())
		}
	})
}

func newWriter(t *rapid.T, to *bytes.Buffer, def *table.Table) *Writer {
	w, err := NewWriter(to, def)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// drawn returns a batch of a few pages with dictionaries and without.
func drawn(t *rapid.T, def *table.Table) *untyped {
	c := NewColumns(table.Untyped(def))
	n := rapid.SampledFrom([]int{1, 5, PageRows + 3, 3 * PageRows}).Draw(t, "rows")
	distinct := rapid.SampledFrom([]int{1, 7, 5000}).Draw(t, "distinct values")
	for i := range n {
		v := i * 31 % distinct
		c.c[0].AddWord(fmt.Sprint("customer-", v))
		c.c[1].AddText(fmt.Sprint("text-", v))
		c.c[2].Ints = append(c.c[2].Ints, int64(v))
		maybe := int64(table.Nothing)
		if v%3 > 0 {
			maybe = int64(v)
		}
		c.c[3].Ints = append(c.c[3].Ints, maybe)
		c.c[4].AddDec(int64(v%2), uint64(v))
		c.c[6].Ints = append(c.c[6].Ints, int64(i))
	}
	c.c[5].SetDec(0, 0)
	c.c[7].SetSmall(3)
	c.N = n
	return c
}

// TestAppendRefuses checks that a file that is no Parquet file of the table is an error.
func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	def, short := definition(), definition()
	short.Columns = short.Columns[:2]
	var other bytes.Buffer
	w, err := NewWriter(&other, short)
	if err != nil {
		t.Fatal(err)
	}
	c := NewColumns(table.Untyped(short))
	c.c[0].AddWord("a")
	c.c[1].AddText("b")
	c.N = 1
	if err := w.Write(c); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"another table": other.Bytes(), "no Parquet": []byte("a long enough text"),
		"empty": nil, "a part": other.Bytes()[other.Len()-12:]} {
		to, err := NewWriter(new(bytes.Buffer), def)
		if err != nil {
			t.Fatal(err)
		}
		if err := to.Append(bytes.NewReader(b), int64(len(b))); err == nil {
			t.Errorf("%s: it was taken over", name)
		}
	}
}
