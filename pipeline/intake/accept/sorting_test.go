package accept

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// draw returns a row with few distinct values, so that rows are equal in any number of sort columns.
func draw(t *rapid.T) Record {
	q, err := money.ParseQuantity(rapid.SampledFrom([]string{"0", "1.5", "1000000000000000"}).Draw(t, "quantity"))
	if err != nil {
		t.Fatal(err)
	}
	start := period.Instant(rapid.Int64Range(-3, 3).Draw(t, "start"))
	text := func(name string) []byte {
		return []byte(rapid.SampledFrom([]string{"", "a", "record-1", "record-10", "record-2"}).Draw(t, name))
	}
	return Record{
		Customer: rapid.Int32Range(0, 3).Draw(t, "customer"), SKU: rapid.Int32Range(0, 2).Draw(t, "sku"),
		Region: rapid.Int32Range(0, 300).Draw(t, "region"),
		Start:  start, End: start + period.Instant(rapid.Int64Range(0, 5).Draw(t, "length")), Quantity: q,
		ID: text("id"), Resource: text("resource"),
		Name: text("name"), Tag: text("tag"), Replaces: text("replaces"),
		File: rapid.Int32Range(0, 2).Draw(t, "file"), Number: rapid.Int64Range(1, 1<<40).Draw(t, "number"),
	}
}

// text returns all values of a row, for comparisons.
func (r *Record) text() string {
	return fmt.Sprint(r.Customer, r.Start, string(r.ID), r.SKU, r.Region, r.End, r.Quantity, string(r.Resource),
		string(r.Name), string(r.Tag), string(r.Replaces), r.File, r.Number)
}

// drain reads a part to its end and checks SORT-1 meanwhile.
func drain(t *rapid.T, runs []*Run, part RunPart) []string {
	var out []string
	var last Record
	eachRecord(t, runs, part, All, func(row *Record) {
		if len(out) > 0 && last.Compare(row) > 0 {
			t.Fatalf("row %s came after %s", row.text(), last.text())
		}
		out = append(out, row.text())
		last = *row
		last.ID = slices.Clone(row.ID)
	})
	return out
}

// TestMergeGivesEveryRowOnceInOrder tests SORT-1 with rows in several runs in memory and on disk.
func TestMergeGivesEveryRowOnceInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "rows")
		want := make(map[RunPart][]string)
		chunks := make([]Chunk, rapid.IntRange(1, 5).Draw(t, "chunks"))
		for i := range chunks {
			chunks[i].SegmentRows = rapid.Int64Range(0, 3).Draw(t, "rows of a segment")
		}
		for range n {
			r := draw(t)
			part := RunPart(rapid.IntRange(0, 2).Draw(t, "part"))
			want[part] = append(want[part], r.text())
			chunks[rapid.IntRange(0, len(chunks)-1).Draw(t, "chunk")].Add(part, &r)
		}
		var runs []*Run
		for i := range chunks {
			if rapid.Bool().Draw(t, "on disk") {
				var disk bytes.Buffer
				run, err := chunks[i].Flush(&disk, func() (io.ReaderAt, error) {
					return bytes.NewReader(disk.Bytes()), nil
				})
				if err != nil {
					t.Fatal(err)
				}
				runs = append(runs, run)
				continue
			}
			runs = append(runs, chunks[i].Hold())
		}
		if rapid.Bool().Draw(t, "join") {
			var disk bytes.Buffer
			var b Buffers
			half := len(runs) / 2
			joined, err := Join(runs[half:], &b, &disk, func() (io.ReaderAt, error) {
				return bytes.NewReader(disk.Bytes()), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			runs = append(runs[:half:half], joined)
		}
		_, rows := PartsOfRuns(runs)
		for part := range RunPart(3) {
			got := drain(t, runs, part)
			if int64(len(got)) != rows[part] {
				t.Fatalf("part %d: %d rows came, the index says %d", part, len(got), rows[part])
			}
			slices.Sort(got)
			slices.Sort(want[part])
			if !slices.Equal(got, want[part]) {
				t.Fatalf("part %d: got %q, want %q", part, got, want[part])
			}
		}
	})
}

