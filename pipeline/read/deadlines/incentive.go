package deadlines

import (
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// Step is the next change of an incentive (§6.5).
type Step struct {
	At      period.Instant // the first instant at which time alone changes the state; Forever = never
	Then    string         // what happens then, or must be done; empty = nothing
	Void    bool           // the incentive becomes void at the instant
	Confirm bool           // it waits for a confirmation
}

// Next returns when time alone changes an incentive, and what must be done or happens then (§6.5). m is its machine
// before any event.
func Next(m settlement.Machine, state settlement.State) Step {
	if m.At(0) == settlement.NoState {
		return Step{At: period.Forever} // the programme no longer contains it
	}
	var s Step
	switch state {
	case settlement.Estimated:
		return Step{At: m.Closes, Then: "to confirm"}
	case settlement.ToConfirm:
		s = Step{At: m.Deadline, Then: "void without a confirmation or a dispute", Void: true, Confirm: true}
		if m.Deadline == period.Forever {
			s.Then, s.Void = "waits for a confirmation or a dispute", false
		}
	case settlement.Confirmed:
		s = Step{At: m.Payout, Then: "payable"}
	case settlement.Disputed:
		s = Step{At: period.Forever, Then: "waits for the dispute to be settled: confirm or reject"}
	case settlement.Payable:
		s = Step{At: period.Forever, Then: "waits for an application for payment"}
	case settlement.Paying:
		return Step{At: period.Forever, Then: "waits for the payment"}
	default:
		return Step{At: period.Forever}
	}
	if m.Lapses < s.At {
		s.At, s.Then, s.Void = m.Lapses, "void, because the partner has left", true
	}
	return s
}
