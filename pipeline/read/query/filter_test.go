package query

import (
	"errors"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// tagged returns a question over a table that has every column used by limits.
func tagged() *Question {
	def := &tables.Table{Name: "t", Columns: []tables.Column{{Name: "customer_id", Type: tables.Word},
		{Name: "partner_id", Type: tables.Word}, {Name: "seller_id", Type: tables.Word},
		{Name: "service_name", Type: tables.Text}, {Name: "resource_tag", Type: tables.Text}}}
	return &Question{Name: "tagged", Keys: def.Columns[:1], Sums: []tables.Column{{Name: "n", Type: tables.Whole}},
		Lake: Shape{Table: def, Count: "n"}}
}

// TestLimits checks each limit. Invariant: ASK-4.
func TestLimits(t *testing.T) {
	t.Parallel()
	batch := parquet.NewColumns(tables.Untyped(tagged().Lake.Table))
	for _, row := range []string{
		"a rex dora storage team=web", "b dora dora network team=db", "c dora - storage team=web;x=1", "d rex - net -",
	} {
		cells := strings.Fields(row)
		for i := range 3 {
			batch.Col(tables.ColumnOf[tables.Any](i)).AddWord(cells[i])
		}
		batch.Col(3).AddText(cells[3])
		batch.Col(4).AddText(cells[4])
		batch.N++
	}
	for _, c := range []struct {
		only OnlyFor
		want string
		sql  string
	}{
		{OnlyFor{}, "abcd", ""},
		{OnlyFor{Customers: []string{"a", "d", "e"}}, "ad", "customer_id IN (a, d, e)"},
		{OnlyFor{Partners: []string{"dora"}}, "abc", "(partner_id IN (dora) OR seller_id IN (dora))"},
		{OnlyFor{Services: []string{"net"}}, "d", "service_name IN (net)"},
		{OnlyFor{Customers: []string{"b", "c"}, Services: []string{"storage"}}, "c",
			"customer_id IN (b, c) AND service_name IN (storage)"},
		{OnlyFor{Tags: []string{"team=web"}}, "ac", "resource_tag IN (team=web)"},
		{OnlyFor{Tags: []string{"x", "team=db"}}, "bc", "resource_tag IN (x, team=db)"},
		{OnlyFor{Customers: []string{"nobody"}}, "", "customer_id IN (nobody)"},
	} {
		q := tagged()
		w := &QuestionReading{groups: newGroups(q), only: newSieve(q, c.only)}
		for range 2 { // a sieve can be reused
			if err := w.take(batch); err != nil {
				t.Fatal(err)
			}
		}
		got := ""
		for _, row := range w.groups.rows() {
			got += row.Keys[0]
			if row.Sums[0].String() != "2" {
				t.Errorf("%s: %s counts %s, want 2", c.only, row.Keys[0], row.Sums[0])
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.only, got, c.want)
		}
		if sql := q.Condition(c.only, func(v string) string { return v }); sql != c.sql {
			t.Errorf("%s: condition %s, want %s", c.only, sql, c.sql)
		}
	}
	err := small().Check(OnlyFor{Services: []string{"x"}})
	if wrong := new(LimitError); !errors.As(err, &wrong) || wrong.By != "service" {
		t.Errorf("a limit without a column: %v", err)
	}
}
