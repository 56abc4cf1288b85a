package query

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/problem"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Series is the data of a chart: an amount of an answer by the values of one key, divided by those of another. The
// amounts of all bars and parts add up to the total of the answer.
type Series struct {
	Value   string                // name of the amount's column
	By      string                // name of the key whose values are the bars
	Part    string                // name of the key whose values are the parts; "" = one part without a name
	Bars    []string              // in the order of time, otherwise the largest first
	Parts   []string              // the largest first
	Amounts [][]money.AmountTotal // by bar and part
}

// Maximum numbers of bars that are not times, and of parts. The smallest are combined.
const (
	maxBars  = 30
	maxParts = 8
	maxDays  = 62 // more days are shown by month
)

// SeriesError explains why an answer has no such series.
type SeriesError struct{ What, Fix string }

// Error says what is wrong.
func (e *SeriesError) Error() string { return e.What }

// Diagnosis implements problem.Diagnosed.
func (e *SeriesError) Diagnosis() (problem.Class, string) {
	return problem.Refused, e.Fix
}

// Series sums an amount by a key. The default amount is the last one that has a total. The default key is the time of
// the rows if they have several times, else the first key with several values. The error is a *SeriesError or a
// *money.RangeError.
func (a *Answer) Series(value, by string) (*Series, error) {
	if len(a.Totals) > 1 {
		return nil, &SeriesError{a.Question.Name + " has amounts of several currencies, which a chart would add",
			"`--customer` and `--partner` limit it to those of one; `--format csv` writes its rows"}
	}
	if a.Count == 0 {
		return nil, &SeriesError{a.Question.Name + " has no rows to draw", "ask for another cycle"}
	}
	sum, err := a.Question.amountOf(value)
	if err != nil {
		return nil, err
	}
	key, err := a.keyOf(by)
	if err != nil {
		return nil, err
	}
	part := a.partOf(key)
	t := tally{at: map[[2]string]money.AmountTotal{}, bars: map[string]money.AmountTotal{},
		parts: map[string]money.AmountTotal{}}
	label := func(row *AnswerRow) string { return row.Keys[key] }
	if days := a.values(key); len(days) > maxDays && isTime(days) && len(days[0]) == len("2026-09-01") {
		label = func(row *AnswerRow) string { return row.Keys[key][:len("2026-09")] }
	}
	for i := range a.Rows {
		of := ""
		if part >= 0 {
			of = a.Rows[i].Keys[part]
		}
		if err := t.add(label(&a.Rows[i]), of, a.Rows[i].Sums[sum]); err != nil {
			return nil, err
		}
	}
	if rest := a.Count - int64(len(a.Rows)); rest > 0 {
		others := fmt.Sprintf("%d other rows", rest)
		if err := t.add(others, map[bool]string{true: others}[part >= 0], a.Totals[0].Rest[sum]); err != nil {
			return nil, err
		}
	}
	s := &Series{Value: a.Question.Sums[sum].Name, By: a.Question.Keys[key].Name}
	if part >= 0 {
		s.Part = a.Question.Keys[part].Name
	}
	return s, t.fill(s)
}

// amountOf returns the index of a named amount; without a name, of the last amount that has a total.
func (q *Question) amountOf(name string) (int, error) {
	var names []string
	last := -1
	for i, c := range q.Sums {
		if c.Type != tables.Amount || !q.HasTotal(i) {
			continue
		}
		if c.Name == name {
			return i, nil
		}
		names, last = append(names, c.Name), i
	}
	switch {
	case last < 0:
		return 0, &SeriesError{q.Name + " has no amount that can be drawn", "`--format csv` writes its rows"}
	case name != "":
		return 0, &SeriesError{fmt.Sprintf("%s has no amount %q that can be drawn", q.Name, name),
			"one of " + strings.Join(names, ", ")}
	}
	return last, nil
}

