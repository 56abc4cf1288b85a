package parquet

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/tollbook/tollbook/schemas/table"
)

// Dec is the raw two's complement value of a decimal column, as returned by the Raw methods of package money.
type Dec struct {
	Hi int64
	Lo uint64
}

// Compare orders raw values by number.
func (d Dec) Compare(o Dec) int { return cmp.Or(cmp.Compare(d.Hi, o.Hi), cmp.Compare(d.Lo, o.Lo)) }

// Col is one column of a batch. Which slice is used follows from the column's type: Codes with Dict for Word, Codes
// alone for Small, Ints for Time, MaybeTime and Whole, Decs for Amount, Quantity and Cost, Bytes with Ends for Text
// (value i is Bytes[Ends[i-1]:Ends[i]]).
type Col struct {
	Codes []int32
	Dict  []string
	Ints  []int64
	Decs  []Dec
	Bytes []byte
	Ends  []int32
	Const bool // one entry stands for all rows of the batch

	byText map[string]int32 // codes of the first words of Dict, up to the last search
	words  int              // bytes of the words that were added to Dict
}

// Columns is a batch of rows of T's table. Its columns are accessed with handles of the table; code for columns of any
// type uses Col.
type Columns[T any] struct {
	Def *table.Table
	N   int

	c []Col
}

// untyped is a batch of any table.
type untyped = Columns[table.Any]

// NewColumns returns an empty batch of a table.
func NewColumns[T any](def table.Def[T]) *Columns[T] {
	return &Columns[T]{Def: def.Table, c: make([]Col, len(def.Columns))}
}

// groupBytes is the number of bytes of texts and words at which a row group ends.
const groupBytes = 64 << 20

// Full reports whether the batch has the rows of a row group, or so long texts that a row group ends earlier (COL-6).
func (c *Columns[T]) Full(rows int) bool { return c.N >= rows || c.bytes() >= groupBytes }

// bytes returns the bytes of all texts and words.
func (c *Columns[T]) bytes() (n int) {
	for i := range c.c {
		n += len(c.c[i].Bytes) + c.c[i].words
	}
	return n
}

// Any returns the batch without its table's type.
func (c *Columns[T]) Any() *Columns[table.Any] { return (*untyped)(c) }

// As converts a batch to T's table. It panics if c is a batch of another table.
func As[T table.Row](c *Columns[table.Any]) *Columns[T] {
	table.Check[T](c.Def)
	return (*Columns[T])(c)
}

// Reset empties the batch but keeps its memory; constant columns become ordinary ones.
func (c *Columns[T]) Reset() {
	c.N = 0
	for i := range c.c {
		col := &c.c[i]
		col.Codes, col.Ints, col.Decs = col.Codes[:0], col.Ints[:0], col.Decs[:0]
		col.Bytes, col.Ends, col.Dict = col.Bytes[:0], col.Ends[:0], col.Dict[:0]
		col.Const, col.words = false, 0
		clear(col.byText)
	}
}

// Spread gives constant columns an entry for every row, as a reader of the batch's file returns them.
func (c *Columns[T]) Spread() {
	for i := range c.c {
		col := &c.c[i]
		if !col.Const {
			continue
		}
		col.Const = false
		switch c.Def.Columns[i].Type {
		case table.Word, table.Small:
			repeated(&col.Codes, col.Codes[0], c.N)
		case table.Time, table.MaybeTime, table.Whole:
			repeated(&col.Ints, col.Ints[0], c.N)
		case table.Amount, table.Quantity, table.Cost:
			repeated(&col.Decs, col.Decs[0], c.N)
		case table.Text:
			text := slices.Clone(col.Text(0))
			col.Bytes, col.Ends = col.Bytes[:0], col.Ends[:0]
			for range c.N {
				col.AddBytes(text)
			}
		}
	}
}

// Intern returns the code of a word in the column's dictionary, adding a new word.
func (c *Col) Intern(word string) int32 {
	if n := len(c.Dict); n > 0 && c.Dict[n-1] == word {
		return int32(n - 1)
	}
	c.index()
	code, ok := c.byText[word]
	if !ok {
		code = int32(len(c.Dict))
		c.Dict = append(c.Dict, word)
		c.byText[word] = code
		c.words += len(word)
	}
	return code
}

