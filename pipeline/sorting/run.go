package sorting

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"math/bits"
	"slices"
)

// Part numbers a (bucket, day): bucket-major, so that parts in order are a bucket's days in order.
type Part uint32

// segment is the rows of one part within a run.
type segment struct {
	part      Part
	off, size int64
	rows      int64
}

// Run is a sorted sequence of rows with its index by part.
type Run struct {
	data     io.ReaderAt
	memory   []byte // the rows, when they never left memory
	segments []segment
}

// Chunk gathers packed rows until it is sorted into a run.
type Chunk struct {
	bytes    []byte
	entries  []entry
	reserved bool
}

// entry is what sorting moves instead of a row.
type entry struct {
	place  uint64 // part, then customer
	start  int64
	prefix uint64 // first bytes of the id, as they sort
	off    int64
}

// Add packs a row into the chunk and returns its packed bytes, which are valid until the next call.
func (c *Chunk) Add(part Part, r *Row) []byte {
	at := len(c.bytes)
	c.bytes = r.Pack(c.bytes)
	c.entries = append(c.entries, entry{uint64(part)<<32 | uint64(uint32(r.Customer)), int64(r.Start), prefix(r.ID), int64(at)})
	return c.bytes[at:]
}

// prefix is the first eight bytes of an id as a number that sorts like them.
func prefix(id []byte) uint64 {
	if len(id) >= 8 {
		return binary.BigEndian.Uint64(id)
	}
	var b [8]byte
	copy(b[:], id)
	return binary.BigEndian.Uint64(b[:])
}

// Size is the chunk's memory in bytes.
func (c *Chunk) Size() int { return len(c.bytes) + len(c.entries)*entryBytes }

// Len is the number of rows.
func (c *Chunk) Len() int { return len(c.entries) }

// Reserve makes room for a chunk of the given size once it has shown that it will be a large one, so that it is not copied over
// and over as it grows.
func (c *Chunk) Reserve(size int) {
	const large = 1 << 20
	if c.reserved || len(c.bytes) < large {
		return
	}
	c.reserved = true
	perRow := len(c.bytes)/len(c.entries) + entryBytes
	rows := size/perRow + 1
	c.entries = slices.Grow(c.entries, max(0, rows-len(c.entries)))
	c.bytes = slices.Grow(c.bytes, max(0, size-rows*entryBytes+perRow-len(c.bytes)))
}

// entryBytes is the size of an entry.
const entryBytes = 32

func (c *Chunk) packed(e entry) []byte {
	b := c.bytes[e.off:]
	return b[:4+int(binary.LittleEndian.Uint32(b))]
}

// sort is SORT-1.
func (c *Chunk) sort() {
	if !c.sortByKey() {
		slices.SortFunc(c.entries, c.compare)
	}
}

func (c *Chunk) compare(a, b entry) int {
	if a.place != b.place {
		return cmp.Compare(a.place, b.place)
	}
	if a.start != b.start {
		return cmp.Compare(a.start, b.start)
	}
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	return tail(parseHead(c.packed(a)[4:]), parseHead(c.packed(b)[4:]))
}

// keyed is an entry's place and start in one number, and which entry it is.
type keyed struct {
	key   uint64
	index uint32
}

