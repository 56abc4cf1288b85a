package query

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/problem"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// OnlyFor limits an answer to some rows of its table. A row must match every list that is not empty.
type OnlyFor struct {
	Customers []string // customer_id; for taxes buyer_id
	Partners  []string // partner_id; for partner statements also seller_id
	Services  []string // service_type_code; for cost files service_name
	Tags      []string // in resource_tag: key=value, or key for any value
}

// limit is one list of Only: a row matches if one of the columns has one of the values.
type limit struct {
	name    string   // customer, partner, service, tag: the name of the flag
	columns []string // in the order of the table
	values  []string
}

// limits returns the lists that are not empty.
func (o OnlyFor) limits() []limit {
	return slices.DeleteFunc([]limit{
		{"customer", []string{"customer_id", "buyer_id"}, o.Customers},
		{"partner", []string{"partner_id", "seller_id"}, o.Partners},
		{"service", []string{"service_type_code", "service_name"}, o.Services},
		{"tag", []string{"resource_tag"}, o.Tags},
	}, func(l limit) bool { return len(l.values) == 0 })
}

// Lists iterates over the limits: the name of its flag, and the values.
func (o OnlyFor) Lists() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		for _, l := range o.limits() {
			if !yield(l.name, l.values) {
				return
			}
		}
	}
}

// Any reports whether there is a limit.
func (o OnlyFor) Any() bool { return len(o.limits()) > 0 }

// String describes the limits for people, such as "customer acme, service storage or network".
func (o OnlyFor) String() string {
	var out []string
	for _, l := range o.limits() {
		out = append(out, l.name+" "+strings.Join(l.values, " or "))
	}
	return strings.Join(out, ", ")
}

// LimitError reports a limit that a question does not support.
type LimitError struct {
	Question string
	By       string   // customer, partner, service or tag
	Takes    []string // the limits that it supports
}

// Error names the question and the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("--%s: the rows of %s have no %s", e.By, e.Question, e.By)
}

// Diagnosis implements problem.Diagnosed.
func (e *LimitError) Diagnosis() (problem.Class, string) {
	if len(e.Takes) == 0 {
		return problem.Refused, e.Question + " takes none of --customer, --partner, --service and --tag"
	}
	return problem.Refused, fmt.Sprintf("%s takes --%s", e.Question, strings.Join(e.Takes, ", --"))
}

// Takes returns the limits that the question supports: customer, partner, service, tag.
func (q *Question) Takes() []string {
	var out []string
	one := []string{""}
	for _, l := range (OnlyFor{one, one, one, one}).limits() {
		if len(q.columnsOf(l)) > 0 {
			out = append(out, l.name)
		}
	}
	return out
}

// Check returns a *LimitError for the first limit that the question does not support.
func (q *Question) Check(o OnlyFor) error {
	for _, l := range o.limits() {
		if len(q.columnsOf(l)) == 0 {
			return &LimitError{q.Name, l.name, q.Takes()}
		}
	}
	return nil
}

// columnsOf returns the columns of the question's table to which a limit applies.
func (q *Question) columnsOf(l limit) tables.List[tables.Any] {
	if q.From != nil {
		return q.From.Of.columnsOf(l)
	}
	if q.Lake.Only != nil && !slices.Contains(q.Lake.Only, l.name) {
		return nil
	}
	var out tables.List[tables.Any]
	for _, name := range l.columns {
		if at := q.Lake.Table.Index(name); at >= 0 {
			out = append(out, tables.ColumnOf[tables.Any](at))
		}
	}
	return out
}

// Condition returns the limits as an SQL condition on the question's view; text makes a literal of a value. It is empty
// without limits. Tags cannot be expressed in SQL.
func (q *Question) Condition(o OnlyFor, text func(string) string) string {
	var all []string
	for _, l := range o.limits() {
		var values, any []string
		for _, v := range l.values {
			values = append(values, text(v))
		}
		for _, at := range q.columnsOf(l) {
			any = append(any, q.Lake.Table.Columns[at].Name+" IN ("+strings.Join(values, ", ")+")")
		}
		condition := strings.Join(any, " OR ")
		if len(any) > 1 {
			condition = "(" + condition + ")"
		}
		all = append(all, condition)
	}
	return strings.Join(all, " AND ")
}

// sieve selects the rows that match all limits.
type sieve struct {
	limits []limit
	at     []tables.List[tables.Any]   // columns of the table, by limit
	reads  tables.List[tables.Any]     // columns that are read
	out    parquet.Columns[tables.Any] // the rows of the last batch
}

// newSieve returns nil if there is no limit.
func newSieve(q *Question, o OnlyFor) *sieve {
	s := &sieve{limits: o.limits(), reads: q.reads(o), out: *parquet.NewColumns(tables.Untyped(q.Lake.Table))}
	for _, l := range s.limits {
		s.at = append(s.at, q.columnsOf(l))
	}
	if len(s.limits) == 0 {
		return nil
	}
	return s
}

// reads returns the columns of the lake's table that are read: those of the question and those of the limits.
func (q *Question) reads(o OnlyFor) tables.List[tables.Any] {
	cols := q.columns()
	for _, l := range o.limits() {
		cols = append(cols, q.columnsOf(l)...)
	}
	return cols.Distinct()
}

// pass returns the rows of a batch that match. They are valid until the next call.
func (s *sieve) pass(c *parquet.Columns[tables.Any]) *parquet.Columns[tables.Any] {
	s.out.Reset()
	fits := make([]func(row int) bool, len(s.limits))
	for i := range s.limits {
		fits[i] = s.fit(i, c)
	}
	for row := range c.N {
		if !slices.ContainsFunc(fits, func(fit func(int) bool) bool { return !fit(row) }) {
			rows.AppendRow(&s.out, rows.Row[tables.Any]{Cols: c, I: row}, s.reads)
		}
	}
	return &s.out
}

// has reports whether a text matches the limit.
func (l *limit) has(text []byte) bool {
	return slices.ContainsFunc(l.values, func(want string) bool {
		return l.name == "tag" && HasTag(text, want) || l.name != "tag" && string(text) == want
	})
}

// fit returns a test of which rows of a batch match a limit. Words are compared once per entry of the batch's
// dictionary.
func (s *sieve) fit(i int, c *parquet.Columns[tables.Any]) func(row int) bool {
	l := &s.limits[i]
	var any []func(row int) bool
	for _, at := range s.at[i] {
		col := c.Col(at)
		if c.Def.Columns[at].Type == tables.Text {
			any = append(any, func(row int) bool { return l.has(col.Text(row)) })
			continue
		}
		codes := make([]bool, len(col.Dict))
		for code, word := range col.Dict {
			codes[code] = slices.Contains(l.values, word)
		}
		any = append(any, func(row int) bool { return codes[col.Codes[row]] })
	}
	return func(row int) bool {
		return slices.ContainsFunc(any, func(fit func(int) bool) bool { return fit(row) })
	}
}
