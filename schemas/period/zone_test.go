package period

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *Zone {
	t.Helper()
	z, err := LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func instant(t testing.TB, text string) Instant {
	t.Helper()
	v, err := ParseInstant(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func day(t testing.TB, text string) Day {
	t.Helper()
	d, err := ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDaySpan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, day, from, to, why string }{
		{"UTC", "2026-09-01", "2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z", "no offset"},
		{"Asia/Shanghai", "2026-09-01", "2026-08-31T16:00:00Z", "2026-09-01T16:00:00Z", "+08:00"},
		{"Asia/Shanghai", "1986-05-04", "1986-05-03T16:00:00Z", "1986-05-04T15:00:00Z", "its daylight saving of 1986"},
		{"America/New_York", "2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", "23 hours"},
		{"America/New_York", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", "25 hours"},
		{"Africa/Casablanca", "2026-02-15", "2026-02-14T23:00:00Z", "2026-02-16T00:00:00Z", "Ramadan begins: 25 hours"},
		{"Africa/Casablanca", "2026-03-22", "2026-03-22T00:00:00Z", "2026-03-22T23:00:00Z",
			"Ramadan has ended: 23 hours"},
		{"Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z", "half an hour more"},
		{"Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z", "half an hour less"},
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z",
			"no midnight: it begins at 01:00"},
		{"America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z", "its last hour twice"},
		{"America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z",
			"midnight twice: the first counts"},
		{"America/St_Johns", "2010-11-06", "2010-11-06T02:30:00Z", "2010-11-07T02:30:00Z", "the day before ends there"},
		{"Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z",
			"the day before the skipped one"},
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "skipped whole"},
		{"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z", "the day after it"},
	} {
		got := zone(t, c.zone).DaySpan(day(t, c.day))
		if got != (Span{instant(t, c.from), instant(t, c.to)}) {
			t.Errorf("%s %s (%s): %s, want [%s, %s)", c.zone, c.day, c.why, got, c.from, c.to)
		}
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, cycle, from, to string }{
		{"Asia/Shanghai", "2026-09", "2026-08-31T16:00:00Z", "2026-09-30T16:00:00Z"},
		{"America/New_York", "2026-03", "2026-03-01T05:00:00Z", "2026-04-01T04:00:00Z"},
		{"America/New_York", "2026-12", "2026-12-01T05:00:00Z", "2027-01-01T05:00:00Z"},
		{"Africa/Casablanca", "2026-02", "2026-01-31T23:00:00Z", "2026-03-01T00:00:00Z"},
		{"Australia/Lord_Howe", "2026-10", "2026-09-30T13:30:00Z", "2026-10-31T13:00:00Z"},
		{"America/Sao_Paulo", "2018-11", "2018-11-01T03:00:00Z", "2018-12-01T02:00:00Z"},
	} {
		cycle, err := ParseCycle(c.cycle)
		if err != nil {
			t.Fatal(err)
		}
		got := zone(t, c.zone).Bounds(cycle)
		if got != (Span{instant(t, c.from), instant(t, c.to)}) {
			t.Errorf("%s %s: %s, want [%s, %s)", c.zone, c.cycle, got, c.from, c.to)
		}
	}
}

func TestDayAndLocal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, at, day, cycle string
		localDay             string
		clock                int64
	}{
		{"Asia/Shanghai", "2026-08-31T15:59:59.999999Z", "2026-08-31", "2026-08", "2026-08-31", 24*Hour - 1},
		{"Asia/Shanghai", "2026-08-31T16:00:00Z", "2026-09-01", "2026-09", "2026-09-01", 0},
		{"Asia/Shanghai", "1969-12-31T15:59:59.5Z", "1969-12-31", "1969-12", "1969-12-31", 24*Hour - 500_000},
		{"America/New_York", "2026-11-01T05:30:00Z", "2026-11-01", "2026-11", "2026-11-01", 90 * Minute},
		{"America/New_York", "2026-11-01T06:30:00Z", "2026-11-01", "2026-11", "2026-11-01", 90 * Minute},
		{"America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-04", "2018-11", "2018-11-04", Hour},
		// The local clock shows 23:15 of the 6th again, but the 7th has started, and days never go back.
		{"America/St_Johns", "2010-11-07T02:45:00Z", "2010-11-07", "2010-11", "2010-11-06", 23*Hour + 15*Minute},
		{"Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31", "2011-12", "2011-12-31", 0},
	} {
		z, at := zone(t, c.zone), instant(t, c.at)
		clock := z.Clock()
		if z.Day(at).String() != c.day || z.Cycle(at).String() != c.cycle || clock.Day(at) != z.Day(at) ||
			clock.Cycle(at) != z.Cycle(at) {
			t.Errorf("%s %s: %s in %s (clock: %s in %s), want %s in %s", c.zone, c.at,
				z.Day(at), z.Cycle(at), clock.Day(at), clock.Cycle(at), c.day, c.cycle)
		}
		if d, micros := z.Local(at); d.String() != c.localDay || micros != c.clock {
			t.Errorf("%s %s: the wall shows %s + %d µs, want %s + %d", c.zone, c.at, d, micros, c.localDay, c.clock)
		}
	}
}

