package events

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/event"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/linefile"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Values of charging_mode and of bill_detail_type of what is billed late (§5, §4.11).
const (
	byPeriod   = 1
	onDemand   = 3
	detailLate = 16
)

// Maker makes the event lines of cycles and stores the events (EV-3).
type Maker struct {
	Txn    *lake.SubTxn
	Books  *books.Books
	Prices *tariff.Book
	Refund ordering.RefundRules
	Bucket func(customer string) int
	Closed func(period.Cycle) bool

	billed map[event.Key]*paidLine // of closed cycles, as their lines say
	loaded map[manifest.FileKey]bool
}

// paidLine is what a refund needs of its base's line.
type paidLine struct {
	official, payment money.Amount
	discount          string
}

// Places are the places that have events in the book, and whether one of them is new, in order.
func (m *Maker) Places(b *Book) map[place.Place]bool {
	places := make(map[place.Place]bool)
	for _, o := range b.Orders {
		p := place.Place{Cycle: o.Cycle, Bucket: m.Bucket(m.Books.Customers[o.Customer].ID)}
		places[p] = places[p] || o.File >= 0
	}
	for _, a := range b.Adjustments {
		p := place.Place{Cycle: a.Cycle, Bucket: m.Bucket(m.Books.Customers[a.Customer].ID)}
		places[p] = places[p] || a.File >= 0
	}
	return places
}

// Make writes the events of a place and their lines and sums into the transaction's next state. It returns the number
// of lines.
func (m *Maker) Make(b *Book, p place.Place) (int64, error) {
	orders, adjustments := m.at(b, p)
	if err := m.store(p, orders, adjustments); err != nil {
		return 0, err
	}
	var lines []*linefile.Line
	for _, o := range orders {
		l, err := m.orderLine(b, o)
		if err != nil {
			return 0, err
		}
		lines = append(lines, l)
	}
	for _, a := range adjustments {
		lines = append(lines, m.adjustmentLine(a))
	}
	return int64(len(lines)), m.write(p, lines)
}

// at lists the events of a place in order of their identity.
func (m *Maker) at(b *Book, p place.Place) (orders []*event.Order, adjustments []*event.Adjustment) {
	for _, o := range b.Orders {
		if o.Cycle == p.Cycle && m.Bucket(m.Books.Customers[o.Customer].ID) == p.Bucket {
			orders = append(orders, o)
		}
	}
	for _, a := range b.Adjustments {
		if a.Cycle == p.Cycle && m.Bucket(m.Books.Customers[a.Customer].ID) == p.Bucket {
			adjustments = append(adjustments, a)
		}
	}
	slices.SortFunc(orders, func(x, y *event.Order) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.ID, y.ID), cmp.Compare(x.Line, y.Line))
	})
	slices.SortFunc(adjustments, func(x, y *event.Adjustment) int {
		return cmp.Or(cmp.Compare(x.Customer, y.Customer), strings.Compare(x.ID, y.ID))
	})
	return orders, adjustments
}

// store writes the accepted events of a place.
func (m *Maker) store(p place.Place, orders []*event.Order, adjustments []*event.Adjustment) error {
	rows := parquet.NewColumns(tables.Orders())
	for _, o := range orders {
		o.AppendTo(rows, m.Books)
	}
	key := manifest.FileKey{Table: "orders", Cycle: manifest.CycleOf(p.Cycle), Bucket: p.Bucket}
	if err := tablefile.Put(m.Txn, key, rows, nil); err != nil {
		return err
	}
	corrections := parquet.NewColumns(tables.Adjustments())
	for _, a := range adjustments {
		a.AppendTo(corrections, m.Books)
	}
	key.Table = "adjustments"
	return tablefile.Put(m.Txn, key, corrections, nil)
}

// write writes the lines of a place and their sums per customer.
func (m *Maker) write(p place.Place, lines []*linefile.Line) error {
	key := manifest.FileKey{Table: "lines", Cycle: manifest.CycleOf(p.Cycle), Day: manifest.EventsDay, Bucket: p.Bucket}
	files, err := linefile.Write(m.Txn, m.Books, key, lines)
	if err != nil {
		return err
	}
	for key, list := range files {
		if err := m.Txn.Next().Replace(key, list...); err != nil {
			return err
		}
	}
	return nil
}

// orderLine is the line of one accepted order (§4.8, §4.9).
func (m *Maker) orderLine(b *Book, o *event.Order) (*linefile.Line, error) {
	l := &linefile.Line{Customer: o.Customer, SKU: o.SKU, Region: o.Region, Resource: o.Resource,
		ChargingMode: byPeriod, Detail: int32(o.Type.BillDetailType()),
		TradeID: o.ID, ID: o.LineID(), TradeTime: o.PayTime, Start: o.Effective, End: o.Expire}
	at := o.PayTime
	if o.Type == ordering.Unsubscribe {
		base := b.Orders[o.Base]
		if err := m.refund(b, o, base, l); err != nil {
			return nil, err
		}
		at = base.PayTime
	} else {
		charge, err := m.price(o)
		if err != nil {
			return nil, err
		}
		l.Charge = charge
	}
	m.associate(l, at)
	m.late(l, o.Cycle, o.PayTime, o.AsOf)
	return l, nil
}

