package question

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/period"
)

// TestEarned: 100.00 for 60 days from 16 January 2026: 16 days in January, 28 in February, 16 in March.
// 100 x 16 / 60 = 26.67, 100 x 44 / 60 = 73.33. A negative payment is rounded alike.
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
