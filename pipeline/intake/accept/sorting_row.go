package accept

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Record is one usage record between the feed and the fold. Customer and SKU are codes of the books, Region is one of
// the run.
type Record struct {
	Customer    int32
	SKU, Region int32
	Start, End  period.Instant
	Quantity    money.Quantity // without its sign
	Negative    bool
	ID          []byte // record_id
	Resource    []byte
	Name, Tag   []byte
	Replaces    []byte
	File        int32 // index of the feed file in the run; FromLake for a record that an earlier run accepted
	Number      int64 // row number in that file; for a lake record its status
	content     []byte
}

// FromLake is the File of a record that an earlier run accepted.
const FromLake = -1

// MaxText is the length in bytes of the longest text that a packed record can have.
const MaxText = 1<<16 - 1

// Packed layout, little-endian: u32 size of the rest, u32 customer, i64 start, u16 length of id, id, content, i32 file,
// u48 number. The content is a byte of flags, the length of the usage, the quantity, sku, region, the lengths of the
// four texts and the texts; the flags give the width of each number. The content determines its own length, so no
// content is the beginning of another. Equal records have equal content.
const (
	fixed      = 4 + 4 + 8 + 2
	numbers    = 6
	origin     = 4 + numbers
	textsAtEnd = 4
)

// Flags of the content. The two highest bits are the width of the quantity.
const (
	hasReplaces = 1 << iota
	inMicros    // the length is i64 microseconds: it is not in whole seconds, or exceeds a u32 of seconds
	isLong      // the length is a u32 of seconds; without isLong and inMicros it is a u16
	isWide      // the quantity has four more bytes; their highest bit is the sign
	bigCodes    // sku and region are u32; else u16 and u8
	bigTexts    // lengths of texts are u16; else u8
	widthBits   = iota
)

// negative is the sign bit in the four additional bytes of a quantity.
const negative = 1 << 31

// widths are the sizes in bytes of a quantity's lower half. masks select them from the eight bytes that are read.
var (
	widths = [4]int{4, 5, 6, 8}
	masks  = [4]uint64{1<<32 - 1, 1<<40 - 1, 1<<48 - 1, 1<<64 - 1}
)

// Pack appends the packed row to dst.
func (r *Record) Pack(dst []byte) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(r.Customer))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Start))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(r.ID)))
	dst = append(dst, r.ID...)
	dst = r.packContent(dst)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(r.File))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Number))
	dst = dst[:len(dst)-8+numbers]
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

// flags returns how a row's content is packed.
func (r *Record) flags() (flags byte, width int) {
	hi, lo := r.Quantity.Raw()
	length := int64(r.End - r.Start)
	if len(r.Replaces) > 0 {
		flags |= hasReplaces
	}
	switch {
	case length%period.Second != 0 || length/period.Second > math.MaxUint32 || length < 0:
		flags |= inMicros
	case length/period.Second > math.MaxUint16:
		flags |= isLong
	}
	if hi != 0 || r.Negative {
		flags |= isWide
		lo = math.MaxUint64
	}
	if uint32(r.SKU) > math.MaxUint16 || uint32(r.Region) > math.MaxUint8 {
		flags |= bigCodes
	}
	if max(len(r.Resource), len(r.Name), len(r.Tag), len(r.Replaces)) > math.MaxUint8 {
		flags |= bigTexts
	}
	for lo > masks[width] {
		width++
	}
	return flags | byte(width)<<widthBits, widths[width]
}

