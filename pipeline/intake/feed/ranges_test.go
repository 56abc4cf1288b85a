package feed

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sameInRanges reads a text in ranges of a given size, starting with the last one, and compares their contents with
// those of the complete file (invariant 8). It returns the number of ranges.
func sameInRanges(t testing.TB, fsys fs.FS, name string, spec *Spec, size int64, o ReadOptions,
	want contents) int {
	t.Helper()
	info, err := fs.Stat(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	ranges := NewCutter(name, info.Size(), size).Ranges(fsys)
	parts := make([]contents, len(ranges))
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	o.Memory = mem
	for i := len(ranges) - 1; i >= 0; i-- {
		r, err := new(Files).OpenText(fsys, name, spec, o, ranges[i])
		if err != nil {
			parts[i].err = err
			continue
		}
		parts[i] = drain(t, r, o)
	}
	if len(ranges) == 0 {
		return 0
	}
	var got contents
	for i, p := range parts {
		if first := ranges[i].Row; p.err == nil && first != int64(len(got.rows))+1 {
			t.Errorf("%s, ranges of %d bytes: range %d begins with row %d, want %d", name, size, i, first,
				len(got.rows)+1)
		}
		got.rows, got.faults, got.raw = append(got.rows, p.rows...), append(got.faults, p.faults...),
			append(got.raw, p.raw...)
		if got.err = p.err; got.err != nil {
			break
		}
	}
	what := fmt.Sprintf("%s, %+v, ranges of %d bytes", name, o, size)
	if errorText(got.err) != errorText(want.err) {
		t.Errorf("%s: got\n%s\nwant\n%s", what, errorText(got.err), errorText(want.err))
	}
	if want.err != nil {
		return len(ranges)
	}
	if d := cmp.Diff(want.rows, got.rows) + cmp.Diff(want.faults, got.faults) + cmp.Diff(want.raw, got.raw); d != "" {
		t.Errorf("%s: %s", what, d)
	}
	return len(ranges)
}

// TestRanges checks that random texts have the same contents in ranges as in one piece. They have quotes in any place,
// ends of lines in quotes, blank lines, CRLF, a byte order mark, faulty records and errors. Invariants: CUT-1, CUT-3.
func TestRanges(t *testing.T) {
	t.Parallel()
	texts := map[string][]string{
		"a.csv": {"r1,2026-09-01T00:00:00Z,1,2\n", "\"r\n\"\"2\r\n\",2026-09-01T00:00:00Z,1,2\r\n", "\n", "\r\n",
			"\r\r\n",
			"r\"3,2026-09-01T00:00:00Z,1,\"2\n", "\"r\"4,2026,\"1\",2\n", "\"\"\"\n\"\"\n\",,,\n", ",\"\"\r,1\n",
			"r5,2026-09-01T00:00:00Z,1e3,\xff\n", "r6\n", "\"r7\"\r\n", "\"", ",", "\"\n", "\r", "x"},
		"a.ndjson": {`{"resource_id":"r1","sample_time":"2026-09-01T00:00:00Z","in_bps":1}` + "\n", "\n", "\r\n", "{}\r\n",
			"[\"\n", "\"\n", `{"resource_id":"r\n"}` + "\n", "\r\r\n", `{"resource_id":"r2","sample_time":"x"}` + "\n", " ",
			`{"speed":1}` + "\n"},
	}
	most := 0
	for name, parts := range texts {
		rapid.Check(t, func(r *rapid.T) {
			text := rapid.SampledFrom([]string{"", "\ufeff", "\n", "\ufeff\r\n"}).Draw(r, "beginning")
			if strings.HasSuffix(name, ".csv") {
				text += rapid.SampledFrom([]string{bandwidthHeader,
					"\"resource_id\",sample_time,in_bps,\"x_a\nb\"\r\n"}).Draw(r, "header")
			}
			// The later parts are rarer, so most texts do not fail.
			from := parts[:rapid.IntRange(1, len(parts)).Draw(r, "kinds")]
			text += strings.Join(rapid.SliceOfN(rapid.SampledFrom(from), 0, 40).Draw(r, "parts"), "")
			name := "bandwidth/" + name
			fsys := whole(name, []byte(text))
			o := ReadOptions{BatchRows: rapid.SampledFrom([]int{1, 3, 1000}).Draw(r, "batch"),
				PieceBytes: rapid.SampledFrom([]int{0, 0, 50}).Draw(r, "piece")}
			want := readAll(t, fsys, name, BandwidthSpec(), o)
			size := rapid.SampledFrom([]int64{1, 30, 100, 1000}).Draw(r, "range")
			most = max(most, sameInRanges(t, fsys, name, BandwidthSpec(), size, o, want))
			if t.Failed() {
				r.Fatalf("of %q", text)
			}
		})
	}
	if most < 10 && !testing.Short() { // the quick form has too few draws to be sure of this
		t.Errorf("%d ranges at most", most)
	}
}

// TestRangesOfOthers checks that compressed files and Parquet files cannot be opened in ranges.
func TestRangesOfOthers(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"usage/a.csv.gz", "usage/a.ndjson.zst", "usage/a.parquet"} {
		r, err := new(Files).OpenText(whole(name, bytes.Repeat([]byte{'x'}, 10)), name, UsageSpec(),
			ReadOptions{}, Range{From: 2, To: 5, Row: 1})
		if err == nil {
			_ = r.Close()
			t.Errorf("%s is opened", name)
		}
	}
}
