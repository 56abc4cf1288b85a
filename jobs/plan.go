package jobs

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Plan calculates when jobs of a workspace are due, according to its schedule settings.
type Plan struct {
	zone      *period.Zone
	times     map[Kind]*Times // of nightly, monthly, publish, prune; a missing one is not scheduled
	closeTime func(period.Cycle) period.Instant
	server    bool // the settings name a ClickHouse server or an Iceberg warehouse to publish to
}

// newPlan parses the schedule in the settings of a workspace.
func newPlan(s *settings.Settings) (*Plan, error) {
	p := &Plan{zone: s.Zone, times: make(map[Kind]*Times), closeTime: s.CloseTime, server: s.Publishes()}
	for kind, expression := range map[Kind]string{
		Nightly: s.Schedule.Nightly, Monthly: s.Schedule.Monthly, Publish: s.Schedule.Publish,
		Prune: s.Schedule.Retention,
	} {
		if expression == "" {
			continue
		}
		times, err := parseTimes(expression, s.Zone)
		if err != nil {
			return nil, fmt.Errorf("schedule.%s: %w", kind, err)
		}
		p.times[kind] = times
	}
	return p, nil
}

// State is the work that was done according to the lake and the ledger. An instant without a value is period.Past.
type State struct {
	// first start of the schedule on this workspace; an earlier firing is due only if the lake shows it was missed
	Began  period.Instant
	Newest period.Instant // as-of of the newest manifest; Past = the lake is empty
	// newest as-of of a finished run that ingests the inbox: nightly, monthly, close, ingest
	Intake  period.Instant
	Closed  period.Cycle                    // every cycle up to this one is closed; NoCycle = none
	Open    period.Cycle                    // the earliest open cycle of which the lake has records; NoCycle = none
	Monthly map[period.Cycle]period.Instant // newest as-of of a finished monthly run of a cycle
	Done    map[Kind]period.Instant         // newest as-of of a successful publish and prune
	Unpaid  period.Instant                  // as-of of the run whose publish is pending; Past = none
}

// Firing is one job that is due at an instant.
type Firing struct {
	Kind  Kind
	Cycle period.Cycle   // of a monthly run or a close; otherwise NoCycle
	Due   period.Instant // the scheduled time
	AsOf  period.Instant // as-of of the run: Due, or the as-of that the lake already has, if later
	Skip  string         // why the job is skipped; "" = it runs
}

// order is the order of firings at the same instant.
var order = []Kind{Nightly, Monthly, Close, Publish, Prune}

// Kinds returns the kinds of scheduled jobs, in the order in which they run at the same instant.
func Kinds() []Kind { return slices.Clone(order) }

// before compares firings by instant, then by kind in the order of order, then by cycle.
func before(a, b Firing) int {
	return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)),
		cmp.Compare(a.Cycle, b.Cycle))
}

// ClockBack reports whether now is before the newest as-of of the lake. Then nothing may run.
func (s *State) ClockBack(now period.Instant) bool { return now < s.Newest }

// Due returns the jobs that fell due up to now and were not done, in the order in which they run, and the jobs that are
// skipped, with the reason (SCHED-1). A monthly run that is skipped is listed for one day.
func (p *Plan) Due(s *State, now period.Instant) []Firing {
	out := slices.Concat(p.nights(s, now), p.closes(s, now), p.months(s, now), p.publishes(s, now), p.prunes(s, now))
	slices.SortFunc(out, before)
	clock := s.Newest
	for i := range out {
		out[i].AsOf = out[i].Due
		if out[i].Skip == "" {
			clock = max(clock, out[i].Due)
			out[i].AsOf = clock
		}
	}
	return out
}

// nights returns the nightly runs after the newest intake. A manual run with a later as-of has ingested their files.
func (p *Plan) nights(s *State, now period.Instant) (out []Firing) {
	if p.times[Nightly] == nil {
		return nil
	}
	since := s.Intake
	if since == period.Past {
		since = s.Began
	}
	for _, due := range p.times[Nightly].Between(since, now) {
		out = append(out, Firing{Kind: Nightly, Cycle: lake.NoCycle, Due: due})
	}
	return out
}

// next returns the first cycle that is not closed; NoCycle if the lake has no records.
func (s *State) next() period.Cycle {
	if s.Closed != lake.NoCycle {
		return s.Closed + 1
	}
	return s.Open
}

