package pay

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// orderBook finds the orders of a bucket and their lines, and the lines of its recurring charges. It loads a cycle when
// something of it is requested.
type orderBook struct {
	p      *bucketPayer
	bucket int
	orders map[period.Cycle]map[accept.OrderKey]*accept.Order
	lines  map[period.Cycle]map[string]row // by id; of paid cycles

	charges map[period.Cycle]map[chargeKey]row // of paid cycles: the first line with a positive payment
}

func newOrderBook(p *bucketPayer, bucket int) *orderBook {
	return &orderBook{p: p, bucket: bucket, orders: make(map[period.Cycle]map[accept.OrderKey]*accept.Order),
		lines: make(map[period.Cycle]map[string]row), charges: make(map[period.Cycle]map[chargeKey]row)}
}

// in returns the orders that are billed in a cycle.
func (b *orderBook) in(c period.Cycle) (map[accept.OrderKey]*accept.Order, error) {
	if known, ok := b.orders[c]; ok {
		return known, nil
	}
	book := accept.NewEventBook()
	if e, ok := b.p.next[lake.Place{Cycle: c, Bucket: b.bucket}][tableDay{table: tables.Orders().Name}]; ok {
		if err := book.Load(b.p.Txn, e, b.p.Books); err != nil {
			return nil, err
		}
	}
	b.orders[c] = book.Orders
	return book.Orders, nil
}

// baseLine is what a refund needs to know of its base: the order, and what its line says was paid.
type baseLine struct {
	order             *accept.Order
	official, payment money.Amount
	split             payment.Split
}

// before finds an order that is billed before a cycle, and its line.
func (b *orderBook) before(key accept.OrderKey, c period.Cycle) (*baseLine, error) {
	for _, earlier := range slices.Backward(b.p.known) {
		if earlier >= c {
			continue
		}
		orders, err := b.in(earlier)
		if err != nil {
			return nil, err
		}
		if o := orders[key]; o != nil {
			r, err := b.line(o, earlier)
			if err != nil {
				return nil, err
			}
			return paidAs(o, r)
		}
	}
	return nil, fmt.Errorf("order %s, which an unsubscribe names, is in no cycle up to %s", orderID(key), c)
}

// line finds the line of an order in a paid cycle.
func (b *orderBook) line(o *accept.Order, c period.Cycle) (row, error) {
	if b.lines[c] == nil {
		b.lines[c] = make(map[string]row)
		key := lake.FileKey{Table: tables.Lines().Name, Cycle: lake.CycleOf(c), Day: lake.EventsDay,
			Bucket: b.bucket}
		for _, e := range b.p.Txn.Next().Find(key) {
			cols, err := readAll(b.p.Txn, e, tables.Lines())
			if err != nil {
				return row{}, err
			}
			for i := range cols.N {
				if r := (row{cols, i}); isOrderLine(r) {
					b.lines[c][string(r.text(tables.LineID))] = r
				}
			}
		}
	}
	r, ok := b.lines[c][orderID(o.OrderKey)]
	if !ok {
		return r, fmt.Errorf("order %s was accepted in %s, which has no line of it", orderID(o.OrderKey), c)
	}
	return r, nil
}

// isOrderLine reports whether a line of the day `events` is of an order: its id is the order's id, a slash and a
// number.
func isOrderLine(r row) bool {
	number, ok := strings.CutPrefix(string(r.text(tables.LineID)), r.word(tables.LineTradeID)+"/")
	return ok && number != ""
}

func orderID(key accept.OrderKey) string { return key.ID + "/" + strconv.FormatInt(key.Line, 10) }

// orderOf returns the order of a line of the day `events`; nil for a manual adjustment's line.
func orderOf(r row, orders map[accept.OrderKey]*accept.Order) *accept.Order {
	if !isOrderLine(r) {
		return nil
	}
	id := r.word(tables.LineTradeID)
	number, err := strconv.ParseInt(string(r.text(tables.LineID)[len(id)+1:]), 10, 64)
	if err != nil {
		return nil
	}
	o := orders[accept.OrderKey{ID: id, Line: number}]
	if o == nil || o.PayTime != r.cols.Time(tables.LineTradeTime).At(r.i) {
		return nil
	}
	return o
}

// paidAs reads what a refund needs to know from its base's line.
func paidAs(o *accept.Order, r row) (*baseLine, error) {
	b := &baseLine{order: o}
	var err error
	if b.official, err = r.amount(tables.LineOfficialAmount); err != nil {
		return nil, err
	}
	if b.payment, err = r.amount(tables.LinePaymentAmount); err != nil {
		return nil, err
	}
	b.split, err = r.split()
	return b, err
}

// byPartner reports whether a partner pays an order.
func byPartner(o *accept.Order) bool { return o.Payer != "customer" }

// batchOf reads a file of lines into memory; nil if there is none.
func batchOf(p *bucketPayer, files dayFiles, day lake.Day) (*parquet.Columns[tables.Line], lake.FileEntry,
	error) {
	e, ok := files[tableDay{tables.Lines().Name, day}]
	if !ok {
		return nil, e, nil
	}
	cols, err := readAll(p.Txn, e, tables.Lines())
	return cols, e, err
}
