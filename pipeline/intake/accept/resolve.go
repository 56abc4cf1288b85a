package accept

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/reason"
)

// EventBook contains accepted events: those of earlier runs and, after Decide, those of this run. It contains only the
// account events whose identity occurs in this run (EV-4), refused ones included.
type EventBook struct {
	Orders      map[OrderKey]*Order
	Statuses    map[string]*OrderStep
	Adjustments map[string]*AdjustmentEvent
	Accounts    map[string]*Account
	Transfers   map[string]*TransferEvent
	Incentives  map[string]*IncentiveEvent
	Payments    map[string]bool                   // payments of incentives in closed cycles of accounts, by event_id
	Turned      []EventTurn                       // changed decisions on statuses and incentive events, after Decide
	Money       map[string]map[string]*MoneyEvent // by feed and event_id, without LedgerFeed
	Ledger      *PartnerLedger                    // the events of LedgerFeed, after Decide
	refunded    map[OrderKey]bool
	lives       bool // the steps must be stored: one is new or was decided differently, or an order was paid
}

// NewEventBook returns an empty book.
func NewEventBook() *EventBook {
	return &EventBook{Orders: make(map[OrderKey]*Order), Statuses: make(map[string]*OrderStep),
		Adjustments: make(map[string]*AdjustmentEvent), Accounts: make(map[string]*Account),
		Transfers: make(map[string]*TransferEvent), Incentives: make(map[string]*IncentiveEvent),
		Money: make(map[string]map[string]*MoneyEvent), refunded: make(map[OrderKey]bool)}
}

func (b *EventBook) add(o *Order) {
	b.Orders[o.OrderKey] = o
	if o.Type == ordering.Unsubscribe {
		b.refunded[o.Base] = true
	}
}

// Decide decides the rows of the intake against each other and the book, and adds the accepted ones to the book (EV-1,
// EV-2, EV-7, EV-8, EV-10).
func (b *EventBook) Decide(in *EventIntake, t *EventTerms) []EventDecision {
	orders := slices.DeleteFunc(in.orders, func(o *Order) bool { return t.Drop(o.File) })
	adjustments := slices.DeleteFunc(in.adjustments, func(a *AdjustmentEvent) bool { return t.Drop(a.File) })
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

// decideOrders decides the orders by identity, and unsubscribes after all others in the order of EV-2.
func (b *EventBook) decideOrders(orders []*Order) []EventDecision {
	groups := make(map[OrderKey][]*Order)
	for _, o := range orders {
		groups[o.OrderKey] = append(groups[o.OrderKey], o)
	}
	var out []EventDecision
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
		return cmp.Or(afterOthers(x[0])-afterOthers(y[0]), x[0].Compare(y[0]))
	})
	for _, g := range sound {
		why, column, value := b.checkBase(g[0])
		for i, o := range g {
			d := EventDecision{File: o.File, Row: o.Row, Why: why, ID: o.LineID()}
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

// afterOthers is a sort key that puts unsubscribes after the orders that they can refer to.
func afterOthers(o *Order) int {
	if o.Type == ordering.Unsubscribe {
		return 1
	}
	return 0
}

// Altered returns the line id of the first accepted change or unsubscribe of an order line; empty if there is none.
func (b *EventBook) Altered(key OrderKey) string {
	var first *Order
	for _, o := range b.Orders {
		if o.Base == key && o.Type >= ordering.Change && (first == nil || o.Compare(first) < 0) {
			first = o
		}
	}
	if first == nil {
		return ""
	}
	return first.LineID()
}

// decideIdentity decides rows whose identity is known or in conflict. It returns nil if the identity is new and sound.
func (b *EventBook) decideIdentity(g []*Order) []EventDecision {
	known, accepted := b.Orders[g[0].OrderKey]
	differ := slices.ContainsFunc(g, func(o *Order) bool { return !o.Same(g[0]) })
	if !accepted && !differ {
		return nil
	}
	var out []EventDecision
	for _, o := range g {
		d := EventDecision{File: o.File, Row: o.Row, ID: o.LineID(), Duplicate: true}
		if !accepted || !o.Same(known) {
			d = EventDecision{File: o.File, Row: o.Row, ID: o.LineID(), Why: reason.Conflict, Column: "order_id",
				Value: o.ID}
		}
		out = append(out, d)
	}
	return out
}

// checkBase makes the checks of §4.9 on an unsubscribe.
func (b *EventBook) checkBase(o *Order) (why reason.Reason, column, value string) {
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

// decideAdjustments decides the adjustments by identity.
func (b *EventBook) decideAdjustments(list []*AdjustmentEvent) []EventDecision {
	groups := make(map[string][]*AdjustmentEvent)
	for _, a := range list {
		groups[a.ID] = append(groups[a.ID], a)
	}
	var out []EventDecision
	for id, g := range groups {
		slices.SortFunc(g, func(x, y *AdjustmentEvent) int {
			return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Row, y.Row))
		})
		known, accepted := b.Adjustments[id]
		differ := slices.ContainsFunc(g, func(a *AdjustmentEvent) bool { return !a.Same(g[0]) })
		for i, a := range g {
			d := EventDecision{File: a.File, Row: a.Row, ID: id}
			switch {
			case accepted && a.Same(known), !accepted && !differ && i > 0:
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
