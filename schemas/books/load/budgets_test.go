package load

import (
	"slices"
	"strings"
	"testing"
)

const budgetsHeader = "customer_id,amount,thresholds,valid_from,valid_to\n"

func TestBudgets(t *testing.T) {
	t.Parallel()
	text := budgetsHeader + "c2,1000.50,50;80;100;120,2026-03-01,2026-05-01\nc2,2000,80,2026-05-01,\nc1,0.01,,,\n"
	b, err := Books(workspace(map[string]string{"budgets.csv": text}), chosen(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		customer, amount string
		thresholds       []int
	}{{"c1", "0.01", []int{100}}, {"c2", "1000.5", []int{50, 80, 100, 120}}, {"c2", "2000", []int{80}}}
	if len(b.Budgets) != len(want) {
		t.Fatalf("%d budgets", len(b.Budgets))
	}
	for i, w := range want {
		got := b.Budgets[i]
		if b.Customers[got.Customer].ID != w.customer || got.Amount.Trim() != w.amount ||
			!slices.Equal(got.Thresholds, w.thresholds) {
			t.Errorf("budget %d: %+v, want %+v", i, got, w)
		}
	}
}

// TestBudgetProblems checks that each invalid row is refused with its place.
func TestBudgetProblems(t *testing.T) {
	t.Parallel()
	for row, want := range map[string]string{
		"c9,100,,,":                    `2:1: customer_id "c9": not in customers.csv`,
		"c1,,,,":                       "2:4: amount: empty",
		"c1,0,,,":                      `2:4: amount "0": not above 0`,
		"c1,-5,,,":                     `2:4: amount "-5": not above 0`,
		"c1,1e3,,,":                    `2:4: amount`,
		"c1,10.001,,,":                 `2:4: amount "10.001": more decimals than CNY has, which is 2`,
		"c1,10,80;50,,":                `2:7: thresholds "80;50": 50 after 80: want them ascending`,
		"c1,10,80;80,,":                `80 after 80: want them ascending`,
		"c1,10,80%,,":                  `"80%" is not a whole number from 1 to 1000`,
		"c1,10,0,,":                    `"0" is not a whole number from 1 to 1000`,
		"c1,10,1001,,":                 `"1001" is not a whole number from 1 to 1000`,
		"c1,10,80;,,":                  `"" is not a whole number from 1 to 1000`,
		"c1,10,,2026-03-15,":           `2:8: valid_from "2026-03-15": a budget is of complete months`,
		"c1,10,,,2026-03-01T00:00:00Z": `valid_to "2026-03-01T00:00:00Z": a budget is of complete months`,
		"c1,10,,2026-04-01,2026-03-01": `valid_to "2026-03-01": not after valid_from "2026-04-01"`,
		"c1,10,,,\nc1,20,,2026-05-01,": `3:1: overlaps budgets.csv:2: customer_id c1`,
		"c1,10,,,\nc1,20,,2026-05-01,2026-06-01,": "6 cells where the header has 5",
	} {
		if got := told(t, map[string]string{"budgets.csv": budgetsHeader + row + "\n"}); !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", row, got, want)
		}
	}
}
