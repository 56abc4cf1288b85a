package accept

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// noStatus is the state of an unknown order line.
const noStatus = "none"

// badStatus returns the failure of a status that is not in its list.
func badStatus(status string) *failure {
	if status != "" && !slices.Contains(OrderStatuses(), status) {
		return &failure{"status", reason.BadRow, status}
	}
	return nil
}

// status reads and checks row i of the orders feed, which has a status, and keeps it if it passes. Whether it fits the
// life of its order is decided later (EV-10).
func (in *EventIntake) status(v *view, i int, o *Order, status string) (id string, bad *failure) {
	e := &OrderStep{ID: o.LineID() + "/" + status, Status: status}
	if bad := badStatus(status); bad != nil {
		return e.ID, bad
	}
	o.Type, _ = ordering.ParseOrderType(v.text("order_type", i)) // badWord has checked it
	if bad := readOrder(o, v, i, status, in.Books.CustomerCurrencyOf(v.text("customer_id", i)).Digits); bad != nil {
		return e.ID, bad
	}
	if bad := in.checks().checkOrder(o, v, i, status); bad != nil {
		return e.ID, bad
	}
	e.Order, e.From.Raw = *o, string(v.batch.Raw(nil, i))
	in.mu.Lock()
	defer in.mu.Unlock()
	in.statuses = append(in.statuses, e)
	return e.ID, nil
}

// decideStatuses decides the steps of the intake by identity and adds the accepted ones to the book. Then it decides
// whether each step in the book fits the state of its order line (EV-10).
func (b *EventBook) decideStatuses(in *EventIntake, t *EventTerms) []EventDecision {
	out, sound := decideIdentities(byIdentity(in.statuses, t.Drop), b.Statuses, "order_id")
	for _, g := range sound {
		e := g[0]
		raw := e.From.Raw
		e.From = t.Source(e.File, e.Row)
		e.From.Raw = raw
		b.Statuses[e.ID] = e
		out = append(out, acceptFirst(g)...)
	}
	for _, steps := range b.stepsByLine() {
		b.judgeSteps(steps)
	}
	for i, d := range out {
		if e := b.Statuses[d.ID]; e != nil && e.Refused && e.File == d.File && e.Row == d.Row {
			out[i] = e.Refusal()
		}
	}
	return out
}

// Lives returns the accepted steps of each order line in their order, by order_id and order_line.
func (b *EventBook) Lives() [][]*OrderStep {
	var out [][]*OrderStep
	for _, steps := range b.stepsByLine() {
		steps = slices.DeleteFunc(steps, func(e *OrderStep) bool { return e.Refused })
		if len(steps) > 0 {
			out = append(out, steps)
		}
	}
	return out
}

// stepsByLine returns the steps of each order line in their order, by order_id and order_line.
func (b *EventBook) stepsByLine() [][]*OrderStep {
	byKey := make(map[OrderKey][]*OrderStep)
	for _, e := range b.Statuses {
		byKey[e.OrderKey] = append(byKey[e.OrderKey], e)
	}
	keys := slices.SortedFunc(maps.Keys(byKey), func(a, b OrderKey) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), cmp.Compare(a.Line, b.Line))
	})
	var out [][]*OrderStep
	for _, key := range keys {
		slices.SortFunc(byKey[key], func(x, y *OrderStep) int {
			return cmp.Or(cmp.Compare(x.PayTime, y.PayTime),
				cmp.Compare(slices.Index(OrderStatuses(), x.Status), slices.Index(OrderStatuses(), y.Status)))
		})
		out = append(out, byKey[key])
	}
	return out
}

// judgeSteps decides which steps of an order line fit, in their order. A paid order is always valid: steps that
// contradict it do not fit.
func (b *EventBook) judgeSteps(steps []*OrderStep) {
	met, owner := noStatus, int32(-1)
	paid := b.Orders[steps[0].OrderKey]
	if paid != nil {
		owner = paid.Customer
	}
	for _, e := range steps {
		b.lives = b.lives || e.File >= 0 || e.Paid != (paid != nil)
		e.Paid = paid != nil
		state := met
		if paid != nil && e.PayTime >= paid.PayTime && met != OrderProcessing && met != OrderCompleted {
			state = "paid"
		}
		was, before := e.Refused, e.Met
		e.Refused = !follows(e.Status, state) || paid != nil && e.Status == OrderCancelled ||
			owner >= 0 && e.Customer != owner
		if e.Met = ""; e.Refused {
			e.Met = state
		} else {
			met, owner = e.Status, e.Customer
		}
		if e.File < 0 && (was != e.Refused || before != e.Met) {
			b.lives = true
			b.Turned = append(b.Turned, EventTurn{"orders", e.From, was, e.Refused, e.Refusal()})
		}
	}
}

// follows reports whether a status can follow a state. Nothing follows cancelled and completed.
func follows(status, state string) bool {
	switch status {
	case OrderPendingApproval:
		return state == noStatus
	case OrderUnpaid:
		return state == noStatus || state == OrderPendingApproval
	case OrderCancelled:
		return state == OrderUnpaid || state == OrderPendingApproval
	case OrderProcessing:
		return state == "paid"
	}
	return state == "paid" || state == OrderProcessing
}

// StoreStatuses stores the steps in the life of orders if one is new or was decided differently, or an order was paid.
func (s *EventStore) StoreStatuses(b *EventBook) error {
	if !b.lives {
		return nil
	}
	list := slices.SortedFunc(maps.Values(b.Statuses), func(x, y *OrderStep) int {
		return cmp.Or(strings.Compare(s.Books.Customers[x.Customer].ID, s.Books.Customers[y.Customer].ID),
			strings.Compare(x.ID, y.ID))
	})
	batch := parquet.NewColumns(tables.OrderStatus())
	for _, e := range list {
		e.AppendTo(batch, s.Books)
	}
	return rows.PutFile(s.Txn, StepsKey(), batch.Any(), nil)
}

// LoadStatuses adds the steps in the life of orders of a lake file to the book, refused ones included.
func (b *EventBook) LoadStatuses(o rows.FileOpener, f lake.FileEntry, bk *books.Books) error {
	return EachStep(o, f, bk, func(e *OrderStep) { b.Statuses[e.ID] = e })
}
