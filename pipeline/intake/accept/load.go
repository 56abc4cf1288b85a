package accept

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Load adds the accepted events of a lake file (table orders, adjustments or transfers) to the book. Incentive events
// have LoadIncentives.
func (b *EventBook) Load(o rows.FileOpener, e lake.FileEntry, bk *books.Books) error {
	switch e.Table {
	case "adjustments":
		return EachAdjustment(o, e, bk, nil, func(a *AdjustmentEvent) { b.Adjustments[a.ID] = a })
	case "transfers":
		return EachTransfer(o, e, func(t *TransferEvent) { b.Transfers[t.ID] = t })
	}
	return EachOrder(o, e, bk, nil, b.add)
}

// AgainRejected contains the keys of accepted orders and adjustments that decisions need (EV-4).
type AgainRejected struct {
	orders      map[OrderKey]bool // includes the unsubscribes of these orders
	adjustments map[string]bool
}

// AgainRejected returns the keys needed to decide the rows of the intake and the steps of a book with those of earlier
// runs.
func (in *EventIntake) Again(b *EventBook) *AgainRejected {
	a := &AgainRejected{make(map[OrderKey]bool), make(map[string]bool, len(in.adjustments))}
	for _, o := range in.orders {
		a.orders[o.OrderKey] = true
		if o.Type == ordering.Unsubscribe {
			a.orders[o.Base] = true
		}
	}
	for _, e := range in.statuses {
		a.orders[e.OrderKey] = true
	}
	for _, e := range b.Statuses {
		a.orders[e.OrderKey] = true
	}
	for _, x := range in.adjustments {
		a.adjustments[x.ID] = true
	}
	return a
}

// LoadAgain adds those orders or adjustments of a lake file to the book that decisions need.
func (b *EventBook) LoadAgain(o rows.FileOpener, f lake.FileEntry, bk *books.Books, again *AgainRejected) error {
	switch {
	case f.Table == tables.Orders().Name && len(again.orders) > 0:
		return EachOrder(o, f, bk, func(own, base OrderKey) bool {
			return again.orders[own] || again.orders[base]
		}, b.add)
	case f.Table == tables.Adjustments().Name && len(again.adjustments) > 0:
		return EachAdjustment(o, f, bk, func(id string) bool { return again.adjustments[id] },
			func(a *AdjustmentEvent) { b.Adjustments[a.ID] = a })
	}
	return nil
}
