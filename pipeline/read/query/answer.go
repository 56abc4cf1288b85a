package query

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Request holds the parameters of a question.
type Request struct {
	Cycle lake.Cycle // zero: see Span
	Limit int        // maximum number of rows; 0 = all
	Only  OnlyFor
	Days  int // for deadlines: maximum number of days from the as-of to the last day

	// Progress is called with the numbers of files read and in total, from several goroutines. It may be nil.
	Progress func(done, total int64)
}

// AnswerRow is one row of an answer.
type AnswerRow struct {
	Keys []string      // by key; a small number 0 is ""
	Sums []money.Total // by sum, in the scale of its column's type; a Whole has scale 0
}

// Answer is the answer to a question.
type Answer struct {
	Question *Question
	Source   AnswerSource
	Manifest int64          // number of the state
	AsOf     string         // clock of the run that made the state: RFC 3339, UTC; "" = no run yet
	Rows     []AnswerRow    // in order, limited per currency
	Count    int64          // of all rows
	Totals   []AnswerTotals // by currency; in a workspace with one currency a single one with an empty Currency

	// NotKept is set on an answer without rows if the workspace does not store the data of the question.
	NotKept bool
	// Archived are the cycles of the answer whose lines were moved to an archive and are missing in it.
	Archived []string

	costCurrency string // of the rows of margins
	costsApart   bool   // they have several currencies
}

// AnswerTotals are the sums of the rows of one currency. Amounts of different currencies are never added (ASK-5).
type AnswerTotals struct {
	Currency string
	Count    int64         // of all rows
	Shown    int64         // number of rows in Rows
	Sums     []money.Total // of all rows, by sum
	Rest     []money.Total // of the rows that are not in Rows
}

// AnswerSource is the origin of an answer.
type AnswerSource string

// The sources: the lake's files, and the published copy.
const (
	LakeSource       AnswerSource = "lake"
	ClickHouseSource AnswerSource = "clickhouse"
)

// NewAnswer returns an answer without rows.
func NewAnswer(q *Question, source AnswerSource, manifest int64, asOf string) (*Answer, error) {
	a := &Answer{Question: q, Source: source, Manifest: manifest, AsOf: asOf, Rows: []AnswerRow{}}
	if q.currencies > 0 {
		return a, nil
	}
	_, err := a.totals("")
	return a, err
}

// totals returns the totals of a currency.
func (a *Answer) totals(currency string) (*AnswerTotals, error) {
	for i := range a.Totals {
		if a.Totals[i].Currency == currency {
			return &a.Totals[i], nil
		}
	}
	t := AnswerTotals{Currency: currency}
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

// Clone returns a copy of the answer with its own totals.
func (a *Answer) Clone() *Answer {
	b := *a
	b.Rows, b.Totals = slices.Clone(a.Rows), slices.Clone(a.Totals)
	for i := range b.Totals {
		t := &b.Totals[i]
		t.Sums, t.Rest = slices.Clone(t.Sums), slices.Clone(t.Rest)
	}
	return &b
}

// Add adds the next row; rows must come in order (ASK-3).
func (a *Answer) Add(row AnswerRow, limit int) error {
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

// cost notes whether the costs of the rows have more than one currency.
func (a *Answer) cost(row AnswerRow) {
	for i, c := range a.Question.Keys {
		if c.Name == currencyKey && a.Question.View == "margins" && row.Keys[i] != "" {
			a.costsApart = a.costsApart || a.costCurrency != "" && a.costCurrency != row.Keys[i]
			a.costCurrency = row.Keys[i]
		}
	}
}

// HasTotal reports whether the total of a sum is meaningful (ASK-3). Costs in several currencies have no total.
func (a *Answer) HasTotal(sum int) bool {
	return a.Question.HasTotal(sum) && (!a.costsApart || a.Question.Sums[sum].Type != tables.Cost)
}

// Currency returns the currency of a row's amounts; "" = the workspace's only one.
func (q *Question) Currency(row AnswerRow) string {
	if q.currencies == 0 {
		return ""
	}
	return row.Keys[len(row.Keys)-1]
}

// Currencies returns the names of the keys that PerCurrency added; they are the last keys.
func (q *Question) Currencies() []string {
	var names []string
	for _, c := range q.Keys[len(q.Keys)-q.currencies:] {
		names = append(names, c.Name)
	}
	return names
}

// SumCurrency returns the currency of one sum of a row; "" = the workspace's only one.
func (q *Question) SumCurrency(row AnswerRow, sum int) string {
	switch name := q.Sums[sum].Name; {
	case slices.Contains(q.Own, name):
		return ""
	case q.currencies > 1 && name == "payment_amount":
		return row.Keys[len(row.Keys)-2]
	}
	return q.Currency(row)
}

// sum adds a row to totals.
func (a *Answer) sum(to []money.Total, row AnswerRow) error {
	for i := range row.Sums {
		if err := to[i].Add(row.Sums[i].Raw()); err != nil {
			return fmt.Errorf("total of %s: %w", a.Question.Sums[i].Name, err)
		}
	}
	return nil
}

// HasTotal reports whether the total of a sum is meaningful (ASK-3).
func (q *Question) HasTotal(sum int) bool {
	return q.Sums[sum].Type != tables.Quantity && !slices.Contains(q.Apart, q.Sums[sum].Name)
}

// SumFirst sums the rows by the question's first key, and by currency if there are several. Other keys are empty.
func (a *Answer) SumFirst() ([]AnswerRow, error) {
	var out []AnswerRow
	for _, row := range a.Rows {
		keys := make([]string, len(row.Keys))
		for i, c := range a.Question.Keys {
			if c.Name == a.Question.First || i >= len(keys)-a.Question.currencies {
				keys[i] = row.Keys[i]
			}
		}
		at, found := slices.BinarySearchFunc(out, keys, func(r AnswerRow, keys []string) int {
			return slices.Compare(r.Keys, keys)
		})
		if !found {
			out = slices.Insert(out, at, AnswerRow{Keys: keys, Sums: slices.Clone(row.Sums)})
			continue
		}
		if err := a.sum(out[at].Sums, row); err != nil {
			return nil, err
		}
	}
	return out, nil
}
