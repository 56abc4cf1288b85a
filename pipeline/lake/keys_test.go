package lake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/period"
)

// cycles generates the cycles that keys can have, including none.
func cycles() *rapid.Generator[Cycle] {
	return rapid.Custom(func(t *rapid.T) Cycle {
		if rapid.IntRange(0, 9).Draw(t, "none") == 0 {
			return Cycle{}
		}
		return CycleOf(period.Cycle(rapid.IntRange(0, 10_000*12-1).Draw(t, "cycle")))
	})
}

// days generates the days that keys can have, including none.
func days() *rapid.Generator[Day] {
	return rapid.Custom(func(t *rapid.T) Day {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return rapid.SampledFrom([]Day{{}, EndDay, EventsDay, LateDay, RerateDay, ChargesDay, CommitmentsDay,
				CostsDay,
				RestatedDay}).Draw(t, "special")
		case 1:
			text := fmt.Sprintf("%04d-%02d-%02d", rapid.IntRange(0, 9999).Draw(t, "year"),
				rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 31).Draw(t, "day"))
			day, err := ParseDay(text)
			if err != nil {
				t.Fatal(err)
			}
			return day
		}
		return DayOf(period.Day(rapid.IntRange(int(period.DayOf(0, 1, 1)), int(period.DayOf(9999, 12, 31))).Draw(t,
			"day")))
	})
}

// TestKeysRoundTrip checks that parsing and formatting cycles and days, as text and as JSON, are inverse, and that they
// have the order of their texts. Invariant: LAKE-7.
func TestKeysRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, d := cycles().Draw(t, "c"), cycles().Draw(t, "d")
		if back, err := ParseCycle(c.String()); err != nil || back != c ||
			c.IsZero() != (c.String() == "") || c.IsZero() != (c.Check() != nil) {
			t.Fatalf("%q: %q, %v", c, back, err)
		}
		if c.Compare(d) != strings.Compare(c.String(), d.String()) {
			t.Fatalf("%q and %q: %d", c, d, c.Compare(d))
		}
		if of, ok := c.Period(); ok && (CycleOf(of) != c || of.String() != c.String() || c.Or(-1) != of) ||
			ok == c.IsZero() || !ok && c.Or(-1) != -1 {
			t.Fatalf("%q: %s, %v", c, of, ok)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		c, d := days().Draw(t, "c"), days().Draw(t, "d")
		if back, err := ParseDay(c.String()); err != nil || back != c || !c.valid() ||
			c.IsZero() != (c.String() == "") {
			t.Fatalf("%q: %q, %v", c, back, err)
		}
		if c.Compare(d) != strings.Compare(c.String(), d.String()) {
			t.Fatalf("%q and %q: %d", c, d, c.Compare(d))
		}
		of, err := period.ParseDay(c.String())
		if day, ok := c.Calendar(); ok && (DayOf(day) != c || day.String() != c.String()) ||
			err == nil && (!ok || day != of) || ok && c.IsSpecial() {
			t.Fatalf("%q: %s, %v", c, day, ok)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		type texts struct {
			Cycle string         `json:"cycle"`
			Day   string         `json:"day"`
			By    map[string]int `json:"by"`
			On    map[string]int `json:"on"`
			Maybe string         `json:"maybe,omitempty"`
		}
		type values struct {
			Cycle Cycle         `json:"cycle"`
			Day   Day           `json:"day"`
			By    map[Cycle]int `json:"by"`
			On    map[Day]int   `json:"on"`
			Maybe Cycle         `json:"maybe,omitzero"`
		}
		v := values{cycles().Draw(t, "cycle"), days().Draw(t, "day"), map[Cycle]int{}, map[Day]int{},
			cycles().Draw(t, "maybe")}
		want := texts{v.Cycle.String(), v.Day.String(), map[string]int{}, map[string]int{}, v.Maybe.String()}
		for i := range 3 {
			c, d := cycles().Draw(t, "by"), days().Draw(t, "on")
			v.By[c], v.On[d], want.By[c.String()], want.On[d.String()] = i, i, i, i
		}
		a, err := json.Marshal(v)
		b, err2 := json.Marshal(want)
		if err != nil || err2 != nil || string(a) != string(b) {
			t.Fatalf("%s, %v; want %s, %v", a, err, b, err2)
		}
		var back values
		if err := DecodeManifest(a, &back); err != nil || fmt.Sprint(back) != fmt.Sprint(v) {
			t.Fatalf("%v, %v; want %v", back, err, v)
		}
	})
}

