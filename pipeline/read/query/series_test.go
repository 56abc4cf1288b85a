package query

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/problem"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// billed returns a question with a time, a service and a customer, and with two amounts. The second one has no total.
func billed() *Question {
	word := func(name string) tables.Column { return tables.Column{Name: name, Type: tables.Word} }
	amount := func(name string) tables.Column { return tables.Column{Name: name, Type: tables.Amount} }
	return &Question{Name: "billed", Keys: []tables.Column{word("service"), word("cycle"), word("customer")},
		Sums:  []tables.Column{{Name: "n", Type: tables.Whole}, amount("paid"), amount("again")},
		Apart: []string{"again"}}
}

// answered returns an answer to billed. Each row gives service/cycle/customer and a whole amount.
func answered(t *testing.T, limit int, rows ...string) *Answer {
	t.Helper()
	a, err := NewAnswer(billed(), LakeSource, 1, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range rows {
		keys, amount, _ := strings.Cut(text, " ")
		row := AnswerRow{Keys: strings.Split(keys, "/")}
		for _, c := range a.Question.Sums {
			sum, err := money.NewTotal(c.Type.Scale())
			if err != nil {
				t.Fatal(err)
			}
			var n int64
			fmt.Sscan(amount, &n)
			if c.Type == tables.Amount {
				n *= 100_000_000
			}
			if err := sum.Add(n>>63, uint64(n)); err != nil {
				t.Fatal(err)
			}
			row.Sums = append(row.Sums, sum)
		}
		if err := a.Add(row, limit); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// shown returns a series as text: its names, and then each bar with its parts.
func shown(s *Series) string {
	out := []string{fmt.Sprintf("%s by %s and %s:", s.Value, s.By, s.Part)}
	for i, bar := range s.Bars {
		text := bar
		for j, part := range s.Parts {
			text += fmt.Sprintf(" %s=%s", part, s.Amounts[i][j].StringFixed(0))
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// TestSeries checks which amounts a chart shows. Each amount of the answer is in exactly one bar and one part.
func TestSeries(t *testing.T) {
	t.Parallel()
	twoMonths := []string{"disk/2026-09/acme 5", "vm/2026-08/acme 30", "vm/2026-09/bell -7", "vm/2026-09/acme 10"}
	for name, c := range map[string]struct {
		value, by, want string
		limit           int
		rows            []string
	}{
		"by month, the largest service first": {rows: twoMonths,
			want: "paid by cycle and service:; 2026-08 vm=30 disk=0; 2026-09 vm=3 disk=5"},
		"by a column": {rows: twoMonths, by: "customer",
			want: "paid by customer and service:; acme vm=40 disk=5; bell vm=-7 disk=0"},
		"one month: by the first key with several values, the largest amount first": {
			rows: []string{"disk/2026-09/acme 5", "vm/2026-09/acme -9"},
			want: "paid by service and :; vm =-9; disk =5"},
		"one row": {rows: []string{"disk/2026-09/acme 5"}, want: "paid by service and :; disk =5"},
		"rows beyond the limit are one bar and one part": {rows: twoMonths, limit: 2, by: "customer",
			want: "paid by customer and service:; acme vm=30 disk=5 2 other rows=0; " +
				"2 other rows vm=0 disk=0 2 other rows=3"},
		"many days are shown by month": {rows: manyDays(63), by: "cycle",
			want: "paid by cycle and :; 2026-01 =31; 2026-02 =31; 2026-03 =1"},
		"few days stay days": {rows: manyDays(2), want: "paid by cycle and :; 2026-01-01 =1; 2026-01-02 =1"},
	} {
		s, err := answered(t, c.limit, c.rows...).Series(c.value, c.by)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := shown(s); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", name, got, c.want)
		}
	}
}

// manyDays returns rows with an amount of 1 for n days. Each month has 31 days.
func manyDays(n int) (rows []string) {
	for i := range n {
		rows = append(rows, fmt.Sprintf("vm/2026-%02d-%02d/acme 1", 1+i/31, 1+i%31))
	}
	return rows
}

// TestSeriesShared checks that the smallest of many bars, and of many parts, are combined into one without loss.
func TestSeriesShared(t *testing.T) {
	t.Parallel()
	var rows []string
	for i := range 40 {
		rows = append(rows, fmt.Sprintf("s%02d/2026-09/c%02d %d", i%10, i, 100-i))
	}
	s, err := answered(t, 0, rows...).Series("paid", "customer")
	if err != nil {
		t.Fatal(err)
	}
	// c00 to c28 have bars; the 11 others sum to 71+70+…+61 = 726. Service s00 has c00, c10, c20, c30: 100+90+80+70.
	if len(s.Bars) != maxBars || s.Bars[28] != "c28" || s.Bars[29] != "11 others" || s.Parts[7] != "3 others" {
		t.Fatalf("bars %q, parts %q", s.Bars, s.Parts)
	}
	var last, all money.AmountTotal
	for i := range s.Amounts {
		for _, a := range s.Amounts[i] {
			if i == 29 {
				_ = last.AddTotal(a)
			}
			_ = all.AddTotal(a)
		}
	}
	if last.StringFixed(0) != "726" || all.StringFixed(0) != "3220" {
		t.Errorf("the last bar is %s, all of them %s; want 726 and 3220", last.StringFixed(0), all.StringFixed(0))
	}
}

// TestSeriesRefused checks that a chart that cannot be drawn is refused, with a list of the possible ones.
func TestSeriesRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ value, by, hint string }{
		{"again", "", "one of paid"}, {"n", "", "one of paid"}, {"", "paid", "one of service, cycle, customer"},
	} {
		_, err := answered(t, 0, "vm/2026-09/acme 1").Series(c.value, c.by)
		wrong := new(SeriesError)
		if !errors.As(err, &wrong) || problem.HintOf(wrong) != c.hint {
			t.Errorf("value %q by %q: %v", c.value, c.by, err)
		}
	}
	if _, err := answered(t, 0).Series("", ""); !errors.As(err, new(*SeriesError)) {
		t.Errorf("no rows: %v", err)
	}
}
