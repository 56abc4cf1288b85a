package parquet

import (
	"encoding/binary"
	"math/bits"

	"github.com/tollbook/tollbook/schemas/table"
)

// Packed stores some columns of some rows in few bytes, to be kept in memory. It is immutable and may be shared between
// goroutines.
type Packed struct {
	bytes []byte // column by column: packedEach or packedOne, then the values
	rows  int
}

// Forms of the values of a packed column.
const (
	packedEach = iota // one value per row
	packedOne         // one value for all rows
)

// Pack packs columns of a batch.
func Pack(c *untyped, cols table.List[table.Any]) *Packed {
	b := make([]byte, 0, 64*len(cols))
	for _, col := range cols {
		t, from := c.Def.Columns[col].Type, &c.c[col]
		one := c.N > 0 && from.constant(t, c.N)
		if one {
			b = packValue(append(b, packedOne), from, t, 0)
			continue
		}
		b = append(b, packedEach)
		for i := range c.N {
			b = packValue(b, from, t, i)
		}
	}
	return &Packed{bytes: append([]byte(nil), b...), rows: c.N}
}

// Weight returns the approximate size in memory in bytes.
func (p *Packed) Weight() int { return 48 + len(p.bytes) }

// Append appends the rows [from, to) to a batch. cols must be the packed columns.
func (p *Packed) Append(dst *Columns[table.Any], cols table.List[table.Any], from, to int) {
	in := p.bytes
	for _, col := range cols {
		kind, t, c := in[0], dst.Def.Columns[col].Type, &dst.c[col]
		in = in[1:]
		if kind == packedOne {
			for range to - from {
				unpackValue(in, c, t)
			}
			in = skipValue(in, t)
			continue
		}
		for i := range p.rows {
			if i < from || i >= to {
				in = skipValue(in, t)
				continue
			}
			in = unpackValue(in, c, t)
		}
	}
	dst.N += to - from
}

// constant reports whether the first n rows have the same value.
func (c *Col) constant(t table.Type, n int) bool {
	for i := 1; i < n; i++ {
		same := false
		switch t {
		case table.Word, table.Small:
			same = c.Codes[i] == c.Codes[0]
		case table.Text:
			same = string(c.Text(i)) == string(c.Text(0))
		case table.Amount, table.Quantity, table.Cost:
			same = c.Decs[i] == c.Decs[0]
		default:
			same = c.Ints[i] == c.Ints[0]
		}
		if !same {
			return false
		}
	}
	return true
}

func packValue(b []byte, c *Col, t table.Type, i int) []byte {
	switch t {
	case table.Word:
		word := c.Word(i)
		return append(binary.AppendUvarint(b, uint64(len(word))), word...)
	case table.Text:
		text := c.Text(i)
		return append(binary.AppendUvarint(b, uint64(len(text))), text...)
	case table.Small:
		return binary.AppendVarint(b, int64(c.Codes[i]))
	case table.Amount, table.Quantity, table.Cost:
		// A 128-bit zigzag number, which keeps small negative numbers small, without its leading zero bytes.
		d := c.Decs[i]
		sign := uint64(d.Hi >> 63)
		lo, hi := d.Lo<<1^sign, (uint64(d.Hi)<<1|d.Lo>>63)^sign
		n := (bits.Len64(lo) + 7) / 8
		if hi != 0 {
			n = 8 + (bits.Len64(hi)+7)/8
		}
		var raw [decWidth]byte
		binary.LittleEndian.PutUint64(raw[:], lo)
		binary.LittleEndian.PutUint64(raw[8:], hi)
		return append(append(b, byte(n)), raw[:n]...)
	}
	return binary.LittleEndian.AppendUint64(b, uint64(c.Ints[i]))
}

// unpackValue appends the value at the beginning of in, and returns the rest.
func unpackValue(in []byte, c *Col, t table.Type) []byte {
	switch t {
	case table.Word, table.Text:
		n, size := binary.Uvarint(in)
		addText(c, t, in[size:size+int(n)])
		return in[size+int(n):]
	case table.Small:
		v, size := binary.Varint(in)
		c.Codes = append(c.Codes, int32(v))
		return in[size:]
	case table.Amount, table.Quantity, table.Cost:
		n := int(in[0])
		var raw [decWidth]byte
		copy(raw[:], in[1:1+n])
		lo, hi := binary.LittleEndian.Uint64(raw[:]), binary.LittleEndian.Uint64(raw[8:])
		sign := -(lo & 1)
		c.AddDec(int64((hi>>1)^sign), (lo>>1|hi<<63)^sign)
		return in[1+n:]
	}
	c.Ints = append(c.Ints, int64(binary.LittleEndian.Uint64(in)))
	return in[8:]
}

func skipValue(in []byte, t table.Type) []byte {
	switch t {
	case table.Word, table.Text:
		n, size := binary.Uvarint(in)
		return in[size+int(n):]
	case table.Small:
		_, size := binary.Varint(in)
		return in[size:]
	case table.Amount, table.Quantity, table.Cost:
		return in[1+int(in[0]):]
	}
	return in[8:]
}
