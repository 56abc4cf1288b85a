package document

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/period"
)

// TestWrite compares with a file written by hand according to RFC 5545. The summary has 8 + 82 octets: a line of 75
// and, after the space of the next line, 15 more. Invariants: ICS-1, ICS-2, ICS-3.
func TestWrite(t *testing.T) {
	t.Parallel()
	day, err := period.ParseDay("2026-10-31")
	if err != nil {
		t.Fatal(err)
	}
	stamp, err := period.ParseInstant("2026-10-20T04:00:00.5Z")
	if err != nil {
		t.Fatal(err)
	}
	c := Calendar{Name: "tollbook, north", Stamp: stamp, Events: []CalendarEvent{{UID: "coupon:k1@tollbook", Day: day,
		Summary:     "coupon k1: 70.00 expires; " + strings.Repeat("0123456789", 5) + "abcdef",
		Description: "back\\slash\r\nend",
	}}}
	var out strings.Builder
	if err := c.Write(&out); err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//tollbook//tollbook//EN
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:tollbook\, north
BEGIN:VEVENT
UID:coupon:k1@tollbook
DTSTAMP:20261020T040000Z
DTSTART;VALUE=DATE:20261031
DTEND;VALUE=DATE:20261101
SUMMARY:coupon k1: 70.00 expires\; 0123456789012345678901234567890123456789
 0123456789abcdef
DESCRIPTION:back\\slash\nend
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestFold checks that for any text lines have at most 75 octets, break only between characters, and give the text
// again when unfolded. Invariants: ICS-1, ICS-3.
func TestFold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := escaped(rapid.String().Draw(t, "text"))
		var b strings.Builder
		fold(&b, text)
		for line := range strings.SplitSeq(strings.TrimSuffix(b.String(), "\r\n"), "\r\n") {
			if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
				t.Fatalf("line %q of %d octets", line, len(line))
			}
		}
		if got := strings.TrimSuffix(strings.ReplaceAll(b.String(), "\r\n ", ""), "\r\n"); got != text {
			t.Fatalf("unfolded %q, want %q", got, text)
		}
	})
}