func (r *Record) packContent(dst []byte) []byte {
	flags, width := r.flags()
	dst = append(dst, flags)
	switch length := int64(r.End - r.Start); {
	case flags&inMicros != 0:
		dst = binary.LittleEndian.AppendUint64(dst, uint64(length))
	case flags&isLong != 0:
		dst = binary.LittleEndian.AppendUint32(dst, uint32(length/period.Second))
	default:
		dst = binary.LittleEndian.AppendUint16(dst, uint16(length/period.Second))
	}
	hi, lo := r.Quantity.Raw()
	dst = binary.LittleEndian.AppendUint64(dst, lo)
	dst = dst[:len(dst)-8+width]
	if flags&isWide != 0 {
		wide := uint32(hi)
		if r.Negative {
			wide |= negative
		}
		dst = binary.LittleEndian.AppendUint32(dst, wide)
	}
	if flags&bigCodes != 0 {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(r.SKU))
		dst = binary.LittleEndian.AppendUint32(dst, uint32(r.Region))
	} else {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(r.SKU))
		dst = append(dst, byte(r.Region))
	}
	if flags&bigTexts != 0 {
		for _, text := range [textsAtEnd][]byte{r.Resource, r.Name, r.Tag, r.Replaces} {
			dst = binary.LittleEndian.AppendUint16(dst, uint16(len(text)))
		}
	} else {
		dst = append(dst, byte(len(r.Resource)), byte(len(r.Name)), byte(len(r.Tag)), byte(len(r.Replaces)))
	}
	dst = append(dst, r.Resource...)
	dst = append(dst, r.Name...)
	dst = append(dst, r.Tag...)
	return append(dst, r.Replaces...)
}

// Signed returns the quantity with its sign.
func (r *Record) Signed() money.SignedQuantity {
	if r.Negative {
		return r.Quantity.Signed().Neg()
	}
	return r.Quantity.Signed()
}

// Retracted reports whether the record is a retraction: it replaces another record with quantity 0 (§3.20).
func (r *Record) Retracted() bool { return len(r.Replaces) > 0 && r.Quantity.IsZero() }

// Seal packs the content of a row that does not come from a merger into buf. It returns buf for reuse.
func (r *Record) Seal(buf []byte) []byte {
	r.content = r.packContent(buf[:0])
	return r.content
}

// Compare orders rows by customer, usage_start and record id.
func (r *Record) Compare(o *Record) int {
	if c := cmp.Compare(r.Customer, o.Customer); c != 0 {
		return c
	}
	if c := cmp.Compare(r.Start, o.Start); c != 0 {
		return c
	}
	return bytes.Compare(r.ID, o.ID)
}

// Head is the part of a packed row that sorting and recognition need. It points into the packed bytes.
type Head struct {
	Customer int32
	Start    period.Instant
	ID       []byte
	file     int32
	rest     []byte // content, file, number
}

// parseHead parses the head of a packed row; p begins after the size.
func parseHead(p []byte) Head {
	n := fixed - 4 + int(binary.LittleEndian.Uint16(p[12:]))
	return Head{
		Customer: int32(binary.LittleEndian.Uint32(p)),
		Start:    period.Instant(binary.LittleEndian.Uint64(p[4:])),
		ID:       p[fixed-4 : n],
		// reading the row's end early brings it into the cache
		file: int32(binary.LittleEndian.Uint32(p[len(p)-origin:])),
		rest: p[n:],
	}
}

// keyOf returns the key of a packed row; p begins after the size.
func keyOf(p []byte) RecordKey {
	return RecordKey{int32(binary.LittleEndian.Uint32(p)), period.Instant(binary.LittleEndian.Uint64(p[4:]))}
}

func (h *Head) key() RecordKey { return RecordKey{h.Customer, h.Start} }

// parseID returns the record id of a packed row; p begins after the size.
func parseID(p []byte) []byte {
	return p[fixed-4 : fixed-4+int(binary.LittleEndian.Uint16(p[fixed-6:]))]
}

func (h *Head) content() []byte { return h.rest[: len(h.rest)-origin : len(h.rest)-origin] }

// File returns the index of the row's feed file.
func (h *Head) File() int32 { return h.file }

// Replaces reports whether the record replaces another.
func (h *Head) Replaces() bool { return h.rest[0]&hasReplaces != 0 }

