package events

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/reason"
)

// Decision is what became of one row that passed on its own.
type Decision struct {
	File      int32
	Row       int64
	Duplicate bool
	Why       reason.Reason // None = accepted or duplicate
	Column    string
	Value, ID string
}

// Book is all accepted events: those of earlier runs and, after Decide, those of this one. Of account events it has
// only those whose identity comes in this run (EV-4), refused ones among them.
type Book struct {
	Orders      map[Key]*Order
	Statuses    map[string]*StatusEvent
	Adjustments map[string]*Adjustment
	Accounts    map[string]*AccountEvent
	Transfers   map[string]*Transfer
	Incentives  map[string]*IncentiveEvent
	Turned      []Turn                            // of statuses and of incentive events, after Decide
	Money       map[string]map[string]*MoneyEvent // by feed and event_id, without LedgerFeed
	Ledger      *Ledger                           // the events of LedgerFeed, after Decide
	refunded    map[Key]bool
	lives       bool // a step in the life of an order is new or was decided otherwise, or an order was paid
}

// NewBook starts without events.
func NewBook() *Book {
	return &Book{Orders: make(map[Key]*Order), Statuses: make(map[string]*StatusEvent),
		Adjustments: make(map[string]*Adjustment), Accounts: make(map[string]*AccountEvent),
		Transfers: make(map[string]*Transfer), Incentives: make(map[string]*IncentiveEvent),
		Money: make(map[string]map[string]*MoneyEvent), refunded: make(map[Key]bool)}
}

func (b *Book) add(o *Order) {
	b.Orders[o.Key] = o
	if o.Type == ordering.Unsubscribe {
		b.refunded[o.Base] = true
	}
}

// Decide decides the rows of the intake against each other and the book, and adds what is accepted to the book (EV-1,
// EV-2, EV-7, EV-8, EV-10).
func (b *Book) Decide(in *Intake, t *Terms) []Decision {
	orders := slices.DeleteFunc(in.orders, func(o *Order) bool { return t.Drop(o.File) })
	adjustments := slices.DeleteFunc(in.adjustments, func(a *Adjustment) bool { return t.Drop(a.File) })
	for _, o := range orders {
		o.Cycle = t.BilledIn(o.PayTime)
	}
	for _, a := range adjustments {
		a.Cycle = t.BilledIn(a.Time)
	}
	in.book = b
	return slices.Concat(b.decideOrders(orders), b.decideStatuses(in, t), b.decideAdjustments(adjustments),
		b.decideAccounts(in, t), b.decideTransfers(in, t), b.decideIncentives(in, t), b.decideMoney(in, t))
}

// decideOrders takes the orders identity by identity, and unsubscribes after all others in the order of EV-2.
func (b *Book) decideOrders(orders []*Order) []Decision {
	groups := make(map[Key][]*Order)
	for _, o := range orders {
		groups[o.Key] = append(groups[o.Key], o)
	}
	var out []Decision
	var sound [][]*Order
	for _, g := range groups {
		slices.SortFunc(g, func(x, y *Order) int {
			return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Row, y.Row))
		})
		if decided := b.decideIdentity(g); decided != nil {
			out = append(out, decided...)
			continue
		}
		sound = append(sound, g)
	}
	slices.SortFunc(sound, func(x, y []*Order) int {
		return cmp.Or(afterOthers(x[0])-afterOthers(y[0]), x[0].before(y[0]))
	})
	for _, g := range sound {
		why, column, value := b.checkBase(g[0])
		for i, o := range g {
			d := Decision{File: o.File, Row: o.Row, Why: why, ID: o.id()}
			if why == reason.None {
				d.Duplicate = i > 0
			} else {
				d.Column, d.Value = column, value
			}
			out = append(out, d)
		}
		if why == reason.None {
			b.add(g[0])
		}
	}
	return out
}

// afterOthers sorts unsubscribes behind what they may be about.
func afterOthers(o *Order) int {
	if o.Type == ordering.Unsubscribe {
		return 1
	}
	return 0
}

// Altered is the line id of the first accepted change or unsubscribe of an order line; empty if there is none.
func (b *Book) Altered(key Key) string {
	var first *Order
	for _, o := range b.Orders {
		if o.Base == key && o.Type >= ordering.Change && (first == nil || o.before(first) < 0) {
			first = o
		}
	}
	if first == nil {
		return ""
	}
	return first.id()
}

// LineID is the id of the order's line.
func (o *Order) LineID() string { return o.id() }

func (o *Order) id() string { return o.ID + "/" + strconv.FormatInt(o.Line, 10) }

// decideIdentity decides rows whose identity is known or in conflict; nil when the identity is new and sound.
func (b *Book) decideIdentity(g []*Order) []Decision {
	known, accepted := b.Orders[g[0].Key]
	differ := slices.ContainsFunc(g, func(o *Order) bool { return !o.same(g[0]) })
	if !accepted && !differ {
		return nil
	}
	var out []Decision
	for _, o := range g {
		d := Decision{File: o.File, Row: o.Row, ID: o.id(), Duplicate: true}
		if !accepted || !o.same(known) {
			d = Decision{File: o.File, Row: o.Row, ID: o.id(), Why: reason.Conflict, Column: "order_id", Value: o.ID}
		}
		out = append(out, d)
	}
	return out
}

// checkBase is the checks of §4.9 on an unsubscribe.
func (b *Book) checkBase(o *Order) (why reason.Reason, column, value string) {
	if o.Type != ordering.Unsubscribe {
		return reason.None, "", ""
	}
	base := b.Orders[o.Base]
	if base == nil || base.Type == ordering.Unsubscribe {
		return reason.UnknownOrder, "base_order_id", o.Base.ID
	}
	paid := &ordering.PaidOrder{Type: base.Type, PayTime: base.PayTime, Effective: base.Effective, Expire: base.Expire}
	switch why := ordering.RefundAllowed(paid, b.refunded[o.Base], base.Customer == o.Customer, o.PayTime); why {
	case reason.None:
		return reason.None, "", ""
	case reason.Expired:
		return why, "pay_time", o.PayTime.String()
	default:
		return why, "base_order_id", o.Base.ID
	}
}

// decideAdjustments takes the adjustments identity by identity.
func (b *Book) decideAdjustments(list []*Adjustment) []Decision {
	groups := make(map[string][]*Adjustment)
	for _, a := range list {
		groups[a.ID] = append(groups[a.ID], a)
	}
	var out []Decision
	for id, g := range groups {
		slices.SortFunc(g, func(x, y *Adjustment) int {
			return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Row, y.Row))
		})
		known, accepted := b.Adjustments[id]
		differ := slices.ContainsFunc(g, func(a *Adjustment) bool { return !a.same(g[0]) })
		for i, a := range g {
			d := Decision{File: a.File, Row: a.Row, ID: id}
			switch {
			case accepted && a.same(known), !accepted && !differ && i > 0:
				d.Duplicate = true
			case accepted || differ:
				d.Why, d.Column, d.Value = reason.Conflict, "adjustment_id", id
			}
			out = append(out, d)
		}
		if !accepted && !differ {
			b.Adjustments[id] = g[0]
		}
	}
	return out
}
