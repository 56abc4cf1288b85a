package accept

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"math/bits"
	"slices"

	"github.com/tollbook/tollbook/schemas/period"
)

// RunPart numbers a (bucket, day) pair, bucket-major: parts in ascending order are a bucket's days in order.
type RunPart uint32

// DayBits is the number of bits of a Part for the day.
const DayBits = 16

// segment is some of the rows of one part within a run: the index of the run. The rows of one customer and start are in
// one segment.
type segment struct {
	part      RunPart
	first     RecordKey // of its first row
	off, size int64
	rows      int64
	sum       uint32 // CRC-32C of its bytes, if Join made the run
}

// segmentRows is the number of rows from which a part has a further segment.
const segmentRows = 1 << 15

// Run is a sorted sequence of rows with its index by part.
type Run struct {
	data     io.ReaderAt
	memory   []byte // the rows, if they are in memory
	segments []segment
	every    int64     // rows from which a part has a further segment; 0 = segmentRows
	last     RecordKey // of the row that was added last
	regions  []int32   // by region code of the stored rows: the code that is returned; nil = no translation
	stored   bool      // in a file with a footer: its rows are read through copies (SORT-7)
}

// Chunk collects packed rows until it is sorted into a run. It holds less than 4 GiB.
type Chunk struct {
	SegmentRows int64 // rows from which a part has a further segment; 0 = default; for tests

	bytes    []byte
	entries  []entry
	reserved int    // bytes for which Reserve made room
	order    []slot // memory for sorting
	ties     []tied // memory for sorting rows of equal keys
	out      []byte // memory for writing
	fetched  byte   // keeps the compiler from removing the reads of fetch
}

// entry is a packed row with its first sort keys.
type entry struct {
	place     uint64 // part, then customer
	start     int64
	off, size uint32
}

// slot is what sorting moves instead of a row. It contains the row's position, so that copying rows in order needs no
// other lookup and can request the memory of several rows at once.
type slot struct {
	key       uint64 // while sorting: part, customer and start in one number; afterwards the part
	off, size uint32
}

// Add packs a row into the chunk and returns its packed bytes, which are valid until the next call.
func (c *Chunk) Add(part RunPart, r *Record) []byte {
	at := len(c.bytes)
	c.bytes = r.Pack(c.bytes)
	c.entries = append(c.entries, entry{uint64(part)<<32 | uint64(uint32(r.Customer)), int64(r.Start), uint32(at),
		uint32(len(c.bytes) - at)})
	return c.bytes[at:]
}

// Size returns the chunk's memory in bytes.
func (c *Chunk) Size() int { return len(c.bytes) + len(c.entries)*entryBytes }

// Len returns the number of rows.
func (c *Chunk) Len() int { return len(c.entries) }

// Reserve makes room in a chunk that will have at most the given size. From 1 MiB on the room grows by a factor of
// four, so that a large chunk is copied three times and a small month does not clear the memory of a large one.
func (c *Chunk) Reserve(size int) {
	const small, factor = 1 << 20, 4
	now := c.Size()
	if now < max(small, c.reserved-c.reserved/16) || c.reserved >= size {
		return
	}
	c.reserved = min(size, factor*now)
	perRow := now/len(c.entries) + 1
	rows := c.reserved/perRow + 1
	c.entries = grown(c.entries, rows)
	c.bytes = grown(c.bytes, rows*(perRow-entryBytes))
}

// grown returns s with a capacity of at least n. Unlike slices.Grow it does not touch new memory.
func grown[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s
	}
	out := make([]T, len(s), n)
	copy(out, s)
	return out
}

// entryBytes is the size of an entry.
const entryBytes = 24

func (c *Chunk) packed(off, size uint32) []byte { return c.bytes[off : off+size : off+size] }

// sort returns the rows in the order of SORT-1, each with its part.
func (c *Chunk) sort() []slot {
	c.order = slices.Grow(c.order[:0], 2*len(c.entries))
	if sorted, ok := c.sortByKey(); ok {
		return sorted
	}
	slices.SortFunc(c.entries, c.compare)
	for _, e := range c.entries {
		c.order = append(c.order, slot{e.place >> 32, e.off, e.size})
	}
	return c.order
}

func (c *Chunk) compare(a, b entry) int {
	if a.place != b.place {
		return cmp.Compare(a.place, b.place)
	}
	if a.start != b.start {
		return cmp.Compare(a.start, b.start)
	}
	return tail(parseHead(c.packed(a.off, a.size)[4:]), parseHead(c.packed(b.off, b.size)[4:]))
}

