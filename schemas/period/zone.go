package period

import (
	"fmt"
	"math"
	"strings"
	"time"
	_ "time/tzdata" // zones work on a machine without a zone database
)

const (
	daySeconds = 86_400
	dayMicros  = 24 * Hour
	quarter    = 15 * Minute
	// firstDay and lastDay are the first and last days that are completely inside the range of Instant for any offset.
	firstDay = Day(math.MinInt64/dayMicros) + 3
	lastDay  = Day(math.MaxInt64/dayMicros) - 3
)

// Zone is a contract zone: an IANA time zone, which may have daylight saving. Immutable; safe for concurrent use.
type Zone struct {
	name     string
	location *time.Location
}

// LoadZone finds a zone by its IANA name (`Asia/Shanghai`, `UTC`). `Local` and the empty name are errors: what they
// mean depends on the machine.
func LoadZone(name string) (*Zone, error) {
	switch name {
	case "":
		return nil, fmt.Errorf("zone is empty: an IANA name is needed, such as Asia/Shanghai or UTC")
	case "Local":
		return nil, fmt.Errorf("zone %q depends on the machine: an IANA name is needed, such as Asia/Shanghai or UTC",
			name)
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("zone %q is unknown: an IANA name is needed, such as Asia/Shanghai or UTC", name)
	}
	return &Zone{name: name, location: location}, nil
}

// NearZone returns the IANA name whose city a text is, such as Europe/Berlin for Berlin; "" if there is none.
func NearZone(city string) string {
	city = strings.ReplaceAll(strings.TrimSpace(city), " ", "_")
	for _, area := range []string{"Europe", "America", "Asia", "Africa", "Australia", "Pacific", "Atlantic", "Indian"} {
		if _, err := time.LoadLocation(area + "/" + city); err == nil && city != "" {
			return area + "/" + city
		}
	}
	return ""
}

// UTC is the zone UTC.
func UTC() *Zone { return &Zone{name: "UTC", location: time.UTC} }

// Name is the zone's IANA name as LoadZone got it.
func (z *Zone) Name() string { return z.name }

// Location is the zone for the standard library's time.
func (z *Zone) Location() *time.Location { return z.location }

// Show formats an instant for people: the time in the zone, to the second, and the offset from UTC, as in 2026-10-05
// 12:00:00 +08:00.
func (z *Zone) Show(at Instant) string {
	return time.UnixMicro(int64(at)).In(z.location).Format("2006-01-02 15:04:05 -07:00")
}

// Start is the day's first instant: the first whose local date is the day or later.
func (z *Zone) Start(d Day) Instant { return z.At(d, 0) }

// At is the first instant at which local clocks show the given microseconds since the day's midnight, or the first
// after a gap that skips them. 24 hours give the next day's start.
func (z *Zone) At(d Day, micros int64) Instant {
	switch {
	case d < firstDay:
		return Past
	case d > lastDay:
		return Forever
	case z.location == time.UTC:
		return Instant(int64(d)*dayMicros + micros)
	}
	return z.reach(int64(d)*dayMicros + micros)
}

// reach is the first instant whose local time is wall or later. wall is local time in microseconds since 1970-01-01
// 00:00.
//
// An offset is less than two days, so the search starts at wall − 2 days and moves from one stretch of constant offset
// to the next.
func (z *Zone) reach(wall int64) Instant {
	at := wall - 2*dayMicros
	for {
		t := time.UnixMicro(at).In(z.location)
		_, offset := t.Zone()
		_, end := t.ZoneBounds()
		first := max(at, wall-int64(offset)*Second)
		if end.IsZero() {
			return Instant(first)
		}
		until := end.UnixMicro()
		if until <= at {
			// If a rule gives the changes of all years, the library ends each year's last stretch after 365 days, also
			// in a leap year; on the last day of one, that end is before at. Clocks change only at a quarter of an
			// hour, so the search then continues at the next quarter.
			until = at - at%quarter + quarter
		}
		if first < until {
			return Instant(first)
		}
		at = until
	}
}

// DaySpan is the day in the zone. It is empty for a day that the zone skipped.
func (z *Zone) DaySpan(d Day) Span { return Span{z.Start(d), z.Start(d + 1)} }

// Bounds is the cycle in the zone.
func (z *Zone) Bounds(c Cycle) Span { return Span{z.Start(c.First()), z.Start((c + 1).First())} }

// Day is the day that contains t. For many instants near each other, a Clock is faster.
func (z *Zone) Day(t Instant) Day {
	day, _ := z.Local(t)
	// If a clock goes back across midnight, the local date falls back too, but days do not (invariant 2).
	if z.Start(day+1) <= t {
		day++
	}
	return day
}

// Cycle is the cycle that holds t.
func (z *Zone) Cycle(t Instant) Cycle { return z.Day(t).Cycle() }

// Local is the local time at t: the date and the microseconds since its midnight.
func (z *Zone) Local(t Instant) (Day, int64) {
	_, offset := time.UnixMicro(int64(t)).In(z.location).Zone()
	seconds := floorDiv(int64(t), Second) + int64(offset)
	micros := floorMod(int64(t), Second)
	return Day(floorDiv(seconds, daySeconds)), floorMod(seconds, daySeconds)*Second + micros
}

// AddMonths is the n-th monthly anniversary of t: the same local time of day on the same day of the month, clamped to
// the month's last day (§4.3). If the zone skips that local time, the result is the first instant after the gap; if it
// occurs twice, the first occurrence. n may be negative; 0 gives t.
func (z *Zone) AddMonths(t Instant, n int) Instant {
	if n == 0 || t == Past || t == Forever {
		return t
	}
	from, micros := z.Local(t)
	_, _, dayOfMonth := from.Date()
	cycle := from.Cycle().Add(n)
	day := cycle.First() + Day(min(dayOfMonth, cycle.Days())-1)
	return z.At(day, micros)
}

// MonthsAfter is n months after t (§9): the same local time, with the day clamped to the month's last. Unlike with
// AddMonths, a local time that the zone skips moves forward by the length of the gap.
func (z *Zone) MonthsAfter(t Instant, n int) Instant {
	after := z.AddMonths(t, n)
	_, want := z.Local(t)
	day, got := z.Local(after)
	if want == got {
		return after
	}
	before := after - 1 // the last instant before the gap
	beforeDay, beforeTime := z.Local(before)
	return before + Instant(int64(day-beforeDay)*dayMicros+want-beforeTime)
}

// Clock gives the day and the cycle of instants. It remembers the last one, so that nearby instants cost two
// comparisons. A Clock belongs to one worker and must not be shared.
type Clock struct {
	zone  *Zone
	span  Span
	day   Day
	cycle Cycle
}

// Clock returns a new clock of the zone.
func (z *Zone) Clock() Clock { return Clock{zone: z} }

// Zone is the clock's zone.
func (c *Clock) Zone() *Zone { return c.zone }

// Day is the day that holds t, as Zone.Day.
func (c *Clock) Day(t Instant) Day {
	if !c.span.Holds(t) {
		c.turn(t)
	}
	return c.day
}

// Cycle is the cycle that holds t, as Zone.Cycle.
func (c *Clock) Cycle(t Instant) Cycle {
	if !c.span.Holds(t) {
		c.turn(t)
	}
	return c.cycle
}

// Span is the span of the day that contains t.
func (c *Clock) Span(t Instant) Span {
	if !c.span.Holds(t) {
		c.turn(t)
	}
	return c.span
}

func (c *Clock) turn(t Instant) {
	c.day = c.zone.Day(t)
	c.cycle = c.day.Cycle()
	c.span = c.zone.DaySpan(c.day)
}