// price is the charge of an order. An error names the order.
func (m *Maker) price(o *event.Order) (line.Charge, error) {
	charge, err := ordering.Price(m.Prices, o.Rated(), nil)
	if err == nil {
		return charge, nil
	}
	if o.File >= 0 {
		err = tariff.FromRow(err, o.File, o.Row)
	}
	return charge, fmt.Errorf("order %s: %w", o.LineID(), err)
}

// associate puts the partner at t, the line's own time, on it (§6.1).
func (m *Maker) associate(l *linefile.Line, t period.Instant) {
	l.Own = t
	if as, ok := m.Books.Associations.At(l.Customer, t); ok {
		l.Partner, l.Association = m.Books.Partners[as.Partner].ID, as.Type
	}
}

// late marks a line whose own cycle was closed before it was accepted (§4.11), and says when it is paid.
func (m *Maker) late(l *linefile.Line, billed period.Cycle, t, asOf period.Instant) {
	l.Instant = t
	if own := m.Books.Zone.Cycle(t); own != billed {
		l.Origin, l.Detail, l.Kind = own.String(), detailLate, line.Adjustment
		l.Instant = LateInstant(m.Books.Zone, billed, asOf)
	}
}

// LateInstant is when a line is paid that a run of an as-of bills in a cycle after its own (§4.11).
func LateInstant(zone *period.Zone, billed period.Cycle, asOf period.Instant) period.Instant {
	return min(asOf, zone.Bounds(billed).To-1)
}

// refund fills the line of an unsubscribe from its base.
func (m *Maker) refund(b *Book, o, base *event.Order, l *linefile.Line) error {
	paid, err := m.paid(base)
	if err != nil {
		return err
	}
	charge, _, err := ordering.Refund(&ordering.PaidOrder{Type: base.Type, PayTime: base.PayTime,
		Effective: base.Effective,
		Expire:    base.Expire, Official: paid.official, Payment: paid.payment}, o.PayTime,
		m.Refund.In(m.Books.CustomerCurrency(o.Customer)))
	if err != nil {
		return fmt.Errorf("refund %s of customer %s: %w", o.LineID(), m.Books.Customers[o.Customer].ID, err)
	}
	charge.DiscountID = -1
	l.Charge, l.DiscountText = charge, paid.discount
	l.SKU, l.Region, l.Resource = base.SKU, base.Region, base.Resource
	return nil
}

// paid is what was billed for a base order: in an open cycle by today's books, in a closed one as its line says.
func (m *Maker) paid(base *event.Order) (*paidLine, error) {
	if !m.Closed(base.Cycle) {
		charge, err := m.price(base)
		if err != nil {
			return nil, err
		}
		return &paidLine{charge.Official, charge.Payment, (&linefile.Line{Charge: charge}).DiscountWord(m.Books)}, nil
	}
	key := manifest.FileKey{Table: "lines", Cycle: manifest.CycleOf(base.Cycle), Day: manifest.EventsDay,
		Bucket: m.Bucket(m.Books.Customers[base.Customer].ID)}
	if err := m.loadBilled(key); err != nil {
		return nil, err
	}
	if p := m.billed[base.Key]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("order %s was accepted in closed cycle %s, which has no line of it", base.LineID(),
		base.Cycle)
}

// loadBilled reads the order lines of a closed cycle.
func (m *Maker) loadBilled(key manifest.FileKey) error {
	if m.loaded[key] {
		return nil
	}
	if m.loaded == nil {
		m.loaded, m.billed = make(map[manifest.FileKey]bool), make(map[event.Key]*paidLine)
	}
	m.loaded[key] = true
	for _, e := range m.Txn.Next().Find(key) {
		err := tablefile.Each(m.Txn, e, tables.Lines(), nil, func(c *parquet.Columns[tables.Line], i int) error {
			id := string(c.Text(tables.LineID).At(i))
			at := strings.LastIndexByte(id, '/')
			if at < 0 || c.Word(tables.LineTradeID).At(i) != id[:at] {
				return nil
			}
			var key event.Key
			if _, err := fmt.Sscan(id[at+1:], &key.Line); err != nil {
				return nil // no order's id
			}
			key.ID = id[:at]
			raw := c.Amount(tables.LineOfficialAmount).At(i)
			official, err := money.AmountFromRaw(raw.Hi, raw.Lo)
			if err != nil {
				return err
			}
			raw = c.Amount(tables.LinePaymentAmount).At(i)
			payment, err := money.AmountFromRaw(raw.Hi, raw.Lo)
			m.billed[key] = &paidLine{official, payment, c.Word(tables.LineDiscountID).At(i)}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// adjustmentLine is the line of a manual adjustment: its amount, and no quantity (§3.19, §6.3).
func (m *Maker) adjustmentLine(a *event.Adjustment) *linefile.Line {
	l := &linefile.Line{Customer: a.Customer, SKU: a.SKU, ChargingMode: onDemand, Detail: int32(a.Detail),
		TradeID: a.Cycle.String(), ID: a.ID, TradeTime: a.Time, Start: a.Time, End: a.Time}
	if m.Books.Products[a.SKU].Model == books.Subscription {
		l.ChargingMode = byPeriod
	}
	l.Charge = line.Charge{Official: a.Amount, Payment: a.Amount, DiscountID: -1, Version: -1, Kind: line.Adjustment}
	m.associate(l, a.Time)
	m.late(l, a.Cycle, a.Time, a.AsOf)
	return l
}