// sortByKey sorts by part, customer and start packed into one number, and compares rows with equal numbers. If the
// three do not fit into 64 bits, or the rows are few, it returns false and does nothing.
func (c *Chunk) sortByKey() ([]slot, bool) {
	const few = 1 << 12 // comparing is as fast
	if len(c.entries) < few {
		return nil, false
	}
	dense := make(map[uint32]uint64)
	low, high, customers, unit := c.entries[0].start, c.entries[0].start, uint64(0), int64(period.Second)
	for i := range c.entries {
		e := &c.entries[i]
		low, high, customers = min(low, e.start), max(high, e.start), max(customers, e.place&math.MaxUint32)
		if e.start%period.Second != 0 {
			unit = 1
		}
		if i == 0 || e.place>>32 != c.entries[i-1].place>>32 {
			dense[uint32(e.place>>32)] = 0
		}
	}
	parts := slices.Sorted(maps.Keys(dense))
	for i, part := range parts {
		dense[part] = uint64(i)
	}
	startBits, customerBits := bits.Len64(uint64(high-low)/uint64(unit)), bits.Len64(customers)
	total := startBits + customerBits + bits.Len(uint(len(parts)))
	if total > 64 {
		return nil, false
	}
	last, nth := uint32(0), dense[0]
	for i := range c.entries {
		e := &c.entries[i]
		if part := uint32(e.place >> 32); part != last {
			last, nth = part, dense[part]
		}
		key := (nth<<customerBits|e.place&math.MaxUint32)<<startBits | uint64(e.start-low)/uint64(unit)
		c.order = append(c.order, slot{key, e.off, e.size})
	}
	n := len(c.order)
	sorted := radix(c.order, c.order[n:2*n], total, func(s *slot) uint64 { return s.key })
	c.settle(sorted)
	for i := range sorted {
		sorted[i].key = uint64(parts[sorted[i].key>>(customerBits+startBits)])
	}
	return sorted, true
}

// settle sorts rows of equal keys by record id, content, file and row. Most ids differ in their first bytes. These are
// read once per row, because each access to a row's memory is slow.
func (c *Chunk) settle(sorted []slot) {
	for i := 0; i < len(sorted); {
		j := i + 1
		for j < len(sorted) && sorted[j].key == sorted[i].key {
			j++
		}
		if j > i+1 {
			c.settleTies(sorted[i:j])
		}
		i = j
	}
}

// tied is a slot of one of several rows with equal keys, and the first bytes of its record id.
type tied struct {
	id uint64
	slot
}

func (c *Chunk) settleTies(same []slot) {
	c.ties = c.ties[:0]
	for _, s := range same {
		c.ties = append(c.ties, tied{first8(parseID(c.bytes[s.off+4:])), s})
	}
	slices.SortFunc(c.ties, func(a, b tied) int {
		if a.id != b.id {
			return cmp.Compare(a.id, b.id)
		}
		return tail(parseHead(c.packed(a.off, a.size)[4:]), parseHead(c.packed(b.off, b.size)[4:]))
	})
	for i := range c.ties {
		same[i] = c.ties[i].slot
	}
}

// tail compares two rows with the same customer and start.
func tail(a, b Head) int {
	if d := bytes.Compare(a.ID, b.ID); d != 0 {
		return d
	}
	return bytes.Compare(a.rest, b.rest)
}

// Flush sorts the chunk, writes its rows to w in order, and returns the run's index. The chunk is empty afterwards.
// open returns a reader of what was written.
func (c *Chunk) Flush(w io.Writer, open func() (io.ReaderAt, error)) (*Run, error) {
	run, err := c.write(w, func(*segment, []byte) {})
	if err != nil {
		return nil, err
	}
	if run.data, err = open(); err != nil {
		return nil, fmt.Errorf("read back a sorted run: %w", err)
	}
	return run, nil
}

// Store is Flush for a file that will have a footer: it adds up the checksums of the segments and opens nothing.
func (c *Chunk) Store(w io.Writer) (*Run, error) { return c.write(w, newSummer()) }

