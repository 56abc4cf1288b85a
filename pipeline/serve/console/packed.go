package console

import (
	"encoding/binary"
	"sync"
)

// rowSource has the rows of a table before they are filtered, sorted and paged. It is never changed.
type rowSource interface {
	count() int
	cell(row, column int) Cell
	// row returns all cells of a row. It may use the memory of into.
	row(row int, into []Cell) []Cell
}

// plainRows are the rows of a table that is built for one request.
type plainRows [][]Cell

func (r plainRows) count() int                   { return len(r) }
func (r plainRows) cell(row, column int) Cell    { return r[row][column] }
func (r plainRows) row(row int, _ []Cell) []Cell { return r[row] }

// packedRows are the rows of a cached table: their texts one after the other, so that a table of every customer takes a
// few hundred bytes per row. Cells are read from them on request.
type packedRows struct {
	columns int
	text    string
	starts  []int // offsets of the rows in text; the last is the end

	mu     sync.Mutex
	orders map[string][]uint32 // row numbers in each requested order
}

// pack packs rows in an order.
func pack(rows [][]Cell, order []uint32, columns int) *packedRows {
	p := &packedRows{columns: columns, starts: make([]int, 0, len(rows)+1), orders: make(map[string][]uint32)}
	var text []byte
	add := func(s string) { text = append(binary.AppendUvarint(text, uint64(len(s))), s...) }
	for i := range rows {
		row := rows[i]
		if order != nil {
			row = rows[order[i]]
		}
		p.starts = append(p.starts, len(text))
		for _, c := range row {
			add(c.Text)
			add(c.Shown)
			add(c.Href)
			add(string(c.Tone))
		}
	}
	p.starts, p.text = append(p.starts, len(text)), string(text)
	return p
}

// bytes returns how much memory the rows take, with all possible orders.
func (p *packedRows) bytes() int {
	const start, place = 8, 4
	return len(p.text) + len(p.starts)*(start+2*place*p.columns)
}

func (p *packedRows) count() int { return len(p.starts) - 1 }

func (p *packedRows) cell(row, column int) Cell {
	rest := p.text[p.starts[row]:p.starts[row+1]]
	for range column {
		_, rest = unpack(rest)
	}
	c, _ := unpack(rest)
	return c
}

func (p *packedRows) row(row int, into []Cell) []Cell {
	into = into[:0]
	rest := p.text[p.starts[row]:p.starts[row+1]]
	for range p.columns {
		var c Cell
		c, rest = unpack(rest)
		into = append(into, c)
	}
	return into
}

// unpack reads a cell from the start of packed text.
func unpack(rest string) (c Cell, after string) {
	c.Text, rest = unpackText(rest)
	c.Shown, rest = unpackText(rest)
	c.Href, rest = unpackText(rest)
	tone, rest := unpackText(rest)
	c.Tone = Tone(tone)
	return c, rest
}

func unpackText(rest string) (text, after string) {
	length, shift, at := 0, 0, 0
	for rest[at] >= 0x80 {
		length |= int(rest[at]&0x7f) << shift
		shift += 7
		at++
	}
	length |= int(rest[at]) << shift
	return rest[at+1 : at+1+length], rest[at+1+length:]
}

// ordered returns the rows in an order, and calculates it at its first use.
func (p *packedRows) ordered(name string, by func() []uint32) []uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	list, ok := p.orders[name]
	if !ok {
		list = by()
		p.orders[name] = list
	}
	return list
}
