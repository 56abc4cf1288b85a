package layout

import (
	"fmt"
	"iter"
	"slices"

	"github.com/tollbook/tollbook/pipeline/out/document/chart"
	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/pipeline/out/letter"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Page is the content of a document, for every format. Its texts are English until Translate.
type Page struct {
	Header   *Header
	Kind     string // Statement, Bill
	Role     string // of the subject: partner, customer
	Subject  Party  // the recipient
	Facts    []Figure
	Headline Figure // the total amount
	Parts    []*Part
	Chart    *chart.Chart // nil = none
	Annexes  []Annex
	Notes    []string
	Cover    *letter.Letter       // nil = none
	words    *language.Dictionary // of the page's language; nil = English
}

// Kind is the kind of a column's values; the zero value is Words.
type Kind uint8

// The kinds.
const (
	Words    Kind = iota // text
	Named                // a name, or another text of the books that is no id
	Count                // a whole number
	Amount               // of money, or a price
	Quantity             // of a measure
	Coded                // a number that is shown to people as a word
	Instant              // in the contract zone for people, in UTC as data
)

// Column is a column of a part.
type Column struct {
	Name  string // in the CSV, as in the tables of §8; empty = not in it
	Title string
	Kind  Kind
	Sum   bool   // the part has a total of it
	Keep  bool   // shown even if every amount is 0
	Fold  bool   // in print a value that all rows have is shown once, below the table
	Say   string // the section of the dictionary with its words; empty = none
	Code  bool   // in print it replaces an empty value of the column before it, and has no column of its own

	Foreign bool // its amounts can be in another currency than the page's
}

// Cell is one value. Text has words, or a quantity with all digits of its scale. Count has a number or an instant, 0 =
// none; of an amount it is the number of rows right above of which it is the sum, 0 = it is no such sum.
type Cell struct {
	Text   string
	Count  int64
	Amount money.AmountTotal
}

// Word returns a cell with a text.
func Word(text string) Cell { return Cell{Text: text} }

// Number returns a cell with a whole number.
func Number(n int64) Cell { return Cell{Count: n} }

// Sum returns a cell with an amount, with all its digits.
func Sum(t money.AmountTotal) Cell { return Cell{Amount: t} }

// At returns a cell with an instant; 0 is none.
func At(t period.Instant) Cell { return Cell{Count: int64(t)} }

// Code returns a cell with a number and its word.
func Code(n int, say func(int) string) Cell { return Cell{Text: say(n), Count: int64(n)} }

// Exact returns a cell with a quantity or a price with all digits of its scale.
func Exact(q fmt.Stringer) Cell { return Cell{Text: q.String()} }

// Medium says in which formats a part appears.
type Medium uint8

// The media; a part has one or more.
const (
	InData     Medium = 1 << iota // CSV
	InSheet                       // XLSX
	InPrint                       // HTML and text
	Everywhere = InData | InSheet | InPrint
)

// Part is one table of a document.
type Part struct {
	Name    string // in the CSV; id in the HTML
	Title   string // heading; the sheet's name, 31 characters at most
	Heading string // in print, if it differs from Title
	Where   Medium
	About   []string // sentences before the table
	Cols    []Column
	// the number of first columns that name the group of a row, shown as a heading; 0 = no groups
	Group int
	Each  string // what a group or row is, in the plural: `customers`
	// the column that decides which groups or rows are listed if there are too many; its kind is Amount
	Rank     int
	Rows     iter.Seq[[]Cell]
	Swatches bool // the first column is a service and gets the chart's colour
}

// Listed returns one row per item of a list. The cells are valid until the next row.
func Listed[T any](list []T, cells func(*T) []Cell) iter.Seq[[]Cell] {
	return func(yield func([]Cell) bool) {
		for i := range list {
			if !yield(cells(&list[i])) {
				return
			}
		}
	}
}

// tally adds up rows.
type tally struct {
	rows  int
	cells []Cell // sums, by column; empty for columns without a sum
	some  []bool // by column: a row has something other than 0 or empty
	same  []bool // by column: all rows have the text of the first one
	first []string
}

func newTally(cols []Column) *tally {
	return &tally{cells: make([]Cell, len(cols)), some: make([]bool, len(cols)), same: make([]bool, len(cols)),
		first: make([]string, len(cols))}
}

// add adds a row. It fails if a sum overflows.
func (t *tally) add(cols []Column, row []Cell) error {
	t.rows++
	for i := range cols {
		if t.rows == 1 {
			t.same[i], t.first[i] = true, row[i].Text
		}
		t.same[i] = t.same[i] && row[i].Text == t.first[i]
		if !t.some[i] && !row[i].empty(cols[i].Kind) {
			t.some[i] = true
		}
		if !cols[i].Sum {
			continue
		}
		t.cells[i].Count += row[i].Count
		if err := t.cells[i].Amount.AddTotal(row[i].Amount); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cell) empty(k Kind) bool {
	switch k {
	case Words, Named:
		return c.Text == ""
	case Count, Coded, Instant:
		return c.Count == 0
	case Amount:
		return c.Amount.IsZero()
	}
	return isZeroText(c.Text)
}

// isZeroText reports whether a decimal's text is 0.
func isZeroText(text string) bool {
	for i := range len(text) {
		if text[i] >= '1' && text[i] <= '9' {
			return false
		}
	}
	return true
}

// key returns the key of a row's group.
func (p *Part) key(row []Cell) (key string) {
	for i := range p.Group {
		key += row[i].Text + "\x00"
	}
	return key
}

// isForeign reports whether a part has amounts in other currencies than the page's.
func (p *Part) isForeign() bool {
	return slices.ContainsFunc(p.Cols, func(c Column) bool { return c.Foreign })
}

// sumOfAbove reports whether a row is the sum of rows above it.
func (p *Part) sumOfAbove(row []Cell) bool {
	for i := range row {
		if p.Cols[i].Kind == Amount && row[i].Count > 0 {
			return true
		}
	}
	return false
}