// TestPackedRowsComeBack checks numbers and texts at the limits of their packed widths.
func TestPackedRowsComeBack(t *testing.T) {
	t.Parallel()
	const second = period.Instant(period.Second)
	text := func(n int) []byte { return bytes.Repeat([]byte("x"), n) }
	quantity := func(raw uint64) func(*Record) {
		return func(r *Record) {
			var err error
			// above 2^63 with an upper half
			if r.Quantity, err = money.QuantityFromRaw(int64(raw>>63), raw); err != nil {
				t.Fatal(err)
			}
		}
	}
	edges := map[string]func(*Record){
		"nothing":          func(*Record) {},
		"4 bytes":          quantity(1<<32 - 1),
		"5 bytes":          quantity(1 << 32),
		"5 bytes, full":    quantity(1<<40 - 1),
		"6 bytes":          quantity(1 << 40),
		"6 bytes, full":    quantity(1<<48 - 1),
		"8 bytes":          quantity(1 << 48),
		"12 bytes":         quantity(1<<63 + 7),
		"negative":         func(r *Record) { quantity(5)(r); r.Negative = true },
		"large, negative":  func(r *Record) { quantity(1<<63 + 7)(r); r.Negative = true },
		"u16 of seconds":   func(r *Record) { r.End = r.Start + 65_535*second },
		"u32 of seconds":   func(r *Record) { r.End = r.Start + 65_536*second },
		"u32, full":        func(r *Record) { r.End = r.Start + (1<<32-1)*second },
		"too many seconds": func(r *Record) { r.End = r.Start + 1<<32*second },
		"half a second":    func(r *Record) { r.End = r.Start + second/2 },
		"ends before":      func(r *Record) { r.End = r.Start - second },
		"before 1970":      func(r *Record) { r.Start, r.End = -5*second, -3*second },
		"small codes":      func(r *Record) { r.SKU, r.Region = 65_535, 255 },
		"large sku":        func(r *Record) { r.SKU = 65_536 },
		"large region":     func(r *Record) { r.Region = 256 },
		"no codes":         func(r *Record) { r.SKU, r.Region = -1, -1 },
		"small texts": func(r *Record) {
			r.Resource, r.Name, r.Tag, r.Replaces = text(255), text(1), text(0), text(255)
		},
		"a large resource":   func(r *Record) { r.Resource, r.Replaces = text(256), text(3) },
		"a large name":       func(r *Record) { r.Name, r.Tag = text(256), text(3) },
		"a large tag":        func(r *Record) { r.Tag = text(MaxText) },
		"a large id":         func(r *Record) { r.ID, r.Replaces = text(MaxText), text(256) },
		"a long file":        func(r *Record) { r.File, r.Number = 1<<31-1, 1<<48-1 },
		"from the lake":      func(r *Record) { r.File, r.Number = FromLake, 1 },
		"the last customers": func(r *Record) { r.Customer = 1<<31 - 1 },
	}
	for name, set := range edges {
		want := Record{Customer: 1, SKU: 2, Region: 3, Start: 5 * second, End: 5 * second, ID: []byte("r1"), File: 4,
			Number: 6}
		set(&want)
		packed := want.Pack(nil)
		head, got := parseHead(packed[4:]), Record{}
		if err := head.Row(&got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.text() != want.text() || head.File() != want.File || head.Replaces() != (len(want.Replaces) > 0) {
			t.Errorf("%s: got %s, want %s", name, got.text(), want.text())
		}
		want.Seal(nil)
		if !bytes.Equal(got.Content(), want.Content()) {
			t.Errorf("%s: the content of a row that was read is not that of the row", name)
		}
	}
}

// TestExtent checks that the extent of a range of parts has exactly the rows of those parts.
func TestExtent(t *testing.T) {
	t.Parallel()
	r := &Run{segments: []segment{{part: 2, off: 0, size: 10}, {part: 5, off: 10, size: 20},
		{part: 7, off: 30, size: 5}, {part: 9, off: 35, size: 1}}}
	for _, c := range []struct {
		first, last RunPart
		off, n      int64
	}{{0, 1, 0, 0}, {0, 2, 0, 10}, {3, 7, 10, 25}, {5, 6, 10, 20}, {6, 6, 0, 0},
		{8, 100, 35, 1}, {10, 11, 0, 0}, {0, 100, 0, 36}} {
		if off, n := r.Extent(c.first, c.last); n != c.n || n > 0 && off != c.off {
			t.Errorf("parts %d to %d: %d bytes from %d on, want %d from %d on", c.first, c.last, n, off, c.n, c.off)
		}
	}
}

// TestLongRowsCrossBuffers reads rows that are longer than the remaining read buffer. Invariant: SORT-3.
func TestLongRowsCrossBuffers(t *testing.T) {
	t.Parallel()
	var c Chunk
	long := bytes.Repeat([]byte("x"), MaxText)
	for i := range 20 {
		r := Record{Start: period.Instant(i), ID: []byte{byte('a' + i)}, Resource: long, Name: long, Tag: long[:i]}
		c.Add(0, &r)
	}
	var disk bytes.Buffer
	run, err := c.Flush(&disk, func() (io.ReaderAt, error) { return bytes.NewReader(disk.Bytes()), nil })
	if err != nil {
		t.Fatal(err)
	}
	var b Buffers
	m, err := Merge([]*Run{run}, 0, &b)
	if err != nil {
		t.Fatal(err)
	}
	var r Record
	for i := range 20 {
		ok, err := m.Next(&r)
		if err != nil || !ok {
			t.Fatalf("row %d: %v, %v", i, ok, err)
		}
		if r.Start != period.Instant(i) || len(r.Resource) != MaxText || len(r.Tag) != i {
			t.Errorf("row %d came back as start %d, resource of %d bytes, tag of %d", i, r.Start, len(r.Resource),
				len(r.Tag))
		}
	}
	if ok, err := m.Next(&r); ok || err != nil {
		t.Errorf("after the last row: %v, %v", ok, err)
	}
}

// TestATornRunIsAnError checks that a run that is truncated within a row is an error.
func TestATornRunIsAnError(t *testing.T) {
	t.Parallel()
	var c Chunk
	c.Add(0, &Record{ID: []byte("a")})
	var disk bytes.Buffer
	run, err := c.Flush(&disk, func() (io.ReaderAt, error) { return bytes.NewReader(disk.Bytes()[:disk.Len()-3]), nil })
	if err != nil {
		t.Fatal(err)
	}
	var b Buffers
	m, err := Merge([]*Run{run}, 0, &b)
	if err == nil {
		var r Record
		_, err = m.Next(&r)
	}
	if err == nil {
		t.Error("a run that ends inside a row was read without an error")
	}
}

// TestEqualRecordsHaveEqualMarks checks that the mark that distinguishes duplicates from conflicts does not depend on
// the file and row of a record.
func TestEqualRecordsHaveEqualMarks(t *testing.T) {
	t.Parallel()
	a := Record{Start: 5, End: 9, ID: []byte("r1"), Resource: []byte("vm"), File: 1, Number: 7}
	b := a
	b.File, b.Number = 2, 900
	other := a
	other.End = 10
	seed := Seed("c1")
	for _, r := range []*Record{&a, &b, &other} {
		r.Seal(nil)
	}
	if a.Marks(seed) != b.Marks(seed) {
		t.Error("the same record in two files has different marks")
	}
	if a.Marks(seed).Identity != other.Marks(seed).Identity || a.Marks(seed).Content == other.Marks(seed).Content {
		t.Error("a record with another end must share the identity and differ in content")
	}
	if a.Marks(seed).Identity == a.Marks(Seed("c2")).Identity {
		t.Error("two customers' records of one id share an identity")
	}
}

// BenchmarkMerge measures rows per second when 28 runs are merged, as in a night of 20 million rows.
func BenchmarkMerge(b *testing.B) {
	const runsN, rowsN = 28, 2000
	runs := make([]*Run, runsN)
	for k := range runs {
		var c Chunk
		for i := range rowsN {
			r := Record{Customer: int32(i * 7 % 50), Start: period.Instant(i * 31 % 86400),
				ID: fmt.Appendf(nil, "record-%d-%d", k, i), Resource: []byte("i-0123456789")}
			c.Add(0, &r)
		}
		runs[k] = c.Hold()
	}
	var buffers Buffers
	var row Record
	b.ReportAllocs()
	for b.Loop() {
		m, err := Merge(runs, 0, &buffers)
		if err != nil {
			b.Fatal(err)
		}
		for {
			ok, err := m.Next(&row)
			if err != nil {
				b.Fatal(err)
			}
			if !ok {
				break
			}
		}
	}
	b.ReportMetric(float64(b.N)*runsN*rowsN/b.Elapsed().Seconds(), "rows/s")
}

// TestRadixSorts compares the radix sort with the comparison sort of the standard library.
func TestRadixSorts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ints := rapid.SliceOf(rapid.Int64Range(0, 1<<40-1)).Draw(t, "ints")
		want := slices.Sorted(slices.Values(ints))
		SortInts(ints, 40, nil)
		if !slices.Equal(ints, want) {
			t.Fatalf("ints: got %v, want %v", ints, want)
		}
		var marks []Marks
		for i, v := range rapid.SliceOf(rapid.SampledFrom([]uint64{0, 1, 1 << 63, 1<<64 - 1, 77 << 33,
			77<<33 + 1})).Draw(t, "identities") {
			marks = append(marks, Marks{Identity: v, Content: uint64(i)})
		}
		wantMarks := slices.Clone(marks)
		slices.SortStableFunc(wantMarks, func(a, b Marks) int { return cmp.Compare(a.Identity, b.Identity) })
		// most have the same highest bits
		wide := rapid.SliceOf(rapid.SampledFrom([]int64{0, 1, 1 << 55, 1<<55 + 1, 1<<55 + 2, 1<<56 - 1})).Draw(t,
			"hashes")
		want = slices.Sorted(slices.Values(wide))
		SortInts(wide, 56, nil)
		if !slices.Equal(wide, want) {
			t.Fatalf("hashes: got %v, want %v", wide, want)
		}
		if got := SortMarks(marks, make([]Marks, len(marks))); !slices.Equal(got, wantMarks) {
			t.Fatalf("marks: got %v, want %v", got, wantMarks)
		}
	})
}

