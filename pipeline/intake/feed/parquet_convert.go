package feed

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/schemas/visible"
)

// converter converts a file's arrays into those of a batch, column by column. If the types are equal, the memory is
// shared, and rows are only checked.
type converter struct {
	file   *parquetFile
	schema *arrow.Schema
	absent []arrow.Array // the all-null arrays of columns that the file does not have
	words  []*dictionary // of Word columns
	faults Faults
}

// dictionary is the last dictionary of a Word column. Each batch of a row group comes with an equal copy; all get the
// first one, so that users can recognize by the pointer that the codes have not changed.
type dictionary struct {
	values *array.String
	bad    []int32 // codes of words that are empty or have a fault
}

func newConverter(f *parquetFile) *converter {
	c := &converter{file: f, schema: f.spec.Schema(), absent: make([]arrow.Array, len(f.spec.Columns)),
		words: make([]*dictionary, len(f.spec.Columns))}
	for i, at := range f.leaves {
		if at < 0 {
			c.absent[i] = array.MakeArrayOfNull(f.opts.Memory, f.spec.Columns[i].Kind.ArrowType(), f.opts.BatchRows)
		}
	}
	return c
}

func (c *converter) release() {
	for _, a := range c.absent {
		if a != nil {
			a.Release()
		}
	}
	for _, d := range c.words {
		if d != nil {
			d.values.Release()
		}
	}
}

// batch converts n rows; the caller still owns from. An error is one of the file.
func (c *converter) batch(from []arrow.Array, n int) (arrow.RecordBatch, []Fault, error) {
	columns := make([]arrow.Array, len(from))
	defer func() {
		for _, a := range columns {
			if a != nil {
				a.Release()
			}
		}
	}()
	for i := range from {
		c.missing(i, from, n)
		if from[i] == nil {
			columns[i] = array.NewSlice(c.absent[i], 0, int64(n))
			continue
		}
		err := Guard(func() (err error) {
			columns[i], err = c.column(i, from[i])
			return err
		})
		if err != nil {
			c.faults.Take()
			var known *FormError
			if !errors.As(err, &known) {
				err = c.file.broken(err)
			}
			return nil, nil, err
		}
	}
	return array.NewRecordBatch(c.schema, columns, int64(n)), c.faults.Take(), nil
}

// missing adds a fault for each row that lacks a required value in column i, or a value in all columns that share its
// OneOf.
func (c *converter) missing(i int, from []arrow.Array, n int) {
	col := &c.file.spec.Columns[i]
	if col.Required && from[i] != nil && from[i].NullN() > 0 {
		for row := range n {
			if from[i].IsNull(row) {
				c.faults.Add(row, col.Name, reason.MissingValue, nil)
			}
		}
	}
	first, all := c.file.spec.OneOf(i)
	if !first {
		return
	}
	for _, j := range all {
		if from[j] != nil && from[j].NullN() == 0 && !isText(from[j]) {
			return
		}
	}
	for row := range n {
		found := false
		for _, j := range all {
			found = found || from[j] != nil && from[j].IsValid(row) &&
				!(isText(from[j]) && len(textAt(from[j], row)) == 0)
		}
		if !found {
			c.faults.Add(row, col.Name, reason.MissingValue, nil)
		}
	}
}

func isText(a arrow.Array) bool {
	switch a.DataType().ID() {
	case arrow.STRING, arrow.BINARY:
		return true
	}
	return false
}

// textAt returns a value of a text column.
func textAt(a arrow.Array, row int) []byte {
	switch a := a.(type) {
	case *array.Binary:
		return a.Value(row)
	case *array.String:
		offsets := a.ValueOffsets()
		return a.ValueBytes()[offsets[row]-offsets[0] : offsets[row+1]-offsets[0]]
	}
	return nil
}

// column converts one column.
func (c *converter) column(i int, from arrow.Array) (arrow.Array, error) {
	col := &c.file.spec.Columns[i]
	switch {
	case col.Kind == WordColumn:
		return c.word(i, col, from.(*array.Dictionary)), nil
	case col.Kind == TextColumn:
		return c.text(col, from)
	case isText(from):
		return c.parsed(col, from), nil
	case col.Kind == TimeColumn:
		return c.time(col, from.(*array.Timestamp)), nil
	case col.Kind == WholeColumn:
		return c.whole(col, from)
	}
	return c.decimal(col, from)
}

// asString reads an array of strings or plain bytes as strings; they have the same layout.
func asString(a arrow.Array) *array.String {
	d := a.Data()
	data := array.NewData(arrow.BinaryTypes.String, d.Len(), d.Buffers(), nil, d.NullN(), d.Offset())
	defer data.Release()
	return array.NewStringData(data)
}

