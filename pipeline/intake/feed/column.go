package feed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/parquet-go/parquet-go/format"
)

// ParquetForm is how a column of texts is read.
type ParquetForm struct {
	Longest int        // bytes of a text; a longer one is ErrTooLong
	Words   bool       // as an array with a dictionary; a dictionary with a text twice is an error
	Number  TextNumber // as the numbers of the texts; nil = as texts
}

// ParquetColumn reads a column of a row group.
type ParquetColumn struct {
	Field  *ParquetField
	leaves []*leaf
	words  *parquetWordIDs
}

// leaf reads the column of a leaf.
type leaf struct {
	of         *ParquetField
	pages      *pages
	values     values
	left       int // values of the page, with nulls
	reps, defs hybrid
	dictionary bool // was read

	// of a nested column: the levels of what was collected, and those of the next value
	rep, def         []uint8
	nextRep, nextDef uint8
	has              bool

	levels [512]int32
	there  []bool
}

// ParquetColumn starts reading a field in a row group.
func (f *ParquetFile) Column(src io.ReaderAt, field *ParquetField, group int, form ParquetForm) (*ParquetColumn,
	error) {
	c := &ParquetColumn{Field: field}
	for _, of := range leavesOf(field) {
		p, err := f.pages(src, of, group)
		if err != nil {
			return nil, err
		}
		l := &leaf{of: of, pages: p}
		switch {
		case !of.IsText():
			l.values, err = newFixed(of)
		case form.Words && of == field:
			c.words = &parquetWordIDs{known: map[string]int32{}}
			l.values = &numbers{textPage: textPage{most: form.Longest}, number: c.words.number}
		case form.Number != nil && of == field:
			l.values = &numbers{textPage: textPage{most: form.Longest}, number: form.Number}
		default:
			l.values = newTexts(of, form.Longest)
		}
		if err != nil {
			return nil, err
		}
		c.leaves = append(c.leaves, l)
	}
	if err := c.begin(); err != nil {
		return nil, err
	}
	return c, nil
}

// Renumber changes the numbers of the texts of the dictionary, if the column is read as numbers.
func (c *ParquetColumn) Renumber(number func(old int32) (int32, error)) (err error) {
	n, is := c.leaves[0].values.(*numbers)
	if !is {
		return nil
	}
	for i := range n.words {
		if n.words[i], err = number(n.words[i]); err != nil {
			return err
		}
	}
	return nil
}

// begin reads the dictionaries.
func (c *ParquetColumn) begin() error {
	for _, l := range c.leaves {
		if _, err := l.open(); err != nil {
			return err
		}
	}
	if c.words == nil {
		return nil
	}
	c.words.fixed = len(c.words.list)
	seen := make([]bool, c.words.fixed)
	for _, code := range c.leaves[0].values.(*numbers).words {
		if seen[code] {
			return fmt.Errorf("its dictionary contains %q twice", c.words.list[code])
		}
		seen[code] = true
	}
	return nil
}

// turn opens the next page with values, unless one is open; more is false at the end of the column.
func (l *leaf) turn() (more bool, err error) {
	for l.left == 0 {
		if more, err := l.open(); !more || err != nil {
			return false, err
		}
	}
	return true, nil
}

// open opens the next page of any kind.
func (l *leaf) open() (more bool, err error) {
	p, err := l.pages.next()
	switch {
	case err == io.EOF:
		return false, nil
	case err != nil:
		return false, err
	}
	switch p.kind {
	case format.DictionaryPage:
		if l.dictionary {
			return false, errors.New("it has two dictionaries")
		}
		l.dictionary = true
		err = l.values.dictionary(&p)
	case format.DataPage, format.DataPageV2:
		if l.left = p.values; len(p.data) == 0 { // all are null; some writers store nothing then, in any encoding
			p.encoding = format.Plain
		}
		l.reps.open(p.reps, uint(bits.Len8(l.of.rep)))
		l.defs.open(p.defs, uint(bits.Len8(l.of.def)))
		err = l.values.begin(&p)
	}
	return true, err
}

// Next reads the next n rows, or fewer: at the end of the column, and of long texts. nil = there are no more.
func (c *ParquetColumn) Next(n int) (arrow.Array, error) {
	if c.words == nil {
		if c.Field.leaf < 0 {
			return c.nested(n)
		}
		return c.leaves[0].flat(n)
	}
	c.words.forget()
	codes, err := c.leaves[0].flat(n)
	if codes == nil || err != nil {
		return nil, err
	}
	defer codes.Release()
	t := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	return array.NewDictionaryArray(t, codes, c.words.values()), nil
}

// flat reads rows of a column that is not nested.
func (l *leaf) flat(n int) (arrow.Array, error) {
	rows, nulls, valid := 0, 0, []byte(nil)
	for rows < n {
		more, err := l.turn()
		if err != nil {
			return nil, err
		}
		most := min(n-rows, l.left, len(l.levels), l.values.room())
		if !more || most == 0 {
			break
		}
		there, err := l.step(most)
		if err != nil {
			return nil, err
		}
		for i, is := range there {
			if is {
				continue
			}
			if valid == nil {
				valid = bytes.Repeat([]byte{0xff}, (n+7)/8)
			}
			bitutil.ClearBit(valid, rows+i)
			nulls++
		}
		rows += len(there)
		l.left -= len(there)
	}
	if rows == 0 {
		return nil, nil
	}
	var buffer *memory.Buffer
	if valid != nil {
		buffer = memory.NewBufferBytes(valid)
	}
	return l.values.array(rows, buffer, nulls), nil
}

