package schedule

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/robfig/cron/v3"

	"github.com/tollbook/tollbook/schemas/period"
)

// Times is a cron expression of five fields in a zone: the times on the wall at which something is due. The fields are
// read by robfig/cron; the instants are our own, since its Next leaves out a time that daylight saving skips and gives
// one that comes twice twice (SCHED-2).
type Times struct {
	spec *cron.SpecSchedule
	zone *period.Zone
}

// horizon is how far a firing is looked for: a 29th of February can be eight years off.
const horizon = period.Day(9 * 366)

// ParseTimes reads a cron expression without a zone of its own. The error says what is wrong with it.
func ParseTimes(expression string, zone *period.Zone) (*Times, error) {
	if strings.Contains(expression, "TZ=") { // cron would follow it, or panic where no zone follows it
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

// Between lists the firings in (after, upTo], ascending, none twice. Times on the wall and the instants at which they
// are reached ascend together.
func (t *Times) Between(after, upTo period.Instant) []period.Instant {
	var out []period.Instant
	if upTo <= after {
		return nil
	}
	day, _ := t.zone.Local(after)
	last, _ := t.zone.Local(upTo)
	// A day before and after: a gap moves firings to the next day, and a clock that goes back shows the date before
	// again.
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

// Next is the first firing after an instant; false when none comes within nine years.
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

// Last is the newest firing in (after, upTo]; false when there is none.
func (t *Times) Last(after, upTo period.Instant) (period.Instant, bool) {
	day, _ := t.zone.Local(upTo)
	// A clock that went back can show an earlier date than the firing's own.
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

// minutes are the times of a day on which the expression fires, in microseconds since midnight on the wall, ascending.
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

// star is the bit that robfig/cron sets in a field that is a star.
const star = 1 << 63

func has(field uint64, value int) bool { return field&(1<<value) != 0 }

// on reports whether the expression fires on a day. As cron has it: where both the day of the month and the day of the
// week are restricted, either will do.
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
