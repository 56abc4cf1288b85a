package feed

import (
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

	"github.com/tollbook/tollbook/pipeline/intake/feed/feedrows"
	"github.com/tollbook/tollbook/pipeline/intake/feedfile"
	"github.com/tollbook/tollbook/pipeline/intake/feeds"
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
func readAll(t testing.TB, fsys fs.FS, name string, spec *feeds.Spec, opts feedrows.Options) contents {
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
func drain(t testing.TB, r feedrows.Reader, opts feedrows.Options) contents {
	t.Helper()
	var c contents
	var batches []*feedrows.Batch
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

func (c *contents) take(b *feedrows.Batch) {
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
	var e *feedfile.Error
	if !errors.As(err, &e) {
		return "not a FileError: " + err.Error()
	}
	if e.Hint == "" {
		return err.Error()
	}
	return err.Error() + "\n" + e.Hint
}
