package question

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Request is how a question is asked.
type Request struct {
	Cycle string // 2026-09; "" = see Span
	Limit int    // of rows that are given; 0 = all
	Only  Only
	Days  int // of deadlines: how many days after the as-of's the last day is at most
}

// Row is one row of an answer.
type Row struct {
	Keys []string      // by key; a small number of 0 is empty
	Sums []money.Total // by sum, in the scale of its column's type; a Whole has scale 0
}

// Answer is the answer to a question.
type Answer struct {
	Question *Question
	Source   Source
	Manifest int64         // number of the state that it is of
	AsOf     string        // clock of the run that made the state: RFC 3339, UTC; "" = no run yet
	Rows     []Row         // in order, as many as were asked for
	Count    int64         // of all rows
	Totals   []money.Total // of all rows, by sum
	Rest     []money.Total // of the rows that are not among Rows
}

// Source is where an answer comes from.
type Source string

// The sources: the lake's files, and what is published.
const (
	Lake       Source = "lake"
	ClickHouse Source = "clickhouse"
)

// NewAnswer starts without rows.
func NewAnswer(q *Question, source Source, manifest int64, asOf string) (*Answer, error) {
	a := &Answer{Question: q, Source: source, Manifest: manifest, AsOf: asOf, Rows: []Row{}}
	for i := range q.Sums {
		t, err := money.NewTotal(q.scale(i))
		if err != nil {
			return nil, err
		}
		a.Totals, a.Rest = append(a.Totals, t), append(a.Rest, t)
	}
	return a, nil
}

// Clone is the same answer with totals of its own.
func (a *Answer) Clone() *Answer {
	b := *a
	b.Rows, b.Totals, b.Rest = slices.Clone(a.Rows), slices.Clone(a.Totals), slices.Clone(a.Rest)
	return &b
}

// Add takes the next row in order (ASK-3).
func (a *Answer) Add(row Row, limit int) error {
	if err := a.sum(a.Totals, row); err != nil {
		return err
	}
	if a.Count++; limit > 0 && a.Count > int64(limit) {
		return a.sum(a.Rest, row)
	}
	a.Rows = append(a.Rows, row)
	return nil
}

// sum adds a row to totals.
func (a *Answer) sum(to []money.Total, row Row) error {
	for i := range row.Sums {
		if err := to[i].Add(row.Sums[i].Raw()); err != nil {
			return fmt.Errorf("total of %s: %w", a.Question.Sums[i].Name, err)
		}
	}
	return nil
}

// HasTotal reports whether the total of a sum means anything: ASK-3.
func (q *Question) HasTotal(sum int) bool {
	return q.Sums[sum].Type != tables.Quantity && !slices.Contains(q.Apart, q.Sums[sum].Name)
}