// text checks a Text column.
func (c *converter) text(col *SpecColumn, from arrow.Array) (arrow.Array, error) {
	s := asString(from)
	offsets, all := s.ValueOffsets(), s.ValueBytes()
	plain := visible.PrintableBytes(all)
	var empties []int
	for row := range s.Len() {
		from, to := offsets[row]-offsets[0], offsets[row+1]-offsets[0]
		n := int(to - from)
		switch {
		case n == 0:
			if s.IsValid(row) {
				empties = append(empties, row)
			}
		case plain && all[from] != ' ' && all[to-1] != ' ': // almost all texts: nothing is wrong
		default:
			if shown, bad := textFault(col, all[from:to]); bad {
				c.faults.Add(row, col.Name, reason.BadRow, shown)
			}
		}
	}
	return c.emptied(col, s, empties), nil
}

// textFault reports whether a text is not UTF-8, or is an identity with a flaw (TEXT-1), and what a reject shows of it.
func textFault(col *SpecColumn, text []byte) (shown []byte, bad bool) {
	switch {
	case !utf8.Valid(text):
		return text, true
	case !col.Free && visible.FlawOf(text) != "":
		return []byte(visible.Shown(string(text))), true
	}
	return nil, false
}

func (c *converter) overlong(column string) error {
	return c.file.src.Blame(&FormError{
		Text: fmt.Sprintf("column %q has a value longer than %s", column, byteSize(c.file.opts.MaxRecord))})
}

// emptied makes the rows of empty texts null, and adds faults where a value is required. It takes ownership of a.
func (c *converter) emptied(col *SpecColumn, a arrow.Array, rows []int) arrow.Array {
	if len(rows) == 0 {
		return a
	}
	defer a.Release()
	d := a.Data()
	valid := memory.NewBufferBytes(make([]byte, bitutil.BytesForBits(int64(d.Offset()+d.Len()))))
	if old := d.Buffers()[0]; old != nil {
		copy(valid.Bytes(), old.Bytes())
	} else {
		bitutil.SetBitsTo(valid.Bytes(), 0, int64(d.Offset()+d.Len()), true)
	}
	for _, row := range rows {
		bitutil.ClearBit(valid.Bytes(), d.Offset()+row)
		if col.Required {
			c.faults.Add(row, col.Name, reason.MissingValue, nil)
		}
	}
	buffers := append([]*memory.Buffer{valid}, d.Buffers()[1:]...)
	data := array.NewData(d.DataType(), d.Len(), buffers, nil, d.NullN()+len(rows), d.Offset())
	defer data.Release()
	return array.MakeFromData(data)
}

// word checks a Word column: the dictionary once, and the codes only if the dictionary has a bad word.
func (c *converter) word(i int, col *SpecColumn, from *array.Dictionary) arrow.Array {
	c.learn(i, col, from)
	d := c.words[i]
	codes := from.Indices().(*array.Int32)
	var empties []int
	if len(d.bad) > 0 {
		empties = c.badWords(col, d, codes)
	}
	codes.Retain()
	kept := c.emptied(col, codes, empties)
	defer kept.Release()
	return array.NewDictionaryArray(col.Kind.ArrowType(), kept, d.values)
}

// badWords adds the faults of words and returns the rows of empty words.
func (c *converter) badWords(col *SpecColumn, d *dictionary, codes *array.Int32) (empties []int) {
	for row, code := range codes.Int32Values() {
		if _, bad := slices.BinarySearch(d.bad, code); !bad || codes.IsNull(row) {
			continue
		}
		if word := textAt(d.values, int(code)); len(word) == 0 {
			empties = append(empties, row)
		} else {
			shown, _ := textFault(col, word)
			c.faults.Add(row, col.Name, reason.BadRow, shown)
		}
	}
	return empties
}

// learn stores a batch's dictionary if it differs from the last one.
func (c *converter) learn(i int, col *SpecColumn, from *array.Dictionary) {
	values := asString(from.Dictionary())
	if d := c.words[i]; d != nil && sameTexts(d.values, values) {
		values.Release()
		return
	}
	d := &dictionary{values: values}
	if old := c.words[i]; old != nil {
		old.values.Release()
	}
	c.words[i] = d
	offsets := values.ValueOffsets()
	for code := range values.Len() {
		n := int(offsets[code+1] - offsets[code])
		if _, bad := textFault(col, textAt(values, code)); bad || n == 0 {
			d.bad = append(d.bad, int32(code))
		}
	}
}