// keyOf returns the index of a named key; without a name, of the key whose values are the bars.
func (a *Answer) keyOf(name string) (int, error) {
	var names []string
	for i, c := range a.Question.Keys {
		if c.Name == name {
			return i, nil
		}
		names = append(names, c.Name)
	}
	if name != "" {
		return 0, &SeriesError{fmt.Sprintf("%s has no column %q to draw by", a.Question.Name, name),
			"one of " + strings.Join(names, ", ")}
	}
	several := -1
	for i := range a.Question.Keys {
		values := a.values(i)
		if len(values) < 2 {
			continue
		}
		if isTime(values) {
			return i, nil
		}
		if several < 0 {
			several = i
		}
	}
	return max(several, 0), nil
}

// partOf returns the index of the first other key with several values, but not so many that most would be combined; -1
// = none.
func (a *Answer) partOf(key int) int {
	for i := range a.Question.Keys {
		if values := a.values(i); i != key && len(values) > 1 && len(values) <= 5*maxParts && !isTime(values) {
			return i
		}
	}
	return -1
}

// values returns the distinct values of a key, in order.
func (a *Answer) values(key int) []string {
	var out []string
	for i := range a.Rows {
		out = append(out, a.Rows[i].Keys[key])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// isTime reports whether values are months or days.
func isTime(values []string) bool {
	return !slices.ContainsFunc(values, func(text string) bool {
		if len(text) != len("2026-09") && len(text) != len("2026-09-01") || len(text) != len(values[0]) {
			return true
		}
		for i := range len(text) {
			if dash := i == 4 || i == 7; dash != (text[i] == '-') || !dash && (text[i] < '0' || text[i] > '9') {
				return true
			}
		}
		return false
	})
}

// tally holds amounts by bar and part.
type tally struct {
	at          map[[2]string]money.AmountTotal
	bars, parts map[string]money.AmountTotal
}

func (t *tally) add(bar, part string, sum money.Total) error {
	amount, err := money.AmountTotalFromRaw(sum.Raw())
	if err != nil {
		return err
	}
	if err := plus(t.at, [2]string{bar, part}, amount); err != nil {
		return err
	}
	if err := plus(t.bars, bar, amount); err != nil {
		return err
	}
	return plus(t.parts, part, amount)
}

func plus[K comparable](sums map[K]money.AmountTotal, at K, amount money.AmountTotal) error {
	sum := sums[at]
	err := sum.AddTotal(amount)
	sums[at] = sum
	return err
}

// fill orders the bars and parts, and combines the smallest.
func (t *tally) fill(s *Series) error {
	s.Bars, s.Parts = bySize(t.bars), bySize(t.parts)
	bar, part := map[string]int{}, map[string]int{}
	if isTime(s.Bars) {
		slices.Sort(s.Bars)
		s.Bars = shared(s.Bars, len(s.Bars), bar)
	} else {
		s.Bars = shared(s.Bars, maxBars, bar)
	}
	s.Parts = shared(s.Parts, maxParts, part)
	for range s.Bars {
		s.Amounts = append(s.Amounts, make([]money.AmountTotal, len(s.Parts)))
	}
	for at, amount := range t.at {
		if err := s.Amounts[bar[at[0]]][part[at[1]]].AddTotal(amount); err != nil {
			return err
		}
	}
	return nil
}

// bySize returns the names of sums, the largest first by absolute value, equal ones by name.
func bySize(sums map[string]money.AmountTotal) []string {
	var names []string
	for name := range sums {
		names = append(names, name)
	}
	slices.SortFunc(names, func(x, y string) int {
		return cmp.Or(sums[y].Abs().Cmp(sums[x].Abs()), cmp.Compare(x, y))
	})
	return names
}

// shared assigns each name one of most indexes; the last index is shared by the remaining names.
func shared(names []string, most int, place map[string]int) []string {
	for i, name := range names {
		place[name] = min(i, most-1)
	}
	if len(names) > most {
		names = append(slices.Clone(names[:most-1]), fmt.Sprintf("%d others", len(names)-most+1))
	}
	return names
}
