package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go/format"
)

// kind is the type of a value in Thrift's compact protocol.
type kind byte

const (
	kindTrue   kind = 1
	kindFalse  kind = 2
	kindByte   kind = 3
	kindI16    kind = 4
	kindI32    kind = 5
	kindI64    kind = 6
	kindDouble kind = 7
	kindBinary kind = 8
	kindList   kind = 9
	kindSet    kind = 10
	kindMap    kind = 11
	kindStruct kind = 12
)

// maxDepth is how deep the structures of a file that are skipped may be nested.
const maxDepth = 32

var errThrift = errors.New("damaged structure")

// compact reads successive values of Thrift's compact protocol. After a value is missing it has failed, and returns
// zeros and no further fields.
type compact struct {
	b      []byte
	at     int
	failed bool
}

func (c *compact) err(what string) error {
	if c.failed {
		return fmt.Errorf("%s: %w", what, errThrift)
	}
	return nil
}

func (c *compact) uvarint() uint64 {
	v, n := binary.Uvarint(c.b[c.at:])
	if n <= 0 || c.failed {
		c.failed = true
		return 0
	}
	c.at += n
	return v
}

// whole reads an i16, i32 or i64.
func (c *compact) whole() int64 {
	v := c.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

// small is whole for an i32.
func (c *compact) small() int32 {
	v := c.whole()
	if v < math.MinInt32 || v > math.MaxInt32 {
		c.failed = true
		return 0
	}
	return int32(v)
}

// binary reads bytes, which are those of the source.
func (c *compact) binary() []byte {
	n := c.uvarint()
	if n > uint64(len(c.b)-c.at) || c.failed {
		c.failed = true
		return nil
	}
	c.at += int(n)
	return c.b[c.at-int(n) : c.at]
}

func (c *compact) next() byte {
	if c.at >= len(c.b) || c.failed {
		c.failed = true
		return 0
	}
	c.at++
	return c.b[c.at-1]
}

// structure reads a structure. visit reads the value of a field of the given type, or returns false.
func (c *compact) structure(visit func(field int64, k kind) bool) {
	field := int64(0)
	for !c.failed {
		head := c.next()
		k := kind(head & 0xF)
		if k == 0 {
			return
		}
		if step := int64(head >> 4); step > 0 {
			field += step
		} else {
			field = c.whole()
		}
		if !visit(field, k) {
			c.skip(k, maxDepth)
		}
	}
}

// list reads a list of values of a type; visit reads one.
func (c *compact) list(of kind, visit func()) {
	n, k := c.listHead()
	if k != of && n > 0 {
		c.failed = true
	}
	for ; n > 0 && !c.failed; n-- {
		visit()
	}
}

// listHead reads the number and the type of a list's values. A value takes a byte at least.
func (c *compact) listHead() (n int, k kind) {
	head := c.next()
	size := uint64(head >> 4)
	if size == 15 {
		size = c.uvarint()
	}
	if size > uint64(len(c.b)-c.at) {
		c.failed = true
		return 0, 0
	}
	return int(size), kind(head & 0xF)
}

// skip skips a value of a type.
func (c *compact) skip(k kind, depth int) {
	switch {
	case c.failed:
	case depth == 0:
		c.failed = true
	case k == kindTrue || k == kindFalse: // of a field: the type is the value
	case k == kindByte:
		c.next()
	case k == kindI16 || k == kindI32 || k == kindI64:
		c.uvarint()
	case k == kindDouble:
		for range 8 {
			c.next()
		}
	case k == kindBinary:
		c.binary()
	case k == kindStruct:
		c.structure(func(_ int64, k kind) bool {
			c.skip(k, depth-1)
			return true
		})
	case k == kindList || k == kindSet:
		n, of := c.listHead()
		for ; n > 0 && !c.failed; n-- {
			c.skipElement(of, depth-1)
		}
	case k == kindMap:
		c.skipMap(depth)
	default:
		c.failed = true
	}
}

// skipElement is skip for an element of a list or map, in which a truth value takes a byte.
func (c *compact) skipElement(k kind, depth int) {
	if k == kindTrue || k == kindFalse {
		c.next()
		return
	}
	c.skip(k, depth)
}

func (c *compact) skipMap(depth int) {
	n := c.uvarint()
	if n > uint64(len(c.b)-c.at) {
		c.failed = true
	}
	if n == 0 || c.failed {
		return
	}
	kinds := c.next()
	for ; n > 0 && !c.failed; n-- {
		c.skipElement(kind(kinds>>4), depth-1)
		c.skipElement(kind(kinds&0xF), depth-1)
	}
}

// groupMeta is the footer's metadata of a row group.
type groupMeta struct {
	rows   int64
	chunks []chunkMeta
}

// chunkMeta is the footer's metadata of a column of a row group. Its bytes belong to the footer.
type chunkMeta struct {
	name                     []byte // empty in a column of several levels
	isText                   bool
	codec                    format.CompressionCodec
	values, compressed       int64
	data, dict               int64 // offsets of pages
	low, high                []byte
	offsetIndex, columnIndex place
}

// place is a part of a file.
type place struct {
	from  int64
	bytes int32
}

// footer parses a file's footer.
func footer(b []byte) (groups []groupMeta, err error) {
	c := compact{b: b}
	c.structure(func(field int64, k kind) bool {
		if field != 4 || k != kindList {
			return false
		}
		c.list(kindStruct, func() { groups = append(groups, c.group()) })
		return true
	})
	return groups, c.err("footer")
}

func (c *compact) group() (g groupMeta) {
	c.structure(func(field int64, k kind) bool {
		switch {
		case field == 1 && k == kindList:
			c.list(kindStruct, func() { g.chunks = append(g.chunks, c.chunk()) })
		case field == 3 && k == kindI64:
			g.rows = c.whole()
		default:
			return false
		}
		return true
	})
	return g
}

func (c *compact) chunk() (m chunkMeta) {
	c.structure(func(field int64, k kind) bool {
		switch {
		case field == 3 && k == kindStruct:
			c.meta(&m)
		case field == 4 && k == kindI64:
			m.offsetIndex.from = c.whole()
		case field == 5 && k == kindI32:
			m.offsetIndex.bytes = c.small()
		case field == 6 && k == kindI64:
			m.columnIndex.from = c.whole()
		case field == 7 && k == kindI32:
			m.columnIndex.bytes = c.small()
		default:
			return false
		}
		return true
	})
	return m
}

func (c *compact) meta(m *chunkMeta) {
	c.structure(func(field int64, k kind) bool {
		switch {
		case field == 1 && k == kindI32:
			m.isText = format.Type(c.small()) == format.ByteArray
		case field == 3 && k == kindList:
			levels := 0
			c.list(kindBinary, func() {
				m.name = c.binary()
				levels++
			})
			if levels != 1 {
				m.name = nil
			}
		case field == 4 && k == kindI32:
			m.codec = format.CompressionCodec(c.small())
		case field == 5 && k == kindI64:
			m.values = c.whole()
		case field == 7 && k == kindI64:
			m.compressed = c.whole()
		case field == 9 && k == kindI64:
			m.data = c.whole()
		case field == 11 && k == kindI64:
			m.dict = c.whole()
		case field == 12 && k == kindStruct:
			c.statistics(m)
		default:
			return false
		}
		return true
	})
}

func (c *compact) statistics(m *chunkMeta) {
	c.structure(func(field int64, k kind) bool {
		switch {
		case field == 5 && k == kindBinary:
			m.high = c.binary()
		case field == 6 && k == kindBinary:
			m.low = c.binary()
		default:
			return false
		}
		return true
	})
}

// offsetIndex parses the places of a column's pages.
func offsetIndex(b []byte) (pages []DataPage, err error) {
	c := compact{b: b}
	c.structure(func(field int64, k kind) bool {
		if field != 1 || k != kindList {
			return false
		}
		c.list(kindStruct, func() { pages = append(pages, c.page()) })
		return true
	})
	return pages, c.err("page index")
}

func (c *compact) page() (p DataPage) {
	c.structure(func(field int64, k kind) bool {
		switch {
		case field == 1 && k == kindI64:
			p.At = c.whole()
		case field == 2 && k == kindI32:
			p.Bytes = c.small()
		case field == 3 && k == kindI64:
			p.First = int32(c.whole())
		default:
			return false
		}
		return true
	})
	return p
}

// columnIndexOf parses the smallest and the largest value of each page.
func columnIndexOf(b []byte) (low, high [][]byte, err error) {
	c := compact{b: b}
	c.structure(func(field int64, k kind) bool {
		switch {
		case field == 2 && k == kindList:
			c.list(kindBinary, func() { low = append(low, c.binary()) })
		case field == 3 && k == kindList:
			c.list(kindBinary, func() { high = append(high, c.binary()) })
		default:
			return false
		}
		return true
	})
	return low, high, c.err("page bounds")
}

// header parses the parts of a page header that readers of this format use.
func (c *compact) header() (h format.PageHeader) {
	c.structure(func(field int64, k kind) bool {
		switch {
		case field == 1 && k == kindI32:
			h.Type = format.PageType(c.small())
		case field == 2 && k == kindI32:
			h.UncompressedPageSize = c.small()
		case field == 3 && k == kindI32:
			h.CompressedPageSize = c.small()
		case field == 5 && k == kindStruct:
			h.DataPageHeader.Valid = true
			h.DataPageHeader.V.NumValues, h.DataPageHeader.V.Encoding = c.pageValues()
		case field == 7 && k == kindStruct:
			h.DictionaryPageHeader.Valid = true
			h.DictionaryPageHeader.V.NumValues, h.DictionaryPageHeader.V.Encoding = c.pageValues()
		default:
			return false
		}
		return true
	})
	return h
}

// pageValues reads the number of values and the encoding that the header of a data page or a dictionary begins with.
func (c *compact) pageValues() (n int32, encoding format.Encoding) {
	c.structure(func(field int64, k kind) bool {
		switch {
		case field == 1 && k == kindI32:
			n = c.small()
		case field == 2 && k == kindI32:
			encoding = format.Encoding(c.small())
		default:
			return false
		}
		return true
	})
	return n, encoding
}