// Marks returns the hashes of the row. seed is the customer's (§3.20: identity is customer, cycle, id).
func (h *Head) Marks(seed uint64) Marks { return marks(seed, h.ID, h.content(), h.Start) }

// Record fills r. Its texts point into the packed bytes.
func (h *Head) Row(r *Record) error {
	r.Customer, r.Start, r.ID, r.content = h.Customer, h.Start, h.ID, h.content()
	r.File, r.Number = h.file, int64(binary.LittleEndian.Uint64(h.rest[len(h.rest)-8:])>>(8*(8-numbers)))
	flags, b := h.rest[0], h.rest[1:] // after the content there are always enough bytes to read eight
	switch {
	case flags&inMicros != 0:
		r.End, b = r.Start+period.Instant(binary.LittleEndian.Uint64(b)), b[8:]
	case flags&isLong != 0:
		r.End, b = r.Start+period.Instant(int64(binary.LittleEndian.Uint32(b))*period.Second), b[4:]
	default:
		r.End, b = r.Start+period.Instant(int64(binary.LittleEndian.Uint16(b))*period.Second), b[2:]
	}
	width := flags >> widthBits
	lo, hi := binary.LittleEndian.Uint64(b)&masks[width], uint32(0)
	b = b[widths[width]:]
	if flags&isWide != 0 {
		hi, b = binary.LittleEndian.Uint32(b), b[4:]
	}
	r.Negative = hi&negative != 0
	hi &^= negative
	if flags&bigCodes != 0 {
		r.SKU, r.Region, b = int32(binary.LittleEndian.Uint32(b)), int32(binary.LittleEndian.Uint32(b[4:])), b[8:]
	} else {
		r.SKU, r.Region, b = int32(binary.LittleEndian.Uint16(b)), int32(b[2]), b[3:]
	}
	r.takeTexts(b, flags&bigTexts != 0)
	q, err := money.QuantityFromRaw(int64(hi), lo)
	if err != nil {
		return fmt.Errorf("scratch row of record %q is damaged: %w", r.ID, err)
	}
	r.Quantity = q
	return nil
}

// takeTexts reads the lengths of the texts and the texts.
func (r *Record) takeTexts(b []byte, big bool) {
	size, n := 1, [textsAtEnd]int{int(b[0]), int(b[1]), int(b[2]), int(b[3])}
	if big {
		size = 2
		for i := range n {
			n[i] = int(binary.LittleEndian.Uint16(b[2*i:]))
		}
	}
	b = b[size*textsAtEnd:]
	r.Resource, b = b[:n[0]:n[0]], b[n[0]:]
	r.Name, b = b[:n[1]:n[1]], b[n[1]:]
	r.Tag, b = b[:n[2]:n[2]], b[n[2]:]
	r.Replaces = b[:n[3]:n[3]]
}

// Content is the packed content: equal for two records of one identity and start exactly when they are duplicates.
// It is set on rows that came out of a merger or were sealed.
func (r *Record) Content() []byte { return r.content }

// Marks are the two hashes that identify a record: one of its identity, one of its content and start.
type Marks struct{ Identity, Content uint64 }

// Marks returns the hashes of a row that came from a merger or was sealed.
func (r *Record) Marks(seed uint64) Marks { return marks(seed, r.ID, r.content, r.Start) }

func marks(seed uint64, id, content []byte, start period.Instant) Marks {
	return Marks{Identity: Identity(seed, id), Content: xxhash.Sum64(content) ^ uint64(start)*0x9E3779B97F4A7C15}
}

// Identity returns the hash of a record's identity within its cycle.
func Identity(seed uint64, id []byte) uint64 {
	h := (xxhash.Sum64(id) ^ seed) * 0xD6E8FEB86659FD93
	return h ^ h>>32
}

// Seed returns a customer's part of Identity. It depends only on the customer's id.
func Seed(customer string) uint64 { return xxhash.Sum64String(customer) }
