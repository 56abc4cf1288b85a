package account

import (
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
)

// Verdict is the verdict on an event. The zero Verdict means that the event counts.
type Verdict struct {
	Why           reason.Reason // None = it counts
	Column, Value string        // of the reject
}

// Accepted reports whether the event counts; otherwise it changes nothing (VERD-1).
func (v Verdict) Accepted() bool { return v.Why == reason.None }

// BadState rejects an event that does not fit the state met. column is the feed's column of the event's type.
func BadState(column, met string) Verdict { return Verdict{reason.BadState, column, met} }

// AboveQuota rejects an amount above what is left of a quota.
func AboveQuota(a money.Amount) Verdict { return Verdict{reason.OverQuota, "amount", a.Trim()} }

// AboveInvoiced rejects an amount above what can be invoiced or is unpaid.
func AboveInvoiced(a money.Amount) Verdict { return Verdict{reason.OverInvoiced, "amount", a.Trim()} }

// InsufficientBalance rejects an amount above a balance.
func InsufficientBalance(a money.Amount) Verdict {
	return Verdict{reason.InsufficientBalance, "amount", a.Trim()}
}

// IDConflict rejects an id that is already used.
func IDConflict(column, id string) Verdict { return Verdict{reason.Conflict, column, id} }

// Stamp holds the times of an event, and the verdict that a closed cycle made final.
type Stamp struct {
	Time    period.Instant // the event's own time
	Instant period.Instant // when it takes effect
	Final   bool           // its cycle is closed, so that Past is its verdict
	Past    Verdict
}
