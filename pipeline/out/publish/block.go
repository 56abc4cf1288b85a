package publish

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Block has the columns of one INSERT, filled batch by batch from columns of the lake's files. It allocates nothing per
// row: dictionary codes become keys, decimals stay integers, and numbers and texts are those of the batch, which must
// not change until the block was encoded.
type Block struct {
	table *Table
	load  proto.ColUInt64
	loads repeated[uint64]
	cycle *words // nil: the table's own column
	cols  []filler
	Input proto.Input
}

// filler is a column that is filled from a batch's column.
type filler interface {
	fill(c *parquet.Col, n int)
	input() proto.ColInput
}

// NewBlock returns an empty block of a table. Its Input has the columns of Columns, in that order.
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

// Fill adds a batch: rows of one load and one cycle. ServerInsert empties the block before each batch.
func (b *Block) Fill(load uint64, cycle string, cols *parquet.Columns[tables.Any]) {
	b.load = b.loads.of(load, cols.N)
	if b.cycle != nil {
		one := &parquet.Col{Dict: []string{cycle}, Codes: []int32{0}, Const: true}
		b.cycle.fill(one, cols.N)
	}
	for i, f := range b.cols {
		f.fill(cols.Col(tables.ColumnOf[tables.Any](i)), cols.N)
	}
}

// Typed gives a column the type of the server's column.
func Typed(c proto.Column, kind string) proto.Column { return proto.Alias(c, proto.ColumnType(kind)) }

// words is a LowCardinality(String) column.
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

// keys converts codes to the keys of a dictionary.
func keys[T uint8 | uint16 | uint32](dst []T, codes []int32, n int, same bool) []T {
	dst = slices.Grow(dst, n)[:n]
	if same {
		for i := range dst {
			dst[i] = T(codes[0])
		}
		return dst
	}
	for i, code := range codes[:n] {
		dst[i] = T(code)
	}
	return dst
}

// repeated is one value many times. A column of one value often has the same value in the next batch.
type repeated[T comparable] struct{ values []T }

// of returns the value n times.
func (r *repeated[T]) of(value T, n int) []T {
	if len(r.values) > 0 && r.values[0] != value {
		r.values = r.values[:0]
	}
	for len(r.values) < n {
		r.values = append(r.values, value)
	}
	return r.values[:n]
}

// texts is a String column: the texts of a batch, which are encoded without a copy.
type texts struct {
	col *parquet.Col
	n   int
}

func (t *texts) input() proto.ColInput { return t }

func (t *texts) fill(c *parquet.Col, n int) { t.col, t.n = c, n }

// Type implements proto.ColInput.
func (t *texts) Type() proto.ColumnType { return proto.ColumnTypeString }

// Rows implements proto.ColInput.
func (t *texts) Rows() int { return t.n }

// Reset implements proto.Resettable.
func (t *texts) Reset() { t.col, t.n = nil, 0 }

// EncodeColumn implements proto.ColInput.
func (t *texts) EncodeColumn(b *proto.Buffer) {
	if t.n == 0 {
		return
	}
	from, text := int32(0), t.col.Bytes
	for i := range t.n {
		if !t.col.Const {
			text = t.col.Bytes[from:t.col.Ends[i]]
			from = t.col.Ends[i]
		}
		b.Buf = binary.AppendUvarint(b.Buf, uint64(len(text)))
		b.Buf = append(b.Buf, text...)
	}
}

// WriteColumn implements proto.ColInput.
func (t *texts) WriteColumn(w *proto.Writer) { w.ChainBuffer(t.EncodeColumn) }

// wholes is a column of Int64, or of times in microseconds.
type wholes struct {
	col proto.ColInt64
	one repeated[int64]
	as  proto.Column
}

func newWholes(kind string) *wholes {
	w := &wholes{}
	w.as = Typed(&w.col, kind)
	return w
}

func (w *wholes) input() proto.ColInput { return w.as }

func (w *wholes) fill(c *parquet.Col, n int) {
	if c.Const {
		w.col = w.one.of(c.Ints[0], n)
		return
	}
	w.col = c.Ints[:n]
}

// smalls is a column of Int32.
type smalls struct {
	col proto.ColInt32
	one repeated[int32]
}

func newSmalls() *smalls { return &smalls{} }

func (s *smalls) input() proto.ColInput { return &s.col }

