package parquet

import "github.com/tollbook/tollbook/schemas/table"

// Recode maps the words of one batch to the dictionaries of another one to which its rows are appended, so that each
// word is looked up once. It is invalid once either batch was filled again; Reset clears it.
type Recode struct {
	codes [][]int32 // by column: the code in the other batch, plus 1; 0 = not looked up yet
}

// Reset clears all codes and prepares for the rows of src.
func (m *Recode) Reset(src *untyped) {
	if len(m.codes) != len(src.c) {
		m.codes = make([][]int32, len(src.c))
	}
	for i := range src.c {
		n := len(src.c[i].Dict)
		if cap(m.codes[i]) < n {
			m.codes[i] = make([]int32, n)
		}
		m.codes[i] = m.codes[i][:n]
		clear(m.codes[i])
	}
}

// AppendRun appends rows from..to of src, a batch of the same table or of one that begins with dst's columns. cols are
// the wanted columns; nil = all of dst. m must have been Reset since either batch was filled. Dictionaries grow in the
// order of the rows.
func (c *Columns[T]) AppendRun(src *Columns[T], from, to int, cols table.List[T], m *Recode) {
	if cols == nil {
		for i := range c.c {
			c.appendColumn(src, from, to, i, m)
		}
	}
	for _, i := range cols {
		c.appendColumn(src, from, to, int(i), m)
	}
	c.N += to - from
}

func (c *Columns[T]) appendColumn(src *Columns[T], from, to, col int, m *Recode) {
	dst, s := &c.c[col], &src.c[col]
	switch c.Def.Columns[col].Type {
	case table.Word:
		dst.appendCodes(s, from, to, m.codes[col])
	case table.Small:
		dst.Codes = append(dst.Codes, s.Codes[from:to]...)
	case table.Time, table.MaybeTime, table.Whole:
		dst.Ints = append(dst.Ints, s.Ints[from:to]...)
	case table.Amount, table.Quantity, table.Cost:
		dst.Decs = append(dst.Decs, s.Decs[from:to]...)
	default:
		dst.appendTexts(s, from, to)
	}
}

func (c *Col) appendCodes(src *Col, from, to int, codes []int32) {
	for _, code := range src.Codes[from:to] {
		if codes[code] == 0 {
			codes[code] = c.Intern(src.Dict[code]) + 1
		}
		c.Codes = append(c.Codes, codes[code]-1)
	}
}

func (c *Col) appendTexts(src *Col, from, to int) {
	start := int32(0)
	if from > 0 {
		start = src.Ends[from-1]
	}
	shift := int32(len(c.Bytes)) - start
	c.Bytes = append(c.Bytes, src.Bytes[start:src.Ends[to-1]]...)
	for _, end := range src.Ends[from:to] {
		c.Ends = append(c.Ends, end+shift)
	}
}
