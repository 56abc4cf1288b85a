package query

import (
	"context"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Span determines which cycles a question covers.
type Span uint8

// The spans.
const (
	OfCycle    Span = iota // the requested cycle; without one, all of the lake
	UpTo                   // all cycles up to the requested one
	OfNone                 // its data belongs to no cycle, so it takes none
	WithBefore             // the requested cycle or the last one, and the cycle before it
	OfOne                  // the requested cycle, or the last one
)

// String describes what --cycle means for the question.
func (s Span) String() string {
	return [...]string{OfCycle: "of that cycle; without it of all cycles",
		UpTo:   "at the end of that cycle; without it at the end of the last one",
		OfNone: "not accepted, because its data belongs to no cycle",
		WithBefore: "of that cycle and the one before; without it of the last one and the one before. A cycle before " +
			"of which the lake has no data is empty",
		OfOne: "of that cycle; without it of the last one"}[s]
}

// Question is one question. It is answered from Lake or, if From is set, from the answer to another question.
type Question struct {
	Name    string
	Answers string // what it answers, as a sentence without its full stop
	Span    Span
	Keys    []tables.Column // the keys of rows: Word or Small
	Sums    []tables.Column // the sums: Amount, Quantity or Whole
	Order   []GroupBy       // sort order; then by the keys in their order
	First   string          // a key: a terminal shows the sums by it before the rows
	Limit   int             // default limit of rows; 0 = all
	Apart   []string        // sums without a total, because rows count the same lines more than once
	View    string          // the view, and table of exports, whose rows are added up
	Reads   string          // without a view: a sentence that describes what is read

	Own []string // sums of amounts that are always in the workspace's currency

	Lake Shape    // empty for a derived question
	From *Derived // nil = rows of the lake are added up

	currencies int // number of last keys that are currencies: see PerCurrency
}

// GroupBy is a column of the sort order.
type GroupBy struct {
	Column string
	Down   bool // descending
}

// Shape describes how rows of a table of the lake become rows with a question's columns, which are found by name.
type Shape struct {
	Table *tables.Table           // in the lake
	Reads tables.List[tables.Any] // columns that are needed in addition to those of the question
	Count string                  // the sum that is 1 per row; "" = none
	// whether a row counts; nil = all do
	Keep func(c *parquet.Columns[tables.Any], row int) bool
	// the table that Make fills; nil = the lake's rows are used directly
	Made *tables.Table
	// appends the rows of a batch to Made
	Make func(w *QuestionReading, from *parquet.Columns[tables.Any], to *parquet.Columns[tables.Any]) error
	Only []string // limits that the question supports, of those for which the table has columns; nil = all
	// omit rows whose amounts are all 0
	NoZero bool
	// lists the rows; nil = they are read from the table's files
	List func(r Request, from *PartnerReader, to *parquet.Columns[tables.Any]) error
	// like List, for rows that are calculated from files of the lake
	Ask func(ctx context.Context, r Request, from *PartnerReader, to *parquet.Columns[tables.Any]) error
}

// Derived describes how the rows of an answer are derived from those of another question.
type Derived struct {
	Of *Question
	// its rows, without limits other than customers, are appended to those of Of if there are such limits; nil = none
	Context *Question
	Rows    func(rows []AnswerRow, cycle lake.Cycle) ([]AnswerRow, error) // cycle is the requested or the last one
	Order   func(a, b AnswerRow) int                                      // takes precedence over the keys
}

// Columns returns the columns of the answer: keys, then sums.
func (q *Question) Columns() []tables.Column { return slices.Concat(q.Keys, q.Sums) }

// Published reports whether a published copy can answer the question too.
func (q *Question) Published() bool { return q.View != "" }

// Table is the name of the lake's table whose rows are added up.
func (q *Question) Table() string {
	if q.From != nil {
		return q.From.Of.Lake.Table.Name
	}
	return q.Lake.Table.Name
}

// given returns the table whose batches are grouped.
func (s *Shape) given() *tables.Table {
	if s.Made != nil {
		return s.Made
	}
	return s.Table
}

// columns returns the indexes of the columns of the lake's table that are read.
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

// ColumnTypeName returns the name of a column's type: text, number (small, empty for 0), whole, amount (in the
// workspace's currency) or quantity (in the product's measure).
func ColumnTypeName(t tables.Type) string {
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