func TestAddMonths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, from string
		n          int
		want, why  string
	}{
		{"Asia/Shanghai", "2026-01-31T12:00:00+08:00", 1, "2026-02-28T04:00:00Z", "the 31st clamps"},
		{"Asia/Shanghai", "2026-01-31T12:00:00+08:00", 2, "2026-03-31T04:00:00Z", "and comes back"},
		{"Asia/Shanghai", "2024-01-30T00:00:00+08:00", 1, "2024-02-28T16:00:00Z", "29 February 00:00 local"},
		{"Asia/Shanghai", "2026-01-15T23:59:59.999999+08:00", 12, "2027-01-15T15:59:59.999999Z", "to the microsecond"},
		{"Asia/Shanghai", "2026-01-15T00:00:00+08:00", -2, "2025-11-14T16:00:00Z", "backwards"},
		{"America/New_York", "2026-02-15T09:00:00-05:00", 1, "2026-03-15T13:00:00Z", "09:00 stays 09:00 in summer"},
		{"America/New_York", "2026-02-08T02:30:00-05:00", 1, "2026-03-08T07:00:00Z", "02:30 does not exist: 03:00 EDT"},
		{"America/New_York", "2026-10-01T01:30:00-04:00", 1, "2026-11-01T05:30:00Z", "01:30 twice: the first"},
		{"America/New_York", "2026-11-01T01:30:00-05:00", 0, "2026-11-01T06:30:00Z", "none: the instant itself"},
		{"America/Sao_Paulo", "2018-10-04T00:00:00-03:00", 1, "2018-11-04T03:00:00Z", "midnight does not exist: 01:00"},
	} {
		if got := zone(t, c.zone).AddMonths(instant(t, c.from), c.n); got != instant(t, c.want) {
			t.Errorf("%s %s + %d months (%s): %s, want %s", c.zone, c.from, c.n, c.why, got, c.want)
		}
	}
	z := zone(t, "UTC")
	if z.AddMonths(Past, 3) != Past || z.AddMonths(Forever, -3) != Forever {
		t.Error("an instant without a bound moved")
	}
}

func TestAt(t *testing.T) {
	t.Parallel()
	z := zone(t, "Asia/Shanghai")
	if got := z.At(day(t, "2026-10-04"), 24*Hour); got != instant(t, "2026-10-04T16:00:00Z") {
		t.Errorf("24:00 of the 4th: %s", got)
	}
	if got := zone(t, "America/New_York").At(day(t, "2026-03-08"), 2*Hour+30*Minute); got != instant(t,
		"2026-03-08T07:00:00Z") {
		t.Errorf("02:30 in the gap: %s", got)
	}
	if z.Start(1<<30) != Forever || z.Start(-1<<30) != Past {
		t.Error("days beyond every instant have no instant of their own")
	}
}

