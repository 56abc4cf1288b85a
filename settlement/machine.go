package settlement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/period"
)

// State is the state of an incentive (§6.5).
type State uint8

// The states. NoState is that of an incentive that has no row of a closed period, if the period is none of the
// programme's or the programme does not name the partner.
const (
	NoState State = iota
	Estimated
	ToConfirm
	Confirmed
	Disputed
	Payable
	Paying
	Paid
	Void
)

var stateWords = [...]string{"none", "estimated", "to_confirm", "confirmed", "disputed", "payable", "paying", "paid",
	"void"}

// String is the state's word in tables and messages.
func (s State) String() string { return stateWords[s] }

// ParseState reads a state's word.
func ParseState(word string) (State, error) {
	if at := slices.Index(stateWords[:], word); at >= 0 {
		return State(at), nil
	}
	return 0, fmt.Errorf("state %q is none of %s", word, strings.Join(stateWords[:], ", "))
}

// EventKind is what happens to an incentive (§3.18).
type EventKind uint8

// The kinds of events.
const (
	Confirm EventKind = iota
	Dispute
	ApplyPayment
	PaidOut // `paid`
	Reject
)

var eventWords = [...]string{"confirm", "dispute", "apply_payment", "paid", "reject"}

// String is the event's word in the feed.
func (k EventKind) String() string { return eventWords[k] }

// ParseEventKind reads an event's word.
func ParseEventKind(word string) (EventKind, error) {
	if at := slices.Index(eventWords[:], word); at >= 0 {
		return EventKind(at), nil
	}
	return 0, fmt.Errorf("event %q is none of %s", word, strings.Join(eventWords[:], ", "))
}

// Event is a record of the feed incentive_events. Partner and Programme are indexes in the books.
type Event struct {
	ID                 string
	Partner, Programme int32
	Period             Period
	Kind               EventKind
	Time               period.Instant
	Final              bool // it counts, whatever state it meets; Decide is not asked
}

// incentiveKey names one incentive.
type incentiveKey struct {
	programme, partner int32
	period             Period
}

func (e *Event) key() incentiveKey { return incentiveKey{e.Programme, e.Partner, e.Period} }

// Machine is the life of one incentive: its deadlines and the state that the last event left it in. The zero Machine
// stays in NoState.
type Machine struct {
	Closes   period.Instant // §2.1, of the period's last cycle: from here it can be confirmed
	Deadline period.Instant // from here it is void if nothing was said; Forever = none
	Payout   period.Instant // from here it is payable once confirmed
	Lapses   period.Instant // from here it is void unless on its way to be paid; Forever = the partner has not left
	state    State          // after the last event; what time did since is At's
}

// Machine is the life of an incentive that there is, before any event. It needs no amounts.
func (bk *Book) Machine(programme, partner int32, p Period) Machine {
	s := bk.season(programme, p)
	return bk.machine(&s, programme, partner)
}

// season is a period of a programme, for whatever partner.
type season struct {
	span period.Span
	runs bool    // it is one of the programme's
	life Machine // of a partner that never leaves
}

func (bk *Book) season(programme int32, p Period) season {
	g, zone := &bk.books.Programmes[programme], bk.books.Zone
	s := season{span: p.Span(zone), runs: bk.runs(programme, p)}
	s.life = Machine{state: Estimated, Deadline: period.Forever, Lapses: period.Forever}
	closing := p.Last().Add(1).First() + period.Day(bk.rules.CloseDay-1)
	s.life.Closes = zone.At(closing, int64(bk.rules.CloseMinute)*period.Minute)
	if g.ConfirmWithinDays >= 0 {
		s.life.Deadline = zone.Start(bk.workingDays(closing, g.ConfirmWithinDays) + 1)
	}
	s.life.Payout = PeriodOf(p.Last(), g.PayoutQuarterly).Span(zone).To
	return s
}

// machine is the season's life for one partner. It has left if its last row says so.
func (bk *Book) machine(s *season, programme, partner int32) Machine {
	m := s.life
	days, rows := bk.books.Programmes[programme].LapseAfterDays, bk.books.Partners[partner].Rows
	if days >= 0 && len(rows) > 0 {
		if left := rows[len(rows)-1].LeftOn; left != period.Forever {
			m.Lapses = bk.books.Zone.Start(bk.books.Zone.Day(left) + period.Day(days))
		}
	}
	return m
}

// workingDays is the n-th working day after a day; the day itself for 0.
func (bk *Book) workingDays(d period.Day, n int) period.Day {
	for n > 0 {
		d++
		if bk.books.IsWorking(d) {
			n--
		}
	}
	return d
}

// At is the state at an instant not before the last event's.
func (m *Machine) At(t period.Instant) State {
	s := m.state
	if s == Estimated && t >= m.Closes {
		s = ToConfirm
	}
	if s == ToConfirm && t >= m.Deadline {
		return Void
	}
	if s == Confirmed && t >= m.Payout {
		s = Payable
	}
	if t >= m.Lapses && (s == ToConfirm || s == Confirmed || s == Disputed || s == Payable) {
		return Void
	}
	return s
}

// Apply lets an event happen. It returns the state that the event met and whether it fits; one that does not changes
// nothing. Events come in order of their time.
func (m *Machine) Apply(kind EventKind, t period.Instant) (met State, fits bool) {
	met = m.At(t)
	next := after(met, kind)
	if next == NoState {
		return met, false
	}
	m.state = next
	return met, true
}

// after is the state after an event, or NoState where it does not fit (§6.5).
func after(s State, kind EventKind) State {
	switch {
	case kind == Confirm && (s == ToConfirm || s == Disputed):
		return Confirmed
	case kind == Dispute && s == ToConfirm:
		return Disputed
	case kind == Reject && s == Disputed:
		return Void
	case kind == Reject && s == Paying:
		return Payable
	case kind == ApplyPayment && s == Payable:
		return Paying
	case kind == PaidOut && s == Paying:
		return Paid
	}
	return NoState
}

// Verdict is what became of an event: whether it fits, and the state it met.
type Verdict struct {
	Accepted bool
	Met      State
}

// Decide says of each event whether it fits the state that it meets: `bad_state` where it does not (§6.5). Events
// of one incentive happen in order of time, then event_id, whatever order they are given in; the verdicts are in the
// given order. closed are the incentives of closed periods.
func (bk *Book) Decide(events []Event, closed []Incentive) []Verdict {
	verdicts := make([]Verdict, len(events))
	rows := make(map[incentiveKey]bool, len(closed))
	for i := range closed {
		rows[closed[i].key()] = true
	}
	machines := map[incentiveKey]*Machine{}
	for _, i := range inOrder(events) {
		e := &events[i]
		m, known := machines[e.key()]
		if !known {
			m = &Machine{}
			if s := bk.season(e.Programme, e.Period); rows[e.key()] || s.runs && bk.names(e.Programme, e.Partner) {
				*m = bk.machine(&s, e.Programme, e.Partner)
			}
			machines[e.key()] = m
		}
		verdicts[i].Met, verdicts[i].Accepted = m.Apply(e.Kind, e.Time)
	}
	return verdicts
}

// inOrder lists the events' indexes by time, then event_id.
func inOrder(events []Event) []int {
	order := make([]int, len(events))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(events[a].Time, events[b].Time), strings.Compare(events[a].ID, events[b].ID),
			cmp.Compare(a, b))
	})
	return order
}
