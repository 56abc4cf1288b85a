package query

import (
	"strings"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
)

// TestAgeRows sums open debts by age: a owes for this month and the previous one, c for the last four months and for an
// older one.
func TestAgeRows(t *testing.T) {
	t.Parallel()
	rows, err := ageRows([]AnswerRow{
		comparison(t, "c/2026-06", 1), comparison(t, "c/2026-05", 2), comparison(t, "c/2026-04", 4),
		comparison(t, "c/2026-03", 8), comparison(t, "a/2026-06", 7), comparison(t, "c/2025-12", 16),
		comparison(t, "a/2026-05", 15),
	}, lakekey.Cycle("2026-06"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		line := r.Keys[0]
		for _, s := range r.Sums {
			line += " " + strings.TrimSuffix(s.String(), ".00000000")
		}
		got = append(got, line)
	}
	want := "a 7 15 0 0 22; c 1 2 4 24 31"
	if text := strings.Join(got, "; "); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}
