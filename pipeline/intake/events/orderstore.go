package events

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/event"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Store stores accepted events in the next state of a transaction.
type Store struct {
	Txn    *lake.SubTxn
	Books  *books.Books
	Prices *tariff.Book
	Bucket func(customer string) int
}

// Orders reads the orders and the adjustments of a place from the next state.
func Orders(txn *lake.SubTxn, bk *books.Books, p place.Place) (orders []*event.Order, adjustments []*event.Adjustment,
	err error) {
	for _, f := range txn.Next().Find(event.OrdersKey(p)) {
		err := event.EachOrder(txn, f, bk, nil, func(o *event.Order) { orders = append(orders, o) })
		if err != nil {
			return nil, nil, err
		}
	}
	for _, f := range txn.Next().Find(event.AdjustmentsKey(p)) {
		err := event.EachAdjustment(txn, f, bk, nil, func(a *event.Adjustment) { adjustments = append(adjustments, a) })
		if err != nil {
			return nil, nil, err
		}
	}
	return orders, adjustments, nil
}

// placeEvents are the orders and adjustments of this run for one place.
type placeEvents struct {
	orders      []*event.Order
	adjustments []*event.Adjustment
}

// StoreOrders adds the orders and adjustments of this run to those of their places, and returns these places. If the
// charge of an order exceeds the range of amounts, the error names its row.
func (s *Store) StoreOrders(b *Book) (map[place.Place]bool, error) {
	fresh := make(map[place.Place]*placeEvents)
	at := func(p place.Place) *placeEvents {
		if fresh[p] == nil {
			fresh[p] = new(placeEvents)
		}
		return fresh[p]
	}
	for _, o := range b.Orders {
		if o.File >= 0 {
			here := at(place.Place{Cycle: o.Cycle, Bucket: s.Bucket(s.Books.Customers[o.Customer].ID)})
			here.orders = append(here.orders, o)
		}
	}
	for _, a := range b.Adjustments {
		if a.File >= 0 {
			here := at(place.Place{Cycle: a.Cycle, Bucket: s.Bucket(s.Books.Customers[a.Customer].ID)})
			here.adjustments = append(here.adjustments, a)
		}
	}
	places := make(map[place.Place]bool, len(fresh))
	for _, p := range place.InOrder(fresh) {
		if err := s.addTo(p, fresh[p]); err != nil {
			return nil, err
		}
		places[p] = true
	}
	return places, nil
}

// addTo stores new orders and adjustments together with those of their place (EV-3).
func (s *Store) addTo(p place.Place, fresh *placeEvents) error {
	orders, adjustments, err := Orders(s.Txn, s.Books, p)
	if err != nil {
		return err
	}
	orders, adjustments = append(orders, fresh.orders...), append(adjustments, fresh.adjustments...)
	slices.SortFunc(orders, func(x, y *event.Order) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Line, y.Line))
	})
	slices.SortFunc(adjustments, func(x, y *event.Adjustment) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), strings.Compare(x.ID, y.ID))
	})
	rows := parquet.NewColumns(tables.Orders())
	for _, o := range orders {
		if err := s.checkPrice(o); err != nil {
			return err
		}
		o.AppendTo(rows, s.Books)
	}
	if err := tablefile.Put(s.Txn, event.OrdersKey(p), rows, nil); err != nil {
		return err
	}
	corrections := parquet.NewColumns(tables.Adjustments())
	for _, a := range adjustments {
		a.AppendTo(corrections, s.Books)
	}
	return tablefile.Put(s.Txn, event.AdjustmentsKey(p), corrections, nil)
}

// checkPrice prices an order of this run, so that an error can name its row: it is unknown when the line is made.
func (s *Store) checkPrice(o *event.Order) error {
	if o.File < 0 || o.Type == ordering.Unsubscribe {
		return nil
	}
	if _, err := ordering.Price(s.Prices, o.Rated(), nil); err != nil {
		return fmt.Errorf("order %s: %w", o.LineID(), tariff.FromRow(err, o.File, o.Row))
	}
	return nil
}
