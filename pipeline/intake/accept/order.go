package accept

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// OrderKey is the identity of an order line (§3.20).
type OrderKey struct {
	ID   string
	Line int64
}

// LineID is the id of the order's line: order_id/order_line.
func (k OrderKey) LineID() string { return k.ID + "/" + strconv.FormatInt(k.Line, 10) }

// PayerCustomer is the payer of an order that the customer pays.
const PayerCustomer = "customer"

// Order is one accepted row of the orders feed, with defaults filled in (§3.15).
type Order struct {
	OrderKey
	Type              ordering.OrderType
	Customer          int32
	SKUText           string // as given
	SKU               int32  // −1 for an unsubscribe: the sku of its base applies
	Region, Resource  string
	Quantity          money.Quantity
	PeriodType        string
	PeriodNum         int64
	PayTime           period.Instant
	Effective, Expire period.Instant // Forever = never expires
	Base              OrderKey       // of an unsubscribe; ID "" = no base is named
	Payer             string         // `customer` or a partner_id
	Discount, Coupons string
	Official          money.Amount
	HasOfficial       bool

	AsOf  period.Instant // clock of the run that accepted it
	Cycle period.Cycle   // the cycle that bills it
	File  int32          // index in the run; −1 = accepted by an earlier run
	Row   int64
}

// Instant returns when the order counts in the cycle that bills it (§6.3).
func (o *Order) Instant(zone *period.Zone) period.Instant {
	return EffectOf(zone, o.Cycle, o.PayTime, o.AsOf)
}

// Same reports whether two rows have the same content (§3.20).
func (o *Order) Same(p *Order) bool {
	a, b := *o, *p
	a.AsOf, a.Cycle, a.File, a.Row = b.AsOf, b.Cycle, b.File, b.Row
	return a == b
}

// Compare compares orders in the order in which unsubscribes are decided (EV-2).
func (o *Order) Compare(p *Order) int {
	return cmp.Or(cmp.Compare(o.PayTime, p.PayTime), strings.Compare(o.ID, p.ID), cmp.Compare(o.Line, p.Line))
}

// Rated returns the order in the form that package ordering rates.
func (o *Order) Rated() *ordering.Order {
	return &ordering.Order{Type: o.Type, Customer: o.Customer, SKU: o.SKU, Region: o.Region, Quantity: o.Quantity,
		PeriodType: o.PeriodType, PeriodNum: o.PeriodNum, PayTime: o.PayTime, Effective: o.Effective, Expire: o.Expire,
		Discount: o.Discount, Official: o.Official, HasOfficial: o.HasOfficial}
}

// AdjustmentEvent is one accepted row of the adjustments feed (§3.19).
type AdjustmentEvent struct {
	ID            string
	Customer, SKU int32
	Time          period.Instant
	Amount        money.Amount
	Detail        int64 // 9 or 16
	Note          string

	AsOf  period.Instant
	Cycle period.Cycle
	File  int32
	Row   int64
}

// Same reports whether two rows have the same content (§3.20).
func (a *AdjustmentEvent) Same(b *AdjustmentEvent) bool {
	x, y := *a, *b
	x.AsOf, x.Cycle, x.File, x.Row = y.AsOf, y.Cycle, y.File, y.Row
	return x == y
}
