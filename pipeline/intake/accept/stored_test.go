package accept

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// regionsOf numbers regions in the order of their first use.
type regionsOf struct{ words []string }

func (r *regionsOf) code(word string) int32 {
	if i := slices.Index(r.words, word); i >= 0 {
		return int32(i)
	}
	r.words = append(r.words, word)
	return int32(len(r.words) - 1)
}

// scratch has temporary files in memory.
type scratch struct {
	*storage.Mem
	n int
}

func newScratch() *scratch { return &scratch{Mem: storage.NewMem()} }

// CreateTemp implements rows.Temp.
func (s *scratch) CreateTemp(string) (storage.File, error) {
	s.n++
	return s.Create(fmt.Sprint("tmp/", s.n))
}

// OpenTemp implements rows.Temp.
func (s *scratch) OpenTemp(name string) (storage.ReadFile, error) { return s.Open(name) }

// RemoveTemp implements rows.Temp.
func (s *scratch) RemoveTemp(name string) error { return s.Remove(name) }

// store returns the rows of a chunk as a file with a footer, and where the footer begins.
func store(t *rapid.T, c *Chunk, regions []string) (file []byte, rows int64) {
	var b bytes.Buffer
	run, err := Join([]*Run{c.Hold()}, &Buffers{}, &b, func() (io.ReaderAt, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	end, err := run.Footer(regions)
	if err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), end...), run.Size()
}

// TestStoredAtOnce checks that a chunk is stored as the same file as the join of several chunks with its rows.
func TestStoredAtOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		every := rapid.Int64Range(0, 3).Draw(t, "rows of a segment")
		whole := Chunk{SegmentRows: every}
		var pieces []*Run
		for range rapid.IntRange(1, 4).Draw(t, "chunks") {
			piece := Chunk{SegmentRows: every}
			for range rapid.IntRange(1, 30).Draw(t, "rows") {
				part, row := RunPart(rapid.IntRange(0, 3).Draw(t, "part")), draw(t)
				whole.Add(part, &row)
				piece.Add(part, &row)
			}
			pieces = append(pieces, piece.Hold())
		}
		var joined, stored bytes.Buffer
		a, err := Join(pieces, &Buffers{}, &joined, func() (io.ReaderAt, error) { return nil, nil })
		if err != nil {
			t.Fatal(err)
		}
		b, err := whole.Store(&stored)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(joined.Bytes(), stored.Bytes()) || !slices.Equal(a.segments, b.segments) || whole.Len() != 0 {
			t.Fatalf("%d bytes in %+v, want %d in %+v", stored.Len(), b.segments, joined.Len(), a.segments)
		}
	})
}

// TestStoredRunsShareRegions checks that merging runs that number their regions independently gives the same rows in
// the same order as runs with a shared numbering. This includes rows that differ only in the region, and codes of one
// byte in one numbering and four in the other. Invariants: SORT-4.
func TestStoredRunsShareRegions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var shared regionsOf
		if rapid.Bool().Draw(t, "many regions before") {
			for i := range 300 {
				shared.code(fmt.Sprint("other-", i))
			}
		}
		var want, got []*Run
		for range rapid.IntRange(1, 3).Draw(t, "runs") {
			var own regionsOf
			var plain, apart Chunk
			if rapid.Bool().Draw(t, "many regions in the run") {
				for i := range 300 {
					own.code(fmt.Sprint("mine-", i))
				}
			}
			for range rapid.IntRange(1, 30).Draw(t, "rows") {
				r := draw(t)
				word := fmt.Sprint("region-", r.Region%4)
				r.Region = shared.code(word)
				plain.Add(1, &r)
				r.Region = own.code(word)
				apart.Add(1, &r)
			}
			want = append(want, plain.Hold())
			file, rows := store(t, &apart, own.words)
			run, err := OpenStored(bytes.NewReader(file), rows, int64(len(file)), shared.code)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, run)
		}
		if a, b := drain(t, want, 1), drain(t, got, 1); !slices.Equal(a, b) {
			t.Fatalf("rows of one numbering:\n%q\nof several:\n%q", a, b)
		}
	})
}

// TestStoredRunDamaged checks that a stored run that is truncated or has the footer of another file is an error.
func TestStoredRunDamaged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c Chunk
		r := draw(t)
		r.Region = 0
		c.Add(1, &r)
		file, rows := store(t, &c, []string{"cn-1"})
		code := func(string) int32 { return 0 }
		if _, err := OpenStored(bytes.NewReader(file), rows, int64(len(file)), code); err != nil {
			t.Fatal(err)
		}
		n := rapid.IntRange(0, len(file)-1).Draw(t, "length")
		if _, err := OpenStored(bytes.NewReader(file[:n]), rows, int64(n), code); err == nil {
			t.Fatalf("%d of %d bytes are a run", n, len(file))
		}
		longer := append([]byte{0}, file...)
		if _, err := OpenStored(bytes.NewReader(longer), rows+1, int64(len(longer)), code); err == nil {
			t.Fatal("a footer of fewer bytes than the file has is accepted")
		}
	})
}