func (s *smalls) fill(c *parquet.Col, n int) {
	if c.Const {
		s.col = s.one.of(c.Codes[0], n)
		return
	}
	s.col = c.Codes[:n]
}

// maybeTimes is a column of times in microseconds, or null.
type maybeTimes struct {
	values proto.ColInt64
	col    *proto.ColNullable[int64]
	as     proto.Column

	one   repeated[int64]
	nulls repeated[uint8]
	times []int64 // of the rows of a batch
	null  []uint8
}

func newMaybeTimes() *maybeTimes {
	m := &maybeTimes{}
	m.col = proto.NewColNullable(proto.ColumnOf[int64](&m.values))
	m.as = Typed(m.col, "Nullable("+Moment+")")
	return m
}

func (m *maybeTimes) input() proto.ColInput { return m.as }

func (m *maybeTimes) fill(c *parquet.Col, n int) {
	if c.Const {
		value, null := nullable(c.Ints[0])
		m.values, m.col.Nulls = m.one.of(value, n), m.nulls.of(null, n)
		return
	}
	m.times, m.null = slices.Grow(m.times[:0], n)[:n], slices.Grow(m.null[:0], n)[:n]
	for i, v := range c.Ints[:n] {
		m.times[i], m.null[i] = nullable(v)
	}
	m.values, m.col.Nulls = m.times, m.null
}

// nullable converts a time to what the server stores: a value, and whether it is null.
func nullable(t int64) (value int64, null uint8) {
	if t == int64(tables.Nothing) {
		return 0, 1
	}
	return t, 0
}

// decimals is a column of Decimals with 38 digits; its raw integers are those of the lake.
type decimals struct {
	col  proto.ColDecimal128
	one  repeated[proto.Decimal128]
	each []proto.Decimal128 // of the rows of a batch
	as   proto.Column
}

func newDecimals(kind string) *decimals {
	d := &decimals{}
	d.as = Typed(&d.col, kind)
	return d
}

func (d *decimals) input() proto.ColInput { return d.as }

func (d *decimals) fill(c *parquet.Col, n int) {
	if c.Const {
		d.col = d.one.of(raw(c.Decs[0]), n)
		return
	}
	d.each = slices.Grow(d.each[:0], n)[:n]
	for i, v := range c.Decs[:n] {
		d.each[i] = raw(v)
	}
	d.col = d.each
}

func raw(v parquet.Dec) proto.Decimal128 { return proto.Decimal128{Low: v.Lo, High: uint64(v.Hi)} }

// Tally adds up, exactly, the columns of the inserted rows that the server is also asked to add up.
type Tally struct {
	table *Table
	Rows  int64
	sums  []money.Total
	whole []int64
}

// NewTally returns a tally of a table without rows.
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

// Add adds a batch. The error names the column whose sum overflows.
func (t *Tally) Add(cols *parquet.Columns[tables.Any]) error {
	t.Rows += int64(cols.N)
	for k, c := range t.table.Sums {
		col, def := cols.Col(tables.ColumnOf[tables.Any](c)), &t.table.Def.Columns[c]
		if def.Type == tables.Whole {
			t.addWholes(k, col, cols.N)
		} else if err := t.addDecimals(k, col, cols.N); err != nil {
			return fmt.Errorf("add up %s of %s: %w", def.Name, t.table.Name, err)
		}
	}
	return nil
}

// addWholes adds the numbers of n rows to the k-th sum.
func (t *Tally) addWholes(k int, col *parquet.Col, n int) {
	if col.Const {
		t.whole[k] += int64(n) * col.Ints[0]
		return
	}
	for _, v := range col.Ints[:n] {
		t.whole[k] += v
	}
}

// addDecimals adds the decimals of n rows to the k-th sum.
func (t *Tally) addDecimals(k int, col *parquet.Col, n int) error {
	values, times := col.Decs, 1
	if col.Const {
		values, times = col.Decs[:1], n
	}
	if col.Const && values[0] == (parquet.Dec{}) {
		return nil
	}
	for range times {
		for _, v := range values {
			if err := t.sums[k].Add(v.Hi, v.Lo); err != nil {
				return err
			}
		}
	}
	return nil
}

// Texts returns the sums without trailing zeros, in the order of the table's sums.
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

// TrimZeros removes the trailing zeros of a decimal.
func TrimZeros(text string) string {
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		return "0"
	}
	return text
}
