package rows_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestSlots tests invariant 4: a row group ends before the first line after a slot of a customer with enough lines, and
// nowhere else.
func TestSlots(t *testing.T) {
	t.Parallel()
	type line struct {
		customer int
		slot     int64
	}
	rapid.Check(t, func(t *rapid.T) {
		fewest := rapid.IntRange(1, 4).Draw(t, "fewest")
		var lines []line
		for range rapid.IntRange(0, 40).Draw(t, "lines") {
			lines = append(lines, line{rapid.IntRange(0, 2).Draw(t, "customer"),
				rapid.Int64Range(-2, 3).Draw(t, "slot")})
		}
		slices.SortFunc(lines, func(a, b line) int {
			if a.customer != b.customer {
				return a.customer - b.customer
			}
			return int(a.slot - b.slot)
		})
		within := rapid.Int64Range(0, int64(rows.SlotLength)-1)
		s := rows.LineSlots[int]{Fewest: int64(fewest)}
		for i, l := range lines {
			start := period.Instant(l.slot)*rows.SlotLength + period.Instant(within.Draw(t, "within"))
			if i > 0 && l == lines[i-1] {
				start = rows.SlotOf(start)
			}
			n := 0
			for j := i - 1; j >= 0 && lines[j] == lines[i-1]; j-- {
				n++
			}
			want := i > 0 && l != lines[i-1] && n >= fewest
			if sameCustomer := i > 0 && l.customer == lines[i-1].customer; sameCustomer && l != lines[i-1] &&
				s.Ends(l.customer, rows.SlotOf(start)) != want {
				t.Errorf("line %d of %v: Ends is %t", i, lines, !want)
			}
			skipped := rows.LineSlots[int]{Fewest: int64(fewest)}
			if i > 0 {
				skipped.Skip(lines[i-1].customer, s.Slot())
			}
			if got := s.Line(l.customer, start); got != want {
				t.Errorf("line %d of %v: a row group ends before it: %t, want %t", i, lines, got, want)
			}
			if got := skipped.Line(l.customer, start); got != want {
				t.Errorf("line %d of %v, after lines that were skipped: %t, want %t", i, lines, got, want)
			}
		}
	})
}

// TestSlotsOfTimes checks the slots of instants before and after 1970.
func TestSlotsOfTimes(t *testing.T) {
	t.Parallel()
	hour := int64(period.Second) * 3600
	for at, want := range map[int64]int64{0: 0, 1: 0, hour - 1: 0, hour: hour, -1: -hour, -hour: -hour,
		-hour - 1: -2 * hour} {
		if got := rows.SlotOf(period.Instant(at)); got != period.Instant(want) {
			t.Errorf("the slot of %d is %d, want %d", at, got, want)
		}
		if got := rows.SlotAfter(period.Instant(at)); got != period.Instant(want+hour) {
			t.Errorf("the slot after that of %d is %d, want %d", at, got, want+hour)
		}
	}
}