// sortByKey sorts by part, customer and start with the three in one number, and equal ones by comparing. It reports false, and has done
// nothing, where they do not fit: few rows over many days and customers.
func (c *Chunk) sortByKey() bool {
	const few = 1 << 12 // comparing is as fast
	if len(c.entries) < few {
		return false
	}
	parts := make(map[uint32]uint64)
	low, high, customers := c.entries[0].start, c.entries[0].start, uint64(0)
	for i := range c.entries {
		e := &c.entries[i]
		low, high, customers = min(low, e.start), max(high, e.start), max(customers, e.place&math.MaxUint32)
		parts[uint32(e.place>>32)] = 0
	}
	for i, part := range slices.Sorted(maps.Keys(parts)) {
		parts[part] = uint64(i)
	}
	startBits, customerBits := bits.Len64(uint64(high-low)), bits.Len64(customers)
	total := startBits + customerBits + bits.Len(uint(len(parts)))
	if total > 64 {
		return false
	}
	list := make([]keyed, 2*len(c.entries))
	list, spare := list[:len(c.entries)], list[len(c.entries):]
	last, dense := uint32(0), parts[0]
	for i := range c.entries {
		e := &c.entries[i]
		if part := uint32(e.place >> 32); part != last {
			last, dense = part, parts[part]
		}
		list[i] = keyed{(dense<<customerBits|e.place&math.MaxUint32)<<startBits | uint64(e.start-low), uint32(i)}
	}
	c.take(radix(list, spare, total, func(k *keyed) uint64 { return k.key }))
	return true
}

// take puts the entries into the order of the list, and equal keys among themselves into theirs.
func (c *Chunk) take(list []keyed) {
	sorted := make([]entry, len(list))
	for i := range list {
		sorted[i] = c.entries[list[i].index]
	}
	for i := 0; i < len(list); {
		j := i + 1
		for j < len(list) && list[j].key == list[i].key {
			j++
		}
		if j > i+1 {
			slices.SortFunc(sorted[i:j], c.compare)
		}
		i = j
	}
	copy(c.entries, sorted)
}

// tail orders two rows of the same customer and start.
func tail(a, b Head) int {
	if d := bytes.Compare(a.ID, b.ID); d != 0 {
		return d
	}
	return bytes.Compare(a.rest, b.rest)
}

// Flush sorts the chunk, hands its rows to w in order, and returns the run's index; the chunk is empty afterwards.
// open gives the readable form of what was written.
func (c *Chunk) Flush(w io.Writer, open func() (io.ReaderAt, error)) (*Run, error) {
	c.sort()
	run, buf, off := &Run{}, make([]byte, 0, 1<<20), int64(0)
	for _, e := range c.entries {
		row := c.packed(e)
		run.add(Part(e.place>>32), off, int64(len(row)))
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
	data, err := open()
	if err != nil {
		return nil, fmt.Errorf("read back a sorted run: %w", err)
	}
	run.data = data
	c.bytes, c.entries = c.bytes[:0], c.entries[:0]
	return run, nil
}

// Keep sorts the chunk into a run that stays in memory; the chunk must not be used afterwards.
func (c *Chunk) Keep() *Run {
	c.sort()
	run := &Run{memory: make([]byte, 0, len(c.bytes))}
	for _, e := range c.entries {
		row := c.packed(e)
		run.add(Part(e.place>>32), int64(len(run.memory)), int64(len(row)))
		run.memory = append(run.memory, row...)
	}
	c.bytes, c.entries = nil, nil
	return run
}

func (r *Run) add(part Part, off, size int64) {
	if n := len(r.segments); n > 0 && r.segments[n-1].part == part {
		r.segments[n-1].size += size
		r.segments[n-1].rows++
		return
	}
	r.segments = append(r.segments, segment{part: part, off: off, size: size, rows: 1})
}

// find returns the run's segment of a part.
func (r *Run) find(part Part) (segment, bool) {
	i, ok := slices.BinarySearchFunc(r.segments, part, func(s segment, p Part) int { return cmp.Compare(s.part, p) })
	if !ok {
		return segment{}, false
	}
	return r.segments[i], true
}

// On reports whether the run reads from data.
func (r *Run) On(data io.ReaderAt) bool { return r.data == data }

// Parts lists the parts that occur in any of the runs, ascending, with their rows.
func Parts(runs []*Run) ([]Part, map[Part]int64) {
	rows := make(map[Part]int64)
	for _, r := range runs {
		for _, s := range r.segments {
			rows[s.part] += s.rows
		}
	}
	parts := make([]Part, 0, len(rows))
	for p := range rows {
		parts = append(parts, p)
	}
	slices.Sort(parts)
	return parts, rows
}
