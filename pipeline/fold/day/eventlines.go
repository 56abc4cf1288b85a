package day

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// EventFolder makes the lines of orders and adjustments of one bucket after the other.
type EventFolder struct {
	*state.State
	Refund ordering.RefundRules
	Open   func(period.Cycle) bool // whether a cycle may still change
}

// bucket makes the event lines of one bucket.
type bucket struct {
	*EventFolder
	number int
	bases  map[accept.OrderKey]*accept.Order // the orders that unsubscribes refund
	billed map[accept.OrderKey]*paidLine     // orders of closed cycles, from their lines
	loaded map[period.Cycle]bool             // closed cycles whose orders are in billed
}

// paidLine is what a refund needs of its base's line.
type paidLine struct {
	official, payment money.Amount
	discount, partner string
	association       books.AssociationType
}

// Bucket makes the event lines of a bucket in some open cycles, with their sums, and returns the number of lines.
// Errors: *accept.GoneBookError for an order or an adjustment of something that the books no longer contain,
// *tariff.LimitError.
func (f *EventFolder) Bucket(number int, cycles []period.Cycle) (n int64, err error) {
	b := &bucket{EventFolder: f, number: number, bases: make(map[accept.OrderKey]*accept.Order),
		billed: make(map[accept.OrderKey]*paidLine), loaded: make(map[period.Cycle]bool)}
	for _, c := range cycles {
		made, err := b.cycle(c)
		if err != nil {
			return 0, err
		}
		n += made
	}
	return n, nil
}

// cycle makes the event lines of a cycle (EVENTLINE-1).
func (b *bucket) cycle(c period.Cycle) (int64, error) {
	p := lake.Place{Cycle: c, Bucket: b.number}
	orders, adjustments, err := accept.OrdersOf(b.Txn, b.Books, p)
	if err == nil {
		err = b.findBases(orders)
	}
	if err != nil {
		return 0, err
	}
	list := make([]*rows.Line, 0, len(orders)+len(adjustments))
	for _, o := range orders {
		l, err := b.orderLine(o)
		if err != nil {
			return 0, err
		}
		list = append(list, l)
	}
	for _, a := range adjustments {
		list = append(list, b.adjustmentLine(a))
	}
	files, err := rows.WriteLines(b.Txn, b.Books, linesKey(p), list)
	if err != nil {
		return 0, err
	}
	for key, made := range files {
		if err := b.Replace(key, made); err != nil {
			return 0, err
		}
	}
	return int64(len(list)), nil
}

// linesKey names the event lines of a place.
func linesKey(p lake.Place) lake.FileKey {
	return lake.FileKey{Table: tables.Lines().Name, Cycle: lake.CycleOf(p.Cycle), Day: lake.EventsDay,
		Bucket: p.Bucket}
}

