package question

import (
	"errors"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
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

// TestArchivedCharge checks a charge in advance whose line is archived with its cycle. The question has no answer while
// the period of the charge ends after the requested cycle: for a year from 1 January 2026 until December, for one that
// ended on 10 March until February. A charge in arrears, or one whose cycle is in the lake, does not prevent an answer.
func TestArchivedCharge(t *testing.T) {
	t.Parallel()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	january := period.CycleOf(2026, 1)
	from := zone.Bounds(january).From
	year := books.RecurringCharge{ID: "c", Advance: true, Months: 12, Anchor: from,
		Valid: period.Span{From: from, To: period.Forever}}
	ended, arrears, later := year, year, year
	ended.Valid.To = zone.DaySpan(period.DayOf(2026, 3, 10)).From
	arrears.Advance = false
	later.Valid.From = zone.Bounds(january.Add(1)).From
	later.Anchor, later.FromStart = later.Valid.From, true
	for _, tt := range []struct {
		name  string
		row   books.RecurringCharge
		month int // months after January
		gone  bool
	}{
		{"year", year, 0, true}, {"year", year, 10, true}, {"year", year, 11, false}, {"ended", ended, 1, true},
		{"ended", ended, 2, false}, {"arrears", arrears, 0, false}, {"later", later, 1, false},
	} {
		d := &deferral{zone: zone, cycle: january.Add(tt.month), snap: &lake.Snapshot{Manifest: manifest.Manifest{
			Cycles: []manifest.CycleRef{{Cycle: lakekey.Cycle("2026-01"), Archived: &manifest.Archived{Where: "old"}},
				{Cycle: lakekey.Cycle("2026-02")}}}}}
		err := d.archived([]books.RecurringCharge{tt.row})
		var gone *rows.ArchivedError
		if errors.As(err, &gone) != tt.gone || tt.gone && gone.Cycle != "2026-01" {
			t.Errorf("%s, %d months after January: %v", tt.name, tt.month, err)
		}
	}
}
