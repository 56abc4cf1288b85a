package sorting

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"

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

// Packed layout: u32 size of all that follows, u32 customer, i64 start, u16 length of id, id, u32 size of content, content, file, number.
// The content is end−start, quantity, sku, region, resource, name, tag and replaces; equal records have equal content.
const fixed = 4 + 4 + 8 + 2

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
	dst = binary.AppendVarint(dst, int64(r.File))
	dst = binary.AppendVarint(dst, r.Number)
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst
}

func (r *Row) packContent(dst []byte) []byte {
	dst = binary.AppendVarint(dst, int64(r.End-r.Start))
	hi, lo := r.Quantity.Raw()
	dst = binary.AppendUvarint(dst, uint64(hi))
	dst = binary.AppendUvarint(dst, lo)
	dst = binary.AppendUvarint(dst, uint64(r.SKU))
	dst = binary.AppendUvarint(dst, uint64(r.Region))
	for _, text := range [...][]byte{r.Resource, r.Name, r.Tag, r.Replaces} {
		dst = binary.AppendUvarint(dst, uint64(len(text)))
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

// head is what sorting compares of a packed row.
type head struct {
	customer int32
	start    period.Instant
	id       []byte
	rest     []byte // content with its size, file, number
}

// parseHead reads the head of a packed row that follows its size.
func parseHead(p []byte) head {
	n := fixed - 4 + int(binary.LittleEndian.Uint16(p[12:]))
	return head{
		customer: int32(binary.LittleEndian.Uint32(p)),
		start:    period.Instant(binary.LittleEndian.Uint64(p[4:])),
		id:       p[fixed-4 : n],
		rest:     p[n:],
	}
}

// unpack fills r from a packed row's head. The texts point into the packed bytes.
func (r *Row) unpack(h head) error {
	r.Customer, r.Start, r.ID = h.customer, h.start, h.id
	size := int(binary.LittleEndian.Uint32(h.rest))
	r.content = h.rest[4 : 4+size]
	d := decoder{b: r.content}
	r.End = r.Start + period.Instant(d.varint())
	hi, lo := d.uvarint(), d.uvarint()
	r.SKU, r.Region = int32(d.uvarint()), int32(d.uvarint())
	r.Resource, r.Name, r.Tag, r.Replaces = d.text(), d.text(), d.text(), d.text()
	d.b = h.rest[4+size:]
	r.File, r.Number = int32(d.varint()), d.varint()
	q, err := money.QuantityFromRaw(int64(hi), lo)
	if d.bad || err != nil {
		return fmt.Errorf("scratch row of record %q is damaged", r.ID)
	}
	r.Quantity = q
	return nil
}

// Content is the packed content: equal for two records of one identity and start exactly when they are duplicates.
// It is set on rows that came out of a merger or were sealed.
func (r *Row) Content() []byte { return r.content }

// Marks are the two hashes by which a record is recognised: of its identity and of its content with its start.
type Marks struct{ Identity, Content uint64 }

// Marks hashes a row that came out of a merger; seed is the customer's (spec §3.20: identity is customer, cycle, id).
func (r *Row) Marks(seed uint64) Marks {
	return Marks{Identity: Identity(seed, r.ID), Content: xxhash.Sum64(r.content) ^ uint64(r.Start)*0x9E3779B97F4A7C15}
}

// Identity is the hash of a record's identity within its cycle.
func Identity(seed uint64, id []byte) uint64 {
	h := (xxhash.Sum64(id) ^ seed) * 0xD6E8FEB86659FD93
	return h ^ h>>32
}

// Seed is a customer's part of Identity; it depends on the customer's id alone.
func Seed(customer string) uint64 { return xxhash.Sum64String(customer) }

type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	return pass(d, v, n)
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	return pass(d, v, n)
}

func pass[T any](d *decoder, v T, n int) T {
	if n <= 0 {
		d.bad = true
		return v
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) text() []byte {
	n := int(d.uvarint())
	if d.bad || n > len(d.b) {
		d.bad = true
		return nil
	}
	t := d.b[:n:n]
	d.b = d.b[n:]
	return t
}