// TestManyHashesSort sorts enough numbers to be distributed by their highest digit first: hashes, numbers with few
// distinct highest digits, and numbers with few distinct values.
func TestManyHashesSort(t *testing.T) {
	t.Parallel()
	const bits = 56
	for name, mask := range map[string]int64{"hashes": 1<<bits - 1, "two digits": 1<<(bits-11) | 1<<30 - 1,
		"one digit": 1<<40 - 1, "few values": 7<<53 | 5} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, uint64(mask)))
			ints := make([]int64, manyInts)
			for i := range ints {
				ints[i] = r.Int64() & mask
			}
			want := slices.Sorted(slices.Values(ints))
			SortInts(ints, bits, nil)
			if !slices.Equal(ints, want) {
				t.Error("not sorted")
			}
		})
	}
}

// TestManyRowsSortAsFewDo checks that chunks that are large enough to be sorted by key get the same order as by
// comparison, even if the ranges of customers and times exceed one key.
func TestManyRowsSortAsFewDo(t *testing.T) {
	t.Parallel()
	for name, spread := range map[string]period.Instant{"a day": 86_400, "centuries": 1 << 57} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, 2))
			var c Chunk
			for i := range 20_000 {
				r := Record{Customer: random.Int32N(1 << 20), Start: period.Instant(random.Int64N(int64(spread))),
					ID: fmt.Appendf(nil, "record-%d", i%3), File: int32(i)}
				if i%2 == 0 {
					r.Customer, r.Start = 7, 3 // equal rows, ordered by id and then by file
				}
				c.Add(RunPart(random.IntN(40)), &r)
			}
			want := slices.Clone(c.entries)
			slices.SortFunc(want, c.compare)
			got := c.sort()
			if !slices.EqualFunc(got, want, func(s slot, e entry) bool {
				return s == slot{e.place >> 32, e.off, e.size}
			}) {
				t.Error("sorting by key gives another order than comparing")
			}
		})
	}
}

