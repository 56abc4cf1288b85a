package published

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/read/query"
)

// TestSQL checks that every question has a SQL statement with all of its columns, and that every statement has a
// question.
func TestSQL(t *testing.T) {
	t.Parallel()
	left, err := fs.Glob(files, "sql/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range query.Questions() {
		sql, err := SQL(q, query.OnlyFor{})
		if err != nil {
			t.Error(err)
			continue
		}
		for _, c := range q.Columns() {
			if !regexp.MustCompile(`\b` + c.Name + `\b`).MatchString(sql) {
				t.Errorf("the SQL of %s lacks %s", q.Name, c.Name)
			}
		}
		left = slices.DeleteFunc(left, func(name string) bool { return name == "sql/"+q.Name+".sql" })
	}
	if len(left) > 0 {
		t.Errorf("no question for %v", left)
	}
}

// TestSQLPerCurrency checks that each group has one currency and that rows are in the order of the answer. Invariant:
// PUB-13.
func TestSQLPerCurrency(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"revenue": {"l.currency AS currency\nFROM lines AS l\n",
			"\nGROUP BY 1, 2, 3, 4, currency\nORDER BY currency, 1, 2"},
		"partner-margin": {"p.currency AS currency,\n       p.customer_currency AS customer_currency\nFROM ",
			"\nGROUP BY 1, 2, 3, 4, 5, currency, customer_currency\nORDER BY currency, customer_currency, 1, 2"},
		"margin": {"m.payment_currency AS payment_currency\nFROM ", "\nORDER BY payment_currency, 1, 2"},
		"debt": {"\nGROUP BY 1, currency\nHAVING opening_amount",
			"\nORDER BY currency, debt_amount DESC, customer_id"},
		"top-customers": {"\nORDER BY currency, due_amount DESC, customer_id"},
	} {
		q, known := query.FindQuestion(name)
		if !known {
			t.Fatal(name)
		}
		sql, err := SQL(q.PerCurrency(), query.OnlyFor{})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(sql, text) {
				t.Errorf("%s lacks %q:\n%s", name, text, sql)
			}
		}
	}
}
