package lake

import (
	"cmp"
	"fmt"

	"github.com/tollbook/tollbook/schemas/period"
)

// Cycle is the cycle of a file's key; the zero value is no cycle. Equal cycles are equal by ==.
type Cycle struct {
	at int32 // 0 for no cycle, else the period.Cycle, plus 1 from the year 0000 on
}

// CycleOf returns a cycle in the form of a key.
func CycleOf(cycle period.Cycle) Cycle { return Cycle{plain(int(cycle))} }

// ParseCycle parses the text of a cycle; "" is no cycle.
func ParseCycle(text string) (Cycle, error) {
	switch {
	case text == "":
		return Cycle{}, nil
	case !validCycle(text):
		return Cycle{}, notCycle(text)
	}
	return Cycle{plain(monthNumber(text))}, nil
}

func notCycle(text string) error { return fmt.Errorf("cycle %q: want YYYY-MM", text) }

// Check returns an error if there is no cycle, or if it is not in the years 0000 to 9999.
func (c Cycle) Check() error {
	if c.at <= 0 || number(c.at) >= 10_000*12 {
		return notCycle(c.String())
	}
	return nil
}

// IsZero reports whether there is no cycle.
func (c Cycle) IsZero() bool { return c == Cycle{} }

// Period returns the cycle; ok is false if there is none.
func (c Cycle) Period() (cycle period.Cycle, ok bool) { return period.Cycle(number(c.at)), c.at != 0 }

// Or returns the cycle, or another value if there is none.
func (c Cycle) Or(none period.Cycle) period.Cycle {
	if c.at == 0 {
		return none
	}
	return period.Cycle(number(c.at))
}

// Compare orders cycles like their texts: no cycle first.
func (c Cycle) Compare(o Cycle) int { return cmp.Compare(c.at, o.at) }

// AppendText appends the text of the cycle. It does not fail.
func (c Cycle) AppendText(to []byte) ([]byte, error) {
	if c.at == 0 {
		return to, nil
	}
	return period.Cycle(number(c.at)).AppendText(to), nil
}

// String is the text of the cycle: 2026-09, or "" for none.
func (c Cycle) String() string {
	var room [16]byte
	text, _ := c.AppendText(room[:0])
	return string(text)
}

// MarshalText is the text of the cycle.
func (c Cycle) MarshalText() ([]byte, error) { return c.AppendText(make([]byte, 0, 8)) }

// UnmarshalText reads the text of a cycle.
func (c *Cycle) UnmarshalText(text []byte) (err error) {
	*c, err = ParseCycle(string(text))
	return err
}

// Day is the day of a file's key: a day of the calendar, a special day, or no day, which is the zero value. Equal days
// are equal by ==.
type Day struct {
	// at is 0 for no day, at least special for a special day, and else the day's number in a calendar whose months all
	// have 31 days, plus 1 from the year 0000 on. So it can store a text like 2026-02-30, which paths could always
	// contain.
	at int32
}

// special is the first of the special days; days of the calendar are before all of them.
const special int32 = 1<<31 - 64

// The special days, in the order of their texts.
const (
	charges = special + iota
	commitments
	costs
	end
	events
	late
	rerate
	restated
)

// Days outside the calendar. EndDay is the day of month-end files, EventsDay of a cycle's orders and adjustments,
// LateDay of lines from late records, RerateDay of lines from re-rating, ChargesDay of recurring charges,
// CommitmentsDay of commitments, CostsDay of lines from vendors' cost files, and RestatedDay of differences posted by a
// delivery for a closed cycle.
var (
	EndDay         = Day{end}
	EventsDay      = Day{events}
	LateDay        = Day{late}
	RerateDay      = Day{rerate}
	ChargesDay     = Day{charges}
	CommitmentsDay = Day{commitments}
	CostsDay       = Day{costs}
	RestatedDay    = Day{restated}
)

// specialTexts are the texts of the special days, from special on.
var specialTexts = [...]string{"charges", "commitments", "costs", "end", "events", "late", "rerate", "restated"}

// specialDays lists the special days for messages.
const specialDays = "end, events, late, rerate, charges, commitments, costs, restated"

// monthDays is the length of every month in the numbering of days.
const monthDays = 31

// DayOf returns a day of the calendar in the form of a key.
func DayOf(day period.Day) Day {
	const far = 2_000_000_000 // days: 5.4 million years, whose numbers fit an int32
	year, month, d := min(max(day, -far), far).Date()
	return Day{plain((year*12+month-1)*monthDays + d - 1)}
}