// TestReserve checks that a chunk that may become large reserves memory in proportion to its rows, and that a large one
// is copied rarely.
func TestReserve(t *testing.T) {
	t.Parallel()
	const large = 48 << 20
	var c Chunk
	r := Record{ID: bytes.Repeat([]byte("x"), 100)}
	grows := 0
	for c.Size() < large {
		before := cap(c.bytes)
		c.Reserve(large)
		c.Add(1, &r)
		size := c.Size()
		if room := cap(c.bytes) + cap(c.entries)*entryBytes; size > 1<<20 && room > 5*size {
			t.Fatalf("%d bytes of rows have room for %d", size, room)
		}
		if size > 1<<20 && cap(c.bytes) != before {
			grows++
		}
	}
	if grows > 4 {
		t.Errorf("the chunk was copied %d times", grows)
	}
}

// BenchmarkFlush measures rows per second from adding them to a night's chunk to writing them as a sorted run.
func BenchmarkFlush(b *testing.B) {
	const rows = 300_000
	random := rand.New(rand.NewPCG(1, 2))
	list, parts := make([]Record, rows), make([]RunPart, rows)
	for i := range list {
		start := period.Instant(random.Int64N(86_400) * period.Second)
		list[i] = Record{Customer: random.Int32N(100_000), Start: start,
			End: start + 3600*period.Instant(period.Second),
			ID:  fmt.Appendf(nil, "usage-%012d", i), Resource: fmt.Appendf(nil, "i-%08x", random.Int32()),
			Name: []byte("server-17"), Tag: []byte("team=blue"), Number: int64(i)}
		parts[i] = RunPart(random.IntN(16))
	}
	out, err := os.Create(filepath.Join(b.TempDir(), "run"))
	if err != nil {
		b.Fatal(err)
	}
	defer out.Close()
	var c Chunk
	b.ReportAllocs()
	for b.Loop() {
		for i := range list {
			c.Add(parts[i], &list[i])
		}
		if _, err := out.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Flush(out, func() (io.ReaderAt, error) { return out, nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
}
