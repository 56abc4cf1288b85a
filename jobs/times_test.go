package jobs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/period"
)

func zoneOf(t testing.TB, name string) *period.Zone {
	t.Helper()
	z, err := period.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func timesOf(t testing.TB, expression, zone string) *Times {
	t.Helper()
	times, err := parseTimes(expression, zoneOf(t, zone))
	if err != nil {
		t.Fatal(err)
	}
	return times
}

func instant(t testing.TB, text string) period.Instant {
	t.Helper()
	at, err := period.ParseInstant(text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestFiringsAcrossDaylightSaving checks instants that were calculated by hand from the zones' rules: New York changes
// from -05:00 to -04:00 on 8 March 2026 at 02:00 and back on 1 November at 02:00. Lord Howe changes from +11:00 to
// +10:30 on 5 April 2026 at 02:00 and back on 4 October at 02:00. Casablanca is on +01:00 except for Ramadan: from 15
// February 2026 at 03:00 on +00:00, from 22 March at 02:00 on +01:00 again. Shanghai has had no change since 1991.
func TestFiringsAcrossDaylightSaving(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, cron, after, upTo, want string }{
		{"Asia/Shanghai", "30 1 * * *", "2026-03-07T00:00:00Z", "2026-03-09T23:00:00Z",
			"2026-03-07T17:30:00Z 2026-03-08T17:30:00Z 2026-03-09T17:30:00Z"},

		{"America/New_York", "30 1 * * *", "2026-03-07T00:00:00Z", "2026-03-09T23:00:00Z",
			"2026-03-07T06:30:00Z 2026-03-08T06:30:00Z 2026-03-09T05:30:00Z"},
		// 02:30 does not exist on 8 March: 03:00 -04:00 is the first instant after the gap.
		{"America/New_York", "30 2 * * *", "2026-03-07T00:00:00Z", "2026-03-09T23:00:00Z",
			"2026-03-07T07:30:00Z 2026-03-08T07:00:00Z 2026-03-09T06:30:00Z"},
		// 02:00, 02:20 and 02:40 all move to 03:00, which fires by itself: once.
		{"America/New_York", "*/20 2-3 * * *", "2026-03-08T00:00:00Z", "2026-03-08T23:00:00Z",
			"2026-03-08T07:00:00Z 2026-03-08T07:20:00Z 2026-03-08T07:40:00Z"},
		// 01:30 occurs at 05:30Z and again at 06:30Z on 1 November: the first counts.
		{"America/New_York", "30 1 * * *", "2026-10-31T00:00:00Z", "2026-11-02T23:00:00Z",
			"2026-10-31T05:30:00Z 2026-11-01T05:30:00Z 2026-11-02T06:30:00Z"},
		{"America/New_York", "0 * * * *", "2026-11-01T04:30:00Z", "2026-11-01T08:30:00Z",
			"2026-11-01T05:00:00Z 2026-11-01T07:00:00Z 2026-11-01T08:00:00Z"},

		// 02:30 does not exist on 22 March: 03:00 +01:00 is the first instant after the gap.
		{"Africa/Casablanca", "30 2 * * *", "2026-03-21T00:00:00Z", "2026-03-23T23:00:00Z",
			"2026-03-21T02:30:00Z 2026-03-22T02:00:00Z 2026-03-23T01:30:00Z"},
		// On 15 February the clock is set back from 03:00 to 02:00: 02:30 occurs at 01:30Z and at 02:30Z.
		{"Africa/Casablanca", "30 2 * * *", "2026-02-14T00:00:00Z", "2026-02-16T23:00:00Z",
			"2026-02-14T01:30:00Z 2026-02-15T01:30:00Z 2026-02-16T02:30:00Z"},

		// The gap is half an hour: 02:15 on 4 October moves to 02:30 +11:00.
		{"Australia/Lord_Howe", "15 2 * * *", "2026-10-02T12:00:00Z", "2026-10-05T00:00:00Z",
			"2026-10-02T15:45:00Z 2026-10-03T15:30:00Z 2026-10-04T15:15:00Z"},
		// 01:45 occurs at 14:45Z on +11:00 and at 15:15Z on +10:30.
		{"Australia/Lord_Howe", "45 1 * * *", "2026-04-03T12:00:00Z", "2026-04-06T00:00:00Z",
			"2026-04-03T14:45:00Z 2026-04-04T14:45:00Z 2026-04-05T15:15:00Z"},

		// Apia skipped 30 December 2011: its midnight is that of the 31st, and both firings are one.
		{"Pacific/Apia", "0 0 * * *", "2011-12-29T00:00:00Z", "2011-12-31T23:00:00Z",
			"2011-12-29T10:00:00Z 2011-12-30T10:00:00Z 2011-12-31T10:00:00Z"},
		// Midnight itself is skipped: São Paulo, 4 November 2018.
		{"America/Sao_Paulo", "30 0 * * *", "2018-11-03T00:00:00Z", "2018-11-05T12:00:00Z",
			"2018-11-03T03:30:00Z 2018-11-04T03:00:00Z 2018-11-05T02:30:00Z"},

		// If both day fields are restricted, one match is enough: the 1st, and Mondays.
		{"UTC", "0 12 1 * mon", "2026-09-28T13:00:00Z", "2026-10-12T12:00:00Z",
			"2026-10-01T12:00:00Z 2026-10-05T12:00:00Z 2026-10-12T12:00:00Z"},
		{"UTC", "0 0 29 2 *", "2096-02-29T00:00:00Z", "2105-01-01T00:00:00Z", "2104-02-29T00:00:00Z"},
		{"UTC", "0 12 31 * *", "2026-03-31T12:00:00Z", "2026-08-01T00:00:00Z",
			"2026-05-31T12:00:00Z 2026-07-31T12:00:00Z"},
	} {
		times := timesOf(t, c.cron, c.zone)
		var got []string
		for _, at := range times.Between(instant(t, c.after), instant(t, c.upTo)) {
			got = append(got, at.String())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s in %s: %s\nwant %s", c.cron, c.zone, strings.Join(got, " "), c.want)
		}
	}
}

func TestParseTimesRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "* * * *", "61 * * * *", "@every 1h"} {
		if _, err := parseTimes(text, zoneOf(t, "UTC")); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if _, found := timesOf(t, "0 0 31 2 *", "UTC").Next(0); found {
		t.Error("31 February comes")
	}
}

// drawTimes returns a random expression in a zone with daylight saving.
func drawTimes(t *rapid.T) *Times {
	expression := fmt.Sprintf("%d %d %s * %s", rapid.IntRange(0, 59).Draw(t, "minute"),
		rapid.IntRange(0, 23).Draw(t, "hour"), rapid.SampledFrom([]string{"*", "1", "5", "28", "31"}).Draw(t, "day"),
		rapid.SampledFrom([]string{"*", "0", "1-5"}).Draw(t, "weekday"))
	if rapid.Bool().Draw(t, "often") {
		expression = fmt.Sprintf("*/%d * * * *", rapid.IntRange(1, 30).Draw(t, "step"))
	}
	zone, err := period.LoadZone(rapid.SampledFrom([]string{"Asia/Shanghai", "America/New_York", "Africa/Casablanca",
		"Australia/Lord_Howe"}).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	times, err := parseTimes(expression, zone)
	if err != nil {
		t.Fatal(err)
	}
	return times
}

// drawInstant returns a random instant from 2026 to mid-2027, which contains every change of the four zones.
func drawInstant(t *rapid.T, name string) period.Instant {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	return period.Instant(from+rapid.Int64Range(0, 500*86_400).Draw(t, name)) * period.Instant(period.Second)
}

func TestFiringsHoldTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		times := drawTimes(t)
		a, b := drawInstant(t, "a"), drawInstant(t, "b")
		from, to := min(a, b), min(max(a, b), min(a, b)+period.Instant(40*24*period.Hour))
		all := times.Between(from, to)
		if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
			t.Fatalf("not ascending: %v", all)
		}
		cut := from + (to-from)/3
		if parts := slices.Concat(times.Between(from, cut), times.Between(cut, to)); !slices.Equal(parts, all) {
			t.Fatalf("cut in two: %v, want %v", parts, all)
		}
		if len(all) == 0 {
			return
		}
		if first, _ := times.Next(from); first != all[0] {
			t.Fatalf("next is %s, want %s", first, all[0])
		}
		if last, _ := times.Last(from, to); last != all[len(all)-1] {
			t.Fatalf("last is %s, want %s", last, all[len(all)-1])
		}
	})
}

