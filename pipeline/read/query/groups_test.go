package query

import (
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// small returns a question with keys of a word and a small number, and a sum.
func small() *Question {
	def := &tables.Table{Name: "t", Columns: []tables.Column{{Name: "who", Type: tables.Word},
		{Name: "mode", Type: tables.Small}, {Name: "paid", Type: tables.Amount}}}
	return &Question{Name: "small", Keys: def.Columns[:2], Sums: []tables.Column{{Name: "n", Type: tables.Whole},
		def.Columns[2]},
		Lake: Shape{Table: def, Count: "n"}}
}

// paid returns rows of small with amounts in cents.
func paid(rows ...struct {
	who  string
	mode int32
	paid int64
}) *parquet.Columns[tables.Any] {
	c := parquet.NewColumns(tables.Untyped(small().Lake.Table))
	for _, r := range rows {
		c.Col(0).AddWord(r.who)
		c.Col(1).Codes = append(c.Col(1).Codes, r.mode)
		c.Col(2).AddDec(r.paid>>63, uint64(r.paid)*1_000_000)
		c.N++
	}
	return c
}

type askPayment = struct {
	who  string
	mode int32
	paid int64
}

// text returns rows as text: keys, count and amount.
func text(rows []AnswerRow) string {
	var out []string
	for _, r := range rows {
		out = append(out, strings.Join(r.Keys, "/")+" "+r.Sums[0].String()+" "+strings.TrimSuffix(r.Sums[1].String(),
			"000000"))
	}
	return strings.Join(out, "; ")
}

func ordered(t *testing.T, q *Question, batches ...*parquet.Columns[tables.Any]) []AnswerRow {
	t.Helper()
	all := newGroups(q)
	for _, b := range batches {
		g := newGroups(q)
		if err := g.add(b); err != nil {
			t.Fatal(err)
		}
		if err := all.merge(g); err != nil {
			t.Fatal(err)
		}
	}
	rows := all.rows()
	slices.SortFunc(rows, q.Compare)
	return rows
}

// TestGroups checks that words are ordered by their bytes and small numbers by their values, with none first,
// regardless of the batch in which they were.
func TestGroups(t *testing.T) {
	t.Parallel()
	first := paid(askPayment{"b", 16, 150}, askPayment{"a", 5, -25}, askPayment{"b", 16, 50})
	second := paid(askPayment{"é", 9, 1}, askPayment{"b", 9, 7}, askPayment{"a", 5, 25}, askPayment{"", 0, 3},
		askPayment{"B", 1, 2})
	want := "/ 1 0.03; B/1 1 0.02; a/5 2 0.00; b/9 1 0.07; b/16 2 2.00; é/9 1 0.01"
	if got := text(ordered(t, small(), first, second)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := text(ordered(t, small(), second, first)); got != want {
		t.Errorf("the other way round: %s", got)
	}
	q := small()
	q.Order = []GroupBy{{Column: "paid", Down: true}}
	if got, want := text(ordered(t, q, first, second)),
		"b/16 2 2.00; b/9 1 0.07; / 1 0.03; B/1 1 0.02; é/9 1 0.01; a/5 2 0.00"; got != want {
		t.Errorf("by what was paid: %s\nwant %s", got, want)
	}
	q = small()
	q.Lake.Keep = func(c *parquet.Columns[tables.Any], row int) bool { return c.Col(0).Word(row) == "a" }
	if got, want := text(ordered(t, q, first, second)), "a/5 2 0.00"; got != want {
		t.Errorf("of a alone: %s", got)
	}
	q.Sums, q.Lake.Count, q.Lake.NoZero = q.Sums[1:], "", true
	if got := ordered(t, q, first, second); len(got) != 0 {
		t.Errorf("a came to 0 and was not left out: %v", got)
	}
}

// TestAnswerLimit tests ASK-3: totals and the count cover all rows.
func TestAnswerLimit(t *testing.T) {
	t.Parallel()
	q := small()
	rows := ordered(t, q, paid(askPayment{"a", 1, 100}, askPayment{"b", 1, 20}, askPayment{"c", 1, 3}))
	for _, c := range []struct {
		limit int
		want  string
	}{{0, "a/1 1 1.00; b/1 1 0.20; c/1 1 0.03 | 0 0.00"}, {1, "a/1 1 1.00 | 2 0.23"},
		{3, "a/1 1 1.00; b/1 1 0.20; c/1 1 0.03 | 0 0.00"}, {9, "a/1 1 1.00; b/1 1 0.20; c/1 1 0.03 | 0 0.00"}} {
		a, err := NewAnswer(q, LakeSource, 1, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if err := a.Add(r, c.limit); err != nil {
				t.Fatal(err)
			}
		}
		rest := strings.TrimSpace(text([]AnswerRow{{Sums: a.Totals[0].Rest}}))
		if got := text(a.Rows) + " | " + rest; got != c.want || a.Count != 3 || a.Totals[0].Sums[0].String() != "3" ||
			a.Totals[0].Sums[1].String() != "1.23000000" {
			t.Errorf("limit %d: %s, %d rows, totals %s", c.limit, got, a.Count, a.Totals[0].Sums)
		}
	}
}

// TestGroupsOverflow checks that sums are exact beyond the range of an amount; more than 38 digits are an error.
func TestGroupsOverflow(t *testing.T) {
	t.Parallel()
	top, err := money.ParseAmount("999999999999999999.99999999")
	if err != nil {
		t.Fatal(err)
	}
	c := paid()
	for range 3 {
		c.Col(0).AddWord("a")
		c.Col(1).Codes = append(c.Col(1).Codes, 1)
		c.Col(2).AddDec(top.Raw())
		c.N++
	}
	if got := text(ordered(t, small(), c)); got != "a/1 3 2999999999999999999.99999997" {
		t.Errorf("three of the largest amount: %s", got)
	}
	c.Col(2).Decs[0] = parquet.Dec{Hi: 1<<62 + 1<<60, Lo: 0} // not an amount, but a number of 38 digits
	c.Col(2).Decs[1] = c.Col(2).Decs[0]
	if err := newGroups(small()).add(c); err == nil || !strings.Contains(err.Error(), "sum of paid") {
		t.Errorf("past 38 digits: %v", err)
	}
}
