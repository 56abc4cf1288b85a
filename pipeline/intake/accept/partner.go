package accept

import (
	"cmp"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/settlement"
)

// TransferEvent is one accepted row of the transfers feed: performance that one partner passes to another (§3.17).
type TransferEvent struct {
	ID       string
	Own      period.Cycle // as given
	From, To string       // partner ids
	Customer string       // may be empty
	Amount   money.Amount // ≥ 0

	AsOf  period.Instant
	Cycle period.Cycle // cycle in which it counts: Own, or the earliest open when it came (EV-6)
	File  int32        // index in the run; −1 = accepted by an earlier run
	Row   int64
}

// Same reports whether two rows have the same content (§3.20).
func (t *TransferEvent) Same(u *TransferEvent) bool {
	return t.ID == u.ID && t.Own == u.Own && t.From == u.From && t.To == u.To && t.Customer == u.Customer &&
		t.Amount == u.Amount
}

// IncentiveEvent is one row of the incentive_events feed that passed acceptance (§3.18).
type IncentiveEvent struct {
	ID                 string
	Partner, Programme string
	Period             string // 2026-09 or 2026-Q3
	Event              string // name of a settlement.EventKind
	Time               period.Instant

	AsOf    period.Instant
	Refused bool   // it does not fit the incentive's state; it counts as rejected (EV-8)
	Met     string // that state, if Refused
	Final   bool   // its verdict no longer changes
	From    EventSource
	File    int32 // index in the run; −1 = accepted by an earlier run
	Row     int64
}

// Same reports whether two rows have the same content (§3.20).
func (e *IncentiveEvent) Same(f *IncentiveEvent) bool {
	return e.ID == f.ID && e.Partner == f.Partner && e.Programme == f.Programme && e.Period == f.Period &&
		e.Event == f.Event && e.Time == f.Time
}

// Compare compares the events of an incentive in the order in which they apply: by time, then event_id bytewise (EV-8).
func (e *IncentiveEvent) Compare(f *IncentiveEvent) int {
	return cmp.Or(cmp.Compare(e.Time, f.Time), strings.Compare(e.ID, f.ID))
}

// Origin returns the event's id, the index of its file in the run (−1 = earlier run) and its row number there.
func (t *TransferEvent) Origin() (id string, file int32, row int64) { return t.ID, t.File, t.Row }

// Origin returns the event's id, the index of its file in the run (−1 = earlier run) and its row number there.
func (e *IncentiveEvent) Origin() (id string, file int32, row int64) { return e.ID, e.File, e.Row }

// Refusal returns the decision on the row of an event that does not fit the incentive's state (§6.5).
func (e *IncentiveEvent) Refusal() EventDecision {
	return EventDecision{File: e.File, Row: e.Row, Why: reason.BadState, Column: "event", Value: e.Met, ID: e.ID}
}

// Happens returns the event in the form of package settlement. ok is false if the books no longer have its partner or
// programme.
func (e *IncentiveEvent) Happens(bk *books.Books) (out settlement.Event, ok bool) {
	out = settlement.Event{ID: e.ID, Partner: bk.Partner(e.Partner), Programme: bk.Programme(e.Programme), Time: e.Time,
		Final: e.Final}
	var errs [2]error
	out.Period, errs[0] = settlement.ParsePeriod(e.Period)
	out.Kind, errs[1] = settlement.ParseEventKind(e.Event)
	return out, out.Partner >= 0 && out.Programme >= 0 && errs == [2]error{}
}
