package events

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/event"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// noStatus is the state of an unknown order line.
const noStatus = "none"

// badStatus returns the failure of a status that is not in its list.
func badStatus(status string) *failure {
	if status != "" && !slices.Contains(event.Statuses(), status) {
		return &failure{"status", reason.BadRow, status}
	}
	return nil
}

// status reads and checks row i of the orders feed, which has a status, and keeps it if it passes. Whether it fits the
// life of its order is decided later (EV-10).
func (in *Intake) status(v *view, i int, o *event.Order, status string) (id string, bad *failure) {
	e := &event.Step{ID: o.LineID() + "/" + status, Status: status}
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
func (b *Book) decideStatuses(in *Intake, t *Terms) []event.Decision {
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
func (b *Book) Lives() [][]*event.Step {
	var out [][]*event.Step
	for _, steps := range b.stepsByLine() {
		steps = slices.DeleteFunc(steps, func(e *event.Step) bool { return e.Refused })
		if len(steps) > 0 {
			out = append(out, steps)
		}
	}
	return out
}

// stepsByLine returns the steps of each order line in their order, by order_id and order_line.
func (b *Book) stepsByLine() [][]*event.Step {
	byKey := make(map[event.Key][]*event.Step)
	for _, e := range b.Statuses {
		byKey[e.Key] = append(byKey[e.Key], e)
	}
	keys := slices.SortedFunc(maps.Keys(byKey), func(a, b event.Key) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), cmp.Compare(a.Line, b.Line))
	})
	var out [][]*event.Step
	for _, key := range keys {
		slices.SortFunc(byKey[key], func(x, y *event.Step) int {
			return cmp.Or(cmp.Compare(x.PayTime, y.PayTime),
				cmp.Compare(slices.Index(event.Statuses(), x.Status), slices.Index(event.Statuses(), y.Status)))
		})
		out = append(out, byKey[key])
	}
	return out
}

// judgeSteps decides which steps of an order line fit, in their order. A paid order is always valid: steps that
// contradict it do not fit.
func (b *Book) judgeSteps(steps []*event.Step) {
	met, owner := noStatus, int32(-1)
	paid := b.Orders[steps[0].Key]
	if paid != nil {
		owner = paid.Customer
	}
	for _, e := range steps {
		b.lives = b.lives || e.File >= 0 || e.Paid != (paid != nil)
		e.Paid = paid != nil
		state := met
		if paid != nil && e.PayTime >= paid.PayTime && met != event.Processing && met != event.Completed {
			state = "paid"
		}
		was, before := e.Refused, e.Met
		e.Refused = !follows(e.Status, state) || paid != nil && e.Status == event.Cancelled ||
			owner >= 0 && e.Customer != owner
		if e.Met = ""; e.Refused {
			e.Met = state
		} else {
			met, owner = e.Status, e.Customer
		}
		if e.File < 0 && (was != e.Refused || before != e.Met) {
			b.lives = true
			b.Turned = append(b.Turned, Turn{"orders", e.From, was, e.Refused, e.Refusal()})
		}
	}
}

// follows reports whether a status can follow a state. Nothing follows cancelled and completed.
func follows(status, state string) bool {
	switch status {
	case event.PendingApproval:
		return state == noStatus
	case event.Unpaid:
		return state == noStatus || state == event.PendingApproval
	case event.Cancelled:
		return state == event.Unpaid || state == event.PendingApproval
	case event.Processing:
		return state == "paid"
	}
	return state == "paid" || state == event.Processing
}

// StoreStatuses stores the steps in the life of orders if one is new or was decided differently, or an order was paid.
func (s *Store) StoreStatuses(b *Book) error {
	if !b.lives {
		return nil
	}
	list := slices.SortedFunc(maps.Values(b.Statuses), func(x, y *event.Step) int {
		return cmp.Or(strings.Compare(s.Books.Customers[x.Customer].ID, s.Books.Customers[y.Customer].ID),
			strings.Compare(x.ID, y.ID))
	})
	rows := parquet.NewColumns(tables.OrderStatus())
	for _, e := range list {
		e.AppendTo(rows, s.Books)
	}
	return tablefile.Put(s.Txn, event.StepsKey(), rows.Any(), nil)
}

// LoadStatuses adds the steps in the life of orders of a lake file to the book, refused ones included.
func (b *Book) LoadStatuses(o tablefile.Opener, f manifest.FileEntry, bk *books.Books) error {
	return event.EachStep(o, f, bk, func(e *event.Step) { b.Statuses[e.ID] = e })
}
