package feed

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/schemas/visible"
)

// maxFaultValue is the number of bytes of a value that a Fault stores.
const maxFaultValue = 256

// ShownText returns a value in the form of a reject: valid UTF-8, cut after 256 bytes with an ellipsis.
func ShownText(value string) string { return shownValue([]byte(value)) }

// shownValue cuts a value for a Fault at the start of a character, and replaces invalid UTF-8.
func shownValue(v []byte) string {
	if len(v) > maxFaultValue {
		end := maxFaultValue
		for end > maxFaultValue-utf8.UTFMax && !utf8.RuneStart(v[end]) {
			end--
		}
		return strings.ToValidUTF8(string(v[:end]), "\ufffd") + "…"
	}
	return strings.ToValidUTF8(string(v), "\ufffd")
}

// Faults collects a batch's faults and keeps one per row. Calls may come row by row or column by column, but the calls
// for one row must come in the order of the columns.
type Faults struct {
	list []Fault
	rows map[int]int // by row: its index in list
}

// Add stores a fault unless the row has an earlier one; bad_row replaces other faults (doc.go, invariant 2).
func (f *Faults) Add(row int, column string, why reason.Reason, value []byte) {
	at, known := f.rows[row]
	if known && (why != reason.BadRow || f.list[at].Reason == reason.BadRow) {
		return
	}
	fault := Fault{Index: row, Column: column, Reason: why, Value: shownValue(value)}
	if known {
		f.list[at] = fault
		return
	}
	if f.rows == nil {
		f.rows = make(map[int]int)
	}
	f.rows[row] = len(f.list)
	f.list = append(f.list, fault)
}

// Take returns the faults by row and clears them.
func (f *Faults) Take() []Fault {
	out := f.list
	slices.SortFunc(out, func(a, b Fault) int { return cmp.Compare(a.Index, b.Index) })
	f.list = nil
	clear(f.rows)
	return out
}

// Builder builds the batches of a text format row by row.
type Builder struct {
	spec    *Spec
	schema  *arrow.Schema
	present []bool // whether the file has the column
	cells   []Cells
	absent  []arrow.Array // the all-null arrays of columns that the file does not have
	faults  Faults
	// Rows is the number of rows since the last batch.
	Rows int
}

// Cells builds one column.
type Cells struct {
	Column  *SpecColumn
	Builder array.Builder
	words   *words // dictionary of a Word column; the builder has the codes
	first   bool   // the first of the columns that share its OneOf
	others  []int  // the columns that share it
}

// NewBuilder returns the builder for a file of the Spec. present tells, by column of the Spec, whether the file has it.
// A batch has at most batchRows rows; mem allocates its memory.
func NewBuilder(spec *Spec, present []bool, batchRows int, mem memory.Allocator) *Builder {
	b := &Builder{spec: spec, schema: spec.Schema(), present: present,
		cells: make([]Cells, len(spec.Columns)), absent: make([]arrow.Array, len(spec.Columns))}
	for i := range spec.Columns {
		col := &spec.Columns[i]
		c := &b.cells[i]
		c.Column = col
		c.first, c.others = spec.OneOf(i)
		if !present[i] {
			b.absent[i] = array.MakeArrayOfNull(mem, col.Kind.ArrowType(), batchRows)
			continue
		}
		t := col.Kind.ArrowType()
		if col.Kind == WordColumn {
			c.words, t = newWords(), arrow.PrimitiveTypes.Int32
		}
		c.Builder = array.NewBuilder(mem, t)
	}
	return b
}

// Add appends a row: one value per column of the Spec, empty if there is none.
func (b *Builder) Add(values [][]byte) {
	for i := range b.cells {
		c := &b.cells[i]
		v := values[i]
		if c.first && empty(values, c.others) {
			b.faults.Add(b.Rows, c.Column.Name, reason.MissingValue, nil)
		}
		if !b.present[i] {
			continue
		}
		if len(v) == 0 {
			c.Builder.AppendNull()
			if c.Column.Required {
				b.faults.Add(b.Rows, c.Column.Name, reason.MissingValue, nil)
			}
			continue
		}
		if why := c.Append(v); why != reason.None {
			c.Builder.AppendNull()
			if why == reason.BadRow {
				v = []byte(visible.Shown(string(v)))
			}
			b.faults.Add(b.Rows, c.Column.Name, why, v)
		}
	}
	b.Rows++
}

// AddBad appends a row that is malformed as a whole or in a column.
func (b *Builder) AddBad(column string, value []byte) {
	b.faults.Add(b.Rows, column, reason.BadRow, value)
	for i := range b.cells {
		if b.present[i] {
			b.cells[i].Builder.AppendNull()
		}
	}
	b.Rows++
}

func empty(values [][]byte, columns []int) bool {
	for _, i := range columns {
		if len(values[i]) > 0 {
			return false
		}
	}
	return true
}