func sameTexts(a, b *array.String) bool {
	return a.Len() == b.Len() && bytes.Equal(a.ValueBytes(), b.ValueBytes()) &&
		bytes.Equal(arrow.Int32Traits.CastToBytes(a.ValueOffsets()), arrow.Int32Traits.CastToBytes(b.ValueOffsets()))
}

// parsed parses the texts of a column of another kind.
func (c *converter) parsed(col *SpecColumn, from arrow.Array) arrow.Array {
	out := Cells{Column: col, Builder: array.NewBuilder(c.file.opts.Memory, col.Kind.ArrowType())}
	defer out.Builder.Release()
	out.Builder.Reserve(from.Len())
	for row := range from.Len() {
		var text []byte
		if from.IsValid(row) {
			text = textAt(from, row)
		}
		why := reason.None
		switch {
		case len(text) > 0:
			why = out.Append(text)
		case col.Required:
			why = reason.MissingValue
		}
		if why != reason.None {
			c.faults.Add(row, col.Name, why, text)
		}
		if why != reason.None || len(text) == 0 {
			out.Builder.AppendNull()
		}
	}
	return out.Builder.NewArray()
}

// Range of the instants that the text form can express, the years 0001 to 9999, in microseconds.
const (
	firstInstant = -62_135_596_800_000_000
	lastInstant  = 253_402_300_799_999_999
)

// time converts timestamps to microseconds.
func (c *converter) time(col *SpecColumn, from *array.Timestamp) arrow.Array {
	unit := from.DataType().(*arrow.TimestampType).Unit
	values := from.TimestampValues()
	out := values
	buffer := from.Data().Buffers()[1]
	if unit != arrow.Microsecond {
		buffer = memory.NewBufferBytes(make([]byte, arrow.TimestampTraits.BytesRequired(len(values))))
		out = arrow.TimestampTraits.CastFromBytes(buffer.Bytes())
	} else {
		buffer.Retain()
	}
	for row, v := range values {
		t, exact := int64(v), true
		switch unit {
		case arrow.Millisecond:
			exact = t >= firstInstant/1000 && t <= lastInstant/1000
			t *= 1000
		case arrow.Nanosecond:
			exact = t%1000 == 0
			t /= 1000
		}
		if (!exact || t < firstInstant || t > lastInstant) && from.IsValid(row) {
			c.faults.Add(row, col.Name, reason.BadTime, appendText(nil, from, row))
		}
		if unit != arrow.Microsecond {
			out[row] = arrow.Timestamp(t)
		}
	}
	return c.fixed(col, from, buffer)
}

