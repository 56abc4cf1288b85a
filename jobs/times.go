package jobs

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/robfig/cron/v3"

	"github.com/tollbook/tollbook/schemas/period"
)

// Times is a cron expression of five fields in a time zone. It yields the local times at which a job is due.
// robfig/cron parses the fields. The instants are calculated here, because cron's Next skips a time that daylight
// saving skips and repeats a time that occurs twice (SCHED-2).
type Times struct {
	spec *cron.SpecSchedule
	zone *period.Zone
}

// horizon is the number of days in which a firing is searched: two 29ths of February can be eight years apart.
const horizon = period.Day(9 * 366)

// parseTimes parses a cron expression, which must not name a time zone. Errors say what is wrong with it.
func parseTimes(expression string, zone *period.Zone) (*Times, error) {
	if strings.Contains(expression, "TZ=") { // cron would use that zone, and panic if nothing follows it
		return nil, fmt.Errorf("%q: names a zone; the schedule runs in the contract zone", expression)
	}
	parsed, err := cron.ParseStandard(expression)
	if err != nil {
		return nil, fmt.Errorf("%q: not a cron expression: %w", expression, err)
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("%q: an interval has no fixed time of day", expression)
	}
	return &Times{spec: spec, zone: zone}, nil
}

// Between returns the firings in (after, upTo], in ascending order without repetitions. Later local times of the
// expression have later instants.
func (t *Times) Between(after, upTo period.Instant) []period.Instant {
	var out []period.Instant
	if upTo <= after {
		return nil
	}
	day, _ := t.zone.Local(after)
	last, _ := t.zone.Local(upTo)
	// Include one day before and one after: a gap can move a firing to the next day, and a clock that is set back can
	// repeat the previous date.
	for d := day - 1; d <= last+1; d++ {
		for _, micros := range t.minutes(d) {
			at := t.zone.At(d, micros)
			if at > upTo {
				return out
			}
			if at > after {
				out = append(out, at)
				after = at
			}
		}
	}
	return out
}

// Next returns the first firing after an instant; false if there is none within nine years.
func (t *Times) Next(after period.Instant) (period.Instant, bool) {
	day, _ := t.zone.Local(after)
	for d := day - 1; d <= day+horizon; d++ {
		for _, micros := range t.minutes(d) {
			if at := t.zone.At(d, micros); at > after {
				return at, true
			}
		}
	}
	return 0, false
}

// Last returns the newest firing in (after, upTo]; false if there is none.
func (t *Times) Last(after, upTo period.Instant) (period.Instant, bool) {
	day, _ := t.zone.Local(upTo)
	// If the clock was set back, the local date can be earlier than that of the last firing.
	for d := day + 1; d >= day-horizon && t.zone.Start(d+2) > after; d-- {
		minutes := t.minutes(d)
		for i := len(minutes) - 1; i >= 0; i-- {
			if at := t.zone.At(d, minutes[i]); at <= upTo {
				return at, at > after
			}
		}
	}
	return 0, false
}

// minutes returns the local times of a day at which the expression fires, in microseconds since midnight, ascending.
func (t *Times) minutes(d period.Day) []int64 {
	if !t.on(d) {
		return nil
	}
	out := make([]int64, 0, bits.OnesCount64(t.spec.Hour&^star)*bits.OnesCount64(t.spec.Minute&^star))
	for hour := range 24 {
		for minute := range 60 {
			if has(t.spec.Hour, hour) && has(t.spec.Minute, minute) {
				out = append(out, int64(hour)*period.Hour+int64(minute)*period.Minute)
			}
		}
	}
	return out
}

// star is the bit that robfig/cron sets for a field that is an asterisk.
const star = 1 << 63

func has(field uint64, value int) bool { return field&(1<<value) != 0 }

// on reports whether the expression fires on a day. As in cron, if both the day of the month and the day of the week
// are restricted, either match is enough.
func (t *Times) on(d period.Day) bool {
	_, month, day := d.Date()
	if !has(t.spec.Month, month) {
		return false
	}
	ofMonth, ofWeek := has(t.spec.Dom, day), has(t.spec.Dow, int(d.Weekday()))
	if t.spec.Dom&star != 0 || t.spec.Dow&star != 0 {
		return ofMonth && ofWeek
	}
	return ofMonth || ofWeek
}
