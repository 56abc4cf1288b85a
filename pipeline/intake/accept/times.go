package accept

import (
	"strings"

	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
)

// time reads a time. If it is the last of its period, the result is the first instant after the day, minute or second
// that it names (§11.8).
func (r *reader) time(name string, at int, last bool) (period.Instant, *flaw) {
	t, local, ok := r.in.instant(at)
	after := t - floorMod(t, period.Second) + period.Instant(period.Second)
	switch {
	case !ok:
		text := r.row.Cell(at)
		var err error
		if t, after, err = r.parseTime(text, last); err != nil {
			return 0, &flaw{name, reason.BadTime.String(), text}
		}
	case local:
		r.tally.counts[NoOffset]++
		t, after = r.inZone(t), r.inZone(after)
	}
	if last {
		return after, nil
	}
	return t, nil
}

// inZone returns the instant at which clocks in the source's zone show what those in UTC show at t.
func (r *reader) inZone(t period.Instant) period.Instant {
	return r.reading.Zone.At(period.UTC().Local(t))
}

// parseTime reads the text of a time in the forms of §11.8, and counts each form but RFC 3339. after is the first
// instant after the day, minute or second that it names. The fraction of a second that is the last one does not matter.
func (r *reader) parseTime(text string, last bool) (t, after period.Instant, err error) {
	if day, err := period.ParseDay(text); err == nil {
		r.tally.counts[DateOnly]++
		return r.reading.Zone.Start(day), r.reading.Zone.Start(day + 1), nil
	}
	const date = len("2026-09-01")
	if len(text) <= date {
		_, err := period.ParseInstant(text)
		return 0, 0, err
	}
	var used [tolerances]bool
	clock, offset, unit := text[date+1:], "", period.Second
	if i := strings.IndexAny(clock, "Z+-"); i >= 0 {
		clock, offset = clock[:i], clock[i:]
	}
	if whole, fraction, _ := strings.Cut(clock, "."); last && len(whole) == len("22:05:06") && fraction != "" &&
		strings.Trim(fraction, "0123456789") == "" {
		clock = whole
	}
	if len(clock) == len("22:05") {
		used[NoSeconds], clock, unit = true, clock+":00", period.Minute
	}
	separator := text[date : date+1]
	if separator == " " {
		used[BlankInTime], separator = true, "T"
	}
	switch len(offset) {
	case 0:
		used[NoOffset], offset = true, "Z"
	case len("+08"):
		used[OffsetHours], offset = true, offset+":00"
	case len("+0800"):
		used[OffsetNoColon], offset = true, offset[:3]+":"+offset[3:]
	}
	if t, err = period.ParseInstant(text[:date] + separator + clock + offset); err != nil {
		return 0, 0, err
	}
	after = t - floorMod(t, unit) + period.Instant(unit)
	if used[NoOffset] {
		t, after = r.inZone(t), r.inZone(after)
	}
	for k, is := range used {
		if is {
			r.tally.counts[k]++
		}
	}
	return t, after, nil
}

func floorMod(t period.Instant, unit int64) period.Instant {
	return (t%period.Instant(unit) + period.Instant(unit)) % period.Instant(unit)
}
