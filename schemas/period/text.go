package period

import (
	"fmt"
	"strings"
	"time"
)

// ParseError says what is wrong with the text of an instant, a day or a cycle.
type ParseError struct {
	Text string // the text, cut after 64 bytes
	What string // what is wrong, such as `no offset`
}

// Error is `"text": what`.
func (e *ParseError) Error() string { return fmt.Sprintf("%q: %s", e.Text, e.What) }

// fail is separate from the parsers, so that they allocate nothing on success.
//
//go:noinline
func fail[T ~string | ~[]byte](s T, what string) error {
	text := string(s[:min(len(s), 64)])
	if len(s) > 64 {
		text += "…"
	}
	return &ParseError{Text: strings.Clone(text), What: what}
}

// digits reads n decimal digits at i; -1 if one of them is missing or not a digit.
func digits[T ~string | ~[]byte](s T, i, n int) int {
	if i+n > len(s) {
		return -1
	}
	v := 0
	for ; n > 0; n-- {
		c := s[i] - '0'
		if c > 9 {
			return -1
		}
		v = v*10 + int(c)
		i++
	}
	return v
}

// date reads YYYY-MM-DD at the start of s; what says what is wrong and is empty for a valid date.
func date[T ~string | ~[]byte](s T) (day Day, what string) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return 0, "not a date YYYY-MM-DD"
	}
	year, month, d := digits(s, 0, 4), digits(s, 5, 2), digits(s, 8, 2)
	switch {
	case year < 0 || month < 0 || d < 0:
		return 0, "not a date YYYY-MM-DD"
	case year == 0:
		return 0, "year 0000"
	case month < 1 || month > 12:
		return 0, "no such month"
	case d < 1 || d > CycleOf(year, month).Days():
		return 0, "no such day"
	}
	return DayOf(year, month, d), ""
}

// The text form can represent the years 0001 to 9999 UTC.
const (
	minInstant Instant = -719_162 * Instant(daySeconds) * Instant(Second)
	maxInstant Instant = 2_932_897*Instant(daySeconds)*Instant(Second) - 1
)

// ParseInstant reads an RFC 3339 timestamp with its mandatory offset (§1.2): `2026-09-30T16:00:00Z`,
// `2026-10-01T00:00:00.5+08:00`. T and Z are upper case; digits beyond microseconds must be zeros; there is no leap
// second. The years are 0001 to 9999, in UTC too. The error is a *ParseError; success allocates nothing.
func ParseInstant[T ~string | ~[]byte](s T) (Instant, error) {
	day, what := date(s)
	if what != "" {
		return 0, fail(s, what)
	}
	if len(s) == 10 {
		return 0, fail(s, "a date without a time")
	}
	if s[10] != 'T' {
		return 0, fail(s, "no T between date and time")
	}
	seconds, next, what := clockTime(s)
	if what != "" {
		return 0, fail(s, what)
	}
	micros, next, what := fraction(s, next)
	if what != "" {
		return 0, fail(s, what)
	}
	offset, what := offset(s, next)
	if what != "" {
		return 0, fail(s, what)
	}
	t := Instant((int64(day)*daySeconds+int64(seconds-offset))*Second + int64(micros))
	if t < minInstant || t > maxInstant {
		return 0, fail(s, "outside the years 0001 to 9999 in UTC")
	}
	return t, nil
}

// clockTime reads hh:mm:ss at byte 11.
func clockTime[T ~string | ~[]byte](s T) (seconds, next int, what string) {
	if len(s) < 19 || s[13] != ':' || s[16] != ':' {
		return 0, 0, "not a time hh:mm:ss"
	}
	hour, minute, second := digits(s, 11, 2), digits(s, 14, 2), digits(s, 17, 2)
	switch {
	case hour < 0 || minute < 0 || second < 0:
		return 0, 0, "not a time hh:mm:ss"
	case hour > 23:
		return 0, 0, "hour over 23"
	case minute > 59:
		return 0, 0, "minute over 59"
	case second > 59:
		return 0, 0, "second over 59"
	}
	return hour*3600 + minute*60 + second, 19, ""
}

// fraction reads the optional fraction of a second at i.
func fraction[T ~string | ~[]byte](s T, i int) (micros, next int, what string) {
	if i == len(s) || s[i] != '.' {
		return 0, i, ""
	}
	i++
	from, unit := i, 100_000
	for ; i < len(s) && s[i]-'0' <= 9; i++ {
		d := int(s[i] - '0')
		if unit == 0 && d != 0 {
			return 0, i, "finer than a microsecond"
		}
		micros += d * unit
		unit /= 10
	}
	if i == from {
		return 0, i, "no digit after the point"
	}
	return micros, i, ""
}

