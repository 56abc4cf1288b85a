package query

import (
	"strconv"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// OrderLife is the state of an order line according to its steps.
type OrderLife struct {
	Key      accept.OrderKey
	Customer string
	Status   string
	Since    period.Instant // when it entered the status
	Created  period.Instant // the first step
	Paid     bool
	Order    *accept.OrderStep // the last step that describes the order; nil if none does
}

// OrderLives returns the order lines of a state that have steps, by order_id and order_line. Errors:
// *accept.GoneBookError if the books no longer contain a customer or product of a step.
func OrderLives(snap *lake.Snapshot, b *books.Books) ([]OrderLife, error) {
	files, err := snap.Find(accept.StepsKey())
	if err != nil || len(files) == 0 {
		return nil, err
	}
	book := accept.NewEventBook()
	for _, f := range files {
		if err := book.LoadStatuses(snap, f, b); err != nil {
			return nil, err
		}
	}
	return livesOf(book, b), nil
}

// livesOf returns the order lines that have steps in a book of events.
func livesOf(book *accept.EventBook, b *books.Books) []OrderLife {
	var out []OrderLife
	for _, steps := range book.Lives() {
		first, last := steps[0], steps[len(steps)-1]
		l := OrderLife{Key: first.OrderKey, Customer: b.Customers[first.Customer].ID, Status: last.Status,
			Since:   last.PayTime,
			Created: first.PayTime, Paid: first.Paid}
		for _, e := range steps {
			if e.Describes() {
				l.Order = e
			}
		}
		if l.Paid && l.Status != accept.OrderProcessing {
			l.Status = accept.OrderCompleted
		}
		out = append(out, l)
	}
	return out
}

// ID is order_id/order_line.
func (l *OrderLife) ID() string { return l.Key.ID + "/" + strconv.FormatInt(l.Key.Line, 10) }

// Open reports whether the order line can still be paid.
func (l *OrderLife) Open() bool {
	return !l.Paid && l.Order != nil && l.Status != accept.OrderCancelled
}

// Price returns the charge of an unpaid order line, as if it were paid at an instant; false if it has none (ORDERS-2).
func (l *OrderLife) Price(prices *tariff.Book, at period.Instant) (table.Charge, bool, error) {
	if l.Order == nil || l.Order.Type == ordering.Unsubscribe {
		return table.Charge{}, false, nil
	}
	o := l.Order.Rated(at)
	if !ordering.Priced(prices, o) {
		return table.Charge{}, false, nil
	}
	charge, err := ordering.Price(prices, o, nil)
	return charge, err == nil, err
}
