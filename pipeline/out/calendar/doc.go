// Package calendar writes calendar files (iCalendar, RFC 5545) with all-day events.
//
//	ICS-1  Lines end with CRLF. A line longer than 75 octets is folded between two characters.
//	ICS-2  The same events and the same instant give the same bytes: DTSTAMP is an input, and a UID is determined by
//	       the subject of the event. A calendar program that reads a later file replaces the event of the same UID.
//	ICS-3  Text is escaped, so that no text of a feed or a book ends a property.
package calendar
