package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/s2"

	"github.com/tollbook/tollbook/schemas/table"
)

// FrameWriter writes batches of memory as frames, for scratch space. Frames are fast to write and to read sequentially,
// and there is no footer that grows with their number. Numbers are varints of differences, decimals of up to 64 bits
// are varints. The format is only used within the program.
type FrameWriter struct {
	w    io.Writer
	raw  []byte
	pack []byte
}

// NewFrameWriter returns a writer of frames to w.
func NewFrameWriter(w io.Writer) *FrameWriter { return &FrameWriter{w: w} }

// frameHead is the size of the header of a frame: its compressed and its full length.
const frameHead = 8

// Write writes a batch; an empty one writes nothing.
func (f *FrameWriter) Write(c *untyped) error {
	if c.N == 0 {
		return nil
	}
	if err := c.check(); err != nil {
		return err
	}
	f.raw = binary.LittleEndian.AppendUint32(f.raw[:0], uint32(c.N))
	for i := range c.c {
		f.raw = c.c[i].appendTo(f.raw, c.Def.Columns[i].Type)
	}
	need := frameHead + s2.MaxEncodedLen(len(f.raw))
	if need < frameHead {
		return fmt.Errorf("write table %s: a batch of %d bytes is too large for a frame", c.Def.Name, len(f.raw))
	}
	f.pack = slices.Grow(f.pack[:0], need)[:need]
	packed := s2.Encode(f.pack[frameHead:], f.raw)
	binary.LittleEndian.PutUint32(f.pack, uint32(len(packed)))
	binary.LittleEndian.PutUint32(f.pack[4:], uint32(len(f.raw)))
	_, err := f.w.Write(f.pack[:frameHead+len(packed)])
	return err
}

// appendTo appends a column's entries.
func (c *Col) appendTo(dst []byte, t table.Type) []byte {
	constant := byte(0)
	if c.Const {
		constant = 1
	}
	dst = append(dst, constant)
	switch t {
	case table.Word:
		dst = appendInts(dst, c.Codes)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(c.Dict)))
		for _, word := range c.Dict {
			dst = append(binary.LittleEndian.AppendUint32(dst, uint32(len(word))), word...)
		}
	case table.Small:
		dst = appendInts(dst, c.Codes)
	case table.Time, table.MaybeTime, table.Whole:
		dst = appendInts(dst, c.Ints)
	case table.Amount, table.Quantity, table.Cost:
		dst = appendDecs(dst, c.Decs)
	default:
		dst = appendInts(dst, c.Ends)
		dst = append(binary.LittleEndian.AppendUint32(dst, uint32(len(c.Bytes))), c.Bytes...)
	}
	return dst
}

func appendInts[T int32 | int64](dst []byte, list []T) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(list)))
	last := T(0)
	for _, v := range list {
		dst = binary.AppendVarint(dst, int64(v-last)) // can overflow, which the reader reverses
		last = v
	}
	return dst
}

// appendDecs appends decimals: 0 and varints if all fit 64 bits, else 1 and fixed widths.
func appendDecs(dst []byte, list []Dec) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(list)))
	if slices.ContainsFunc(list, func(v Dec) bool { return v.Hi != int64(v.Lo)>>63 }) {
		dst = append(dst, 1)
		for _, v := range list {
			dst = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(dst, uint64(v.Hi)), v.Lo)
		}
		return dst
	}
	dst = append(dst, 0)
	for _, v := range list {
		dst = binary.AppendVarint(dst, int64(v.Lo))
	}
	return dst
}

// FrameReader reads the frames of a FrameWriter.
type FrameReader struct {
	r    io.Reader
	out  *untyped
	raw  []byte
	pack []byte
}

// NewFrameReader returns a reader of frames with batches of a table.
func NewFrameReader(r io.Reader, def *table.Table) *FrameReader {
	return &FrameReader{r: r, out: NewColumns(table.Untyped(def))}
}

