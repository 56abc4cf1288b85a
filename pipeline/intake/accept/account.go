package accept

import (
	"cmp"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
)

// The types of account events (§3.16).
const (
	Recharge    = "recharge"
	Allocate    = "allocate"
	Reclaim     = "reclaim"
	Withdraw    = "withdraw"
	CreditLimit = "credit_limit"
)

// The balance types of account events (§3.16).
const (
	Cash        = "cash"
	StoredValue = "stored_value"
	FlexiCoupon = "flexi_coupon"
	Credit      = "credit"
)

// Account is one row of the accounts feed that passed acceptance (§3.16).
type Account struct {
	ID            string
	Customer      int32
	Time          period.Instant // as given
	Type, Balance string
	Amount        money.Amount // > 0; for CreditLimit the new limit, ≥ 0

	Instant period.Instant // when it takes effect (EV-6)
	Cycle   period.Cycle   // the cycle of Instant
	AsOf    period.Instant // clock of the run that accepted it
	Refused bool           // the last replay of its cycle refused it; it counts as rejected (EV-7)
	From    EventSource    // of a Reclaim or Withdraw only: other types are never refused
	File    int32          // index in the run; −1 = accepted by an earlier run
	Row     int64
}

// Takes reports whether the event takes from a balance, so that a replay may refuse it (§6.3).
func (e *Account) Takes() bool { return e.Type == Reclaim || e.Type == Withdraw }

// Compare compares account events of one customer in the order in which they apply (§6.3): by instant, own time, then
// event_id bytewise. Own times differ from instants only for events that take effect late.
func (e *Account) Compare(f *Account) int {
	return cmp.Or(cmp.Compare(e.Instant, f.Instant), cmp.Compare(e.Time, f.Time), strings.Compare(e.ID, f.ID))
}

// Same reports whether two rows have the same content (§3.20).
func (e *Account) Same(f *Account) bool {
	return e.ID == f.ID && e.Customer == f.Customer && e.Time == f.Time && e.Type == f.Type && e.Balance == f.Balance &&
		e.Amount == f.Amount
}

// TakeEffect assigns the event to the cycle that bills it: its own, or the earliest one open when it came (EV-6).
func (e *Account) TakeEffect(zone *period.Zone, billed period.Cycle) {
	e.Cycle, e.Instant = billed, EffectOf(zone, billed, e.Time, e.AsOf)
}

// EffectOf returns the instant at which an event takes effect in the cycle that bills it: its own time if it is in that
// cycle, else LateInstant.
func EffectOf(zone *period.Zone, billed period.Cycle, own, asOf period.Instant) period.Instant {
	if zone.Bounds(billed).Holds(own) {
		return own
	}
	return LateInstant(zone, billed, asOf)
}

// LateInstant returns when late lines and events count: at the as-of of the run that accepted them, but within the
// cycle that bills them (§4.11).
func LateInstant(zone *period.Zone, billed period.Cycle, asOf period.Instant) period.Instant {
	bounds := zone.Bounds(billed)
	return min(max(asOf, bounds.From), bounds.To-1)
}

// Origin returns the event's id, the index of its file in the run (−1 = earlier run) and its row number there.
func (e *Account) Origin() (id string, file int32, row int64) { return e.ID, e.File, e.Row }

// Refusal returns the decision on the row of an event that a replay refused (§6.3).
func (e *Account) Refusal() EventDecision {
	return EventDecision{File: e.File, Row: e.Row, Why: reason.InsufficientBalance, Column: "amount",
		Value: e.Amount.Trim(),
		ID:    e.ID}
}
