package period

import "testing"

// FuzzDates checks that days, cycles and bounds of validity are accepted only in the form in which they are written.
func FuzzDates(f *testing.F) {
	for _, text := range []string{"2026-09-30", "2026-02-29", "2026-09", "0000-01", "2026-13", "9999-12-31",
		"2026-09-30T16:00:00Z", "-", "2026-9-1", "２０２６-09"} {
		f.Add(text)
	}
	zone, err := LoadZone("Australia/Lord_Howe")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if day, err := ParseDay(text); err == nil && day.String() != text {
			t.Fatalf("%q is day %s", text, day)
		}
		if cycle, err := ParseCycle(text); err == nil && cycle.String() != text {
			t.Fatalf("%q is cycle %s", text, cycle)
		}
		at, err := ParseValidity(text, zone)
		if err != nil {
			return
		}
		day, notDay := ParseDay(text)
		instant, notInstant := ParseInstant(text)
		if notDay == nil && at != zone.Start(day) || notDay != nil && (notInstant != nil || at != instant) {
			t.Fatalf("%q begins at %s: as a day %v, as an instant %v", text, at, notDay, notInstant)
		}
	})
}