// write sorts the chunk and writes its rows to w in order. It passes each row with its segment to added.
func (c *Chunk) write(w io.Writer, added func(s *segment, row []byte)) (*Run, error) {
	run, buf, off := &Run{every: c.SegmentRows}, c.out[:0], int64(0)
	if buf == nil {
		buf = make([]byte, 0, 1<<20)
	}
	sorted := c.sort()
	for i, s := range sorted {
		if i%ahead == 0 {
			c.fetch(sorted[i:min(i+ahead, len(sorted))])
		}
		row := c.packed(s.off, s.size)
		added(run.add(RunPart(s.key), off, row), row)
		off += int64(len(row))
		if len(buf)+len(row) > cap(buf) {
			if _, err := w.Write(buf); err != nil {
				return nil, fmt.Errorf("write a sorted run: %w", err)
			}
			buf = buf[:0]
		}
		buf = append(buf, row...)
	}
	if _, err := w.Write(buf); err != nil {
		return nil, fmt.Errorf("write a sorted run: %w", err)
	}
	c.bytes, c.entries, c.out = c.bytes[:0], c.entries[:0], buf
	return run, nil
}

// ahead is the number of rows whose memory is fetched before they are copied.
const ahead = 32

// fetch touches the rows at scattered places together, so that the memory accesses overlap. Copying alone would wait
// for each of them in turn.
func (c *Chunk) fetch(rows []slot) {
	for _, s := range rows {
		c.fetched |= c.bytes[s.off] | c.bytes[s.off+s.size-1]
	}
}

// Hold sorts the chunk into a run that stays in memory. The chunk is empty afterwards.
func (c *Chunk) Hold() *Run {
	run := &Run{memory: make([]byte, 0, len(c.bytes)), every: c.SegmentRows}
	sorted := c.sort()
	for i, s := range sorted {
		if i%ahead == 0 {
			c.fetch(sorted[i:min(i+ahead, len(sorted))])
		}
		row := c.packed(s.off, s.size)
		run.add(RunPart(s.key), int64(len(run.memory)), row)
		run.memory = append(run.memory, row...)
	}
	c.bytes, c.entries = c.bytes[:0], c.entries[:0]
	return run
}

// Bytes returns the size of the chunk's packed rows, which is that of the resulting run.
func (c *Chunk) Bytes() int { return len(c.bytes) }

// add adds a packed row at an offset to the last segment, or to a new one if its part is another or the last one has
// enough rows, and returns the segment.
func (r *Run) add(part RunPart, off int64, row []byte) *segment {
	n, key := len(r.segments), keyOf(row[4:])
	if n == 0 || r.segments[n-1].part != part ||
		r.segments[n-1].rows >= cmp.Or(r.every, segmentRows) && key != r.last {
		r.segments, n = append(r.segments, segment{part: part, first: key, off: off}), n+1
	}
	r.last = key
	s := &r.segments[n-1]
	s.size += int64(len(row))
	s.rows++
	return s
}

// newSummer returns a function that adds a row to the checksum of its segment (SORT-5).
func newSummer() func(s *segment, row []byte) {
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	return func(s *segment, row []byte) { s.sum = crc32.Update(s.sum, castagnoli, row) }
}

// find returns the index of the run's first segment of a part.
func (r *Run) find(part RunPart) (i int, ok bool) {
	return slices.BinarySearchFunc(r.segments, part, func(s segment, p RunPart) int { return cmp.Compare(s.part, p) })
}

// within returns the indexes of the first segment of a part that can have rows of a range, and of the one after the
// last.
func (r *Run) within(part RunPart, in Range) (from, to int) {
	i, _ := r.find(part)
	for from = i; i < len(r.segments) && r.segments[i].part == part && r.segments[i].first.Compare(in.To) < 0; i++ {
		if r.segments[i].first.Compare(in.From) <= 0 {
			from = i
		}
	}
	return from, i
}

// Extent returns where a run stores the rows of the parts from first to last: n bytes from off on; n is 0 if it has
// none.
func (r *Run) Extent(first, last RunPart) (off, n int64) {
	i, _ := r.find(first)
	for ; i < len(r.segments) && r.segments[i].part <= last; i++ {
		if n == 0 {
			off = r.segments[i].off
		}
		n = r.segments[i].off + r.segments[i].size - off
	}
	return off, n
}

// PartsOfRuns lists the parts that occur in any of the runs, ascending, with their numbers of rows.
func PartsOfRuns(runs []*Run) ([]RunPart, map[RunPart]int64) {
	rows := make(map[RunPart]int64)
	for _, r := range runs {
		for _, s := range r.segments {
			rows[s.part] += s.rows
		}
	}
	parts := make([]RunPart, 0, len(rows))
	for p := range rows {
		parts = append(parts, p)
	}
	slices.Sort(parts)
	return parts, rows
}

// Size returns the size of the run's rows in bytes.
func (r *Run) Size() (n int64) {
	for _, s := range r.segments {
		n += s.size
	}
	return n
}
