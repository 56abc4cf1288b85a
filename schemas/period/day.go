package period

import "time"

// DayOf is the day of a date in the proleptic Gregorian calendar. A month or day outside its range is normalized as by
// time.Date: month 13 is January of the next year, day 0 the last day of the previous month.
func DayOf(year, month, day int) Day {
	m := year*12 + month - 1
	year, month = floorDiv(m, 12), floorMod(m, 12)+1
	return Day(daysBefore(year, month) + day - 1)
}

// daysBefore counts the days from 1970-01-01 to the first of a month. Its years start in March, so that the leap day is
// last; an era is 400 years of 146,097 days.
func daysBefore(year, month int) int {
	if month <= 2 {
		year--
		month += 12
	}
	era := floorDiv(year, 400)
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3) + 2) / 5
	return era*146_097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719_468
}

// Date is the day's year, month (1 to 12) and day of the month (1 to 31).
func (d Day) Date() (year, month, day int) {
	z := int(d) + 719_468
	era := floorDiv(z, 146_097)
	dayOfEra := z - era*146_097
	yearOfEra := (dayOfEra - dayOfEra/1_460 + dayOfEra/36_524 - dayOfEra/146_096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	m := (5*dayOfYear + 2) / 153
	day = dayOfYear - (153*m+2)/5 + 1
	year = era*400 + yearOfEra
	if m >= 10 {
		return year + 1, m - 9, day
	}
	return year, m + 3, day
}

// Weekday is the day of the week.
func (d Day) Weekday() time.Weekday { return time.Weekday(floorMod(int(d)+4, 7)) }

// Cycle is the calendar month that holds the day.
func (d Day) Cycle() Cycle {
	year, month, _ := d.Date()
	return Cycle(year*12 + month - 1)
}

// CycleOf is the cycle of a year and a month; a month outside 1 to 12 is normalized.
func CycleOf(year, month int) Cycle { return Cycle(year*12 + month - 1) }

// Month is the cycle's year and month (1 to 12).
func (c Cycle) Month() (year, month int) { return floorDiv(int(c), 12), floorMod(int(c), 12) + 1 }

// First is the cycle's first day.
func (c Cycle) First() Day {
	year, month := c.Month()
	return Day(daysBefore(year, month))
}

// Last is the cycle's last day.
func (c Cycle) Last() Day { return (c + 1).First() - 1 }

// Days is the number of days of the cycle: 28 to 31.
func (c Cycle) Days() int { return int((c + 1).First() - c.First()) }

// Add is the cycle n months later; n may be negative.
func (c Cycle) Add(n int) Cycle { return c + Cycle(n) }

// floorDiv divides toward minus infinity; b > 0.
func floorDiv[T int | int64](a, b T) T {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// floorMod is the remainder of floorDiv: 0 to b−1.
func floorMod[T int | int64](a, b T) T {
	if r := a % b; r < 0 {
		return r + b
	} else {
		return r
	}
}
