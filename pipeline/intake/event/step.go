package event

import (
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
)

// Statuses of the life of an order line.
const (
	PendingApproval = "pending_approval"
	Unpaid          = "unpaid"
	Processing      = "processing"
	Completed       = "completed"
	Cancelled       = "cancelled"
)

// Statuses lists all statuses in the order in which steps of the same instant apply.
func Statuses() []string { return []string{PendingApproval, Unpaid, Processing, Completed, Cancelled} }

// Step is one row of the orders feed with a status: a step in the life of an order line.
type Step struct {
	Order         // its PayTime is the time of the step
	ID     string // order_id/order_line/status
	Status string

	Paid    bool   // the order line is among the accepted orders
	Refused bool   // it does not fit the state of the order line; it counts as rejected (EV-10)
	Met     string // that state, if Refused
	From    Source
}

// Rated returns the order in the form that package ordering rates, as if it were paid at the given instant.
func (e *Step) Rated(at period.Instant) *ordering.Order {
	o := e.Order.Rated()
	o.PayTime, o.Effective = at, max(at, o.Effective)
	return o
}

// Describes reports whether the step contains the order's description.
func (e *Step) Describes() bool { return Describes(e.Status) }

// Describes reports whether rows with a status contain the order's description; those of other statuses do not.
func Describes(status string) bool { return status == PendingApproval || status == Unpaid }

// Same reports whether two rows have the same content (§3.20).
func (e *Step) Same(f *Step) bool {
	return e.Status == f.Status && e.Order.Same(&f.Order)
}

// Refusal returns the decision on the row of a step that does not fit the state of the order line.
func (e *Step) Refusal() Decision {
	return Decision{File: e.File, Row: e.Row, Why: reason.BadState, Column: "status", Value: e.Met, ID: e.ID}
}

// Origin returns the step's id, the index of its file in the run (−1 = earlier run) and its row number there.
func (e *Step) Origin() (id string, file int32, row int64) { return e.ID, e.File, e.Row }
