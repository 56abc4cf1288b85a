package question

import (
	"strings"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/read/ask"
	"pgregory.net/rapid"
)

// TestAgeRows checks figures that were calculated by hand. The 30 that a repaid clear the 20 of March and 10 of the 25
// of May; b repaid all; c owes for four cycles and before.
func TestAgeRows(t *testing.T) {
	t.Parallel()
	rows, err := ageRows([]ask.Row{
		comparison(t, "c/2026-06", 1, 0), comparison(t, "c/2026-05", 2, 0), comparison(t, "c/2026-04", 4, 0),
		comparison(t, "c/2026-03", 8, 0), comparison(t, "c/2025-12", 16, 0),
		comparison(t, "a/2026-06", 7, 30), comparison(t, "a/2026-03", 20, 0), comparison(t, "a/2026-05", 25, 0),
		comparison(t, "b/2026-05", 5, 0), comparison(t, "b/2026-06", 0, 5),
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

// TestAgesAddUp checks that the ages add up to the debt incurred less the repayments, and that none is negative.
func TestAgesAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		months := []string{"2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"}
		var entries []ask.Row
		owed := int64(0)
		for _, m := range months {
			incurred := rapid.Int64Range(0, 100).Draw(r, "incurred")
			repaid := rapid.Int64Range(0, owed+incurred).Draw(r, "repaid")
			owed += incurred - repaid
			entries = append(entries, comparison(t, "a/"+m, incurred, repaid))
		}
		rows, err := ageRows(entries, lakekey.Cycle("2026-06"))
		if err != nil {
			r.Fatal(err)
		}
		if owed == 0 {
			if len(rows) > 0 {
				r.Fatalf("nothing is owed, but %v", rows)
			}
			return
		}
		sum := bigOf(rows[0].Sums[0])
		for _, s := range rows[0].Sums[1:ageCount] {
			sum.Add(sum, bigOf(s))
		}
		for _, s := range rows[0].Sums {
			if bigOf(s).Sign() < 0 {
				r.Fatalf("an age is negative: %v", rows)
			}
		}
		if total := bigOf(rows[0].Sums[ageCount]); total.Cmp(sum) != 0 || total.Int64() != owed*100_000_000 {
			r.Fatalf("ages add up to %s, debt %s, want %d", sum, total, owed)
		}
	})
}
