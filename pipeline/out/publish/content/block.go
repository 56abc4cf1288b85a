package content

import (
	"fmt"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Block is the columns of one INSERT, filled batch by batch from what the lake's files are read into. Nothing is made
// for a row: codes of words become keys, decimals stay the integers that they are.
type Block struct {
	table *Table
	load  proto.ColUInt64
	cycle *words // nil: the table's own column
	cols  []filler
	Input proto.Input
}

// filler is a column that takes a batch's column.
type filler interface {
	fill(c *parquet.Col, n int)
	input() proto.ColInput
}

// NewBlock is an empty block of a table. Its Input is the columns of Columns, in that order.
func NewBlock(p *Table) *Block {
	b := &Block{table: p}
	b.Input = append(b.Input, proto.InputColumn{Name: "load", Data: &b.load})
	if p.Def.Index(CycleColumn) < 0 {
		b.cycle = newWords()
		b.Input = append(b.Input, proto.InputColumn{Name: CycleColumn, Data: b.cycle.input()})
	}
	for _, c := range p.Def.Columns {
		f := newFiller(c.Type)
		b.cols = append(b.cols, f)
		b.Input = append(b.Input, proto.InputColumn{Name: c.Name, Data: f.input()})
	}
	return b
}

func newFiller(t tables.Type) filler {
	switch t {
	case tables.Word:
		return newWords()
	case tables.Text:
		return &texts{}
	case tables.Time:
		return newWholes(Moment)
	case tables.MaybeTime:
		return newMaybeTimes()
	case tables.Whole:
		return newWholes("Int64")
	case tables.Small:
		return newSmalls()
	default:
		return newDecimals(kindOf(t))
	}
}

// Fill takes a batch in: rows of a load and of a cycle. clickhouse.Insert empties the block before each batch.
func (b *Block) Fill(load uint64, cycle string, cols *parquet.Columns[tables.Any]) {
	for range cols.N {
		b.load = append(b.load, load)
	}
	if b.cycle != nil {
		one := &parquet.Col{Dict: []string{cycle}, Codes: []int32{0}, Const: true}
		b.cycle.fill(one, cols.N)
	}
	for i, f := range b.cols {
		f.fill(cols.Col(tables.ColumnOf[tables.Any](i)), cols.N)
	}
}

// Typed gives a column the type that the server's column has.
func Typed(c proto.Column, kind string) proto.Column { return proto.Alias(c, proto.ColumnType(kind)) }

// words is a LowCardinality(String).
type words struct {
	col  proto.ColLowCardinalityRaw
	dict *proto.ColStr
}

func newWords() *words {
	w := &words{dict: &proto.ColStr{}}
	w.col.Index = w.dict
	return w
}

func (w *words) input() proto.ColInput { return &w.col }

func (w *words) fill(c *parquet.Col, n int) {
	for _, word := range c.Dict {
		w.dict.Append(word)
	}
	codes := c.Codes
	switch {
	case len(c.Dict) <= 1<<8:
		w.col.Key = proto.KeyUInt8
		w.col.Keys8 = keys(w.col.Keys8[:0], codes, n, c.Const)
	case len(c.Dict) <= 1<<16:
		w.col.Key = proto.KeyUInt16
		w.col.Keys16 = keys(w.col.Keys16[:0], codes, n, c.Const)
	default:
		w.col.Key = proto.KeyUInt32
		w.col.Keys32 = keys(w.col.Keys32[:0], codes, n, c.Const)
	}
}

// keys are codes as a dictionary's keys.
func keys[T uint8 | uint16 | uint32](dst []T, codes []int32, n int, same bool) []T {
	for i := range n {
		code := codes[0]
		if !same {
			code = codes[i]
		}
		dst = append(dst, T(code))
	}
	return dst
}

// texts is a String.
type texts struct{ col proto.ColStr }

func (t *texts) input() proto.ColInput { return &t.col }

func (t *texts) fill(c *parquet.Col, n int) {
	t.col.Buf = append(t.col.Buf[:0], c.Bytes...)
	from := 0
	for i := range n {
		end := len(c.Bytes)
		if !c.Const {
			end = int(c.Ends[i])
		}
		t.col.Pos = append(t.col.Pos, proto.Position{Start: from, End: end})
		if !c.Const {
			from = end
		}
	}
}

// wholes is an Int64, or a time in microseconds.
type wholes struct {
	col proto.ColInt64
	as  proto.Column
}

func newWholes(kind string) *wholes {
	w := &wholes{}
	w.as = Typed(&w.col, kind)
	return w
}

func (w *wholes) input() proto.ColInput { return w.as }

func (w *wholes) fill(c *parquet.Col, n int) { w.col = repeat(w.col[:0], c.Ints, n, c.Const) }

func repeat[T any](dst, src []T, n int, same bool) []T {
	if !same {
		return append(dst, src[:n]...)
	}
	for range n {
		dst = append(dst, src[0])
	}
	return dst
}

// smalls is an Int32.
type smalls struct{ col proto.ColInt32 }

func newSmalls() *smalls { return &smalls{} }

func (s *smalls) input() proto.ColInput { return &s.col }

func (s *smalls) fill(c *parquet.Col, n int) { s.col = repeat(s.col[:0], c.Codes, n, c.Const) }

// maybeTimes is a time in microseconds, or null.
type maybeTimes struct {
	values proto.ColInt64
	col    *proto.ColNullable[int64]
	as     proto.Column
}

func newMaybeTimes() *maybeTimes {
	m := &maybeTimes{}
	m.col = proto.NewColNullable(proto.ColumnOf[int64](&m.values))
	m.as = Typed(m.col, "Nullable("+Moment+")")
	return m
}

func (m *maybeTimes) input() proto.ColInput { return m.as }

func (m *maybeTimes) fill(c *parquet.Col, n int) {
	m.values = repeat(m.values[:0], c.Ints, n, c.Const)
	for i, v := range m.values {
		null := uint8(0)
		if v == int64(tables.Nothing) {
			m.values[i], null = 0, 1
		}
		m.col.Nulls = append(m.col.Nulls, null)
	}
}

// decimals is a Decimal of 38 digits, its raw integers as they are in the lake.
type decimals struct {
	col proto.ColDecimal128
	as  proto.Column
}

func newDecimals(kind string) *decimals {
	d := &decimals{}
	d.as = Typed(&d.col, kind)
	return d
}

func (d *decimals) input() proto.ColInput { return d.as }

func (d *decimals) fill(c *parquet.Col, n int) {
	for i := range n {
		v := c.Decs[0]
		if !c.Const {
			v = c.Decs[i]
		}
		d.col = append(d.col, proto.Decimal128{Low: v.Lo, High: uint64(v.Hi)})
	}
}

// Tally adds up what is inserted, exactly: the same columns that the server is asked to add up.
type Tally struct {
	table *Table
	Rows  int64
	sums  []money.Total
	whole []int64
}

// NewTally is a sum of no rows of a table.
func NewTally(p *Table) (*Tally, error) {
	t := &Tally{table: p, sums: make([]money.Total, len(p.Sums)), whole: make([]int64, len(p.Sums))}
	for k, c := range p.Sums {
		total, err := money.NewTotal(p.Def.Columns[c].Type.Scale())
		if err != nil {
			return nil, err
		}
		t.sums[k] = total
	}
	return t, nil
}

// Add takes a batch in. The error names the column whose sum has no room.
func (t *Tally) Add(cols *parquet.Columns[tables.Any]) error {
	t.Rows += int64(cols.N)
	for k, c := range t.table.Sums {
		col, def := cols.Col(tables.ColumnOf[tables.Any](c)), &t.table.Def.Columns[c]
		for i := range cols.N {
			if col.Const {
				i = 0
			}
			if def.Type == tables.Whole {
				t.whole[k] += col.Ints[i]
				continue
			}
			if err := t.sums[k].Add(col.Decs[i].Hi, col.Decs[i].Lo); err != nil {
				return fmt.Errorf("add up %s of %s: %w", def.Name, t.table.Name, err)
			}
		}
	}
	return nil
}

// Texts are the sums without zeros at their ends, in the order of the table's sums.
func (t *Tally) Texts() []string {
	out := make([]string, len(t.sums))
	for k, c := range t.table.Sums {
		if t.table.Def.Columns[c].Type == tables.Whole {
			out[k] = fmt.Sprint(t.whole[k])
		} else {
			out[k] = TrimZeros(t.sums[k].String())
		}
	}
	return out
}

// TrimZeros takes the zeros off a decimal's end.
func TrimZeros(text string) string {
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}