// Next returns the next frame's columns, or nil at the end (COL-3).
func (f *FrameReader) Next() (*untyped, error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, fmt.Errorf("read a frame of table %s: %w", f.out.Def.Name, err)
	}
	packed, full := int(binary.LittleEndian.Uint32(head[:])), int(binary.LittleEndian.Uint32(head[4:]))
	f.pack = slices.Grow(f.pack[:0], packed)[:packed]
	f.raw = slices.Grow(f.raw[:0], full)[:full]
	_, err := io.ReadFull(f.r, f.pack)
	if err == nil {
		f.raw, err = s2.Decode(f.raw, f.pack)
	}
	if err != nil {
		return nil, fmt.Errorf("read a frame of table %s: %w", f.out.Def.Name, err)
	}
	in := frame{rest: f.raw}
	f.out.Reset()
	f.out.N = in.count(0)
	for i := range f.out.c {
		in.column(&f.out.c[i], f.out.Def.Columns[i].Type)
	}
	if in.short || len(in.rest) > 0 {
		return nil, fmt.Errorf("read a frame of table %s: its content is not what it states", f.out.Def.Name)
	}
	return f.out, f.out.check()
}

// frame is the unread rest of a frame; short means that it ended too early.
type frame struct {
	rest  []byte
	short bool
}

// take returns the next n bytes.
func (f *frame) take(n int) []byte {
	if n > len(f.rest) {
		f.short, f.rest = true, nil
		return make([]byte, 0)
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

// count reads a number of entries that each take at least size bytes.
func (f *frame) count(size int) int {
	b := f.take(4)
	if len(b) < 4 {
		return 0
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n*size > len(f.rest) {
		f.short, f.rest = true, nil
		return 0
	}
	return n
}

// varint reads the next varint.
func (f *frame) varint() int64 {
	v, n := binary.Varint(f.rest)
	if n <= 0 {
		f.short, f.rest = true, nil
		return 0
	}
	f.rest = f.rest[n:]
	return v
}

func takeInts[T int32 | int64](f *frame, dst []T) []T {
	n := f.count(1)
	dst = slices.Grow(dst, n)
	last := T(0)
	for range n {
		last += T(f.varint())
		dst = append(dst, last)
	}
	return dst
}

func (f *frame) decs(dst []Dec) []Dec {
	n := f.count(1)
	dst = slices.Grow(dst, n)
	if wide := f.take(1); len(wide) > 0 && wide[0] == 1 {
		for b := f.take(16 * n); len(b) >= 16; b = b[16:] {
			dst = append(dst, Dec{int64(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint64(b[8:])})
		}
		return dst
	}
	for range n {
		v := f.varint()
		dst = append(dst, Dec{v >> 63, uint64(v)})
	}
	return dst
}

// column fills an empty column.
func (f *frame) column(c *Col, t table.Type) {
	if b := f.take(1); len(b) > 0 {
		c.Const = b[0] == 1
	}
	switch t {
	case table.Word:
		c.Codes = takeInts(f, c.Codes)
		f.words(c)
	case table.Small:
		c.Codes = takeInts(f, c.Codes)
	case table.Time, table.MaybeTime, table.Whole:
		c.Ints = takeInts(f, c.Ints)
	case table.Amount, table.Quantity, table.Cost:
		c.Decs = f.decs(c.Decs)
	default:
		c.Ends = takeInts(f, c.Ends)
		c.Bytes = append(c.Bytes, f.take(f.count(1))...)
	}
}

// words reads a dictionary. It reuses a word that the previous frame had at the same place.
func (f *frame) words(c *Col) {
	known := c.Dict[:cap(c.Dict)]
	for i := range f.count(4) {
		b := f.take(f.count(1))
		if i < len(known) && known[i] == string(b) {
			c.Dict = append(c.Dict, known[i])
			continue
		}
		c.Dict = append(c.Dict, string(b))
	}
}
