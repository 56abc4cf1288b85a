package schedule

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/jobs"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Plan says when things are due in a workspace: its schedule settings, read.
type Plan struct {
	zone      *period.Zone
	times     map[jobs.Kind]*Times // of nightly, monthly, publish, prune; none = not scheduled
	closeTime func(period.Cycle) period.Instant
	server    bool // there is a ClickHouse or an Iceberg warehouse to publish to
}

// NewPlan reads the schedule of a workspace's settings.
func NewPlan(s *settings.Settings) (*Plan, error) {
	p := &Plan{zone: s.Zone, times: make(map[jobs.Kind]*Times), closeTime: s.CloseTime, server: s.Publishes()}
	for kind, expression := range map[jobs.Kind]string{
		jobs.Nightly: s.Schedule.Nightly, jobs.Monthly: s.Schedule.Monthly, jobs.Publish: s.Schedule.Publish,
		jobs.Prune: s.Schedule.Retention,
	} {
		if expression == "" {
			continue
		}
		times, err := ParseTimes(expression, s.Zone)
		if err != nil {
			return nil, fmt.Errorf("schedule.%s: %w", kind, err)
		}
		p.times[kind] = times
	}
	return p, nil
}

// State is what the lake and the ledger say was done. The zero instant of a field that has none is period.Past.
type State struct {
	// when the schedule was first started on this workspace: what is before it is owed only if the lake says so
	Began  period.Instant
	Newest period.Instant // as-of of the newest manifest; Past = a lake without one
	// newest as-of of a finished run that takes the inbox in: night, month, close, ingest
	Intake  period.Instant
	Closed  period.Cycle                    // every cycle up to this one is closed; NoCycle = none is
	Open    period.Cycle                    // the earliest open cycle that the lake has records of; NoCycle = none
	Monthly map[period.Cycle]period.Instant // newest as-of of a finished month of a cycle
	Done    map[jobs.Kind]period.Instant    // newest as-of at which a publish and a prune ended well
	Unpaid  period.Instant                  // the run since which a publish is owed; Past = none is
}

// Firing is one thing that is due at an instant.
type Firing struct {
	Kind  jobs.Kind
	Cycle period.Cycle   // of a month or a close; NoCycle else
	Due   period.Instant // when it was to run
	AsOf  period.Instant // the clock of its run: Due, or the as-of of what the lake has already when that is later
	Skip  string         // why it will not run; "" = it will
}

// order is that of firings of one instant.
var order = []jobs.Kind{jobs.Nightly, jobs.Monthly, jobs.Close, jobs.Publish, jobs.Prune}

// Kinds lists what falls due, in the order of one instant.
func Kinds() []jobs.Kind { return slices.Clone(order) }

// before orders firings: by instant, then as order has them, then by cycle.
func before(a, b Firing) int {
	return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)),
		cmp.Compare(a.Cycle, b.Cycle))
}

// ClockBack reports whether now is before what the lake says has been: then nothing is to run.
func (s *State) ClockBack(now period.Instant) bool { return now < s.Newest }

// Due lists what fell due up to now and was not done, in the order in which it is to be done, and what will not be
// done, with the reason (SCHED-1). A month that is skipped is listed for a day.
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

// nights are the nights after the newest intake. A run by hand with a later as-of took in what they would have.
func (p *Plan) nights(s *State, now period.Instant) (out []Firing) {
	if p.times[jobs.Nightly] == nil {
		return nil
	}
	since := s.Intake
	if since == period.Past {
		since = s.Began
	}
	for _, due := range p.times[jobs.Nightly].Between(since, now) {
		out = append(out, Firing{Kind: jobs.Nightly, Cycle: place.NoCycle, Due: due})
	}
	return out
}

// next is the first cycle that is still to be closed; NoCycle while the lake has no record.
func (s *State) next() period.Cycle {
	if s.Closed != place.NoCycle {
		return s.Closed + 1
	}
	return s.Open
}

// closes are the cycles whose time to be closed has come, with those that had no record.
func (p *Plan) closes(s *State, now period.Instant) (out []Firing) {
	c := s.next()
	if c == place.NoCycle {
		return nil
	}
	for ; p.closeTime(c) <= now; c++ {
		out = append(out, Firing{Kind: jobs.Close, Cycle: c, Due: p.closeTime(c)})
	}
	return out
}

// day is how long a month that was skipped is listed.
const day = period.Instant(24 * period.Hour)

// months are the firings of the month of cycles that are open, and a recent one that will not run. A firing is for the
// cycle before its own.
func (p *Plan) months(s *State, now period.Instant) (out []Firing) {
	times := p.times[jobs.Monthly]
	if times == nil {
		return nil
	}
	if newest, any := times.Last(max(s.Began, now-day), now); any {
		if f := p.month(s, newest); f.Skip != "" {
			out = append(out, f)
		}
	}
	first := s.next()
	if first == place.NoCycle {
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

// done is the newest as-of of a finished month of a cycle.
func (s *State) done(c period.Cycle) period.Instant {
	if at, found := s.Monthly[c]; found {
		return at
	}
	return period.Past
}

// month is a firing of the month, with the reason if it is to be skipped.
func (p *Plan) month(s *State, due period.Instant) Firing {
	c := p.zone.Cycle(due) - 1
	f := Firing{Kind: jobs.Monthly, Cycle: c, Due: due}
	switch first := s.next(); {
	case s.Closed != place.NoCycle && c <= s.Closed:
		f.Skip = fmt.Sprintf("cycle %s is closed", c)
	case first == place.NoCycle || c < first:
		f.Skip = fmt.Sprintf("the lake has no record of cycle %s", c)
	case p.closeTime(c) < due:
		f.Skip = fmt.Sprintf("cycle %s is closed before it", c)
	}
	return f
}

// publishes is the one publish that is owed: a copy that is brought up to date needs no second time for each that was
// missed.
func (p *Plan) publishes(s *State, now period.Instant) []Firing {
	due, found := s.Unpaid, s.Unpaid != period.Past
	if !found {
		due, found = p.missed(s, jobs.Publish, now)
	}
	if !found || !p.server {
		return nil
	}
	return []Firing{{Kind: jobs.Publish, Cycle: place.NoCycle, Due: due}}
}

// prunes is the newest prune that was missed: one packs away what two would.
func (p *Plan) prunes(s *State, now period.Instant) []Firing {
	due, found := p.missed(s, jobs.Prune, now)
	if !found {
		return nil
	}
	return []Firing{{Kind: jobs.Prune, Cycle: place.NoCycle, Due: due}}
}

// missed is the newest firing of a kind that nothing was done for.
func (p *Plan) missed(s *State, kind jobs.Kind, now period.Instant) (period.Instant, bool) {
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

// Next lists the first firing of each kind after an instant, in order; the month with the reason if it will be skipped,
// a close of the first cycle that is still to be closed then.
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
		f := Firing{Kind: kind, Cycle: place.NoCycle, Due: due}
		switch {
		case kind == jobs.Monthly:
			f = p.month(s, due)
		case kind == jobs.Publish && !p.server:
			f.Skip = "clickhouse.dsn is empty"
		}
		out = append(out, f)
	}
	if c := s.next(); c != place.NoCycle {
		for p.closeTime(c) <= after {
			c++
		}
		out = append(out, Firing{Kind: jobs.Close, Cycle: c, Due: p.closeTime(c)})
	}
	slices.SortFunc(out, before)
	for i := range out {
		out[i].AsOf = max(out[i].Due, s.Newest)
	}
	return out
}
