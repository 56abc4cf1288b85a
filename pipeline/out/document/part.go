package document

import (
	"fmt"
	"iter"

	"github.com/tollbook/tollbook/pipeline/out/document/chart"
	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/pipeline/out/letter"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// page is a document as its readers see it, whatever the format.
type page struct {
	header   *Header
	kind     string // Statement, Bill
	role     string // of the subject: partner, customer
	subject  Party  // whom it is for
	facts    []Figure
	headline Figure // the amount that it all comes to
	parts    []*part
	chart    *chart.Chart // nil = none
	annexes  []Annex
	notes    []string
	cover    *letter.Letter       // nil = none
	words    *language.Dictionary // of the page's language; nil = English
}

// kind is what a column holds.
type kind uint8

const (
	words    kind = iota
	count         // a whole number
	amount        // of money, or a price
	quantity      // of a measure
	coded         // a number that people are shown as a word
	instant       // in the contract zone for people, in UTC as data
)

// column is a column of a part.
type column struct {
	name  string // of the CSV, as in the tables of §8; empty = not there
	title string
	kind  kind
	sum   bool   // the part's totals have it
	keep  bool   // shown even where it is 0 throughout
	fold  bool   // in print a value that all rows have is said once, below the table
	say   string // the section of the dictionary that has its words; empty = it has none
	code  bool   // in print it replaces an empty value of the column before it, and has no column of its own
}

// cell is one value: text for words and, with all digits of its scale, quantity; count for an instant as well, 0 =
// none. The count of an amount is how many rows right above it add up to it, 0 = it is no sum of those.
type cell struct {
	text   string
	count  int64
	amount money.AmountTotal
}

func word(text string) cell            { return cell{text: text} }
func number(n int64) cell              { return cell{count: n} }
func sumCell(t money.AmountTotal) cell { return cell{amount: t} }
func amountCell(a money.Amount) cell   { return cell{amount: total(a)} }
func at(t period.Instant) cell         { return cell{count: int64(t)} }

// code is a number with its word.
func code(n int, say func(int) string) cell { return cell{text: say(n), count: int64(n)} }

// exact is a quantity or a price with all digits of its scale.
func exact(q fmt.Stringer) cell { return cell{text: q.String()} }

// medium says in which forms a part appears.
type medium uint8

const (
	inData     medium = 1 << iota // CSV
	inSheet                       // XLSX
	inPrint                       // HTML and text
	everywhere = inData | inSheet | inPrint
)

// part is one table of a document.
type part struct {
	name    string // of the CSV; id in the HTML
	title   string // heading; the sheet's name, 31 characters at most
	heading string // in print, where it is another
	where   medium
	about   []string // sentences before the table
	cols    []column
	// how many of the first columns name the group that a row is in, shown as a heading; 0 = rows are alone
	group int
	each  string // what a group or row is, in the plural: `customers`
	// the column that decides which groups or rows are listed where they are too many; its column is of kind amount
	rank     int
	rows     iter.Seq[[]cell]
	swatches bool // the first column is a service: it gets the chart's colour
}

// listed makes rows of a slice. The cells are valid until the next row is asked for.
func listed[T any](list []T, cells func(*T) []cell) iter.Seq[[]cell] {
	return func(yield func([]cell) bool) {
		for i := range list {
			if !yield(cells(&list[i])) {
				return
			}
		}
	}
}

// only keeps the items that a condition holds for.
func only[T any](list []T, holds func(*T) bool) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for i := range list {
			if holds(&list[i]) && !yield(&list[i]) {
				return
			}
		}
	}
}

// tally adds rows up.
type tally struct {
	rows  int
	cells []cell // sums, by column; of columns without one they are empty
	some  []bool // by column: a row has something other than 0 or empty
	same  []bool // by column: all rows have the text of the first
	first []string
}

func newTally(cols []column) *tally {
	return &tally{cells: make([]cell, len(cols)), some: make([]bool, len(cols)), same: make([]bool, len(cols)),
		first: make([]string, len(cols))}
}

// add adds a row. Sums that leave the range of a total are an error.
func (t *tally) add(cols []column, row []cell) error {
	t.rows++
	for i := range cols {
		if t.rows == 1 {
			t.same[i], t.first[i] = true, row[i].text
		}
		t.same[i] = t.same[i] && row[i].text == t.first[i]
		if !t.some[i] && !row[i].empty(cols[i].kind) {
			t.some[i] = true
		}
		if !cols[i].sum {
			continue
		}
		t.cells[i].count += row[i].count
		if err := t.cells[i].amount.AddTotal(row[i].amount); err != nil {
			return err
		}
	}
	return nil
}

func (c *cell) empty(k kind) bool {
	switch k {
	case words:
		return c.text == ""
	case count, coded, instant:
		return c.count == 0
	case amount:
		return c.amount.IsZero()
	}
	return isZeroText(c.text)
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
func (p *part) key(row []cell) (key string) {
	for i := range p.group {
		key += row[i].text + "\x00"
	}
	return key
}

// sumOfAbove reports whether a row is the sum of rows above it.
func (p *part) sumOfAbove(row []cell) bool {
	for i := range row {
		if p.cols[i].kind == amount && row[i].count > 0 {
			return true
		}
	}
	return false
}