// step reads at most n rows of the page, and returns which of them have a value.
func (l *leaf) step(n int) (there []bool, err error) {
	levels := l.levels[:n]
	if err := l.defs.read(levels); err != nil {
		return nil, err
	}
	l.there = l.there[:0]
	known := 0
	for _, level := range levels {
		is := uint8(level) == l.of.def
		if l.there = append(l.there, is); is {
			known++
		}
	}
	if err := l.values.take(known); err != nil {
		return nil, err
	}
	if known < n {
		l.values.spread(l.there)
	}
	return l.there, nil
}

// nested reads rows of a column with parts.
func (c *ParquetColumn) nested(n int) (arrow.Array, error) {
	rows := -1
	for _, l := range c.leaves {
		got, err := l.records(n)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", l.of.Name, err)
		case rows >= 0 && got != rows:
			return nil, fmt.Errorf("%s: %d rows, and %d of the part before it", l.of.Name, got, rows)
		}
		rows = got
	}
	if rows <= 0 {
		return nil, nil
	}
	a := assemble(c.Field, c.leaves, 0, 0)
	for _, l := range c.leaves {
		l.rep, l.def = l.rep[:0], l.def[:0]
	}
	return a, nil
}

// records reads the values of at most n rows.
func (l *leaf) records(n int) (rows int, err error) {
	for {
		if !l.has {
			more, err := l.turn()
			if !more || err != nil {
				return rows, err
			}
			var rep, def [1]int32
			if err := errors.Join(l.reps.read(rep[:]), l.defs.read(def[:])); err != nil {
				return rows, err
			}
			l.left--
			l.nextRep, l.nextDef, l.has = uint8(rep[0]), uint8(def[0]), true
		}
		if l.nextRep == 0 {
			if rows == n {
				return rows, nil
			}
			rows++
		} else if rows == 0 {
			return 0, errors.New("a row begins in its middle")
		}
		if len(l.rep) == maxNested {
			return rows, fmt.Errorf("%d rows with more than %d elements", rows, maxNested)
		}
		l.rep, l.def, l.has = append(l.rep, l.nextRep), append(l.def, l.nextDef), false
		if l.nextDef == l.of.def {
			if err := l.values.take(1); err != nil {
				return rows, err
			}
		}
	}
}

// assemble makes the array of a field of the collected values and levels of its leaves. A value has a place in it if it
// is the first or only one of that place (its repetition level is at most rep), and if the place exists (its definition
// level is at least exists, that of the element of the list around the field).
func assemble(f *ParquetField, leaves []*leaf, rep, exists uint8) arrow.Array {
	l := leaves[0]
	var there []bool
	var begins []int32 // of a list, by place: the number of its first element
	elements := int32(0)
	for i, def := range l.def {
		if def < exists {
			continue
		}
		if l.rep[i] <= rep {
			there = append(there, def >= f.def)
			begins = append(begins, elements)
		}
		if l.rep[i] <= rep+1 && def > f.def {
			elements++
		}
	}
	valid, nulls := bitmap(there)
	if f.leaf >= 0 {
		l.values.spread(there)
		return l.values.array(len(there), valid, nulls)
	}
	list, isList := f.Type.(arrow.ListLikeType)
	if !isList {
		return parent(f.Type, len(there), nulls, parts(f, leaves, rep, exists), valid)
	}
	inner := parts(f, leaves, rep+1, f.def+1)
	if f.Type.ID() == arrow.MAP {
		inner = []arrow.Array{parent(list.Elem(), int(elements), 0, inner, nil)}
	}
	return parent(f.Type, len(there), nulls, inner, valid,
		memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(append(begins, elements))))
}

func parts(f *ParquetField, leaves []*leaf, rep, exists uint8) (out []arrow.Array) {
	for _, p := range f.Parts {
		out = append(out, assemble(p, leaves, rep, exists))
		leaves = leaves[len(leavesOf(p)):]
	}
	return out
}

// parent makes an array that has others; it takes ownership of them.
func parent(t arrow.DataType, n, nulls int, inner []arrow.Array, buffers ...*memory.Buffer) arrow.Array {
	data := make([]arrow.ArrayData, len(inner))
	for i, a := range inner {
		data[i] = a.Data()
	}
	all := array.NewData(t, n, buffers, data, nulls, 0)
	release(inner)
	defer all.Release()
	return array.MakeFromData(all)
}

// bitmap returns the validity of an array; nil = no value is null.
func bitmap(there []bool) (valid *memory.Buffer, nulls int) {
	bits := make([]byte, bitutil.BytesForBits(int64(len(there))))
	for i, is := range there {
		if bitutil.SetBitTo(bits, i, is); !is {
			nulls++
		}
	}
	if nulls == 0 {
		return nil, 0
	}
	return memory.NewBufferBytes(bits), nulls
}
