package query

import (
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// amount parses an amount.
func amount(t *testing.T, text string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestBudgetRow checks figures calculated by hand: a budget of 300.00 in a month of 30 days.
func TestBudgetRow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		days     string // day/kind/amount
		complete int
		want     string // share forecast_percent next crossed billed forecast
	}{
		{"nothing", "", 10, "0.00 0.00 50 - 0 0"},
		{"before the first day is over", "1/usage/30", 0, "10.00 10.00 50 - 30 30"},
		{"100 x 30 / 9 = 333.33", "2/usage/100", 9, "33.33 111.11 50 - 100 333.33"},
		{"200 x 30 / 7 = 857.142857, up to 857.14", "2/usage/200", 7, "66.66 285.71 80 50:2026-09-02 200 857.14"},
		{"0.05 x 30 / 4 = 0.375, half away from zero", "2/usage/0.05", 4, "0.01 0.12 50 - 0.05 0.38"},
		{"an order of 120 counts once: 60 x 30 / 10 + 120 = 300", "2/usage/60 3//120", 10,
			"60.00 100.00 80 50:2026-09-03 180 300"},
		{"usage of the day that is not over is no part of the rate: 10 x 30 / 5", "2/usage/10 6/usage/20", 5,
			"10.00 20.00 50 - 30 60"},
		{"the forecast is at least what is billed", "2/usage/1 6/usage/200", 5, "67.00 67.00 80 50:2026-09-06 201 201"},
		{"the month is over", "2/usage/299.99", 30, "99.99 99.99 100 50:2026-09-02;80:2026-09-02 299.99 299.99"},
		{"exactly at the threshold", "2/usage/150 9/usage/90 11/usage/60", 30,
			"100.00 100.00 - 50:2026-09-02;80:2026-09-09;100:2026-09-11 300 300"},
		{"a day's credit and usage count together", "2/usage/160 2//-20", 30, "46.66 46.66 50 - 140 140"},
		{"a later credit does not take back", "2/usage/160 3//-200", 30, "-13.34 -13.34 80 50:2026-09-02 -40 -40"},
	} {
		cycle := period.CycleOf(2026, 9)
		m := month{cycle: cycle, complete: c.complete, digits: 2,
			budget: &books.Budget{Amount: amount(t, "300"), Thresholds: []int{50, 80, 100}}}
		var days []AnswerRow
		for _, text := range strings.Fields(c.days) {
			part := strings.Split(text, "/")
			total, err := amountOf(bigAmount(amount(t, part[2])))
			if err != nil {
				t.Fatal(err)
			}
			day := "2026-09-" + strings.Repeat("0", 2-len(part[0])) + part[0]
			days = append(days, AnswerRow{Keys: []string{"acme", day, part[1]}, Sums: []money.Total{total}})
		}
		to := parquet.NewColumns(tables.Untyped(budgets().Lake.Table))
		if err := m.row("acme", "", days, to); err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, col := range []int{budgetShare, budgetForecastShare, budgetNext, budgetCrossed} {
			text := to.Col(tables.ColumnOf[tables.Any](col)).Word(0)
			if text == "" {
				text = "-"
			}
			got = append(got, text)
		}
		for _, col := range []int{budgetKeys + 1, budgetKeys + 2} {
			d := to.Col(tables.ColumnOf[tables.Any](col)).Decs[0]
			a, err := money.AmountFromRaw(d.Hi, d.Lo)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, a.Trim())
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: got %s, want %s", c.name, text, c.want)
		}
	}
}

// TestCompleteDays checks that days are those of the contract zone. Midnight in Shanghai is 16:00 UTC.
func TestCompleteDays(t *testing.T) {
	t.Parallel()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]int{
		"2026-08-31T15:59:59Z": 0, "2026-08-31T16:00:00Z": 0, "2026-09-01T15:59:59Z": 0, "2026-09-01T16:00:00Z": 1,
		"2026-09-30T15:59:59Z": 29, "2026-09-30T16:00:00Z": 30, "2027-01-01T00:00:00Z": 30,
	} {
		instant, err := period.ParseInstant(at)
		if err != nil {
			t.Fatal(err)
		}
		if got := completeDays(period.CycleOf(2026, 9), zone, instant); got != want {
			t.Errorf("%s: %d complete days, want %d", at, got, want)
		}
	}
	if got := completeDays(period.CycleOf(2026, 9), zone, period.Past); got != 0 {
		t.Errorf("without a run: %d complete days", got)
	}
}
