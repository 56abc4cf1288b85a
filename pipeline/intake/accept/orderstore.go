package accept

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// EventStore stores accepted events in the next state of a transaction.
type EventStore struct {
	Txn    *lake.SubTxn
	Books  *books.Books
	Prices *tariff.Book
	Bucket func(customer string) int
}

// OrdersOf reads the orders and the adjustments of a place from the next state.
func OrdersOf(txn *lake.SubTxn, bk *books.Books, p lake.Place) (orders []*Order, adjustments []*AdjustmentEvent,
	err error) {
	for _, f := range txn.Next().Find(OrdersKey(p)) {
		err := EachOrder(txn, f, bk, nil, func(o *Order) { orders = append(orders, o) })
		if err != nil {
			return nil, nil, err
		}
	}
	for _, f := range txn.Next().Find(AdjustmentsKey(p)) {
		err := EachAdjustment(txn, f, bk, nil, func(a *AdjustmentEvent) { adjustments = append(adjustments, a) })
		if err != nil {
			return nil, nil, err
		}
	}
	return orders, adjustments, nil
}

// placeEvents are the orders and adjustments of this run for one place.
type placeEvents struct {
	orders      []*Order
	adjustments []*AdjustmentEvent
}

// StoreOrders adds the orders and adjustments of this run to those of their places, and returns these places. If the
// charge of an order exceeds the range of amounts, the error names its row.
func (s *EventStore) StoreOrders(b *EventBook) (map[lake.Place]bool, error) {
	fresh := make(map[lake.Place]*placeEvents)
	at := func(p lake.Place) *placeEvents {
		if fresh[p] == nil {
			fresh[p] = new(placeEvents)
		}
		return fresh[p]
	}
	for _, o := range b.Orders {
		if o.File >= 0 {
			here := at(lake.Place{Cycle: o.Cycle, Bucket: s.Bucket(s.Books.Customers[o.Customer].ID)})
			here.orders = append(here.orders, o)
		}
	}
	for _, a := range b.Adjustments {
		if a.File >= 0 {
			here := at(lake.Place{Cycle: a.Cycle, Bucket: s.Bucket(s.Books.Customers[a.Customer].ID)})
			here.adjustments = append(here.adjustments, a)
		}
	}
	places := make(map[lake.Place]bool, len(fresh))
	for _, p := range lake.PlacesInOrder(fresh) {
		if err := s.addTo(p, fresh[p]); err != nil {
			return nil, err
		}
		places[p] = true
	}
	return places, nil
}

// addTo stores new orders and adjustments together with those of their place (EV-3).
func (s *EventStore) addTo(p lake.Place, fresh *placeEvents) error {
	orders, adjustments, err := OrdersOf(s.Txn, s.Books, p)
	if err != nil {
		return err
	}
	orders, adjustments = append(orders, fresh.orders...), append(adjustments, fresh.adjustments...)
	slices.SortFunc(orders, func(x, y *Order) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Line, y.Line))
	})
	slices.SortFunc(adjustments, func(x, y *AdjustmentEvent) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), strings.Compare(x.ID, y.ID))
	})
	batch := parquet.NewColumns(tables.Orders())
	for _, o := range orders {
		if err := s.checkPrice(o); err != nil {
			return err
		}
		o.AppendTo(batch, s.Books)
	}
	if err := rows.PutFile(s.Txn, OrdersKey(p), batch, nil); err != nil {
		return err
	}
	corrections := parquet.NewColumns(tables.Adjustments())
	for _, a := range adjustments {
		a.AppendTo(corrections, s.Books)
	}
	return rows.PutFile(s.Txn, AdjustmentsKey(p), corrections, nil)
}

// checkPrice prices an order of this run, so that an error can name its row: it is unknown when the line is made.
func (s *EventStore) checkPrice(o *Order) error {
	if o.File < 0 || o.Type == ordering.Unsubscribe {
		return nil
	}
	if _, err := ordering.Price(s.Prices, o.Rated(), nil); err != nil {
		return fmt.Errorf("order %s: %w", o.LineID(), tariff.FromRow(err, o.File, o.Row))
	}
	return nil
}