// findBases finds the orders that unsubscribes refund. They are of the same customer and of any cycle.
func (b *bucket) findBases(orders []*accept.Order) error {
	clear(b.bases)
	for _, o := range orders {
		if o.Type == ordering.Unsubscribe {
			b.bases[o.Base] = nil
		}
	}
	if len(b.bases) == 0 {
		return nil
	}
	wanted := func(own, _ accept.OrderKey) bool {
		_, is := b.bases[own]
		return is
	}
	for _, c := range b.Txn.Next().Cycles() {
		for _, f := range b.Find(accept.OrdersKey(lake.Place{Cycle: c, Bucket: b.number})) {
			err := accept.EachOrder(b.Txn, f, b.Books, wanted, func(o *accept.Order) { b.bases[o.OrderKey] = o })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// orderLine returns the line of one accepted order (§4.8, §4.9).
func (b *bucket) orderLine(o *accept.Order) (*rows.Line, error) {
	l := &rows.Line{Customer: o.Customer, SKU: o.SKU, Region: o.Region, Resource: o.Resource,
		ChargingMode: tables.ChargingByPeriod, Detail: int32(o.Type.BillDetailType()),
		TradeID: o.ID, ID: o.LineID(), TradeTime: o.PayTime, Start: o.Effective, End: o.Expire}
	if o.Type == ordering.Unsubscribe {
		base := b.bases[o.Base]
		if base == nil {
			return nil, fmt.Errorf("order %s, which unsubscribe %s names, is in no cycle",
				o.Base.LineID(), o.LineID())
		}
		if err := b.refund(o, base, l); err != nil {
			return nil, err
		}
	} else {
		charge, err := b.price(o)
		if err != nil {
			return nil, err
		}
		l.Charge = charge
		b.associate(l, o.PayTime)
	}
	b.late(l, o.Cycle, o.PayTime, o.AsOf)
	if base := b.bases[o.Base]; o.Type == ordering.Unsubscribe {
		l.Instant = max(l.Instant, base.Instant(b.Books.Zone)) // never before its base (EVENTLINE-3)
	}
	return l, nil
}

// price returns the charge of an order. An error names the order.
func (b *bucket) price(o *accept.Order) (tables.Charge, error) {
	charge, err := ordering.Price(b.Prices, o.Rated(), nil)
	if err != nil {
		err = fmt.Errorf("order %s: %w", o.LineID(), err)
	}
	return charge, err
}

// associate sets the partner of a line at its own time, t (§6.1).
func (b *bucket) associate(l *rows.Line, t period.Instant) {
	l.Own = t
	l.Partner, l.Association = b.Books.PartnerAt(l.Customer, t)
}

// late marks a line whose own cycle was closed before it was accepted (§4.11), and sets when it is paid.
func (b *bucket) late(l *rows.Line, billed period.Cycle, t, asOf period.Instant) {
	l.Instant = accept.EffectOf(b.Books.Zone, billed, t, asOf)
	if own := b.Books.Zone.Cycle(t); own != billed {
		l.Origin, l.Detail, l.Kind = own.String(), tables.DetailAdjustment, tables.AdjustmentLine
	}
}

// refund fills the line of an unsubscribe from its base. Its partner is that of the base's line (EVENTLINE-2).
func (b *bucket) refund(o, base *accept.Order, l *rows.Line) error {
	paid, err := b.paid(base)
	if err != nil {
		return err
	}
	charge, _, err := ordering.Refund(&ordering.PaidOrder{Type: base.Type, PayTime: base.PayTime,
		Effective: base.Effective,
		Expire:    base.Expire, Official: paid.official, Payment: paid.payment}, o.PayTime,
		b.Refund.In(b.Books.CustomerCurrency(o.Customer)))
	if err != nil {
		return fmt.Errorf("refund %s of customer %s: %w", o.LineID(), b.Books.Customers[o.Customer].ID, err)
	}
	charge.DiscountID = -1
	l.Charge, l.DiscountText = charge, paid.discount
	l.SKU, l.Region, l.Resource = base.SKU, base.Region, base.Resource
	l.Own, l.Partner, l.Association = base.PayTime, paid.partner, paid.association
	return nil
}

// paid returns what was billed for a base order: by today's books in an open cycle, by its line in a closed one.
func (b *bucket) paid(base *accept.Order) (*paidLine, error) {
	if b.Open(base.Cycle) {
		charge, err := b.price(base)
		if err != nil {
			return nil, err
		}
		p := &paidLine{official: charge.Official, payment: charge.Payment,
			discount: (&rows.Line{Charge: charge}).DiscountWord(b.Books)}
		p.partner, p.association = b.Books.PartnerAt(base.Customer, base.PayTime)
		return p, nil
	}
	if err := b.loadBilled(base.Cycle); err != nil {
		return nil, err
	}
	if p := b.billed[base.OrderKey]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("order %s was accepted in closed cycle %s, which has no line of it", base.LineID(),
		base.Cycle)
}

// loadBilled reads the order lines of a closed cycle.
func (b *bucket) loadBilled(c period.Cycle) error {
	if b.loaded[c] {
		return nil
	}
	b.loaded[c] = true
	for _, e := range b.Find(linesKey(lake.Place{Cycle: c, Bucket: b.number})) {
		err := rows.EachRow(b.Txn, e, tables.Lines(), nil, func(c *parquet.Columns[tables.Line], i int) error {
			id := string(c.Text(tables.LineID).At(i))
			at := strings.LastIndexByte(id, '/')
			if at < 0 || c.Word(tables.LineTradeID).At(i) != id[:at] {
				return nil
			}
			var key accept.OrderKey
			if _, err := fmt.Sscan(id[at+1:], &key.Line); err != nil {
				return nil // not the id of an order
			}
			key.ID = id[:at]
			raw := c.Amount(tables.LineOfficialAmount).At(i)
			official, err := money.AmountFromRaw(raw.Hi, raw.Lo)
			if err != nil {
				return err
			}
			raw = c.Amount(tables.LinePaymentAmount).At(i)
			payment, err := money.AmountFromRaw(raw.Hi, raw.Lo)
			b.billed[key] = &paidLine{official, payment, c.Word(tables.LineDiscountID).At(i),
				c.Word(tables.LinePartnerID).At(i), books.AssociationOf(c.Word(tables.LineAssociationType).At(i))}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// adjustmentLine returns the line of a manual adjustment: its amount, without a quantity (§3.19, §6.3).
func (b *bucket) adjustmentLine(a *accept.AdjustmentEvent) *rows.Line {
	l := &rows.Line{Customer: a.Customer, SKU: a.SKU, ChargingMode: tables.ChargingOnDemand, Detail: int32(a.Detail),
		TradeID: a.Cycle.String(), ID: a.ID, TradeTime: a.Time, Start: a.Time, End: a.Time}
	if b.Books.Products[a.SKU].Model == books.Subscription {
		l.ChargingMode = tables.ChargingByPeriod
	}
	l.Charge = tables.Charge{Official: a.Amount, Payment: a.Amount, DiscountID: -1, Version: -1,
		Kind: tables.AdjustmentLine}
	b.associate(l, a.Time)
	b.late(l, a.Cycle, a.Time, a.AsOf)
	return l
}