// TestYearAfterALeapYear checks the last day of a leap year in zones with daylight saving, which follow one rule for
// all years from 2038 on. That day once had no end there.
func TestYearAfterALeapYear(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, day, want string }{
		{"America/New_York", "2041-01-01", "2041-01-01T05:00:00Z"},
		{"America/New_York", "2041-01-02", "2041-01-02T05:00:00Z"},
		{"Australia/Sydney", "2040-12-31", "2040-12-30T13:00:00Z"},
		{"Australia/Sydney", "2041-01-01", "2040-12-31T13:00:00Z"},
		{"Australia/Lord_Howe", "4001-01-01", "4000-12-31T13:00:00Z"},
		{"Europe/Berlin", "9997-01-01", "9996-12-31T23:00:00Z"},
	} {
		if got := zone(t, c.zone).Start(day(t, c.day)); got != instant(t, c.want) {
			t.Errorf("%s begins at %s in %s, want %s", c.day, got, c.zone, c.want)
		}
	}
}

func TestLoadZone(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "zone is empty", "Local": "depends on the machine", "Asia/Shangai": "is unknown",
		"../etc/passwd": "is unknown",
	} {
		if _, err := LoadZone(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("LoadZone(%q): %v, want %q", name, err, want)
		}
	}
	if z := zone(t, "Asia/Shanghai"); z.Name() != "Asia/Shanghai" || z.Location().String() != "Asia/Shanghai" {
		t.Errorf("name %q", z.Name())
	}
}

var drawnZones = []string{
	"UTC", "Asia/Shanghai", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe", "America/Sao_Paulo",
	"America/St_Johns", "Pacific/Apia", "Asia/Kathmandu", "Asia/Manila", "Atlantic/Azores", "Europe/Dublin",
}

// TestDaysPartitionTime checks that every instant is in the span of its day and of its cycle. At the first instant of a
// day the local date is that of the day or later; an instant earlier it is before that day.
func TestDaysPartitionTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		z, err := LoadZone(rapid.SampledFrom(drawnZones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		at := Instant(rapid.Int64Range(-6e15, 4e15).Draw(t, "at"))
		d := z.Day(at)
		if !z.DaySpan(d).Holds(at) || !z.Bounds(d.Cycle()).Holds(at) || z.Cycle(at) != d.Cycle() {
			t.Fatalf("%s is in %s, whose span is %s", at, d, z.DaySpan(d))
		}
		start := z.Start(d)
		if got, _ := z.Local(start); got < d {
			t.Fatalf("%s starts at %s, which shows %s", d, start, got)
		}
		if got, _ := z.Local(start - 1); got >= d {
			t.Fatalf("%s starts at %s, and the instant before shows %s", d, start, got)
		}
		if want := time.UnixMicro(int64(at)).In(z.Location()).Format("2006-01-02"); want > d.String() {
			t.Fatalf("%s is in %s and shows %s", at, d, want)
		}
	})
}

func TestClockAgreesWithZone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		z, err := LoadZone(rapid.SampledFrom(drawnZones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		clock := z.Clock()
		at := Instant(rapid.Int64Range(0, 2e15).Draw(t, "at"))
		for range 20 {
			if clock.Day(at) != z.Day(at) || clock.Cycle(at) != z.Cycle(at) || !clock.Span(at).Holds(at) ||
				clock.Zone() != z {
				t.Fatalf("%s: clock says %s, zone %s", at, clock.Day(at), z.Day(at))
			}
			at += Instant(rapid.Int64Range(-30*Hour, 30*Hour).Draw(t, "step"))
		}
	})
}

func TestSpans(t *testing.T) {
	t.Parallel()
	s := Span{10, 20}
	if s.Holds(9) || !s.Holds(10) || !s.Holds(19) || s.Holds(20) {
		t.Error("a span holds its start and not its end")
	}
	if s.Overlaps(Span{20, 30}) || s.Overlaps(Span{0, 10}) || !s.Overlaps(Span{19, 20}) ||
		!s.Overlaps(Span{Past, Forever}) {
		t.Error("spans that only touch do not overlap")
	}
	if got := (Span{0, Forever}).String(); got != "[1970-01-01T00:00:00Z, )" {
		t.Error(got)
	}
	if got := (Span{Past, 0}).String(); got != "[, 1970-01-01T00:00:00Z)" {
		t.Error(got)
	}
}

func BenchmarkClockDay(b *testing.B) {
	clock := zone(b, "Asia/Shanghai").Clock()
	at := instant(b, "2026-09-01T00:00:00Z")
	for b.Loop() {
		clock.Day(at)
		at += 1000
	}
}
