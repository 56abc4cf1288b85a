package period

import (
	"errors"
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseInstant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want Instant
		back string // written form, "" = the same
	}{
		{"1970-01-01T00:00:00Z", 0, ""},
		{"2026-09-30T16:00:00Z", 1790784000000000, ""},
		{"2026-10-01T00:00:00+08:00", 1790784000000000, "2026-09-30T16:00:00Z"},
		{"2026-09-30T12:00:00-04:00", 1790784000000000, "2026-09-30T16:00:00Z"},
		{"2026-09-30T16:00:00-00:00", 1790784000000000, "2026-09-30T16:00:00Z"},
		{"2026-09-30T16:00:00.5Z", 1790784000500000, ""},
		{"2026-09-30T16:00:00.000001Z", 1790784000000001, ""},
		{"2026-09-30T16:00:00.1230000000000Z", 1790784000123000, "2026-09-30T16:00:00.123Z"},
		{"2026-09-30T16:00:00.0Z", 1790784000000000, "2026-09-30T16:00:00Z"},
		{"1969-12-31T23:59:59.999999Z", -1, ""},
		{"2024-02-29T23:59:59+23:59", 1709164799000000 + 60_000_000, "2024-02-29T00:00:59Z"},
		{"0001-01-01T00:00:00Z", -62135596800000000, ""},
		{"9999-12-31T23:59:59.999999Z", 253402300799999999, ""},
	} {
		got, err := ParseInstant(c.text)
		if c.back == "" {
			c.back = c.text
		}
		if err != nil || got != c.want || got.String() != c.back {
			t.Errorf("%q: %d %s %v, want %d %s", c.text, got, got, err, c.want, c.back)
		}
		if again, err := ParseInstant([]byte(c.text)); err != nil || again != got {
			t.Errorf("%q as bytes: %d %v", c.text, again, err)
		}
	}
}

func TestParseInstantErrors(t *testing.T) {
	t.Parallel()
	for text, what := range map[string]string{
		"":                              "not a date YYYY-MM-DD",
		"yesterday":                     "not a date YYYY-MM-DD",
		"26-09-01T00:00:00Z":            "not a date YYYY-MM-DD",
		"2026/09/01T00:00:00Z":          "not a date YYYY-MM-DD",
		"2026-9-01T00:00:00Z":           "not a date YYYY-MM-DD",
		"+026-09-01T00:00:00Z":          "not a date YYYY-MM-DD",
		"0000-09-01T00:00:00Z":          "year 0000",
		"2026-00-01T00:00:00Z":          "no such month",
		"2026-13-01T00:00:00Z":          "no such month",
		"2026-02-29T00:00:00Z":          "no such day",
		"2026-04-31T00:00:00Z":          "no such day",
		"2026-04-00T00:00:00Z":          "no such day",
		"2026-09-01":                    "a date without a time",
		"2026-09-01 00:00:00Z":          "no T between date and time",
		"2026-09-01t00:00:00Z":          "no T between date and time",
		"2026-09-01T00:00Z":             "not a time hh:mm:ss",
		"2026-09-01T0:00:00Z":           "not a time hh:mm:ss",
		"2026-09-01T00-00-00Z":          "not a time hh:mm:ss",
		"2026-09-01T24:00:00Z":          "hour over 23",
		"2026-09-01T23:60:00Z":          "minute over 59",
		"2026-09-01T23:59:60Z":          "second over 59",
		"2026-09-01T00:00:00":           "no offset",
		"2026-09-01T00:00:00.5":         "no offset",
		"2026-09-01T00:00:00 Z":         "no offset",
		"2026-09-01T00:00:00,5Z":        "no offset",
		"2026-09-01T00:00:00z":          "lower-case z",
		"2026-09-01T00:00:00.Z":         "no digit after the point",
		"2026-09-01T00:00:00.0000001Z":  "finer than a microsecond",
		"2026-09-01T00:00:00+8":         "not an offset ±hh:mm",
		"2026-09-01T00:00:00+0800":      "not an offset ±hh:mm",
		"2026-09-01T00:00:00+08:0":      "not an offset ±hh:mm",
		"2026-09-01T00:00:00+24:00":     "offset hour over 23",
		"2026-09-01T00:00:00+23:60":     "offset minute over 59",
		"2026-09-01T00:00:00+08:00 ":    "text after the offset",
		"2026-09-01T00:00:00ZZ":         "text after the offset",
		"0001-01-01T00:00:00+00:01":     "outside the years 0001 to 9999 in UTC",
		"9999-12-31T23:59:59.999-00:01": "outside the years 0001 to 9999 in UTC",
	} {
		_, err := ParseInstant(text)
		var parse *ParseError
		if !errors.As(err, &parse) || parse.What != what || parse.Text != text {
			t.Errorf("%q: %v, want %s", text, err, what)
		}
	}
	long := string(make([]byte, 100))
	if _, err := ParseInstant(long); err == nil || len(err.(*ParseError).Text) != 64+len("…") {
		t.Errorf("a long text is not cut: %v", err)
	}
}