// TestSpecialDays checks the texts of the special days, and which of them are posted.
func TestSpecialDays(t *testing.T) {
	t.Parallel()
	all := []Day{ChargesDay, CommitmentsDay, CostsDay, EndDay, EventsDay, LateDay, RerateDay, RestatedDay}
	if got := fmt.Sprint(all); got != "[charges commitments costs end events late rerate restated]" {
		t.Error(got)
	}
	if !slices.IsSortedFunc(all, Day.Compare) {
		t.Error("not sorted")
	}
	listed := strings.Split(specialDays, ", ")
	slices.Sort(listed)
	if !slices.Equal(listed, specialTexts[:]) {
		t.Errorf("messages list %s", specialDays)
	}
	for _, d := range all {
		if _, ok := d.Calendar(); ok || !d.IsSpecial() || d.IsPosted() != (d != EndDay) {
			t.Errorf("%s: calendar %v, special %v, posted %v", d, ok, d.IsSpecial(), d.IsPosted())
		}
	}
	for _, d := range []Day{{}, DayOf(period.DayOf(2026, 9, 3))} {
		if d.IsSpecial() || d.IsPosted() {
			t.Errorf("%q is special", d)
		}
	}
}

// TestNoKeys checks that other texts are refused, and that Check refuses values that no text has.
func TestNoKeys(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"2026", "2026-9", "2026-00", "2026-13", "10000-01", "2026-09-01", "end", " 2026-09",
		"2026-0a", "２０２６-09", "-026-09"} {
		want := fmt.Sprintf("cycle %q: want YYYY-MM", text)
		if c, err := ParseCycle(text); err == nil || err.Error() != want || !c.IsZero() {
			t.Errorf("%q: %q, %v", text, c, err)
		}
	}
	for _, text := range []string{"2026-09", "2026-09-00", "2026-09-32", "2026-13-01", "2026-9-01", "2026-09-1",
		"10000-01-01", "End", "ends", "2026-09-01 ", "2026-09-0x"} {
		want := fmt.Sprintf("day %q: want YYYY-MM-DD or one of end, events, late, rerate, charges, commitments, "+
			"costs, restated", text)
		if d, err := ParseDay(text); err == nil || err.Error() != want || !d.IsZero() {
			t.Errorf("%q: %q, %v", text, d, err)
		}
		var e FileEntry
		err := DecodeManifest([]byte(`{"table":"lines","cycle":"2026-09","day":"`+text+`"}`), &e)
		if err == nil || err.Error() != want {
			t.Errorf("%q: decoded as %q, %v", text, e.Day, err)
		}
	}
	if day, err := ParseDay("2026-02-30"); err != nil || day.String() != "2026-02-30" {
		t.Errorf("%q, %v", day, err)
	} else if of, ok := day.Calendar(); ok {
		t.Errorf("%q is %s", day, of)
	}
	for _, c := range []period.Cycle{-1, -13, period.CycleOf(10_000, 1), 1<<31 - 2, -1 << 31} {
		c, text := CycleOf(c), c.String()
		if c.Check() == nil || c.String() != text || c.IsZero() {
			t.Errorf("%q, want %q", c, text)
		}
	}
	for _, d := range []period.Day{period.DayOf(0, 1, 1) - 1, period.DayOf(-1, 1, 1), period.DayOf(10_000, 1, 1),
		period.DayOf(-4000, 2, 28), 1_999_999_999, -1_999_999_999} {
		day, text := DayOf(d), d.String()
		of, ok := day.Calendar()
		if day.valid() || day.String() != text || day.IsZero() || day.IsSpecial() || !ok || of != d {
			t.Errorf("%q, want %q; %s %v", day, text, of, ok)
		}
	}
	for _, d := range []period.Day{1<<31 - 1, -1 << 31} {
		if day := DayOf(d); day.valid() || day.IsSpecial() || day.IsZero() {
			t.Errorf("%d is %q", d, day)
		}
	}
}

// TestKeysAllocateNothing checks that creating, comparing and querying keys allocates nothing.
//
//nolint:paralleltest // AllocsPerRun refuses to run in a parallel test
func TestKeysAllocateNothing(t *testing.T) {
	cycle, day, text := period.CycleOf(2026, 9), period.DayOf(2026, 9, 3), "2026-09-03"
	to := make([]byte, 0, 32)
	if n := testing.AllocsPerRun(100, func() {
		c, d := CycleOf(cycle), DayOf(day)
		parsed, err := ParseDay(text)
		of, ok := d.Calendar()
		to, _ = d.AppendText(to[:0])
		if err != nil || parsed != d || !ok || of != day || c.Or(0) != cycle || EndDay.String() != "end" {
			t.Error(d)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
