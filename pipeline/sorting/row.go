package sorting

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

// Row is one usage record between the feed and the fold. Customer and SKU are the books' codes, Region the run's.
type Row struct {
	Customer    int32
	SKU, Region int32
	Start, End  period.Instant
	Quantity    money.Quantity
	ID          []byte // record_id
	Resource    []byte
	Name, Tag   []byte
	Replaces    []byte
	File        int32 // index of the feed file in the run; FromLake for a record that an earlier run accepted
	Number      int64 // row number in that file; of a lake record its status
	content     []byte
}

// FromLake is the File of a record that an earlier run accepted.
const FromLake = -1

// MaxText is the longest text of a record that can be carried, in bytes.
const MaxText = 1<<16 - 1

// Packed layout, little-endian: u32 size of all that follows, u32 customer, i64 start, u16 length of id, id, u32 size of content,
// content, i32 file, i64 number. The content is a byte of flags, the length of the usage (u32 seconds, or i64 microseconds), u64 and where
// needed u32 of the quantity, u32 sku, u32 region, the four texts' u16 lengths, the texts. Equal records have equal content.
const (
	fixed      = 4 + 4 + 8 + 2
	origin     = 4 + 8
	textsAtEnd = 4
)

// Flags of the content.
const (
	hasReplaces = 1 << iota
	inMicros    // the length is not whole seconds, or too long for a u32 of them
	isWide      // the quantity needs more than 64 bits
)

// Pack appends the packed row to dst.
func (r *Row) Pack(dst []byte) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(r.Customer))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Start))
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(r.ID)))
	dst = append(dst, r.ID...)
	body := len(dst)
	dst = r.packContent(append(dst, 0, 0, 0, 0))
	binary.LittleEndian.PutUint32(dst[body:], uint32(len(dst)-body-4))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(r.File))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Number))
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

func (r *Row) packContent(dst []byte) []byte {
	hi, lo := r.Quantity.Raw()
	length := int64(r.End - r.Start)
	flags := byte(0)
	if len(r.Replaces) > 0 {
		flags |= hasReplaces
	}
	if length%period.Second != 0 || length/period.Second > math.MaxUint32 || length < 0 {
		flags |= inMicros
	}
	if hi != 0 {
		flags |= isWide
	}
	dst = append(dst, flags)
	if flags&inMicros != 0 {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(length))
	} else {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(length/period.Second))
	}
	dst = binary.LittleEndian.AppendUint64(dst, lo)
	if flags&isWide != 0 {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(hi))
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(r.SKU))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(r.Region))
	texts := [textsAtEnd][]byte{r.Resource, r.Name, r.Tag, r.Replaces}
	for _, text := range texts {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(len(text)))
	}
	for _, text := range texts {
		dst = append(dst, text...)
	}
	return dst
}

// Seal packs the content of a row that did not come out of a merger into buf and returns buf for the next time.
func (r *Row) Seal(buf []byte) []byte {
	r.content = r.packContent(buf[:0])
	return r.content
}

// Compare orders rows by customer, usage_start and record id.
func (r *Row) Compare(o *Row) int {
	if c := cmp.Compare(r.Customer, o.Customer); c != 0 {
		return c
	}
	if c := cmp.Compare(r.Start, o.Start); c != 0 {
		return c
	}
	return bytes.Compare(r.ID, o.ID)
}

// Head is a packed row as far as sorting and recognising look at it. It points into the packed bytes.
type Head struct {
	Customer int32
	Start    period.Instant
	ID       []byte
	file     int32
	rest     []byte // content with its size, file, number
}

// parseHead reads the head of a packed row that follows its size.
func parseHead(p []byte) Head {
	n := fixed - 4 + int(binary.LittleEndian.Uint16(p[12:]))
	return Head{
		Customer: int32(binary.LittleEndian.Uint32(p)),
		Start:    period.Instant(binary.LittleEndian.Uint64(p[4:])),
		ID:       p[fixed-4 : n],
		file:     int32(binary.LittleEndian.Uint32(p[len(p)-origin:])), // looked at early, the row's end is at hand when it is wanted
		rest:     p[n:],
	}
}

func (h *Head) content() []byte { return h.rest[4 : len(h.rest)-origin] }

// File is the index of the feed file the row came in.
func (h *Head) File() int32 { return h.file }

// Replaces reports whether the record replaces another.
func (h *Head) Replaces() bool { return h.rest[4]&hasReplaces != 0 }

// Marks hashes the row; seed is the customer's (spec §3.20: identity is customer, cycle, id).
func (h *Head) Marks(seed uint64) Marks { return marks(seed, h.ID, h.content(), h.Start) }

// Row fills r. Its texts point into the packed bytes.
func (h *Head) Row(r *Row) error {
	r.Customer, r.Start, r.ID, r.content = h.Customer, h.Start, h.ID, h.content()
	r.File, r.Number = h.file, int64(binary.LittleEndian.Uint64(h.rest[len(h.rest)-8:]))
	b := r.content
	flags := b[0]
	b = b[1:]
	if flags&inMicros != 0 {
		r.End, b = r.Start+period.Instant(binary.LittleEndian.Uint64(b)), b[8:]
	} else {
		r.End, b = r.Start+period.Instant(int64(binary.LittleEndian.Uint32(b))*period.Second), b[4:]
	}
	lo, hi := binary.LittleEndian.Uint64(b), uint32(0)
	b = b[8:]
	if flags&isWide != 0 {
		hi, b = binary.LittleEndian.Uint32(b), b[4:]
	}
	r.SKU, r.Region = int32(binary.LittleEndian.Uint32(b)), int32(binary.LittleEndian.Uint32(b[4:]))
	lengths, texts := b[8:8+2*textsAtEnd], b[8+2*textsAtEnd:]
	for i, text := range [textsAtEnd]*[]byte{&r.Resource, &r.Name, &r.Tag, &r.Replaces} {
		n := int(binary.LittleEndian.Uint16(lengths[2*i:]))
		*text, texts = texts[:n:n], texts[n:]
	}
	q, err := money.QuantityFromRaw(int64(hi), lo)
	if err != nil {
		return fmt.Errorf("scratch row of record %q is damaged: %w", r.ID, err)
	}
	r.Quantity = q
	return nil
}

// Content is the packed content: equal for two records of one identity and start exactly when they are duplicates.
// It is set on rows that came out of a merger or were sealed.
func (r *Row) Content() []byte { return r.content }

// Marks are the two hashes by which a record is recognised: of its identity and of its content with its start.
type Marks struct{ Identity, Content uint64 }

// Marks hashes a row that came out of a merger or was sealed.
func (r *Row) Marks(seed uint64) Marks { return marks(seed, r.ID, r.content, r.Start) }

func marks(seed uint64, id, content []byte, start period.Instant) Marks {
	return Marks{Identity: Identity(seed, id), Content: xxhash.Sum64(content) ^ uint64(start)*0x9E3779B97F4A7C15}
}

// Identity is the hash of a record's identity within its cycle.
func Identity(seed uint64, id []byte) uint64 {
	h := (xxhash.Sum64(id) ^ seed) * 0xD6E8FEB86659FD93
	return h ^ h>>32
}

// Seed is a customer's part of Identity; it depends on the customer's id alone.
func Seed(customer string) uint64 { return xxhash.Sum64String(customer) }
