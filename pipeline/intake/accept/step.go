package accept

import (
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
)

// OrderStatuses of the life of an order line.
const (
	OrderPendingApproval = "pending_approval"
	OrderUnpaid          = "unpaid"
	OrderProcessing      = "processing"
	OrderCompleted       = "completed"
	OrderCancelled       = "cancelled"
)

// OrderStatuses lists all statuses in the order in which steps of the same instant apply.
func OrderStatuses() []string {
	return []string{OrderPendingApproval, OrderUnpaid, OrderProcessing, OrderCompleted, OrderCancelled}
}

// OrderStep is one row of the orders feed with a status: a step in the life of an order line.
type OrderStep struct {
	Order         // its PayTime is the time of the step
	ID     string // order_id/order_line/status
	Status string

	Paid    bool   // the order line is among the accepted orders
	Refused bool   // it does not fit the state of the order line; it counts as rejected (EV-10)
	Met     string // that state, if Refused
	From    EventSource
}

// Rated returns the order in the form that package ordering rates, as if it were paid at the given instant.
func (e *OrderStep) Rated(at period.Instant) *ordering.Order {
	o := e.Order.Rated()
	o.PayTime, o.Effective = at, max(at, o.Effective)
	return o
}

// DescribesOrder reports whether the step contains the order's description.
func (e *OrderStep) Describes() bool { return DescribesOrder(e.Status) }

// DescribesOrder reports whether rows with a status contain the order's description; those of other statuses do not.
func DescribesOrder(status string) bool {
	return status == OrderPendingApproval || status == OrderUnpaid
}

// Same reports whether two rows have the same content (§3.20).
func (e *OrderStep) Same(f *OrderStep) bool {
	return e.Status == f.Status && e.Order.Same(&f.Order)
}

// Refusal returns the decision on the row of a step that does not fit the state of the order line.
func (e *OrderStep) Refusal() EventDecision {
	return EventDecision{File: e.File, Row: e.Row, Why: reason.BadState, Column: "status", Value: e.Met, ID: e.ID}
}

// Origin returns the step's id, the index of its file in the run (−1 = earlier run) and its row number there.
func (e *OrderStep) Origin() (id string, file int32, row int64) { return e.ID, e.File, e.Row }
