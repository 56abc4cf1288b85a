package accept

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
)

// RunSource returns rows in the order of SORT-1. Next fills r and returns false at the end. What r points to is valid
// until the next call.
type RunSource interface {
	Next(r *Record) (bool, error)
}

// cursor reads successive segments of one run.
type cursor struct {
	data     io.ReaderAt
	off, end int64 // the range that is not yet in buf
	buf      []byte
	pos      int
	head     Head
	other    *translated // source of rows with translated regions; nil = they come from data or buf
}

// bufferSize is the read size of a cursor: small enough to stay in the cache until it is used, large enough for few
// calls.
const bufferSize = 64 << 10

// next moves to the next row; it returns false at the end.
func (c *cursor) next() (bool, error) {
	if b := c.buf[c.pos:]; len(b) >= 4 {
		if size := int(binary.LittleEndian.Uint32(b)); len(b)-4 >= size { // all but one row in a thousand
			c.head = parseHead(b[4 : 4+size])
			c.pos += 4 + size
			return true, nil
		}
	}
	return c.nextPart()
}

// nextPart is next if the row is not complete in the buffer.
func (c *cursor) nextPart() (bool, error) {
	if c.other != nil {
		row, err := c.other.next()
		if err != nil || row == nil {
			return false, err
		}
		c.head = parseHead(row[4:])
		return true, nil
	}
	if err := c.need(4); err != nil {
		return false, err
	}
	if c.pos == len(c.buf) {
		return false, nil
	}
	size := int(binary.LittleEndian.Uint32(c.buf[c.pos:]))
	if int64(len(c.buf)-c.pos)+c.end-c.off < int64(4+size) {
		return false, errors.New("a sorted run ends inside a row")
	}
	if err := c.need(4 + size); err != nil {
		return false, err
	}
	c.head = parseHead(c.buf[c.pos+4 : c.pos+4+size])
	c.pos += 4 + size
	return true, nil
}

// packed returns the current row with its size.
func (c *cursor) packed() []byte {
	if c.other != nil {
		return c.other.rows[c.other.at]
	}
	size := fixed + len(c.head.ID) - 4 + len(c.head.rest)
	return c.buf[c.pos-size-4 : c.pos]
}

// need makes n bytes available from pos on, if that many are left.
func (c *cursor) need(n int) error {
	if len(c.buf)-c.pos >= n || c.off == c.end {
		return nil
	}
	rest := len(c.buf) - c.pos
	size := max(min(bufferSize, rest+int(min(c.end-c.off, bufferSize))), n)
	if cap(c.buf) < size {
		grown := make([]byte, rest, size)
		copy(grown, c.buf[c.pos:])
		c.buf = grown
	} else {
		copy(c.buf[:rest], c.buf[c.pos:])
	}
	take := min(int64(size-rest), c.end-c.off)
	c.buf, c.pos = c.buf[:rest+int(take)], 0
	got, err := c.data.ReadAt(c.buf[rest:], c.off)
	if got < int(take) {
		return fmt.Errorf("read a sorted run: %w", err)
	}
	c.off += take
	return nil
}

// Checksum returns the CRC-32C of n bytes from off on.
func Checksum(data io.ReaderAt, off, n int64) (uint32, error) {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	if got, err := io.Copy(sum, io.NewSectionReader(data, off, n)); err != nil || got < n {
		return 0, cmp.Or(err, io.ErrUnexpectedEOF)
	}
	return sum.Sum32(), nil
}

// contender is a cursor in the heap with the beginning of its row's key, as three numbers that sort like the key:
// customer and the high half of start; the low half and four bytes of the id; the next eight bytes of the id. Rows that
// are equal in all three are compared completely.
type contender struct {
	first, second, third uint64
	*cursor
}

func (c *contender) set() {
	start := uint64(c.head.Start) ^ 1<<63 // unsigned, in the same order
	c.first = uint64(uint32(c.head.Customer))<<32 | start>>32
	c.second = start<<32 | first8(c.head.ID)>>32
	if id := c.head.ID; len(id) > 4 {
		c.third = first8(id[4:])
	} else {
		c.third = 0
	}
}

