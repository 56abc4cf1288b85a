package feed

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// TestCuts checks where texts are cut. In the texts, ¦ marks the start of a range if each record is in its own range.
// Invariants: CUT-1, CUT-3.
func TestCuts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, text string
		rows, lines      []int64 // rows and lines before each range except the first
	}{
		{"records", "a.csv", "id,n\na,1\n¦b,2\n¦c,3\n", []int64{1, 2}, []int64{2, 3}},
		{"without an end of the last line", "a.csv", "id,n\na,1\n¦b,2", []int64{1}, []int64{2}},
		{"a byte order mark", "a.csv", "\ufeff\"id\",n\na,1\n¦b,2\n", []int64{1}, []int64{2}},
		{"CRLF and blank lines", "a.csv", "\r\nid,n\r\n\r\n\na,1\r\n¦\r\n\nb,2\r\n¦\r\n", []int64{1, 2}, []int64{5, 8}},
		{"a line of one \\r is a record", "a.csv", "id\n\r\r\n¦\r\na\n", []int64{1}, []int64{2}},
		{"quoted ends of lines", "a.csv", "\"i\nd\",n\n\"a\n\n\"\"\n\",\"\n\"\r\n¦\"b\",\"\"\n¦\"\n\"\n", []int64{1, 2},
			[]int64{7, 8}},
		{"a bare quote", "a.csv", "id,n\na\"\",\"1\n¦b,\"2\n\"\n¦c\",\n¦d,\n", []int64{1, 2, 3}, []int64{2, 4, 5}},
		{"text after a quote", "a.csv", "id,n\n\"a\" ,\"1\n¦\"b\"\r\r\n¦c,\"2\n\"\"\"x,\"\n¦d,1\n", []int64{1, 2, 3},
			[]int64{2, 3, 5}},
		{"a quote that is not closed", "a.csv", "id,n\na,1\n¦\"b,2\nc,3\n", []int64{1}, []int64{2}},
		{"the header alone", "a.csv", "id,n\n", nil, nil},
		{"quotes of JSON", "a.ndjson", "{\"a\":\"\\n\"}\r\n¦\n{\"\n¦}\n¦\r\n\"", []int64{1, 2, 3}, []int64{1, 3, 4}},
	} {
		text := strings.ReplaceAll(c.text, "¦", "")
		want := []Range{{Row: 1}}
		at := int64(0)
		for i, part := range strings.Split(c.text, "¦") {
			if i > 0 {
				want[i-1].To = at
				want = append(want, Range{From: at, Row: c.rows[i-1] + 1, Line: int(c.lines[i-1])})
			}
			at += int64(len(part))
		}
		if want[len(want)-1].To = at; len(want) == 1 {
			want = nil
		}
		for step := 1; step <= len(text); step++ { // write the text in parts of step bytes
			cutter := NewCutter(c.file, at, 1)
			for rest := text; rest != ""; {
				n := min(step, len(rest))
				if n, err := cutter.Write([]byte(rest[:n])); n != min(step, len(rest)) || err != nil {
					t.Fatal(n, err)
				}
				rest = rest[n:]
			}
			if d := cmp.Diff(want, cutter.Ranges(nil)); d != "" {
				t.Errorf("%s, written in parts of %d bytes: %s", c.name, step, d)
				break
			}
		}
	}
}

// TestSizes checks the number of ranges of a text, and that they have about the same size. Invariants: CUT-2.
func TestSizes(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456\n", 1000)
	files := fstest.MapFS{}
	for _, name := range []string{"a.csv", "a.ndjson", "a.csv.gz", "a.ndjson.zst", "a.parquet", "a.txt"} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	for _, c := range []struct {
		file   string
		each   int64
		ranges int
	}{
		{"a.csv", 0, 0}, {"a.csv", 8000, 0}, {"a.csv", 7999, 2}, {"a.csv", 4000, 2}, {"a.csv", 3999, 3},
		{"a.ndjson", 801, 10}, {"a.ndjson", 800, 10}, {"a.ndjson", 1, 1000}, {"a.csv", 1, 999}, {"a.csv.gz", 1, 0},
		{"a.ndjson.zst", 1, 0}, {"a.parquet", 1, 0}, {"a.txt", 1, 0},
	} {
		got := NewCutter(c.file, int64(len(text)), c.each).Ranges(files)
		if len(got) != c.ranges {
			t.Errorf("%s, ranges of %d bytes: %d, want %d", c.file, c.each, len(got), c.ranges)
		}
		for _, r := range got {
			if c.each > 100 && (r.To-r.From > c.each+8 || r.To-r.From < c.each/2) {
				t.Errorf("%s: a range of %d bytes, want %d", c.file, r.To-r.From, c.each)
			}
		}
	}
}

// TestOtherContent checks that a file that cannot be read, or whose size has changed, has no ranges.
func TestOtherContent(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"a.csv": {Data: []byte("id\na\nb\nc\n")}}
	for size, want := range map[int64]int{8: 0, 9: 3, 10: 0} {
		if got := NewCutter("a.csv", size, 1).Ranges(files); len(got) != want {
			t.Errorf("of %d bytes: %v", size, got)
		}
	}
	for _, fsys := range []fs.FS{fstest.MapFS{}, fstest.MapFS{"a.csv/b": {}}} {
		if got := NewCutter("a.csv", 9, 1).Ranges(fsys); got != nil {
			t.Errorf("not read: %v", got)
		}
	}
}

// BenchmarkCutter measures the cost of cutting in addition to hashing.
func BenchmarkCutter(b *testing.B) {
	for name, row := range map[string]string{
		"csv":    "rec-0000000001,cust-0001,res-000001,sku-001,region-1,2026-09-01T00:00:00Z,12.5\n",
		"quoted": "\"rec-0000000001\",\"cust-0001\",\"res-000001\",\"sku-001\",\"region-1\",\"12.5\"\n",
	} {
		b.Run(name, func(b *testing.B) {
			text := []byte(strings.Repeat(row, 32<<10/len(row)))
			b.SetBytes(int64(len(text)))
			c := NewCutter("a.csv", 1<<40, 0)
			for b.Loop() {
				_, _ = c.Write(text)
			}
		})
	}
}
