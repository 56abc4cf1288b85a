package query

import (
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// NextStep is the next change of an incentive (§6.5).
type NextStep struct {
	At      period.Instant // the first instant at which time alone changes the state; Forever = never
	Then    string         // what happens then, or must be done; empty = nothing
	Void    bool           // the incentive becomes void at the instant
	Confirm bool           // it waits for a confirmation
}

// NextStepOf returns when time alone changes an incentive, and what must be done or happens then (§6.5). m is its
// machine before any event.
func NextStepOf(m settlement.Machine, state settlement.State) NextStep {
	if m.At(0) == settlement.NoState {
		return NextStep{At: period.Forever} // the programme no longer contains it
	}
	var s NextStep
	switch state {
	case settlement.Estimated:
		return NextStep{At: m.Closes, Then: "to confirm"}
	case settlement.ToConfirm:
		s = NextStep{At: m.Deadline, Then: "void without a confirmation or a dispute", Void: true, Confirm: true}
		if m.Deadline == period.Forever {
			s.Then, s.Void = "waits for a confirmation or a dispute", false
		}
	case settlement.Confirmed:
		s = NextStep{At: m.Payout, Then: "payable"}
	case settlement.Disputed:
		s = NextStep{At: period.Forever, Then: "waits for the dispute to be settled: confirm or reject"}
	case settlement.Payable:
		s = NextStep{At: period.Forever, Then: "waits for an application for payment"}
	case settlement.Paying:
		return NextStep{At: period.Forever, Then: "waits for the payment"}
	default:
		return NextStep{At: period.Forever}
	}
	if m.Lapses < s.At {
		s.At, s.Then, s.Void = m.Lapses, "void, because the partner has left", true
	}
	return s
}