// closes returns the open cycles whose close time has passed, including cycles without records.
func (p *Plan) closes(s *State, now period.Instant) (out []Firing) {
	c := s.next()
	if c == lake.NoCycle {
		return nil
	}
	for ; p.closeTime(c) <= now; c++ {
		out = append(out, Firing{Kind: Close, Cycle: c, Due: p.closeTime(c)})
	}
	return out
}

// day is the time for which a skipped monthly run is listed.
const day = period.Instant(24 * period.Hour)

// months returns the pending monthly runs of open cycles, and the newest one if it is skipped and was due within a day.
// A monthly run is for the cycle before the one in which it is due.
func (p *Plan) months(s *State, now period.Instant) (out []Firing) {
	times := p.times[Monthly]
	if times == nil {
		return nil
	}
	if newest, any := times.Last(max(s.Began, now-day), now); any {
		if f := p.month(s, newest); f.Skip != "" {
			out = append(out, f)
		}
	}
	first := s.next()
	if first == lake.NoCycle {
		return out
	}
	for c := first; p.zone.Start((c + 1).First()) <= now; c++ {
		span := p.zone.Bounds(c + 1)
		for _, due := range times.Between(max(span.From-1, s.done(c)), min(span.To-1, now)) {
			if f := p.month(s, due); f.Skip == "" {
				out = append(out, f)
			}
		}
	}
	return out
}

// done returns the newest as-of of a finished monthly run of a cycle; period.Past if there is none.
func (s *State) done(c period.Cycle) period.Instant {
	if at, found := s.Monthly[c]; found {
		return at
	}
	return period.Past
}

// month returns the monthly run that is due at an instant, with the reason if it is skipped.
func (p *Plan) month(s *State, due period.Instant) Firing {
	c := p.zone.Cycle(due) - 1
	f := Firing{Kind: Monthly, Cycle: c, Due: due}
	switch first := s.next(); {
	case s.Closed != lake.NoCycle && c <= s.Closed:
		f.Skip = fmt.Sprintf("cycle %s is closed", c)
	case first == lake.NoCycle || c < first:
		f.Skip = fmt.Sprintf("the lake has no record of cycle %s", c)
	case p.closeTime(c) < due:
		f.Skip = fmt.Sprintf("cycle %s is closed before it", c)
	}
	return f
}

// publishes returns the pending publish, if there is one. If several were missed, one is enough, because it copies
// everything.
func (p *Plan) publishes(s *State, now period.Instant) []Firing {
	due, found := s.Unpaid, s.Unpaid != period.Past
	if !found {
		due, found = p.missed(s, Publish, now)
	}
	if !found || !p.server {
		return nil
	}
	return []Firing{{Kind: Publish, Cycle: lake.NoCycle, Due: due}}
}

// prunes returns the newest missed prune, if any. It archives what earlier ones would have archived too.
func (p *Plan) prunes(s *State, now period.Instant) []Firing {
	due, found := p.missed(s, Prune, now)
	if !found {
		return nil
	}
	return []Firing{{Kind: Prune, Cycle: lake.NoCycle, Due: due}}
}

// missed returns the newest firing of a kind since its job was last done.
func (p *Plan) missed(s *State, kind Kind, now period.Instant) (period.Instant, bool) {
	times := p.times[kind]
	if times == nil {
		return 0, false
	}
	since := s.Began
	if at, found := s.Done[kind]; found {
		since = max(since, at)
	}
	return times.Last(since, now)
}

// Next returns the first firing of each kind after an instant, in order. The monthly run has a reason if it will be
// skipped. The close is of the first cycle that will still be open then.
func (p *Plan) Next(s *State, after period.Instant) []Firing {
	var out []Firing
	for _, kind := range order {
		times := p.times[kind]
		if times == nil {
			continue
		}
		due, found := times.Next(after)
		if !found {
			continue
		}
		f := Firing{Kind: kind, Cycle: lake.NoCycle, Due: due}
		switch {
		case kind == Monthly:
			f = p.month(s, due)
		case kind == Publish && !p.server:
			f.Skip = "clickhouse.dsn is empty"
		}
		out = append(out, f)
	}
	if c := s.next(); c != lake.NoCycle {
		for p.closeTime(c) <= after {
			c++
		}
		out = append(out, Firing{Kind: Close, Cycle: c, Due: p.closeTime(c)})
	}
	slices.SortFunc(out, before)
	for i := range out {
		out[i].AsOf = max(out[i].Due, s.Newest)
	}
	return out
}