// plain shifts the numbers from 0 on by 1, so that 0 means none.
func plain(n int) int32 {
	if n >= 0 {
		n++
	}
	return int32(n)
}

// number is the inverse of plain.
func number(at int32) int {
	if at > 0 {
		at--
	}
	return int(at)
}

// ParseDay parses the text of a day; "" is no day.
func ParseDay(text string) (Day, error) {
	if text == "" {
		return Day{}, nil
	}
	for i, word := range specialTexts {
		if word == text {
			return Day{special + int32(i)}, nil
		}
	}
	if !validDay(text) {
		return Day{}, fmt.Errorf("day %q: want YYYY-MM-DD or one of %s", text, specialDays)
	}
	return Day{plain(monthNumber(text)*monthDays + twoDigits(text[8:]) - 1)}, nil
}

// IsZero reports whether there is no day.
func (d Day) IsZero() bool { return d == Day{} }

// IsSpecial reports whether the day is a special one.
func (d Day) IsSpecial() bool { return d.at >= special }

// OfCalendar reports whether the day is a day of the calendar.
func (d Day) OfCalendar() bool { return d.at != 0 && d.at < special }

// IsPosted reports whether the lines of a day come from neither usage records of the cycle nor bandwidth samples.
func (d Day) IsPosted() bool { return d.at >= special && d != EndDay }

// Calendar returns the day of the calendar; ok is false for a special day, for no day, and if the month does not have
// the day.
func (d Day) Calendar() (day period.Day, ok bool) {
	if d.at == 0 || d.at >= special {
		return 0, false
	}
	cycle, of := d.split()
	day = cycle.First() + period.Day(of-1)
	return day, day <= cycle.Last()
}

// split returns the cycle of a day of the calendar and the day in the month, from 1.
func (d Day) split() (cycle period.Cycle, day int) {
	n := number(d.at)
	cycle, day = period.Cycle(n/monthDays), n%monthDays
	if day < 0 { // before the year 0000
		cycle, day = cycle-1, day+monthDays
	}
	return cycle, day + 1
}

// Compare orders days like their texts: no day first, then days of the calendar, then special days by text.
func (d Day) Compare(o Day) int { return cmp.Compare(d.at, o.at) }

// AppendText appends the text of the day. It does not fail.
func (d Day) AppendText(to []byte) ([]byte, error) {
	switch {
	case d.at == 0:
		return to, nil
	case d.at >= special:
		return append(to, specialTexts[d.at-special]...), nil
	}
	cycle, day := d.split()
	to = append(cycle.AppendText(to), '-')
	return append(to, byte('0'+day/10), byte('0'+day%10)), nil
}

// String returns the text of the day: 2026-09-03, end, or "" for no day.
func (d Day) String() string {
	if d.at >= special {
		return specialTexts[d.at-special]
	}
	return d.date()
}

// date is the text of a day of the calendar. It is kept out of String, so that comparing with the text of a special day
// costs no call.
//
//go:noinline
func (d Day) date() string {
	var room [16]byte
	text, _ := d.AppendText(room[:0])
	return string(text)
}

// MarshalText is the text of the day.
func (d Day) MarshalText() ([]byte, error) { return d.AppendText(make([]byte, 0, 12)) }

// UnmarshalText reads the text of a day.
func (d *Day) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDay(string(text))
	return err
}

// valid reports whether the day is no day, a special day, or in the years 0000 to 9999.
func (d Day) valid() bool { return d.at >= special || d.at >= 0 && number(d.at) < 10_000*12*monthDays }

// validCycle reports whether a text is a cycle like 2026-09.
func validCycle(s string) bool {
	return len(s) == 7 && digits(s[:4]) && s[4] == '-' && digits(s[5:]) && s[5:] >= "01" && s[5:] <= "12"
}

// validDay reports whether a text is a day of the calendar like 2026-09-03.
func validDay(s string) bool {
	return len(s) == 10 && validCycle(s[:7]) && s[7] == '-' && digits(s[8:]) && s[8:] >= "01" && s[8:] <= "31"
}

// monthNumber returns the number of the month at the beginning of a text, counted from 0000-01 as 0.
func monthNumber(text string) int {
	return (twoDigits(text)*100+twoDigits(text[2:]))*12 + twoDigits(text[5:]) - 1
}

func twoDigits(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }
