package query

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/period"
)

// TestEarned checks 100.00 for 60 days from 16 January 2026: 16 days in January, 28 in February, 16 in March. 100 x 16
// / 60 = 26.67, 100 x 44 / 60 = 73.33. A negative payment is rounded in the same way.
func TestEarned(t *testing.T) {
	t.Parallel()
	p := prepaid{first: period.DayOf(2026, 1, 16), end: period.DayOf(2026, 3, 17)}
	for i, want := range []string{"0", "26.67", "73.33", "100", "100"} {
		for _, sign := range []string{"", "-"} {
			got, err := p.earned(amount(t, sign+"100"), period.CycleOf(2025, 12).Add(i), 2)
			if err != nil {
				t.Fatal(err)
			}
			if wanted := amount(t, sign+want); got != wanted {
				t.Errorf("%d months after December: %s, want %s", i, got, wanted)
			}
		}
	}
	last, err := p.earned(amount(t, "100.00000001"), period.CycleOf(2026, 3), 2)
	if err != nil || last.Trim() != "100.00000001" {
		t.Errorf("the end of the term: %s, %v", last, err)
	}
}

// TestTermDays checks the days of terms in Shanghai. The day of a renewal belongs to the renewal, and a term that ends
// on the day on which it starts has one day.
func TestTermDays(t *testing.T) {
	t.Parallel()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour int) period.Instant {
		return zone.DaySpan(period.DayOf(2026, 8, day)).From + period.Instant(int64(hour)*3600*1_000_000)
	}
	for _, tt := range []struct {
		start, end   period.Instant
		first, after int // days in August
	}{
		{at(10, 9), at(20, 9), 10, 20}, {at(20, 9), at(30, 9), 20, 30}, {at(10, 0), at(20, 0), 10, 20},
		{at(10, 9), at(10, 15), 10, 11}, {at(10, 23), at(11, 1), 10, 11},
	} {
		first, after := TermDays(zone, tt.start, tt.end)
		if first != period.DayOf(2026, 8, tt.first) || after != period.DayOf(2026, 8, tt.after) {
			t.Errorf("from %d to %d: from day %v to before %v, want %d, %d", tt.start, tt.end, first, after, tt.first,
				tt.after)
		}
	}
}
