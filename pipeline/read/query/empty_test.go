package query

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
)

// TestEveryQuestionSaysWhyItIsEmpty checks that every question has a reason for an empty answer, and vice versa.
func TestEveryQuestionSaysWhyItIsEmpty(t *testing.T) {
	t.Parallel()
	reasons := empties()
	for _, q := range EveryQuestion() {
		if reasons[q.Name].none == "" {
			t.Errorf("%s: no reason", q.Name)
		}
		delete(reasons, q.Name)
	}
	for name := range reasons {
		t.Errorf("%s: a reason without a question", name)
	}
	for name, why := range empties() {
		if (why.book == "") != (why.rows == nil) {
			t.Errorf("%s: book %q without a count of its rows, or the reverse", name, why.book)
		}
	}
}

func TestWhyEmpty(t *testing.T) {
	t.Parallel()
	full := &books.Books{Budgets: make([]books.Budget, 1), Discounts: make([]books.Discount, 1)}
	none := &books.Books{}
	acme := OnlyFor{Customers: []string{"acme"}}
	for _, c := range []struct {
		name, asOf, cycle string
		books             *books.Books
		only              OnlyFor
		want              string
	}{
		{BudgetsQuestion, "", "", none, OnlyFor{}, "books/budgets.csv is missing or has no rows"},
		{BudgetsQuestion, "2026-10-01T00:00:00Z", "2026-09", none, acme, "books/budgets.csv is missing or has no rows"},
		{BudgetsQuestion, "", "", full, OnlyFor{}, "the lake is empty: `tollbook run nightly` takes the feeds in"},
		{BudgetsQuestion, "2026-10-01T00:00:00Z", "2026-09", full, acme,
			"there is no budget that is in force (cycle 2026-09, customer acme)"},
		{"discounts", "", "", none, OnlyFor{}, "books/discounts.csv is missing or has no rows"},
		{"revenue", "", "2026-09", none, OnlyFor{}, "the lake is empty: `tollbook run nightly` takes the feeds in"},
		{"revenue", "2026-10-01T00:00:00Z", "2026-09", none, OnlyFor{}, "there is no line (cycle 2026-09)"},
		{"coupons", "", "", none, acme,
			"there is no coupon in books/coupons.csv or issued by a partner (customer acme)"},
	} {
		q, ok := FindQuestion(c.name)
		if !ok {
			t.Fatal(c.name)
		}
		a, err := NewAnswer(q, LakeSource, 1, c.asOf)
		if err != nil {
			t.Fatal(err)
		}
		if got := WhyEmpty(a, c.books, c.cycle, c.only); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
