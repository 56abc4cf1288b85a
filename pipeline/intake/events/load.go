package events

import (
	"github.com/tollbook/tollbook/pipeline/intake/event"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Load adds the accepted events of a lake file (table orders, adjustments or transfers) to the book. Incentive events
// have LoadIncentives.
func (b *Book) Load(o tablefile.Opener, e manifest.FileEntry, bk *books.Books) error {
	switch e.Table {
	case "adjustments":
		return event.EachAdjustment(o, e, bk, nil, func(a *event.Adjustment) { b.Adjustments[a.ID] = a })
	case "transfers":
		return event.EachTransfer(o, e, func(t *event.Transfer) { b.Transfers[t.ID] = t })
	}
	return event.EachOrder(o, e, bk, nil, b.add)
}

// Again contains the keys of accepted orders and adjustments that decisions need (EV-4).
type Again struct {
	orders      map[event.Key]bool // includes the unsubscribes of these orders
	adjustments map[string]bool
}

// Again returns the keys needed to decide the rows of the intake and the steps of a book with those of earlier runs.
func (in *Intake) Again(b *Book) *Again {
	a := &Again{make(map[event.Key]bool), make(map[string]bool, len(in.adjustments))}
	for _, o := range in.orders {
		a.orders[o.Key] = true
		if o.Type == ordering.Unsubscribe {
			a.orders[o.Base] = true
		}
	}
	for _, e := range in.statuses {
		a.orders[e.Key] = true
	}
	for _, e := range b.Statuses {
		a.orders[e.Key] = true
	}
	for _, x := range in.adjustments {
		a.adjustments[x.ID] = true
	}
	return a
}

// LoadAgain adds those orders or adjustments of a lake file to the book that decisions need.
func (b *Book) LoadAgain(o tablefile.Opener, f manifest.FileEntry, bk *books.Books, again *Again) error {
	switch {
	case f.Table == tables.Orders().Name && len(again.orders) > 0:
		return event.EachOrder(o, f, bk, func(own, base event.Key) bool {
			return again.orders[own] || again.orders[base]
		}, b.add)
	case f.Table == tables.Adjustments().Name && len(again.adjustments) > 0:
		return event.EachAdjustment(o, f, bk, func(id string) bool { return again.adjustments[id] },
			func(a *event.Adjustment) { b.Adjustments[a.ID] = a })
	}
	return nil
}