// fixed returns an array of a fixed-width column with new values and the file's validity. It takes ownership of buffer.
func (c *converter) fixed(col *SpecColumn, from arrow.Array, buffer *memory.Buffer) arrow.Array {
	defer buffer.Release()
	d := from.Data()
	data := array.NewData(col.Kind.ArrowType(), d.Len(), []*memory.Buffer{d.Buffers()[0], buffer}, nil, d.NullN(), 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// decimal converts DECIMAL and whole numbers to the kind's scale.
func (c *converter) decimal(col *SpecColumn, from arrow.Array) (arrow.Array, error) {
	scale, to := int32(0), int32(money.QuantityScale)
	if col.Kind == AmountColumn {
		to = money.AmountScale
	}
	var values []decimal128.Num
	switch a := from.(type) {
	case *array.Decimal256:
		return c.parsedWide(col, a), nil
	case *array.Decimal128:
		scale = a.DataType().(*arrow.Decimal128Type).Scale
		values = a.Values()
	default:
		var err error
		if values, err = wholes(from); err != nil {
			return nil, err
		}
	}
	var buffer *memory.Buffer
	out := values
	if _, shared := from.(*array.Decimal128); shared && scale == to {
		buffer = from.Data().Buffers()[1]
		buffer.Retain()
	} else {
		buffer = memory.NewBufferBytes(make([]byte, arrow.Decimal128Traits.BytesRequired(len(values))))
		out = arrow.Decimal128Traits.CastFromBytes(buffer.Bytes())
	}
	for row, v := range values {
		n, why := v, reason.None
		if v.Sign() < 0 && !col.Signed {
			why = reason.BadDecimal
		} else if scale != to {
			n, why = rescale(v, scale, to)
			out[row] = n
		}
		if why == reason.None {
			why = inRange(col, n)
		}
		if why != reason.None && from.IsValid(row) {
			c.faults.Add(row, col.Name, why, appendText(nil, from, row))
		}
	}
	return c.fixed(col, from, buffer), nil
}

// inRange checks the range of a number that has its kind's scale.
func inRange(col *SpecColumn, n decimal128.Num) reason.Reason {
	var err error
	if col.Kind == QuantityColumn {
		if col.Signed && n.Sign() < 0 {
			n = n.Negate()
		}
		_, err = money.QuantityFromRaw(n.HighBits(), n.LowBits())
	} else {
		_, err = money.AmountFromRaw(n.HighBits(), n.LowBits())
	}
	if err != nil {
		return DecimalReason(err)
	}
	return reason.None
}

// rescale converts v to another scale exactly, or returns the reason why it cannot.
func rescale(v decimal128.Num, from, to int32) (decimal128.Num, reason.Reason) {
	if from > to {
		q, exact := divide(v, int(from-to))
		if !exact {
			return v, reason.BadDecimal
		}
		return q, reason.None
	}
	// A value of 10^27 or more at the new scale exceeds every range.
	if v.Abs().Cmp(decimal128.GetScaleMultiplier(int(27-(to-from)))) >= 0 {
		return v, reason.OutOfRange
	}
	return v.Mul(decimal128.GetScaleMultiplier(int(to - from))), reason.None
}

// divide divides by 10^digits and reports whether there is no remainder.
func divide(v decimal128.Num, digits int) (decimal128.Num, bool) {
	abs := v.Abs()
	hi, lo := uint64(abs.HighBits()), abs.LowBits()
	for digits > 0 {
		step := min(digits, 19)
		unit := decimal128.GetScaleMultiplier(step).LowBits()
		var rest uint64
		hi, rest = hi/unit, hi%unit
		if lo, rest = bits.Div64(rest, lo, unit); rest != 0 {
			return v, false
		}
		digits -= step
	}
	q := decimal128.New(int64(hi), lo)
	if v.Sign() < 0 {
		q = q.Negate()
	}
	return q, true
}

// wholes reads an integer column as decimals of scale 0.
func wholes(from arrow.Array) ([]decimal128.Num, error) {
	switch a := from.(type) {
	case *array.Int8:
		return widen(a.Int8Values()), nil
	case *array.Int16:
		return widen(a.Int16Values()), nil
	case *array.Int32:
		return widen(a.Int32Values()), nil
	case *array.Int64:
		return widen(a.Int64Values()), nil
	case *array.Uint8:
		return widen(a.Uint8Values()), nil
	case *array.Uint16:
		return widen(a.Uint16Values()), nil
	case *array.Uint32:
		return widen(a.Uint32Values()), nil
	case *array.Uint64:
		out := make([]decimal128.Num, a.Len())
		for i, v := range a.Uint64Values() {
			out[i] = decimal128.FromU64(v)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%s in a number column", from.DataType())
}

func widen[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](values []T) []decimal128.Num {
	out := make([]decimal128.Num, len(values))
	for i, v := range values {
		out[i] = decimal128.FromI64(int64(v))
	}
	return out
}

// parsedWide converts decimals of more than 38 digits through their text; few files have such.
func (c *converter) parsedWide(col *SpecColumn, from *array.Decimal256) arrow.Array {
	texts := array.NewStringBuilder(c.file.opts.Memory)
	defer texts.Release()
	for row := range from.Len() {
		if from.IsNull(row) {
			texts.AppendNull()
		} else {
			texts.Append(string(appendText(nil, from, row)))
		}
	}
	a := texts.NewArray()
	defer a.Release()
	out := c.parsed(col, a)
	return out
}

// whole converts numbers to int64.
func (c *converter) whole(col *SpecColumn, from arrow.Array) (arrow.Array, error) {
	var values []decimal128.Num
	scale := int32(0)
	switch a := from.(type) {
	case *array.Decimal256:
		return c.parsedWide(col, a), nil
	case *array.Decimal128:
		values, scale = a.Values(), a.DataType().(*arrow.Decimal128Type).Scale
	default:
		var err error
		if values, err = wholes(from); err != nil {
			return nil, err
		}
	}
	buffer := memory.NewBufferBytes(make([]byte, arrow.Int64Traits.BytesRequired(len(values))))
	out := arrow.Int64Traits.CastFromBytes(buffer.Bytes())
	for row, v := range values {
		n, exact := divide(v, int(scale))
		why := reason.None
		switch {
		case !exact, n.Sign() < 0 && !col.Signed:
			why = reason.BadDecimal
		case n.Abs().Greater(decimal128.FromI64(MaxWhole)):
			why = reason.OutOfRange
		default:
			out[row] = int64(n.LowBits())
		}
		if why != reason.None && from.IsValid(row) {
			c.faults.Add(row, col.Name, why, appendText(nil, from, row))
		}
	}
	return c.fixed(col, from, buffer), nil
}
