package query

import (
	"slices"
	"strings"
	"testing"

	tables "github.com/tollbook/tollbook/schemas/table"
)

// TestDefinitions checks that every column of a question exists and has a type that allows its use. Invariant: ASK-1.
func TestDefinitions(t *testing.T) {
	t.Parallel()
	var names []string
	for _, q := range Questions() {
		names = append(names, q.Name)
		given, all := q.Lake.Table, q.Columns()
		if q.Lake.Made != nil {
			given = q.Lake.Made
		}
		if len(q.Keys) > MaxKeys || q.Answers == "" || strings.HasSuffix(q.Answers, ".") {
			t.Errorf("%s: %d keys, answers %q", q.Name, len(q.Keys), q.Answers)
		}
		for i, c := range all {
			if slices.ContainsFunc(all[:i], func(o tables.Column) bool { return o.Name == c.Name }) || c.Meaning == "" {
				t.Errorf("%s: column %s: twice, or without a meaning", q.Name, c.Name)
			}
			if c.Name == q.Lake.Count {
				continue
			}
			at := given.Index(c.Name)
			if at < 0 {
				t.Errorf("%s: %s has no column %s", q.Name, given.Name, c.Name)
				continue
			}
			key := i < len(q.Keys)
			if isKey := c.Type == tables.Word || c.Type == tables.Small; isKey != key ||
				given.Columns[at].Type != c.Type {
				t.Errorf("%s: column %s is of type %s, in %s of %s", q.Name, c.Name, ColumnTypeName(c.Type), given.Name,
					ColumnTypeName(given.Columns[at].Type))
			}
		}
		for _, by := range q.Order {
			if !slices.ContainsFunc(all, func(c tables.Column) bool { return c.Name == by.Column }) {
				t.Errorf("%s: ordered by %s, which it does not have", q.Name, by.Column)
			}
		}
		if q.Lake.Count != "" && !slices.ContainsFunc(q.Sums, func(c tables.Column) bool {
			return c.Name == q.Lake.Count && c.Type == tables.Whole
		}) {
			t.Errorf("%s: counts rows as %s, which it does not have", q.Name, q.Lake.Count)
		}
	}
	if sorted := slices.Sorted(slices.Values(names)); len(slices.Compact(sorted)) != len(names) {
		t.Errorf("names are not unique: %v", names)
	}
}

// TestEveryQuestionPerCurrency checks that each question with amounts has the currency as its last key and determines
// whose currency it is, and that a question without amounts is unchanged.
func TestEveryQuestionPerCurrency(t *testing.T) {
	t.Parallel()
	for _, q := range EveryQuestion() {
		per := q.PerCurrency()
		if len(per.Keys) > MaxKeys {
			t.Errorf("%s has %d keys", q.Name, len(per.Keys))
		}
		amount := slices.ContainsFunc(q.Sums, func(c tables.Column) bool { return c.Type == tables.Amount })
		named := slices.ContainsFunc(q.Keys, func(c tables.Column) bool { return c.Name == "currency" })
		if amount == named {
			continue // margin is in the workspace's currency
		}
		last := per.Keys[len(per.Keys)-1].Name == "currency"
		if last != amount && !named {
			t.Errorf("%s: has amounts: %t, the last key is a currency: %t", q.Name, amount, last)
		}
		of := q
		if q.From != nil {
			of = q.From.Of
		}
		if amount && len(CurrencyOwners(of.Lake.Table)) == 0 && q.Name != "receivables" {
			t.Errorf("%s: no column says in whose currency its amounts are", q.Name)
		}
	}
}
