package document

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/tollbook/tollbook/schemas/period"
)

// CalendarEvent is an all-day event.
type CalendarEvent struct {
	UID         string // unique and the same in every file that has the event
	Day         period.Day
	Summary     string
	Description string // lines end with \n; empty = none
}

// Calendar is a file of events.
type Calendar struct {
	Name   string
	Stamp  period.Instant // when the events were calculated
	Events []CalendarEvent
}

// Write writes the file.
func (c *Calendar) Write(w io.Writer) error {
	var b strings.Builder
	property := func(name, value string) { fold(&b, name+":"+value) }
	stamp := utc(c.Stamp)
	property("BEGIN", "VCALENDAR")
	property("VERSION", "2.0")
	property("PRODID", "-//tollbook//tollbook//EN")
	property("CALSCALE", "GREGORIAN")
	property("METHOD", "PUBLISH")
	property("X-WR-CALNAME", escaped(c.Name))
	for i := range c.Events {
		e := &c.Events[i]
		property("BEGIN", "VEVENT")
		property("UID", escaped(e.UID))
		property("DTSTAMP", stamp)
		property("DTSTART;VALUE=DATE", date(e.Day))
		property("DTEND;VALUE=DATE", date(e.Day+1))
		property("SUMMARY", escaped(e.Summary))
		if e.Description != "" {
			property("DESCRIPTION", escaped(e.Description))
		}
		property("TRANSP", "TRANSPARENT") // the event does not block the day
		property("END", "VEVENT")
	}
	property("END", "VCALENDAR")
	_, err := io.WriteString(w, b.String())
	return err
}

// date formats a day for iCalendar: 20260927.
func date(d period.Day) string {
	year, month, day := d.Date()
	return fmt.Sprintf("%04d%02d%02d", year, month, day)
}

// utc formats an instant for iCalendar, to the second: 20260927T160000Z.
func utc(t period.Instant) string {
	text, _, _ := strings.Cut(strings.TrimSuffix(t.String(), "Z"), ".")
	return strings.NewReplacer("-", "", ":", "").Replace(text) + "Z"
}

// escaped escapes a text as the value of a property (ICS-3).
func escaped(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, text)
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(text)
}

// lineOctets is the largest number of octets of a line, without its end.
const lineOctets = 75

// fold writes a line (ICS-1). A continuation line begins with a space, which counts towards its length.
func fold(b *strings.Builder, line string) {
	room := lineOctets
	for len(line) > room {
		n := room
		for !utf8.RuneStart(line[n]) {
			n--
		}
		b.WriteString(line[:n])
		b.WriteString("\r\n ")
		line, room = line[n:], lineOctets-1
	}
	b.WriteString(line)
	b.WriteString("\r\n")
}
