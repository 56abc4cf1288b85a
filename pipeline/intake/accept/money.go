package accept

import (
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/account"
)

// MoneyEvent is one row of a feed about partners' money that passed acceptance (§9). Columns that the event's type does
// not use are empty. Feeds share fields; package accept defines which column is stored in which field.
type MoneyEvent struct {
	Feed    string
	ID      string
	Partner string // partner_id; for invoices the issuer
	Type    string // value of the column type or event
	Time    period.Instant
	Amount  money.Amount
	Heads   int64
	Subject string // claim_id, withdrawal_id, invoice_id, coupon_id
	Other   string // to_partner_id, recipient_id, customer_id
	Scope   string // programme_id, cycle, quota_id
	Period  string
	Detail  string // channel, source, activity_type, number, solution_id
	Note    string // activity_date, account, content

	AsOf    period.Instant // clock of the run that accepted it
	Instant period.Instant // when it takes effect (§4.11)
	Verdict account.Verdict
	Past    account.Verdict // verdict of the last run
	From    EventSource
	File    int32 // index in the run; -1 = accepted by an earlier run
	Row     int64
}

// Same reports whether two rows have the same content (§3.20).
func (e *MoneyEvent) Same(f *MoneyEvent) bool {
	return e.ID == f.ID && e.Partner == f.Partner && e.Type == f.Type && e.Time == f.Time && e.Amount == f.Amount &&
		e.Heads == f.Heads &&
		e.Subject == f.Subject && e.Other == f.Other && e.Scope == f.Scope && e.Period == f.Period &&
		e.Detail == f.Detail &&
		e.Note == f.Note
}

// Origin returns the event's id, the index of its file in the run (−1 = earlier run) and its row number there.
func (e *MoneyEvent) Origin() (id string, file int32, row int64) { return e.ID, e.File, e.Row }

// Refusal returns the decision on the row of an event that a replay rejected.
func (e *MoneyEvent) Refusal() EventDecision {
	return EventDecision{
		File:   e.File,
		Row:    e.Row,
		Why:    e.Verdict.Why,
		Column: e.Verdict.Column,
		Value:  e.Verdict.Value,
		ID:     e.ID,
	}
}