func TestParseInstantAllocatesNothing(t *testing.T) {
	text := "2026-10-01T00:00:00.123456+08:00"
	data := []byte(text)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := ParseInstant(text); err != nil {
			t.Fatal(err)
		}
		if _, err := ParseInstant(data); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestParseDayCycleValidity(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-09": "", "2026-00": "no such month", "2026-13": "no such month", "0000-01": "year 0000",
		"2026-9": "not a cycle YYYY-MM", "202609": "not a cycle YYYY-MM", "2026-09-01": "not a cycle YYYY-MM",
		"2026/09": "not a cycle YYYY-MM",
		"20x6-09": "not a cycle YYYY-MM",
	} {
		got, err := ParseCycle(text)
		if want == "" && (err != nil || got.String() != text) || want != "" &&
			(err == nil || err.(*ParseError).What != want) {
			t.Errorf("cycle %q: %s %v, want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"2026-09-01": "", "2026-02-30": "no such day", "2026-09": "not a date YYYY-MM-DD",
		"2026-09-01T": "text after the date",
	} {
		got, err := ParseDay(text)
		if want == "" && (err != nil || got.String() != text) || want != "" &&
			(err == nil || err.(*ParseError).What != want) {
			t.Errorf("day %q: %s %v, want %s", text, got, err, want)
		}
	}
	z := zone(t, "America/Sao_Paulo")
	for text, want := range map[string]string{
		"2018-11-04": "2018-11-04T03:00:00Z", "2018-11-04T00:00:00Z": "2018-11-04T00:00:00Z",
		"2018-11-04T00:00:00+08:00": "2018-11-03T16:00:00Z",
		"2018-11-04T00:00:00":       "no offset", "2018-11-31": "no such day", "": "not a date YYYY-MM-DD",
		"2018-11-04 ": "no T between date and time",
	} {
		got, err := ParseValidity(text, z)
		if err == nil && got.String() != want || err != nil && err.(*ParseError).What != want {
			t.Errorf("validity %q: %s %v, want %s", text, got, err, want)
		}
	}
}

func TestUnusualInstantsHaveText(t *testing.T) {
	t.Parallel()
	for want, at := range map[string]Instant{
		"-290308-12-21T19:59:05.224192Z": Past, "294247-01-10T04:00:54.775807Z": Forever,
		"10000-01-01T00:00:00Z": maxInstant + 1,
	} {
		if at.String() != want {
			t.Errorf("%d: %s, want %s", int64(at), at, want)
		}
	}
	if got := DayOf(-5, 1, 2).String(); got != "-0005-01-02" {
		t.Error(got)
	}
	if got := DayOf(12345, 1, 2).String(); got != "12345-01-02" {
		t.Error(got)
	}
}

func TestInstantTextRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := Instant(rapid.Int64Range(int64(minInstant), int64(maxInstant)).Draw(t, "at"))
		back, err := ParseInstant(at.String())
		if err != nil || back != at {
			t.Fatalf("%d: %s: %d %v", int64(at), at, int64(back), err)
		}
		if want := time.UnixMicro(int64(at)).UTC().Format("2006-01-02T15:04:05.999999Z"); at.String() != want {
			t.Fatalf("%d: %s, want %s", int64(at), at, want)
		}
	})
}

// form matches the form of RFC 3339. The standard library accepts other forms too, and checks the calendar.
var form = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6}0*)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// FuzzParseInstant compares with the standard library: exactly the texts that have the form, are dates of the calendar
// and are in the years 0001 to 9999 must be accepted, with the same value.
func FuzzParseInstant(f *testing.F) {
	for _, text := range []string{
		"2026-09-30T16:00:00Z", "2026-10-01T00:00:00.123456+08:00", "2026-02-29T00:00:00Z", "2026-09-01T00:00:00",
		"2026-09-01T00:00:00+24:00",
		"2026-09-01T00:00:00.1234567Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "2026-09-01T00:00:00,5Z",
		"2016-12-31T23:59:60Z",
		"2026-09-01T0:00:00Z", "2026-09-01T00:00:00.0000000000000Z",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseInstant(text)
		if again, err2 := ParseInstant([]byte(text)); again != got || (err == nil) != (err2 == nil) {
			t.Fatalf("%q: text %d %v, bytes %d %v", text, got, err, again, err2)
		}
		want, stdErr := time.Parse(time.RFC3339, text)
		utc := want.UTC().Year()
		fits := stdErr == nil && form.MatchString(text) && utc >= 1 && utc <= 9999 && want.Year() >= 1
		if fits != (err == nil) {
			t.Fatalf("%q: %v; the library: %v %v", text, err, want, stdErr)
		}
		if err == nil && int64(got) != want.UnixMicro() {
			t.Fatalf("%q: %d, the library %d", text, got, want.UnixMicro())
		}
	})
}

func BenchmarkParseInstant(b *testing.B) {
	text := []byte("2026-10-01T00:00:00.123456+08:00")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseInstant(text); err != nil {
			b.Fatal(err)
		}
	}
}