// offset reads Z or ±hh:mm, which must end the text, and returns seconds east of UTC.
func offset[T ~string | ~[]byte](s T, i int) (seconds int, what string) {
	if i == len(s) {
		return 0, "no offset"
	}
	sign := 1
	switch s[i] {
	case 'Z':
		if i+1 != len(s) {
			return 0, "text after the offset"
		}
		return 0, ""
	case 'z':
		return 0, "lower-case z"
	case '+':
	case '-':
		sign = -1
	default:
		return 0, "no offset"
	}
	hour, minute := digits(s, i+1, 2), digits(s, i+4, 2)
	switch {
	case hour < 0 || minute < 0 || s[i+3] != ':':
		return 0, "not an offset ±hh:mm"
	case hour > 23:
		return 0, "offset hour over 23"
	case minute > 59:
		return 0, "offset minute over 59"
	case len(s) != i+6:
		return 0, "text after the offset"
	}
	return sign * (hour*3600 + minute*60), ""
}

// ParseDay reads a date `2026-09-01`. The error is a *ParseError.
func ParseDay[T ~string | ~[]byte](s T) (Day, error) {
	day, what := date(s)
	if what == "" && len(s) != 10 {
		what = "text after the date"
	}
	if what != "" {
		return 0, fail(s, what)
	}
	return day, nil
}

// ParseCycle reads a cycle `2026-09`. The error is a *ParseError.
func ParseCycle[T ~string | ~[]byte](s T) (Cycle, error) {
	if len(s) != 7 || s[4] != '-' {
		return 0, fail(s, "not a cycle YYYY-MM")
	}
	year, month := digits(s, 0, 4), digits(s, 5, 2)
	switch {
	case year < 0 || month < 0:
		return 0, fail(s, "not a cycle YYYY-MM")
	case year == 0:
		return 0, fail(s, "year 0000")
	case month < 1 || month > 12:
		return 0, fail(s, "no such month")
	}
	return CycleOf(year, month), nil
}

// ParseValidity reads the start or end of a book row's validity (§1.4): a date, which means the day's first instant in
// the zone, or a timestamp with an offset. The error is a *ParseError.
func ParseValidity[T ~string | ~[]byte](s T, zone *Zone) (Instant, error) {
	if len(s) > 10 {
		return ParseInstant(s)
	}
	day, err := ParseDay(s)
	if err != nil {
		return 0, err
	}
	return zone.Start(day), nil
}

// AppendText appends the instant as RFC 3339 in UTC, `2026-09-30T16:00:00Z`. A fraction appears only if it is not zero,
// and without trailing zeros.
func (t Instant) AppendText(dst []byte) []byte {
	if t < minInstant || t > maxInstant {
		return time.UnixMicro(int64(t)).UTC().AppendFormat(dst, time.RFC3339Nano)
	}
	seconds, micros := floorDiv(int64(t), Second), int(floorMod(int64(t), Second))
	second := int(floorMod(seconds, daySeconds))
	dst = Day(floorDiv(seconds, daySeconds)).AppendText(dst)
	dst = appendDigits(append(dst, 'T'), second/3600, 2)
	dst = appendDigits(append(dst, ':'), second/60%60, 2)
	dst = appendDigits(append(dst, ':'), second%60, 2)
	if micros != 0 {
		n := 6
		for ; micros%10 == 0; n-- {
			micros /= 10
		}
		dst = appendDigits(append(dst, '.'), micros, n)
	}
	return append(dst, 'Z')
}

// String is the text of AppendText.
func (t Instant) String() string { return string(t.AppendText(make([]byte, 0, 32))) }

// AppendText appends the day as `2026-09-01`.
func (d Day) AppendText(dst []byte) []byte {
	year, month, day := d.Date()
	dst = appendYear(dst, year)
	dst = appendDigits(append(dst, '-'), month, 2)
	return appendDigits(append(dst, '-'), day, 2)
}

// String is the day as `2026-09-01`.
func (d Day) String() string { return string(d.AppendText(make([]byte, 0, 16))) }

// AppendText appends the cycle as `2026-09`.
func (c Cycle) AppendText(dst []byte) []byte {
	year, month := c.Month()
	return appendDigits(append(appendYear(dst, year), '-'), month, 2)
}

// String is the cycle as `2026-09`.
func (c Cycle) String() string { return string(c.AppendText(make([]byte, 0, 16))) }

// String is `[from, to)`; a side without a limit is empty.
func (s Span) String() string {
	var from, to string
	if s.From != Past {
		from = s.From.String()
	}
	if s.To != Forever {
		to = s.To.String()
	}
	return "[" + from + ", " + to + ")"
}

func appendYear(dst []byte, year int) []byte {
	if year < 0 {
		dst = append(dst, '-')
		year = -year
	}
	n := 4
	for limit := 10_000; year >= limit; limit *= 10 {
		n++
	}
	return appendDigits(dst, year, n)
}

// appendDigits appends v with n digits, padded with zeros.
func appendDigits(dst []byte, v, n int) []byte {
	at := len(dst)
	for range n {
		dst = append(dst, '0')
	}
	for i := at + n - 1; v > 0 && i >= at; i-- {
		dst[i] += byte(v % 10)
		v /= 10
	}
	return dst
}