// Append appends a value that is not empty. If it cannot, it returns the reason and appends nothing.
func (c *Cells) Append(v []byte) reason.Reason {
	switch c.Column.Kind {
	case TextColumn:
		if !c.Column.Free && visible.FlawOf(v) != "" {
			return reason.BadRow
		}
		c.Builder.(*array.StringBuilder).BinaryBuilder.Append(v)
	case WordColumn:
		code, ok := c.words.code(v)
		if !ok {
			return reason.BadRow
		}
		c.Builder.(*array.Int32Builder).Append(code)
	case TimeColumn:
		t, err := period.ParseInstant(v)
		if err != nil {
			return reason.BadTime
		}
		c.Builder.(*array.TimestampBuilder).Append(arrow.Timestamp(t))
	case QuantityColumn, AmountColumn:
		n, why := parseDecimal(c.Column, v)
		if why != reason.None {
			return why
		}
		c.Builder.(*array.Decimal128Builder).Append(n)
	case WholeColumn:
		n, why := parseWhole(c.Column, v)
		if why != reason.None {
			return why
		}
		c.Builder.(*array.Int64Builder).Append(n)
	}
	return reason.None
}

// parseDecimal parses the text of a Quantity or an Amount.
func parseDecimal(col *SpecColumn, v []byte) (decimal128.Num, reason.Reason) {
	if col.Kind == QuantityColumn && col.Signed && v[0] == '-' {
		q, err := money.ParseQuantity(v[1:])
		if err != nil && DecimalReason(err) == reason.OutOfRange {
			return decimal128.Num{}, reason.OutOfRange
		}
		if err != nil || q.IsZero() {
			return decimal128.Num{}, reason.BadDecimal
		}
		return decimal128.New(q.Signed().Neg().Raw()), reason.None
	}
	if col.Kind == QuantityColumn {
		q, err := money.ParseQuantity(v)
		if err != nil {
			return decimal128.Num{}, DecimalReason(err)
		}
		return decimal128.New(q.Raw()), reason.None
	}
	a, err := money.ParseAmount(v)
	if err != nil {
		return decimal128.Num{}, DecimalReason(err)
	}
	if !col.Signed && v[0] == '-' {
		return decimal128.Num{}, reason.BadDecimal
	}
	return decimal128.New(a.Raw()), reason.None
}

// DecimalReason returns the reason for an error of schemas/money.
func DecimalReason(err error) reason.Reason {
	var e *money.ParseError
	if errors.As(err, &e) {
		switch e.Kind {
		case money.Missing:
			return reason.MissingValue
		case money.OutOfRange:
			return reason.OutOfRange
		}
	}
	return reason.BadDecimal
}

// MaxWhole is the largest whole number.
const MaxWhole = 1_000_000_000_000_000_000 - 1

// ParseWhole parses the text of a whole number without a sign, `digits(.zeros)`: 3, 3.0 and 3.00 are 3 (§3.15).
func ParseWhole(text string) (int64, bool) {
	n, why := parseWhole(&SpecColumn{Kind: WholeColumn}, []byte(text))
	return n, why == reason.None
}

// parseWhole parses the text of a Whole, `-?digits(.zeros)`. It checks the complete form before the range.
func parseWhole(col *SpecColumn, v []byte) (int64, reason.Reason) {
	digits, negative := bytes.CutPrefix(v, []byte{'-'})
	if negative && !col.Signed {
		return 0, reason.BadDecimal
	}
	digits, zeros, pointed := bytes.Cut(digits, []byte{'.'})
	if len(digits) == 0 || pointed && (len(zeros) == 0 || len(bytes.TrimLeft(zeros, "0")) > 0) {
		return 0, reason.BadDecimal
	}
	n, over := int64(0), false
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, reason.BadDecimal
		}
		if n = n*10 + int64(c-'0'); n > MaxWhole {
			n, over = MaxWhole, true
		}
	}
	if over {
		return 0, reason.OutOfRange
	}
	if negative {
		n = -n
	}
	return n, reason.None
}

// Batch returns the rows so far as a batch and starts a new one.
func (b *Builder) Batch(first int64, raw Raw) *Batch {
	columns := make([]arrow.Array, len(b.cells))
	for i := range b.cells {
		c := &b.cells[i]
		switch {
		case !b.present[i]:
			columns[i] = array.NewSlice(b.absent[i], 0, int64(b.Rows))
		case c.words != nil:
			codes := c.Builder.NewArray()
			columns[i] = array.NewDictionaryArray(c.Column.Kind.ArrowType(), codes, c.words.array())
			codes.Release()
			if c.words.full() {
				c.words = newWords()
			}
		default:
			columns[i] = c.Builder.NewArray()
		}
	}
	rows := array.NewRecordBatch(b.schema, columns, int64(b.Rows))
	for _, c := range columns {
		c.Release()
	}
	b.Rows = 0
	return NewBatch(rows, first, b.faults.Take(), raw)
}

// NewWords makes the next batch start with new dictionaries.
func (b *Builder) NewWords() {
	for i := range b.cells {
		if b.cells[i].words != nil {
			b.cells[i].words = newWords()
		}
	}
}

// Another returns a builder of the same columns, for another part of the same file.
func (b *Builder) Another(batchRows int, mem memory.Allocator) *Builder {
	return NewBuilder(b.spec, b.present, batchRows, mem)
}

// Release frees the memory of the builder.
func (b *Builder) Release() {
	for i := range b.cells {
		if b.present[i] {
			b.cells[i].Builder.Release()
		} else {
			b.absent[i].Release()
		}
	}
}
