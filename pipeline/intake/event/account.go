package event

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
	Amount        money.Amount // > 0; of CreditLimit the new limit, ≥ 0

	Instant period.Instant // when it takes effect (EV-6)
	Cycle   period.Cycle   // that holds Instant
	AsOf    period.Instant // clock of the run that accepted it
	Refused bool           // by the last replay of its cycle: it counts as rejected (EV-7)
	From    Source         // of a Reclaim or Withdraw; the others are never refused
	File    int32          // of the run; −1 = accepted by an earlier one
	Row     int64
}

// Takes reports whether the event takes from a balance, so that a replay may refuse it (§6.3).
func (e *Account) Takes() bool { return e.Type == Reclaim || e.Type == Withdraw }

// Before is the order of account events of one customer (§6.3): by instant, then their own time, then event_id
// bytewise. The own times differ only among events that take effect late.
func (e *Account) Before(f *Account) int {
	return cmp.Or(cmp.Compare(e.Instant, f.Instant), cmp.Compare(e.Time, f.Time), strings.Compare(e.ID, f.ID))
}

// Same reports whether two rows have the same content (§3.20).
func (e *Account) Same(f *Account) bool {
	return e.ID == f.ID && e.Customer == f.Customer && e.Time == f.Time && e.Type == f.Type && e.Balance == f.Balance &&
		e.Amount == f.Amount
}

// TakeEffect puts the event into the cycle it is billed in: its own, or the earliest that was open when it came (EV-6).
func (e *Account) TakeEffect(zone *period.Zone, billed period.Cycle) {
	e.Cycle, e.Instant = billed, e.Time
	if bounds := zone.Bounds(billed); !bounds.Holds(e.Time) {
		e.Instant = min(max(e.AsOf, bounds.From), bounds.To-1)
	}
}

// LateInstant is when a line is paid that a run of an as-of bills in a cycle after its own (§4.11).
func LateInstant(zone *period.Zone, billed period.Cycle, asOf period.Instant) period.Instant {
	return min(asOf, zone.Bounds(billed).To-1)
}

// Origin is the identity of the row, its file of the run (−1 = of an earlier run) and its number there.
func (e *Account) Origin() (id string, file int32, row int64) { return e.ID, e.File, e.Row }

// Refusal is the outcome of the row of an event that a replay refused (§6.3).
func (e *Account) Refusal() Decision {
	return Decision{File: e.File, Row: e.Row, Why: reason.InsufficientBalance, Column: "amount", Value: e.Amount.Trim(),
		ID: e.ID}
}
