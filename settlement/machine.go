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

// The states. NoState is that of an incentive without a row of a closed period whose period does not belong to the
// programme, or whose partner the programme does not name.
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

// ParseState parses a state's word.
func ParseState(word string) (State, error) {
	if at := slices.Index(stateWords[:], word); at >= 0 {
		return State(at), nil
	}
	return 0, fmt.Errorf("state %q is none of %s", word, strings.Join(stateWords[:], ", "))
}

// EventKind is the kind of an event of an incentive (§3.18).
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

// ParseEventKind parses an event's word.
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
	Final              bool // it counts in any state; Decide is not called
}

// incentiveKey identifies one incentive.
type incentiveKey struct {
	programme, partner int32
	period             Period
}

func (e *Event) key() incentiveKey { return incentiveKey{e.Programme, e.Partner, e.Period} }

// Machine is the state machine of one incentive: its deadlines and the state after the last event. The zero Machine
// stays in NoState.
type Machine struct {
	Closes   period.Instant // close time of the period's last cycle (§2.1): from then on it can be confirmed
	Deadline period.Instant // from then on it is void without a confirmation or dispute; Forever = none
	Payout   period.Instant // from then on it is payable if confirmed
	Lapses   period.Instant // from then on it is void unless Paying or Paid; Forever = the partner has not left
	state    State          // after the last event; At adds the effect of time
}

// Machine returns the machine of an existing incentive before any event. It needs no amounts.
func (bk *Book) Machine(programme, partner int32, p Period) Machine {
	s := bk.season(programme, p)
	return bk.machine(&s, programme, partner)
}

// season is a period of a programme, for any partner.
type season struct {
	span period.Span
	runs bool    // whether the programme has the period
	life Machine // for a partner that never leaves
}

func (bk *Book) season(programme int32, p Period) season {
	g, zone := &bk.books.Programmes[programme], bk.books.Zone
	s := season{span: p.Span(zone), runs: bk.runs(programme, p)}
	s.life = Machine{state: Estimated, Deadline: period.Forever, Lapses: period.Forever}
	closing := p.Last().Add(1).First() + period.Day(bk.rules.CloseDay-1)
	s.life.Closes = zone.At(closing, int64(bk.rules.CloseMinute)*period.Minute)
	if g.ConfirmWithinDays >= 0 {
		s.life.Deadline = zone.Start(bk.books.WorkingDays(closing, g.ConfirmWithinDays) + 1)
	}
	s.life.Payout = PeriodOf(p.Last(), g.PayoutQuarterly).Span(zone).To
	return s
}

// machine returns the season's machine for one partner. The partner has left if its last row says so.
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

// At returns the state at an instant that is not before the last event.
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

// Apply applies an event. It returns the state before the event, and whether the event fits; an event that does not fit
// changes nothing. Events must come in order of their time.
func (m *Machine) Apply(kind EventKind, t period.Instant) (met State, fits bool) {
	met = m.At(t)
	next := after(met, kind)
	if next == NoState {
		return met, false
	}
	m.state = next
	return met, true
}

// after returns the state after an event, or NoState if it does not fit (§6.5).
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

// Verdict is the verdict on an event: whether it fits, and the state before it.
type Verdict struct {
	Accepted bool
	Met      State
}

// Decide determines for each event whether it fits the state before it; if not, the event is rejected with `bad_state`
// (§6.5). Events of one incentive take effect in order of time, then event_id, whatever their order in events; the
// verdicts are in the order of events. closed are the incentives of closed periods.
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

// inOrder returns the indexes of events by time, then event_id.
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
