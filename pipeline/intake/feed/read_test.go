package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// contents is the result of reading a file.
type contents struct {
	rows   []string // `value|value|…`, empty for null; `#` for a faulty row
	faults []string // `row column reason "value"`
	raw    []string
	err    error // nil if the file was read to its end
}

// whole returns a file with the given content.
func whole(name string, data []byte) fs.FS { return fstest.MapFS{name: {Data: data}} }

// readAll reads a file to its end or its error, makes the checks that apply to every file, and reports memory leaks.
func readAll(t testing.TB, fsys fs.FS, name string, spec *Spec, opts ReadOptions) contents {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	opts.Memory = mem
	r, err := Open(fsys, name, spec, opts)
	if err != nil {
		return contents{err: err}
	}
	return drain(t, r, opts)
}

// drain reads a reader to its end and closes it. It keeps all batches until then.
func drain(t testing.TB, r Reader, opts ReadOptions) contents {
	t.Helper()
	var c contents
	var batches []*Batch
	next := int64(0)
	for {
		b, err := r.Next(context.Background())
		if err != nil {
			if _, again := r.Next(context.Background()); again != err {
				t.Errorf("a second end: %v, want %v", again, err)
			}
			if err != io.EOF {
				c.err = err
			}
			break
		}
		if next > 0 && b.First != next {
			t.Errorf("a batch begins at row %d, want %d", b.First, next)
		}
		if b.Len() == 0 || opts.BatchRows > 0 && b.Len() > opts.BatchRows {
			t.Errorf("a batch of %d rows", b.Len())
		}
		next = b.First + int64(b.Len())
		batches = append(batches, b)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	for _, b := range batches {
		c.take(b)
		b.Release()
	}
	return c
}

func (c *contents) take(b *Batch) {
	faulty := make(map[int]bool)
	for _, f := range b.Faults {
		faulty[f.Index] = true
		c.faults = append(c.faults, strings.TrimSpace(fmt.Sprintf("%d %s %s %q", b.First+int64(f.Index), f.Column,
			f.Reason, f.Value)))
	}
	for i := range b.Len() {
		c.raw = append(c.raw, string(b.Raw(nil, i)))
		if faulty[i] {
			c.rows = append(c.rows, "#")
			continue
		}
		cells := make([]string, b.Rows.NumCols())
		for j, a := range b.Rows.Columns() {
			cells[j] = cellText(a, i)
		}
		c.rows = append(c.rows, strings.Join(cells, "|"))
	}
}

func cellText(a arrow.Array, i int) string {
	if a.IsNull(i) {
		return ""
	}
	switch a := a.(type) {
	case *array.Dictionary:
		return a.Dictionary().(*array.String).Value(a.GetValueIndex(i))
	case *array.String:
		return a.Value(i)
	case *array.Timestamp:
		return period.Instant(a.Value(i)).String()
	case *array.Decimal128:
		n := a.Value(i)
		if a.DataType().(*arrow.Decimal128Type).Scale == money.QuantityScale {
			q, err := money.QuantityFromRaw(n.HighBits(), n.LowBits())
			if err != nil {
				return err.Error()
			}
			return q.Trim()
		}
		q, err := money.AmountFromRaw(n.HighBits(), n.LowBits())
		if err != nil {
			return err.Error()
		}
		return q.Trim()
	}
	return a.ValueStr(i)
}

// errorText returns the error of a file with its hint.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	var e *FormError
	if !errors.As(err, &e) {
		return "not a FileError: " + err.Error()
	}
	if e.Hint == "" {
		return err.Error()
	}
	return err.Error() + "\n" + e.Hint
}

// TestLongTexts checks that a batch of Parquet rows ends after 64 MiB of a column's texts: a small dictionary can
// expand to any number of them (invariant 4). The other columns have the same rows. Rows whose own column has longer
// texts than a batch still have raw records. A text above 1 MiB fails the file.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	const rows = 70
	tag := strings.Repeat("t", 1<<20)
	file := func(tag string) fs.FS {
		records := func(i int) []string { r := usageRecord(i); r[8], r[9] = tag, tag; return r }
		return whole("usage/a.parquet", writeParquet(t, usageFields, records, rows, rows))
	}
	r, err := Open(file(tag), "usage/a.parquet", UsageSpec(), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for next := 0; ; {
		b, err := r.Next(t.Context())
		if err == io.EOF && next == rows {
			break
		}
		if err != nil {
			t.Fatal(next, err)
		}
		if b.Len() > 64 {
			t.Errorf("a batch of %d MiB of texts", b.Len())
		}
		ids, tags := b.Rows.Column(0).(*array.String), b.Rows.Column(9).(*array.String)
		for i := range b.Len() {
			want := usageRecord(next)
			if start := b.Rows.Column(5).ValueStr(i); start != want[5] {
				t.Errorf("row %d begins at %s, want %s", next, start, want[5])
			}
			if ids.Value(i) != want[0] || tags.Value(i) != tag || len(b.Faults) > 0 {
				t.Errorf("row %d is %s with a tag of %d bytes, %v", next, ids.Value(i), len(tags.Value(i)), b.Faults)
			}
			next++
		}
		if raw := b.Raw(nil, 0); !bytes.Contains(raw, []byte(tag)) {
			t.Errorf("a raw record of %d bytes", len(raw))
		}
		b.Release()
	}
	_, err = Open(file(tag+"t"), "usage/a.parquet", UsageSpec(), ReadOptions{})
	if err == nil {
		err = readAll(t, file(tag+"t"), "usage/a.parquet", UsageSpec(), ReadOptions{}).err
	}
	if err == nil || !strings.Contains(err.Error(), `column "resource_tag" has a value longer than 1 MiB`) {
		t.Error(err)
	}
}