// TestFiringsAgreeWithCron checks that firings are those of robfig/cron's Next on days without a change of the clock,
// where Next is correct.
func TestFiringsAgreeWithCron(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		times := drawTimes(t)
		at := drawInstant(t, "at")
		spec := *times.spec
		spec.Location = times.zone.Location()
		want := spec.Next(time.UnixMicro(int64(at)).In(spec.Location))
		got, _ := times.Next(at)
		for d := range 3 {
			if start, end := offsets(at, d, spec.Location), offsets(period.Instant(want.UnixMicro()), -d,
				spec.Location); start != end {
				return
			}
		}
		if got != period.Instant(want.UnixMicro()) {
			t.Fatalf("after %s: %s, cron says %s", at, got, want)
		}
	})
}

func offsets(at period.Instant, days int, zone *time.Location) int {
	_, offset := time.UnixMicro(int64(at)).In(zone).AddDate(0, 0, days).Zone()
	return offset
}

// TestCronAloneSkipsAndRepeats shows why the instants are not taken from robfig/cron: it skips 02:30 on 8 March in New
// York, and repeats 01:30 on 1 November. If a release changes this, SCHED-2 can be simplified.
func TestCronAloneSkipsAndRepeats(t *testing.T) {
	t.Parallel()
	zone := zoneOf(t, "America/New_York").Location()
	next := func(expression string, after time.Time) time.Time {
		s, err := cron.ParseStandard(expression)
		if err != nil {
			t.Fatal(err)
		}
		return s.Next(after).UTC()
	}
	if got := next("30 2 * * *", time.Date(2026, 3, 7, 12, 0, 0, 0, zone)); got.Day() != 9 {
		t.Errorf("the gap: %s", got)
	}
	once := next("30 1 * * *", time.Date(2026, 10, 31, 12, 0, 0, 0, zone))
	if again := next("30 1 * * *", once.In(zone)); again.Sub(once) != time.Hour {
		t.Errorf("the hour that comes twice: %s, then %s", once, again)
	}
}