// first8 returns the first eight bytes of an id as a number that sorts like them. A shorter id is padded with zeros.
func first8(id []byte) uint64 {
	if len(id) >= 8 {
		return binary.BigEndian.Uint64(id)
	}
	var b [8]byte
	copy(b[:], id)
	return binary.BigEndian.Uint64(b[:])
}

// less returns 1 if the current row of a is before that of b, else 0. A number saves the caller a branch.
func less(a, b *contender) int {
	if a.first == b.first && a.second == b.second {
		return lessByID(a, b)
	}
	_, borrow := bits.Sub64(a.second, b.second, 0)
	_, borrow = bits.Sub64(a.first, b.first, borrow)
	return int(borrow)
}

// lessByID is less for rows of one customer and start whose ids begin with the same bytes.
func lessByID(a, b *contender) int {
	if a.third < b.third || a.third == b.third && tail(a.head, b.head) < 0 {
		return 1
	}
	return 0
}

// Merger returns the rows of one part from all runs, in order.
type Merger struct {
	heap    []contender
	in      Range
	started bool
	buffers *Buffers
}

// Buffers is the read memory of one worker's mergers, used by one merger at a time.
type Buffers struct {
	Temp rows.Temp // for copies of rows of stored runs

	free   [][]byte
	copies map[original]copied
	files  []copyFile
}

// Merge starts to merge a part of the runs. Its read buffers are taken from b and returned to it at the end.
func Merge(runs []*Run, part RunPart, b *Buffers) (*Merger, error) {
	return MergeRange(runs, part, All, b)
}

