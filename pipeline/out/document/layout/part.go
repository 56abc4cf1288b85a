package layout

import (
	"fmt"
	"iter"

	"github.com/tollbook/tollbook/pipeline/out/document/chart"
	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/pipeline/out/letter"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Page is a document as its readers see it, whatever the format. Its texts are English until Translate.
type Page struct {
	Header   *Header
	Kind     string // Statement, Bill
	Role     string // of the subject: partner, customer
	Subject  Party  // whom it is for
	Facts    []Figure
	Headline Figure // the amount that it all comes to
	Parts    []*Part
	Chart    *chart.Chart // nil = none
	Annexes  []Annex
	Notes    []string
	Cover    *letter.Letter       // nil = none
	words    *language.Dictionary // of the page's language; nil = English
}

// Kind is what a column holds; the zero value is Words.
type Kind uint8

// The kinds.
const (
	Words    Kind = iota // text
	Count                // a whole number
	Amount               // of money, or a price
	Quantity             // of a measure
	Coded                // a number that people are shown as a word
	Instant              // in the contract zone for people, in UTC as data
)

// Column is a column of a part.
type Column struct {
	Name  string // of the CSV, as in the tables of §8; empty = not there
	Title string
	Kind  Kind
	Sum   bool   // the part's totals have it
	Keep  bool   // shown even where it is 0 throughout
	Fold  bool   // in print a value that all rows have is said once, below the table
	Say   string // the section of the dictionary that has its words; empty = it has none
	Code  bool   // in print it replaces an empty value of the column before it, and has no column of its own
}

// Cell is one value: Text for words and, with all digits of its scale, a quantity; Count for an instant as well, 0 =
// none. The Count of an amount is how many rows right above it add up to it, 0 = it is no sum of those.
type Cell struct {
	Text   string
	Count  int64
	Amount money.AmountTotal
}

// Word is a text.
func Word(text string) Cell { return Cell{Text: text} }

// Number is a whole number.
func Number(n int64) Cell { return Cell{Count: n} }

// Sum is an amount, with all its digits.
func Sum(t money.AmountTotal) Cell { return Cell{Amount: t} }

// At is an instant; 0 is none.
func At(t period.Instant) Cell { return Cell{Count: int64(t)} }

// Code is a number with its word.
func Code(n int, say func(int) string) Cell { return Cell{Text: say(n), Count: int64(n)} }

// Exact is a quantity or a price with all digits of its scale.
func Exact(q fmt.Stringer) Cell { return Cell{Text: q.String()} }

// Medium says in which forms a part appears.
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
	Name    string // of the CSV; id in the HTML
	Title   string // heading; the sheet's name, 31 characters at most
	Heading string // in print, where it is another
	Where   Medium
	About   []string // sentences before the table
	Cols    []Column
	// how many of the first columns name the group that a row is in, shown as a heading; 0 = rows are alone
	Group int
	Each  string // what a group or row is, in the plural: `customers`
	// the column that decides which groups or rows are listed where they are too many; its column is of kind amount
	Rank     int
	Rows     iter.Seq[[]Cell]
	Swatches bool // the first column is a service: it gets the chart's colour
}

// Listed are rows of a part, one for each item of a list. The cells are valid until the next row is asked for.
func Listed[T any](list []T, cells func(*T) []Cell) iter.Seq[[]Cell] {
	return func(yield func([]Cell) bool) {
		for i := range list {
			if !yield(cells(&list[i])) {
				return
			}
		}
	}
}

// tally adds rows up.
type tally struct {
	rows  int
	cells []Cell // sums, by column; of columns without one they are empty
	some  []bool // by column: a row has something other than 0 or empty
	same  []bool // by column: all rows have the text of the first
	first []string
}

func newTally(cols []Column) *tally {
	return &tally{cells: make([]Cell, len(cols)), some: make([]bool, len(cols)), same: make([]bool, len(cols)),
		first: make([]string, len(cols))}
}

// add adds a row. Sums that leave the range of a total are an error.
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
	case Words:
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

// key names the group of a row.
func (p *Part) key(row []Cell) (key string) {
	for i := range p.Group {
		key += row[i].Text + "\x00"
	}
	return key
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
