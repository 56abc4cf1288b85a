package accept

import (
	"encoding/binary"
	"fmt"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Sample is one bandwidth sample between the feed and the fold. Customer, SKU and Region come from the row of links.csv
// in force: Customer and SKU are codes of the books, Region is one of the run.
type Sample struct {
	Customer    int32
	SKU, Region int32
	Slot        period.Instant // start of the slot that Time is in
	Time        period.Instant // sample_time
	Link        []byte         // resource_id
	In, Out     money.Quantity // bits per second
	File        int32          // index of the feed file in the run
	Number      int64          // row number in that file
}

// A sample is packed as a row: the slot is its start, the time its end, the link its record id, In its quantity, and
// Out its resource, as sampleOut bytes. Samples are therefore sorted by customer, slot and link.
const sampleOut = 16

// AddSample packs a sample into the chunk. A chunk contains either samples or usage rows.
func (c *Chunk) AddSample(part RunPart, s *Sample) {
	var out [sampleOut]byte
	hi, lo := s.Out.Raw()
	binary.LittleEndian.PutUint64(out[:], uint64(hi))
	binary.LittleEndian.PutUint64(out[8:], lo)
	c.Add(part, &Record{Customer: s.Customer, SKU: s.SKU, Region: s.Region, Start: s.Slot, End: s.Time, Quantity: s.In,
		ID: s.Link, Resource: out[:], File: s.File, Number: s.Number})
}

// Samples reads the samples of a source of packed samples, in its order.
type Samples struct {
	rows RunSource
	row  Record
}

// NewSamples returns a reader of the samples of a source.
func NewSamples(rows RunSource) *Samples { return &Samples{rows: rows} }

// Next fills s and returns false at the end. The link of s is valid until the next call (SORT-3).
func (p *Samples) Next(s *Sample) (bool, error) {
	r := &p.row
	if ok, err := p.rows.Next(r); err != nil || !ok {
		return false, err
	}
	if len(r.Resource) != sampleOut {
		return false, fmt.Errorf("scratch row of a sample of link %q is damaged: out_bps has %d bytes", r.ID,
			len(r.Resource))
	}
	out, err := money.QuantityFromRaw(int64(binary.LittleEndian.Uint64(r.Resource)),
		binary.LittleEndian.Uint64(r.Resource[8:]))
	if err != nil {
		return false, fmt.Errorf("scratch row of a sample of link %q is damaged: %w", r.ID, err)
	}
	*s = Sample{Customer: r.Customer, SKU: r.SKU, Region: r.Region, Slot: r.Start, Time: r.End, Link: r.ID,
		In: r.Quantity, Out: out, File: r.File, Number: r.Number}
	return true, nil
}
