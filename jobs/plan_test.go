package jobs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

func settingsOf(t testing.TB, zone, more string) *settings.Settings {
	t.Helper()
	s, err := settings.Parse("tollbook.yaml", fmt.Appendf(nil,
		"zone: %s\ncurrency: {code: CNY, digits: 2}\nrounding: {grain: cycle, mode: half_up}\n%s\n", zone, more))
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

func planOf(t testing.TB, zone, more string) *Plan {
	t.Helper()
	p, err := newPlan(settingsOf(t, zone, more))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// text returns a list of firings, one per line, as local times.
func (p *Plan) text(list []Firing) string {
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintf(&b, "%s %s", p.wall(f.Due), f.Kind)
		if f.Cycle != NoCycle {
			fmt.Fprintf(&b, " %s", f.Cycle)
		}
		if f.AsOf != f.Due {
			fmt.Fprintf(&b, " as of %s", p.wall(f.AsOf))
		}
		if f.Skip != "" {
			fmt.Fprintf(&b, ": %s", f.Skip)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (p *Plan) wall(at period.Instant) string {
	day, micros := p.zone.Local(at)
	return fmt.Sprintf("%s %02d:%02d", day, micros/period.Hour, micros%period.Hour/period.Minute)
}

const (
	aug = period.Cycle(2026*12 + 7)
	sep = aug + 1
)

func TestDue(t *testing.T) {
	t.Parallel()
	past := period.Past
	at := func(text string) period.Instant { return instant(t, text+":00+08:00") }
	server := `clickhouse: {dsn: "clickhouse://127.0.0.1:9000/tollbook"}`
	for name, c := range map[string]struct {
		settings string
		state    State
		now      string
		want     string
	}{
		"a lake without anything owes nothing from before the start": {
			state: State{Began: at("2026-09-28T10:00"), Newest: past, Intake: past, Closed: NoCycle,
				Open: NoCycle, Unpaid: past},
			now: "2026-10-06T01:00",
			want: `2026-09-29 01:30 nightly
2026-09-30 01:30 nightly
2026-10-01 01:30 nightly
2026-10-02 01:30 nightly
2026-10-03 01:30 nightly
2026-10-04 01:30 nightly
2026-10-05 01:30 nightly
2026-10-05 12:00 monthly 2026-09: the lake has no record of cycle 2026-09
`},
		"nothing is pending": {
			state: State{Began: at("2026-01-01T00:00"), Newest: at("2026-10-06T01:30"), Intake: at("2026-10-06T01:30"),
				Closed: sep, Open: NoCycle, Unpaid: past},
			now:  "2026-10-06T11:00",
			want: "2026-10-05 12:00 monthly 2026-09: cycle 2026-09 is closed\n"},
		"off across the month's end: the close comes before the night of its morning": {
			state: State{Began: at("2026-01-01T00:00"), Newest: at("2026-10-02T01:30"), Intake: at("2026-10-02T01:30"),
				Closed: aug, Open: sep, Unpaid: past},
			now: "2026-10-06T01:30",
			want: `2026-10-03 01:30 nightly
2026-10-04 01:30 nightly
2026-10-05 00:00 close 2026-09
2026-10-05 01:30 nightly
2026-10-05 12:00 monthly 2026-09: cycle 2026-09 is closed before it
2026-10-06 01:30 nightly
`},
		"a month before the close, two cycles late": {
			settings: `schedule: {nightly: "0 3 1 * *", monthly: "0 12 2 * *"}`,
			state: State{Began: at("2026-01-01T00:00"), Newest: at("2026-08-20T00:00"),
				Intake: at("2026-08-20T00:00"), Closed: aug - 1, Open: aug, Unpaid: past},
			now: "2026-10-06T00:00",
			want: `2026-09-01 03:00 nightly
2026-09-02 12:00 monthly 2026-08
2026-09-05 00:00 close 2026-08
2026-10-01 03:00 nightly
2026-10-02 12:00 monthly 2026-09
2026-10-05 00:00 close 2026-09
`},
		"a month that was run by hand at noon or later is done": {
			settings: `schedule: {nightly: "0 3 1 * *", monthly: "0 12 2 * *"}`,
			state: State{Began: at("2026-01-01T00:00"), Newest: at("2026-10-02T12:30"), Intake: at("2026-10-02T12:30"),
				Closed: aug, Open: sep, Unpaid: past,
				Monthly: map[period.Cycle]period.Instant{sep: at("2026-10-02T12:00")}},
			now:  "2026-10-03T00:00",
			want: ""},
		"what a run by hand took in later covers the nights before it; the rest takes its clock on": {
			settings: `schedule: {nightly: "30 1 * * *", monthly: "0 12 2 * *"}`,
			state: State{Began: at("2026-01-01T00:00"), Newest: at("2026-10-03T08:00"),
				Intake: at("2026-10-03T08:00"), Closed: aug, Open: sep, Unpaid: past},
			now: "2026-10-04T02:00",
			want: `2026-10-02 12:00 monthly 2026-09 as of 2026-10-03 08:00
2026-10-04 01:30 nightly
`},
		"at one instant: night, month, close, publish": {
			settings: "close: {day: 2, time: \"12:00\"}\n" + server + "\n" +
				`schedule: {nightly: "0 12 * * *", monthly: "0 12 2 * *", publish: "0 * * * *"}`,
			state: State{Began: at("2026-01-01T00:00"), Newest: at("2026-10-01T12:00"),
				Intake: at("2026-10-01T12:00"), Closed: aug, Open: sep, Unpaid: past},
			now: "2026-10-02T12:00",
			want: `2026-10-02 12:00 nightly
2026-10-02 12:00 monthly 2026-09
2026-10-02 12:00 close 2026-09
2026-10-02 12:00 publish
`},
		"of three publishes that were missed one is owed": {
			settings: server + "\n" + `schedule: {publish: "0 */2 * * *"}`,
			state: State{Began: at("2026-01-01T00:00"), Newest: at("2026-10-04T01:30"), Intake: at("2026-10-04T01:30"),
				Closed: aug, Open: sep, Unpaid: past,
				Done: map[Kind]period.Instant{Publish: at("2026-10-04T02:00")}},
			now:  "2026-10-04T09:00",
			want: "2026-10-04 08:00 publish\n"},
		"a publish that a night left unpaid": {
			settings: server,
			state: State{Began: at("2026-01-01T00:00"), Newest: at("2026-10-04T01:30"),
				Intake: at("2026-10-04T01:30"), Closed: aug, Open: sep, Unpaid: at("2026-10-04T01:30")},
			now:  "2026-10-04T01:31",
			want: "2026-10-04 01:30 publish\n"},
		"of two prunes that were missed the newest is owed, after all else of its instant": {
			settings: `schedule: {nightly: "0 4 * * 0", retention: "0 4 * * 0"}`,
			state: State{Began: at("2026-01-01T00:00"), Newest: at("2026-10-11T01:30"),
				Intake: at("2026-10-11T01:30"), Closed: sep, Open: sep + 1, Unpaid: past},
			now: "2026-10-18T09:00",
			want: `2026-10-11 04:00 nightly
2026-10-18 04:00 nightly
2026-10-18 04:00 prune
`},
		"a prune that was done, at its firing or by hand, is done": {
			settings: `schedule: {nightly: "0 4 1 * *", retention: "0 4 * * 0"}`,
			state: State{Began: at("2026-01-01T00:00"), Newest: at("2026-10-18T05:00"), Intake: at("2026-10-18T04:30"),
				Closed: sep, Open: sep + 1, Unpaid: past,
				Done: map[Kind]period.Instant{Prune: at("2026-10-18T05:00")}},
			now:  "2026-10-18T09:00",
			want: ""},
		"no server to publish to": {
			settings: `schedule: {publish: "0 8 * * *"}`,
			state: State{Began: at("2026-01-01T00:00"), Newest: at("2026-10-04T01:30"),
				Intake: at("2026-10-04T01:30"), Closed: aug, Open: sep, Unpaid: past},
			now:  "2026-10-04T09:00",
			want: ""},
	} {
		p := planOf(t, "Asia/Shanghai", c.settings)
		got := p.text(p.Due(&c.state, at(c.now)))
		if got != c.want {
			t.Errorf("%s:\n%swant\n%s", name, got, c.want)
		}
	}
}

func TestNextFirings(t *testing.T) {
	t.Parallel()
	p := planOf(t, "America/New_York", `schedule: {nightly: "30 2 * * *", publish: "0 0 1 1 *"}`)
	s := State{Began: 0, Newest: instant(t, "2026-03-07T07:30:00Z"), Intake: instant(t, "2026-03-07T07:30:00Z"),
		Closed: sep - 8, Open: sep - 7, Unpaid: period.Past}
	want := `2026-03-08 03:00 nightly
2026-04-05 12:00 monthly 2026-03: cycle 2026-03 is closed before it
2026-04-05 00:00 close 2026-03
2027-01-01 00:00 publish: clickhouse.dsn is empty
`
	s.Closed, s.Open = 2026*12+1, 2026*12+2 // February is closed, March is open
	lines := strings.SplitAfter(want, "\n")
	want = lines[0] + lines[2] + lines[1] + lines[3]
	if got := p.text(p.Next(&s, instant(t, "2026-03-07T12:00:00Z"))); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestClockBack tests SCHED-6.
func TestClockBack(t *testing.T) {
	t.Parallel()
	s := State{Newest: 1000}
	if !s.ClockBack(999) || s.ClockBack(1000) {
		t.Error("the instant itself is not before")
	}
}

// do records a finished job in the state.
func (s *State) do(f Firing) {
	s.Newest = max(s.Newest, f.AsOf)
	switch f.Kind {
	case Nightly:
		s.Intake = max(s.Intake, f.AsOf)
	case Monthly:
		s.Intake, s.Monthly[f.Cycle] = max(s.Intake, f.AsOf), f.AsOf
	case Close:
		s.Intake, s.Closed = max(s.Intake, f.AsOf), f.Cycle
	case Publish:
		s.Done[f.Kind] = f.AsOf
	}
	if s.Open == NoCycle {
		s.Open = aug - 7
	}
}

// drain does the due jobs, always the first one, and returns them.
func (p *Plan) drain(s *State, now period.Instant) (out []Firing) {
	for {
		list := slices.DeleteFunc(p.Due(s, now), func(f Firing) bool { return f.Skip != "" || f.Kind == Publish })
		if len(list) == 0 {
			return out
		}
		s.do(list[0])
		out = append(out, list[0])
	}
}

// TestOutagesChangeNothing looks for due jobs at random instants over a year and a half, hours or weeks apart. The
// jobs, their order and their as-of must be the same as with a look at each firing's own instant (SCHED-3). Invariant:
// JOBS-4.
func TestOutagesChangeNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		zone := rapid.SampledFrom([]string{"Asia/Shanghai", "America/New_York", "Africa/Casablanca",
			"Australia/Lord_Howe"}).Draw(rt, "zone")
		more := fmt.Sprintf("close: {day: %d, time: %q}\nschedule: {nightly: %q, monthly: %q}",
			rapid.IntRange(1, 28).Draw(rt, "close"),
			rapid.SampledFrom([]string{"24:00", "02:10", "12:00"}).Draw(rt, "closing"),
			rapid.SampledFrom([]string{"30 1 * * *", "15 2 * * *", "0 0 * * *"}).Draw(rt, "nightly"),
			rapid.SampledFrom([]string{"0 12 5 * *", "30 2 1-3 * *"}).Draw(rt, "monthly"))
		p := planOf(t, zone, more)
		began := instant(t, "2026-01-01T20:00:00Z")
		fresh := func() *State {
			return &State{Began: began, Newest: period.Past, Intake: period.Past, Closed: NoCycle,
				Open: NoCycle, Unpaid: period.Past,
				Monthly: make(map[period.Cycle]period.Instant), Done: make(map[Kind]period.Instant)}
		}
		end := instant(t, "2027-06-10T00:00:00Z")
		steady, var1 := fresh(), fresh()
		var want, got []Firing
		for now := began; now < end; {
			want = append(want, p.drain(steady, now)...)
			next := p.Next(steady, now)
			now = next[0].Due
		}
		want = append(want, p.drain(steady, end)...)
		for now := began; now < end; now += period.Instant(rapid.Int64Range(1, 30*24).Draw(rt, "hours") * period.Hour) {
			got = append(got, p.drain(var1, now)...)
		}
		got = append(got, p.drain(var1, end)...)
		if p.text(got) != p.text(want) {
			rt.Fatalf("with outages\n%s\nwithout\n%s", p.text(got), p.text(want))
		}
		nightsOnce(rt, p, want, began, end)
	})
}

// nightsOnce checks that each local day has one nightly run and each cycle one close.
func nightsOnce(t *rapid.T, p *Plan, done []Firing, began, end period.Instant) {
	nights, closes := map[period.Day]int{}, map[period.Cycle]int{}
	for _, f := range done {
		switch f.Kind {
		case Nightly:
			day, _ := p.zone.Local(f.Due)
			nights[day]++
		case Close:
			closes[f.Cycle]++
		}
	}
	first, _ := p.zone.Local(began)
	last, _ := p.zone.Local(end)
	for d := first + 2; d < last-1; d++ {
		if nights[d] != 1 {
			t.Fatalf("%d nights on %s", nights[d], d)
		}
	}
	for c := aug - 7; c <= aug+8; c++ {
		if closes[c] != 1 {
			t.Fatalf("%s closed %d times: %v", c, closes[c], slices.Collect(maps.Keys(closes)))
		}
	}
}
