package ask

import (
	"context"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/read/partners"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Span says which cycles a question is of.
type Span uint8

// The spans.
const (
	OfCycle    Span = iota // the cycle that is asked for; without one, all of the lake
	UpTo                   // all cycles up to the one that is asked for
	OfNone                 // what it counts is of no cycle: it takes none
	WithBefore             // the cycle that is asked for, or the last one, and the cycle before it
	OfOne                  // the cycle that is asked for, or the last one
)

// String is what --cycle means to the question.
func (s Span) String() string {
	return [...]string{OfCycle: "of that cycle; without it of all cycles",
		UpTo:   "at the end of that cycle; without it at the end of the last one",
		OfNone: "of no cycle",
		WithBefore: "of that cycle and the one before; without it of the last one and the one before. A cycle before " +
			"of which the lake has no data is empty",
		OfOne: "of that cycle; without it of the last one"}[s]
}

// Question is one question. It is answered from Lake or, where From is set, from the answer to another question.
type Question struct {
	Name    string
	Answers string // what it answers: a sentence without its full stop
	Span    Span
	Keys    []tables.Column // what rows are distinguished by: Word or Small
	Sums    []tables.Column // what is added up: Amount, Quantity or Whole
	Order   []By            // by these first, then by the keys as they are
	Limit   int             // how many rows are shown if nobody says otherwise; 0 = all
	Apart   []string        // sums without a total: rows count the same lines again
	View    string          // the view, and table of exports, whose rows are added up
	Reads   string          // without a view: a sentence that says what is read

	Own []string // sums of amounts in the workspace's currency, whatever the keys say

	Lake Shape    // of a derived question empty
	From *Derived // nil = rows of the lake are added up

	currencies int // how many of the last keys are currencies: see PerCurrency
}

// By is a column that rows are ordered by.
type By struct {
	Column string
	Down   bool // the largest first
}

// Shape is how the rows of a table of the lake become rows with a question's columns, found by name.
type Shape struct {
	Table *tables.Table           // in the lake
	Reads tables.List[tables.Any] // its columns that are needed besides those of the question's names
	Count string                  // the sum that is 1 for each row; "" = none
	// whether a row of what is grouped counts; nil = all do
	Keep func(c *parquet.Columns[tables.Any], row int) bool
	// what Make gives; nil = the lake's rows are taken as they are
	Made *tables.Table
	// appends to the rows of Made what a batch gives
	Make func(w *Reading, from *parquet.Columns[tables.Any], to *parquet.Columns[tables.Any]) error
	Only []string // limits that the question takes, of those that the table has columns for; nil = all
	// rows whose amounts are all 0 are left out
	NoZero bool
	// lists the rows; nil = they are read from the files of the table
	List func(r Request, from *partners.Reader, to *parquet.Columns[tables.Any]) error
	// like List, for rows that are calculated from files of the lake
	Ask func(ctx context.Context, r Request, from *partners.Reader, to *parquet.Columns[tables.Any]) error
}

// Derived is how the rows of an answer follow from those of another question.
type Derived struct {
	Of *Question
	// with limits other than of customers, its rows without these limits follow those of Of; nil = none
	Context *Question
	Rows    func(rows []Row, cycle manifest.Cycle) ([]Row, error) // cycle is the one that is asked for, or the last one
	Order   func(a, b Row) int                                    // before the keys
}

// Columns are the columns of the answer: keys, then sums.
func (q *Question) Columns() []tables.Column { return slices.Concat(q.Keys, q.Sums) }

// Published reports whether a published copy answers the question too.
func (q *Question) Published() bool { return q.View != "" }

// Table is the name of the lake's table whose rows are added up.
func (q *Question) Table() string {
	if q.From != nil {
		return q.From.Of.Lake.Table.Name
	}
	return q.Lake.Table.Name
}

// given is the table whose batches are grouped.
func (s *Shape) given() *tables.Table {
	if s.Made != nil {
		return s.Made
	}
	return s.Table
}

// columns are the columns of the lake's table that are read, by index.
func (q *Question) columns() tables.List[tables.Any] {
	cols := slices.Clone(q.Lake.Reads)
	if q.Lake.Made == nil {
		for i, c := range q.Columns() {
			currency := i < len(q.Keys) && i >= len(q.Keys)-q.currencies
			if c.Name != q.Lake.Count && !currency {
				cols = append(cols, tables.ColumnOf[tables.Any](q.Lake.Table.Index(c.Name)))
			}
		}
	}
	slices.Sort(cols)
	return slices.Compact(cols)
}

// TypeName is what a column's type is called: text, number (small, none for 0), whole, amount (of the workspace's
// currency) or quantity (in the product's measure).
func TypeName(t tables.Type) string {
	switch t {
	case tables.Small:
		return "number"
	case tables.Whole:
		return "whole"
	case tables.Amount:
		return "amount"
	case tables.Quantity:
		return "quantity"
	case tables.Cost:
		return "cost"
	}
	return "text"
}
