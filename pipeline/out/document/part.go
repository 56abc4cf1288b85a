package document

import (
	"fmt"
	"iter"
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Page is the content of a document, for every format. Its texts are English until Translate.
type Page struct {
	Header   *PageHeader
	Kind     string    // Statement, Bill
	Role     string    // of the subject: partner, customer
	Subject  PageParty // the recipient
	Facts    []PageFigure
	Headline PageFigure // the total amount
	Parts    []*PagePart
	Chart    *Chart // nil = none
	Annexes  []Annex
	Notes    []string
	// the notes of the HTML for a customer, who is told nothing of how the vendor's program works
	ToCustomer []string
	Cover      *Letter     // nil = none
	words      *Dictionary // of the page's language; nil = English
}

// CellKind is the kind of a column's values; the zero value is Words.
type CellKind uint8

// The kinds.
const (
	Words    CellKind = iota // text
	Named                    // a name, or another text of the books that is no id
	Count                    // a whole number
	Amount                   // of money, or a price
	Quantity                 // of a measure
	Coded                    // a number that is shown to people as a word
	Instant                  // in the contract zone for people, in UTC as data
)

// PageColumn is a column of a part.
type PageColumn struct {
	Name  string // in the CSV, as in the tables of §8; empty = not in it
	Title string
	Kind  CellKind
	Sum   bool   // the part has a total of it
	Keep  bool   // shown even if every amount is 0
	Fold  bool   // in print a value that all rows have is shown once, below the table
	Say   string // the section of the dictionary with its words; empty = none
	Code  bool   // in print it replaces an empty value of the column before it, and has no column of its own

	Foreign bool // its amounts can be in another currency than the page's
}

// PageCell is one value. Text has words, or a quantity with all digits of its scale. Count has a number or an instant,
// 0 = none; of an amount it is the number of rows right above of which it is the sum, 0 = it is no such sum.
type PageCell struct {
	Text   string
	Count  int64
	Amount money.AmountTotal
}

// WordCell returns a cell with a text.
func WordCell(text string) PageCell { return PageCell{Text: text} }

// NumberCell returns a cell with a whole number.
func NumberCell(n int64) PageCell { return PageCell{Count: n} }

// SumCell returns a cell with an amount, with all its digits.
func SumCell(t money.AmountTotal) PageCell { return PageCell{Amount: t} }

// TimeCell returns a cell with an instant; 0 is none.
func TimeCell(t period.Instant) PageCell { return PageCell{Count: int64(t)} }

// CodeCell returns a cell with a number and its word.
func CodeCell(n int, say func(int) string) PageCell { return PageCell{Text: say(n), Count: int64(n)} }

// ExactCell returns a cell with a quantity or a price with all digits of its scale.
func ExactCell(q fmt.Stringer) PageCell { return PageCell{Text: q.String()} }

// Medium says in which formats a part appears.
type Medium uint8

// The media; a part has one or more.
const (
	InData     Medium = 1 << iota // CSV
	InSheet                       // XLSX
	InPrint                       // HTML and text
	Everywhere = InData | InSheet | InPrint
)

// PagePart is one table of a document.
type PagePart struct {
	Name    string // in the CSV; id in the HTML
	Title   string // heading; the sheet's name, 31 characters at most
	Heading string // in print, if it differs from Title
	Where   Medium
	About   []string // sentences before the table
	Cols    []PageColumn
	// the number of first columns that name the group of a row, shown as a heading; 0 = no groups
	Group int
	Each  string // what a group or row is, in the plural: `customers`
	// the column that decides which groups or rows are listed if there are too many; its kind is Amount
	Rank     int
	Rows     iter.Seq[[]PageCell]
	Swatches bool // the first column is a service and gets the chart's colour
	Spare    bool // the HTML for a customer omits rows whose amount is 0
}

// ListedCells returns one row per item of a list. The cells are valid until the next row.
func ListedCells[T any](list []T, cells func(*T) []PageCell) iter.Seq[[]PageCell] {
	return func(yield func([]PageCell) bool) {
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
	cells []PageCell // sums, by column; empty for columns without a sum
	some  []bool     // by column: a row has something other than 0 or empty
	same  []bool     // by column: all rows have the text of the first one
	first []string
}

func newTally(cols []PageColumn) *tally {
	return &tally{cells: make([]PageCell, len(cols)), some: make([]bool, len(cols)), same: make([]bool, len(cols)),
		first: make([]string, len(cols))}
}

// add adds a row. It fails if a sum overflows.
func (t *tally) add(cols []PageColumn, row []PageCell) error {
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

func (c *PageCell) empty(k CellKind) bool {
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
func (p *PagePart) key(row []PageCell) (key string) {
	for i := range p.Group {
		key += row[i].Text + "\x00"
	}
	return key
}

// isForeign reports whether a part has amounts in other currencies than the page's.
func (p *PagePart) isForeign() bool {
	return slices.ContainsFunc(p.Cols, func(c PageColumn) bool { return c.Foreign })
}

// sumOfAbove reports whether a row is the sum of rows above it.
func (p *PagePart) sumOfAbove(row []PageCell) bool {
	for i := range row {
		if p.Cols[i].Kind == Amount && row[i].Count > 0 {
			return true
		}
	}
	return false
}