// index adds all words of the dictionary to byText.
func (c *Col) index() {
	if c.byText == nil {
		c.byText = make(map[string]int32)
	}
	for i := len(c.byText); i < len(c.Dict); i++ {
		c.byText[c.Dict[i]] = int32(i)
	}
}

// AddWord appends a word by its text.
func (c *Col) AddWord(word string) { c.Codes = append(c.Codes, c.Intern(word)) }

// AddNewWord appends a word that no earlier row has. It is for columns by which the rows are sorted and whose values
// are distinct.
func (c *Col) AddNewWord(word string) {
	c.Codes, c.Dict = append(c.Codes, int32(len(c.Dict))), append(c.Dict, word)
	c.words += len(word)
}

// AddText appends a text.
func (c *Col) AddText(text string) {
	c.Bytes = append(c.Bytes, text...)
	c.Ends = append(c.Ends, int32(len(c.Bytes)))
}

// AddBytes appends a text.
func (c *Col) AddBytes(text []byte) {
	c.Bytes = append(c.Bytes, text...)
	c.Ends = append(c.Ends, int32(len(c.Bytes)))
}

// AddDec appends the raw value of a money type.
func (c *Col) AddDec(hi int64, lo uint64) { c.Decs = append(c.Decs, Dec{hi, lo}) }

// addEmpty appends the value of a row in a column that is not in its file (COL-5).
func (c *Col) addEmpty(t table.Type) {
	switch t {
	case table.Word:
		c.AddWord("")
	case table.Small:
		c.Codes = append(c.Codes, 0)
	case table.Time, table.Whole:
		c.Ints = append(c.Ints, 0)
	case table.MaybeTime:
		c.Ints = append(c.Ints, int64(table.Nothing))
	case table.Amount, table.Quantity, table.Cost:
		c.AddDec(0, 0)
	case table.Text:
		c.AddText("")
	}
}

// SetWord sets the column to one word for all rows.
func (c *Col) SetWord(word string) {
	c.Dict, c.Codes, c.Const = append(c.Dict[:0], word), append(c.Codes[:0], 0), true
}

// SetSmall sets the column to one number for all rows.
func (c *Col) SetSmall(v int32) { c.Codes, c.Const = append(c.Codes[:0], v), true }

// SetDec sets the column to one decimal for all rows.
func (c *Col) SetDec(hi int64, lo uint64) { c.Decs, c.Const = append(c.Decs[:0], Dec{hi, lo}), true }

// SetInt sets the column to one time or number for all rows.
func (c *Col) SetInt(v int64) { c.Ints, c.Const = append(c.Ints[:0], v), true }

// SetText sets the column to one text for all rows.
func (c *Col) SetText(text string) {
	c.Bytes, c.Ends, c.Const = append(c.Bytes[:0], text...), append(c.Ends[:0], int32(len(text))), true
}

// Text returns row i of a Text column.
func (c *Col) Text(i int) []byte {
	if i == 0 {
		return c.Bytes[:c.Ends[0]]
	}
	return c.Bytes[c.Ends[i-1]:c.Ends[i]]
}

// Word returns row i of a Word column.
func (c *Col) Word(i int) string { return c.Dict[c.Codes[i]] }

// length is the number of entries of a column of a type.
func (c *Col) length(t table.Type) int {
	switch t {
	case table.Word, table.Small:
		return len(c.Codes)
	case table.Time, table.MaybeTime, table.Whole:
		return len(c.Ints)
	case table.Amount, table.Quantity, table.Cost:
		return len(c.Decs)
	default:
		return len(c.Ends)
	}
}

// check checks COL-1, and that the offsets of texts fit 32 bits.
func (c *Columns[T]) check() error {
	for i := range c.c {
		n := c.c[i].length(c.Def.Columns[i].Type)
		if n != c.N && (!c.c[i].Const || n != 1) {
			return fmt.Errorf("table %s: column %s has %d entries in a batch of %d rows", c.Def.Name,
				c.Def.Columns[i].Name, n, c.N)
		}
		if n := max(len(c.c[i].Bytes), c.c[i].words); n > math.MaxInt32 {
			return fmt.Errorf("table %s: column %s has %d bytes of text in %d rows, more than the 2 GiB that a row "+
				"group can have", c.Def.Name, c.Def.Columns[i].Name, n, c.N)
		}
	}
	return nil
}
