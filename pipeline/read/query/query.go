package query

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// LineQuery selects some of a customer's lines of a cycle.
type LineQuery struct {
	Cycle         lake.Cycle
	Customer      string
	Where         []Condition // conditions that must all hold
	Offset, Limit int64
	Columns       tables.List[tables.Line] // of table lines; nil = all. The id is always included
	// Remaining asks for the lines of an archived cycle that remain in the lake: those of orders and of recurring
	// charges. Without it, an archived cycle is an error.
	Remaining bool
}

// of returns an error if the state does not have the cycle's lines, or not those that the query asks for.
func (q *LineQuery) of(snap *lake.Snapshot) error {
	err := rows.HasCycle(snap, q.Cycle)
	if archived := new(rows.ArchivedError); q.Remaining && errors.As(err, &archived) {
		return nil
	}
	return err
}

// LinePage is the answer: rows Offset to Offset+Limit of the Total lines that match.
type LinePage struct {
	Total int64
	Rows  *parquet.Columns[tables.Line] // of table lines; columns that were not requested are empty
	// Split reports for each row whether its record has other lines of the same day: of other tiers, or a flat fee.
	Split []bool
	// Shared reports for each row whether another record of the customer in the cycle has a line with the same id: its
	// day, usage_start or origin_cycle differs.
	Shared []bool
}

// ConditionOp is the comparison of a condition.
type ConditionOp uint8

// The comparisons.
const (
	IsAnyOf  ConditionOp = iota // the column's value, a number by its digits, is one of Values
	IsNot                       // it is not one of Values
	Zero                        // the amount is 0
	NotZero                     // the amount is not 0
	Negative                    // the amount is below 0
	Positive                    // the amount is 0 or more
	// the line's own time (own_time or, if null, usage_start) is in one of Spans; Column is ignored
	OwnLine
	Billed // the line's bill time (BillTime) is in [From, To); Column is ignored
)

// Condition is a condition that a line must satisfy.
type Condition struct {
	Column   tables.ColumnOf[tables.Line] // of the table lines
	Op       ConditionOp
	Values   []string
	From, To period.Instant
	Spans    []period.Span
}

func billColumns() tables.List[tables.Line] {
	return tables.Columns(tables.LineDay, tables.LineTradeTime, tables.LineInstant, tables.LineUsageStart)
}

// BillTime returns the instant that determines a line's bill date: the time of trade for low-volume events, the time of
// billing for lines that were billed after the close, else usage_start.
func BillTime(row rows.Row[tables.Line]) period.Instant {
	switch row.Word(tables.LineDay) {
	case lake.EventsDay.String():
		return row.Time(tables.LineTradeTime)
	case lake.LateDay.String(), lake.RerateDay.String(), lake.RestatedDay.String():
		if t := row.MaybeTime(tables.LineInstant); t != tables.Nothing {
			return t
		}
	}
	return row.Time(tables.LineUsageStart)
}

// BillDate is a line's bill date: the day of its bill time or, if that is outside the cycle of the line, the nearest
// day of the cycle.
func BillDate(clock period.Clock, cycle period.Cycle, row rows.Row[tables.Line]) period.Day {
	return min(max(clock.Day(BillTime(row)), cycle.First()), cycle.Last())
}

// BilledOn selects the lines of a cycle whose bill date (BillDate) is from first to last, which are days of the cycle.
func BilledOn(zone *period.Zone, cycle period.Cycle, first, last period.Day) Condition {
	c := Condition{Op: Billed, From: zone.Start(first), To: zone.Start(last + 1)}
	if first == cycle.First() {
		c.From = period.Past
	}
	if last == cycle.Last() {
		c.To = period.Forever
	}
	return c
}

// key returns a text that is equal only for equal conditions.
func (c *Condition) key() string {
	quoted := make([]string, len(c.Values))
	for i, v := range c.Values {
		quoted[i] = strconv.Quote(v)
	}
	return fmt.Sprintf("%d.%d[%s]%d-%d%v", c.Column, c.Op, strings.Join(quoted, ","), c.From, c.To, c.Spans)
}

// columns returns the columns that the condition reads.
func (c *Condition) columns() tables.List[tables.Line] {
	switch c.Op {
	case Billed:
		return billColumns()
	case OwnLine:
		return tables.Columns(tables.LineOwnTime, tables.LineUsageStart)
	}
	return tables.List[tables.Line]{c.Column}
}

// test compiles the condition to a test of the rows of a batch.
func (c *Condition) test(cols *parquet.Columns[tables.Line]) (func(i int) bool, error) {
	col, t := cols.Col(c.Column), cols.Def.Columns[c.Column].Type
	switch c.Op {
	case IsAnyOf, IsNot:
		want := c.Op == IsAnyOf
		has, err := c.oneOf(col, t)
		if err != nil {
			return nil, err
		}
		return func(i int) bool { return has(i) == want }, nil
	case Zero:
		return func(i int) bool { return col.Decs[i] == (parquet.Dec{}) }, nil
	case NotZero:
		return func(i int) bool { return col.Decs[i] != (parquet.Dec{}) }, nil
	case Negative:
		return func(i int) bool { return col.Decs[i].Hi < 0 }, nil
	case Positive:
		return func(i int) bool { return col.Decs[i].Hi >= 0 }, nil
	case OwnLine:
		return func(i int) bool {
			t := rows.OwnTime(cols, i)
			return slices.ContainsFunc(c.Spans, func(s period.Span) bool { return s.Holds(t) })
		}, nil
	case Billed:
		return func(i int) bool {
			t := BillTime(rows.Row[tables.Line]{Cols: cols, I: i})
			return t >= c.From && t < c.To
		}, nil
	}
	return nil, fmt.Errorf("condition of kind %d", c.Op)
}

func (c *Condition) oneOf(col *parquet.Col, t tables.Type) (func(i int) bool, error) {
	switch t {
	case tables.Word:
		var codes []bool
		for _, word := range col.Dict {
			codes = append(codes, c.has(word))
		}
		return func(i int) bool { return codes[col.Codes[i]] }, nil
	case tables.Small:
		return func(i int) bool { return c.has(strconv.Itoa(int(col.Codes[i]))) }, nil
	case tables.Text:
		return func(i int) bool { return c.has(string(col.Text(i))) }, nil
	}
	return nil, fmt.Errorf("condition on column %d, which is neither text nor a small number", c.Column)
}

func (c *Condition) has(value string) bool { return slices.Contains(c.Values, value) }

// keyOf returns a text that is equal only for equal lists of conditions.
func keyOf(where []Condition) string {
	var b strings.Builder
	for i := range where {
		b.WriteString(where[i].key())
		b.WriteByte(';')
	}
	return b.String()
}
