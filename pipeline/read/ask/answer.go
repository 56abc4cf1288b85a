package ask

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Request is how a question is asked.
type Request struct {
	Cycle manifest.Cycle // none: see Span
	Limit int            // of rows that are given; 0 = all
	Only  Only
	Days  int // of deadlines: how many days after the as-of's the last day is at most

	// Progress is nil, or called with the number of files that were read and that are, from several goroutines.
	Progress func(done, total int64)
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
	Manifest int64    // number of the state that it is of
	AsOf     string   // clock of the run that made the state: RFC 3339, UTC; "" = no run yet
	Rows     []Row    // in order, as many as were asked for: of each currency, where there are several
	Count    int64    // of all rows
	Totals   []Totals // by currency; of a workspace of one currency one, whose Currency is empty

	// NotKept is set on an answer without rows if the workspace does not keep what the question is about.
	NotKept bool
	// Archived are the cycles that the answer is of, but without their lines, which left for an archive.
	Archived []string

	costCurrency string // of the rows of margins
	costsApart   bool   // they have several
}

// Totals are the sums of the rows of one currency. There are none over several (ASK-5).
type Totals struct {
	Currency string
	Count    int64         // of all rows
	Shown    int64         // of the rows that are among Rows
	Sums     []money.Total // of all rows, by sum
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
	if q.currencies > 0 {
		return a, nil
	}
	_, err := a.totals("")
	return a, err
}

// totals is the totals of a currency.
func (a *Answer) totals(currency string) (*Totals, error) {
	for i := range a.Totals {
		if a.Totals[i].Currency == currency {
			return &a.Totals[i], nil
		}
	}
	t := Totals{Currency: currency}
	for i := range a.Question.Sums {
		zero, err := money.NewTotal(a.Question.scale(i))
		if err != nil {
			return nil, err
		}
		t.Sums, t.Rest = append(t.Sums, zero), append(t.Rest, zero)
	}
	a.Totals = append(a.Totals, t)
	return &a.Totals[len(a.Totals)-1], nil
}

// Clone is the same answer with totals of its own.
func (a *Answer) Clone() *Answer {
	b := *a
	b.Rows, b.Totals = slices.Clone(a.Rows), slices.Clone(a.Totals)
	for i := range b.Totals {
		t := &b.Totals[i]
		t.Sums, t.Rest = slices.Clone(t.Sums), slices.Clone(t.Rest)
	}
	return &b
}

// Add takes the next row in order (ASK-3).
func (a *Answer) Add(row Row, limit int) error {
	t, err := a.totals(a.Question.Currency(row))
	if err != nil {
		return err
	}
	if err := a.sum(t.Sums, row); err != nil {
		return err
	}
	a.cost(row)
	a.Count++
	if t.Count++; limit > 0 && t.Count > int64(limit) {
		return a.sum(t.Rest, row)
	}
	t.Shown++
	a.Rows = append(a.Rows, row)
	return nil
}

// cost notes whether the costs of the rows have one currency.
func (a *Answer) cost(row Row) {
	for i, c := range a.Question.Keys {
		if c.Name == currencyKey && a.Question.View == "margins" && row.Keys[i] != "" {
			a.costsApart = a.costsApart || a.costCurrency != "" && a.costCurrency != row.Keys[i]
			a.costCurrency = row.Keys[i]
		}
	}
}

// HasTotal reports whether the total of a sum means anything: ASK-3. Costs of several currencies have none.
func (a *Answer) HasTotal(sum int) bool {
	return a.Question.HasTotal(sum) && (!a.costsApart || a.Question.Sums[sum].Type != tables.Cost)
}

// Currency is that of a row's amounts; "" = the workspace's only one.
func (q *Question) Currency(row Row) string {
	if q.currencies == 0 {
		return ""
	}
	return row.Keys[len(row.Keys)-1]
}

// Currencies are the names of the keys that PerCurrency has added, the last keys.
func (q *Question) Currencies() []string {
	var names []string
	for _, c := range q.Keys[len(q.Keys)-q.currencies:] {
		names = append(names, c.Name)
	}
	return names
}

// SumCurrency is the currency of one sum of a row; "" = the workspace's only one.
func (q *Question) SumCurrency(row Row, sum int) string {
	switch name := q.Sums[sum].Name; {
	case slices.Contains(q.Own, name):
		return ""
	case q.currencies > 1 && name == "payment_amount":
		return row.Keys[len(row.Keys)-2]
	}
	return q.Currency(row)
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
