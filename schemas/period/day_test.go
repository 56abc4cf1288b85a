package period

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		year, month, day int
		want             Day
		text             string
		weekday          time.Weekday
		cycle            string
	}{
		{1970, 1, 1, 0, "1970-01-01", time.Thursday, "1970-01"},
		{1969, 12, 31, -1, "1969-12-31", time.Wednesday, "1969-12"},
		{2000, 2, 29, 11016, "2000-02-29", time.Tuesday, "2000-02"},
		{2026, 9, 1, 20697, "2026-09-01", time.Tuesday, "2026-09"},
		{2026, 13, 1, 20819, "2027-01-01", time.Friday, "2027-01"},
		{2026, 3, 0, 20512, "2026-02-28", time.Saturday, "2026-02"},
		{1, 1, 1, -719162, "0001-01-01", time.Monday, "0001-01"},
		{9999, 12, 31, 2932896, "9999-12-31", time.Friday, "9999-12"},
	} {
		d := DayOf(c.year, c.month, c.day)
		if d != c.want || d.String() != c.text || d.Weekday() != c.weekday || d.Cycle().String() != c.cycle {
			t.Errorf("DayOf(%d, %d, %d) = %d %s %s %s, want %d %s %s %s", c.year, c.month, c.day,
				d, d, d.Weekday(), d.Cycle(), c.want, c.text, c.weekday, c.cycle)
		}
	}
}

func TestCycles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cycle       Cycle
		first, last string
		days        int
	}{
		{CycleOf(2026, 9), "2026-09-01", "2026-09-30", 30},
		{CycleOf(2024, 2), "2024-02-01", "2024-02-29", 29},
		{CycleOf(2100, 2), "2100-02-01", "2100-02-28", 28},
		{CycleOf(2026, 9).Add(4), "2027-01-01", "2027-01-31", 31},
		{CycleOf(2026, 1).Add(-1), "2025-12-01", "2025-12-31", 31},
		{CycleOf(2026, 14), "2027-02-01", "2027-02-28", 28},
	} {
		if c.cycle.First().String() != c.first || c.cycle.Last().String() != c.last || c.cycle.Days() != c.days {
			t.Errorf("%s: %s to %s, %d days; want %s to %s, %d", c.cycle,
				c.cycle.First(), c.cycle.Last(), c.cycle.Days(), c.first, c.last, c.days)
		}
	}
}

func TestDatesAgreeWithTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := Day(rapid.Int32Range(-800_000, 3_000_000).Draw(t, "day"))
		want := time.Unix(int64(d)*86_400, 0).UTC()
		year, month, day := d.Date()
		if year != want.Year() || month != int(want.Month()) || day != want.Day() || d.Weekday() != want.Weekday() {
			t.Fatalf("%d: %d-%d-%d %s, want %s", d, year, month, day, d.Weekday(), want)
		}
		if DayOf(year, month, day) != d {
			t.Fatalf("DayOf(%d, %d, %d) = %d, want %d", year, month, day, DayOf(year, month, day), d)
		}
	})
}