// MergeRange is Merge for the rows of a range.
func MergeRange(runs []*Run, part RunPart, in Range, b *Buffers) (*Merger, error) {
	m := &Merger{in: in, buffers: b}
	if err := b.fetch(runs, part, in); err != nil {
		return nil, fmt.Errorf("read a sorted run: %w", err)
	}
	for _, r := range runs {
		c, err := r.open(part, in, b)
		if err != nil {
			return nil, err
		}
		if c != nil {
			m.heap = append(m.heap, contender{cursor: c})
			m.heap[len(m.heap)-1].set()
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	m.limit()
	return m, nil
}

// open returns a cursor at the first row of a part that is in a range or after it; nil = there is none in the segments
// that can have rows of the range.
func (r *Run) open(part RunPart, in Range, b *Buffers) (*cursor, error) {
	from, to := r.within(part, in)
	if from == to {
		return nil, nil
	}
	off, end := r.segments[from].off, r.segments[to-1].off+r.segments[to-1].size
	c, data := &cursor{}, r.data
	if r.stored {
		data = &copyReader{r, b.copies}
	}
	switch {
	case r.regions != nil:
		c.other = &translated{regions: r.regions, raw: cursor{data: data, off: off, end: end}}
	case r.memory != nil:
		c.buf = r.memory[off:end]
	default:
		c.data, c.off, c.end = data, off, end
		if n := len(b.free); n > 0 {
			c.buf, b.free = b.free[n-1][:0], b.free[:n-1]
		}
	}
	for {
		ok, err := c.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			c.release(b)
			return nil, nil
		}
		if in.From == All.From || c.head.key().Compare(in.From) >= 0 {
			return c, nil
		}
	}
}

// release returns the read buffer of a cursor that is finished.
func (c *cursor) release(b *Buffers) {
	if c.data != nil {
		b.free = append(b.free, c.buf)
	}
}

// limit ends the merger if its next row is after the range.
func (m *Merger) limit() {
	if m.in.To == All.To || len(m.heap) == 0 || m.heap[0].head.key().Compare(m.in.To) < 0 {
		return
	}
	for i := range m.heap {
		m.heap[i].release(m.buffers)
	}
	m.heap = m.heap[:0]
}

// Next returns the next row.
func (m *Merger) Next(r *Record) (bool, error) {
	if m.started {
		if err := m.advance(); err != nil {
			return false, err
		}
	}
	m.started = true
	if len(m.heap) == 0 {
		return false, nil
	}
	return true, m.heap[0].head.Row(r)
}

func (m *Merger) advance() error {
	if len(m.heap) == 0 {
		return nil
	}
	ok, err := m.heap[0].next()
	if err != nil {
		return err
	}
	if ok {
		m.heap[0].set()
	} else {
		m.drop()
	}
	m.down(0)
	m.limit()
	return nil
}

// drop removes the first cursor, which is finished, from the heap.
func (m *Merger) drop() {
	last := len(m.heap) - 1
	m.heap[0].release(m.buffers)
	m.heap[0], m.heap[last] = m.heap[last], contender{}
	m.heap = m.heap[:last]
}

func (m *Merger) down(i int) {
	if i >= len(m.heap) {
		return
	}
	top := m.heap[i]
	for {
		child := 2*i + 1
		if child >= len(m.heap) {
			break
		}
		if child+1 < len(m.heap) {
			child += less(&m.heap[child+1], &m.heap[child])
		}
		if less(&m.heap[child], &top) == 0 {
			break
		}
		m.heap[i] = m.heap[child]
		i = child
	}
	m.heap[i] = top
}

// ScanRuns calls visit for every row of a part, run by run; rows are not ordered across runs. The head is valid until
// visit returns.
func ScanRuns(runs []*Run, part RunPart, b *Buffers, visit func(*Head) error) error {
	return ScanRange(runs, part, All, b, visit)
}

// ScanRange is Scan for the rows of a range.
func ScanRange(runs []*Run, part RunPart, in Range, b *Buffers, visit func(*Head) error) error {
	if err := b.fetch(runs, part, in); err != nil { // of all runs at once
		return fmt.Errorf("read a sorted run: %w", err)
	}
	for i := range runs {
		m, err := MergeRange(runs[i:i+1], part, in, b)
		if err != nil {
			return err
		}
		for len(m.heap) > 0 {
			if err := visit(&m.heap[0].head); err != nil {
				return err
			}
			if err := m.advance(); err != nil {
				return err
			}
		}
	}
	return nil
}

// errKept ends the search for a row of a kept file.
var errKept = errors.New("a row is kept")

// Without removes the parts of runs in which no row belongs to a file that is kept.
func Without(runs []*Run, keep func(file int32) bool, b *Buffers) error {
	for i, r := range runs {
		kept := make([]segment, 0, len(r.segments))
		for first := 0; first < len(r.segments); {
			part, last := r.segments[first].part, first
			for last < len(r.segments) && r.segments[last].part == part {
				last++
			}
			err := ScanRuns(runs[i:i+1], part, b, func(h *Head) error {
				if keep(h.File()) {
					return errKept
				}
				return nil
			})
			if err == errKept {
				kept = append(kept, r.segments[first:last]...)
			} else if err != nil {
				return err
			}
			first = last
		}
		if err := b.Drop(); err != nil { // copies are known by the numbers of the segments
			return err
		}
		r.segments = kept
	}
	return nil
}

// Join merges runs into one, to limit how many runs a merge reads. w and open are used as in Chunk.Flush.
func Join(runs []*Run, b *Buffers, w io.Writer, open func() (io.ReaderAt, error)) (*Run, error) {
	joined, off, sum := &Run{}, int64(0), newSummer()
	if len(runs) > 0 {
		joined.every = runs[0].every
	}
	out := bufio.NewWriterSize(w, 1<<20)
	parts, _ := PartsOfRuns(runs)
	for _, part := range parts {
		m, err := Merge(runs, part, b)
		if err != nil {
			return nil, err
		}
		for len(m.heap) > 0 {
			row := m.heap[0].packed()
			sum(joined.add(part, off, row), row)
			off += int64(len(row))
			if _, err := out.Write(row); err != nil {
				return nil, fmt.Errorf("join sorted runs: %w", err)
			}
			if err := m.advance(); err != nil {
				return nil, err
			}
		}
	}
	if err := out.Flush(); err != nil {
		return nil, fmt.Errorf("join sorted runs: %w", err)
	}
	data, err := open()
	if err != nil {
		return nil, fmt.Errorf("read back joined runs: %w", err)
	}
	joined.data = data
	return joined, nil
}