// TestStoredRunBitFlipped checks that a flipped bit in a stored run is an error when the run is opened or its rows are
// read, whether or not its regions are translated, and also in a segment that is longer than one read. Invariants:
// SORT-5.
func TestStoredRunBitFlipped(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c Chunk
		rows := rapid.SampledFrom([]int{1, 2, 5, 3 * bufferSize / 64}).Draw(t, "rows")
		for i := range rows {
			r := Record{Region: 0}
			if i < 5 {
				r = draw(t)
				r.Region = 0
			} else {
				r.ID, r.Number = fmt.Appendf(nil, "record-%040d", i), int64(i)
			}
			c.Add(1, &r)
		}
		file, end := store(t, &c, []string{"cn-1"})
		bit := rapid.IntRange(0, 8*len(file)-1).Draw(t, "bit")
		file[bit/8] ^= 1 << (bit % 8)
		code := rapid.SampledFrom([]int32{0, 3}).Draw(t, "region code")
		run, err := OpenStored(bytes.NewReader(file), end, int64(len(file)), func(string) int32 { return code })
		if err != nil {
			return
		}
		m, err := Merge([]*Run{run}, 1, &Buffers{Temp: newScratch()})
		var row Record
		for more := true; err == nil && more; {
			more, err = m.Next(&row)
		}
		if err == nil {
			t.Fatalf("bit %d of %d bytes is another one, and nobody noticed", bit, len(file))
		}
	})
}

// counted counts the reads of a file, and their bytes.
type counted struct {
	io.ReaderAt
	reads, bytes int
}

func (c *counted) ReadAt(b []byte, off int64) (int, error) {
	c.reads, c.bytes = c.reads+1, c.bytes+len(b)
	return c.ReaderAt.ReadAt(b, off)
}

// TestStoredRunIsReadOnce checks that the rows of a bucket are read with one request per run, also if it has several
// days and its rows are scanned and merged by ranges and as a whole, and that none of another bucket are read. Deleted
// copies are made again. Invariants: SORT-6, SORT-7.
func TestStoredRunIsReadOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const days = 3
		var runs []*Run
		var files []*counted
		want := make(map[RunPart][]string)
		for range rapid.IntRange(1, 4).Draw(t, "runs") {
			c := Chunk{SegmentRows: rapid.Int64Range(0, 3).Draw(t, "rows of a segment")}
			for range rapid.IntRange(1, 30).Draw(t, "rows") {
				bucket, day := rapid.IntRange(0, 1).Draw(t, "bucket"), rapid.IntRange(0, days-1).Draw(t, "day")
				row := draw(t)
				row.Region = 0
				c.Add(RunPart(bucket<<DayBits|day), &row)
			}
			file, rows := store(t, &c, []string{"cn-1"})
			f := &counted{ReaderAt: bytes.NewReader(file)}
			run, err := OpenStored(f, rows, int64(len(file)), func(string) int32 { return 0 })
			if err != nil {
				t.Fatal(err)
			}
			*f = counted{ReaderAt: f.ReaderAt}
			runs, files = append(runs, run), append(files, f)
		}
		scratch := newScratch()
		for part := range RunPart(days) {
			b := Buffers{Temp: scratch}
			m, err := Merge(runs, part, &b)
			want[part] = recordTexts(t, m, err)
			if err := b.Drop(); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range files {
			*f = counted{ReaderAt: f.ReaderAt}
		}
		b := Buffers{Temp: scratch}
		middle := Range{RecordKey{0, 0}, RecordKey{2, 0}}
		for part := range RunPart(days) {
			for _, in := range []Range{middle, All, {All.From, middle.From}} {
				m, err := MergeRange(runs, part, in, &b)
				if got := recordTexts(t, m, err); in == All && !slices.Equal(got, want[part]) {
					t.Fatalf("day %d has rows %q, want %q", part, got, want[part])
				}
			}
		}
		for i, f := range files {
			off, n := runs[i].Extent(0, 1<<DayBits-1)
			if f.bytes != int(n) || f.reads > days {
				t.Errorf("%d bytes were read with %d requests, want the %d from %d on", f.bytes, f.reads, n, off)
			}
		}
		if err := b.Drop(); err != nil {
			t.Fatal(err)
		}
		if left, err := scratch.List("tmp/"); err != nil || len(left) > 0 {
			t.Errorf("%v are left: %v", left, err)
		}
	})
}

// TestStoredRunWithout checks that the days of a bucket that are left are read around one that was removed.
func TestStoredRunWithout(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c Chunk
		var want []string
		for day := range RunPart(3) {
			row := draw(t)
			row.Region, row.File = 0, int32(day%2)
			c.Add(day, &row)
			if row.File == 0 {
				want = append(want, row.text())
			}
		}
		file, rows := store(t, &c, []string{"cn-1"})
		run, err := OpenStored(bytes.NewReader(file), rows, int64(len(file)), func(string) int32 { return 0 })
		b := Buffers{Temp: newScratch()}
		if err == nil {
			err = Without([]*Run{run}, func(file int32) bool { return file == 0 }, &b)
		}
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for day := range RunPart(3) {
			m, err := Merge([]*Run{run}, day, &b)
			got = append(got, recordTexts(t, m, err)...)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("rows %q are left, want %q", got, want)
		}
	})
}

func recordTexts(t *rapid.T, m *Merger, err error) (list []string) {
	var row Record
	for more := true; err == nil && more; {
		if more, err = m.Next(&row); more {
			list = append(list, row.text())
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}
