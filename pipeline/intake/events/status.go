package events

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Statuses of the life of an order line.
const (
	PendingApproval = "pending_approval"
	Unpaid          = "unpaid"
	Processing      = "processing"
	Completed       = "completed"
	Cancelled       = "cancelled"
)

// noStatus is the state of an order line of which nothing is known.
const noStatus = "none"

// Statuses are all statuses, in the order in which steps of one instant are taken.
func Statuses() []string { return []string{PendingApproval, Unpaid, Processing, Completed, Cancelled} }

// Rated is the order as package rating takes it, if it is paid at an instant.
func (e *StatusEvent) Rated(at period.Instant) *ordering.Order {
	o := e.rated()
	o.PayTime, o.Effective = at, max(at, o.Effective)
	return o
}

// Describes reports whether the step says what was ordered.
func (e *StatusEvent) Describes() bool { return describes(e.Status) }

// describes reports whether rows with a status describe the order: nothing else does before it is paid.
func describes(status string) bool { return status == PendingApproval || status == Unpaid }

// badStatus is a status that is not in its list.
func badStatus(status string) *failure {
	if status != "" && !slices.Contains(Statuses(), status) {
		return &failure{"status", reason.BadRow, status}
	}
	return nil
}

// StatusEvent is one row of the orders feed with a status: a step in the life of an order line.
type StatusEvent struct {
	Order         // as described; its PayTime is the time of the step
	ID     string // order_id/order_line/status
	Status string

	Paid    bool   // the order line is among the accepted orders
	Refused bool   // it does not fit the state that it meets: it counts as rejected (EV-10)
	Met     string // that state, where Refused
	From    Source
}

func (e *StatusEvent) same(f *StatusEvent) bool {
	return e.Status == f.Status && e.Order.same(&f.Order)
}

// Refusal is the outcome of the row of a step that does not fit.
func (e *StatusEvent) Refusal() Decision {
	return Decision{File: e.File, Row: e.Row, Why: reason.BadState, Column: "status", Value: e.Met, ID: e.ID}
}

// status reads and checks row i of the orders feed, which has a status, and keeps it if it passes. Whether it fits the
// life of its order is decided later (EV-10).
func (in *Intake) status(v *view, i int, o *Order, status string) (id string, bad *failure) {
	e := &StatusEvent{ID: o.id() + "/" + status, Status: status}
	if bad := badStatus(status); bad != nil {
		return e.ID, bad
	}
	o.Type, _ = ordering.ParseOrderType(v.text("order_type", i)) // badWord has seen it
	if bad := o.fill(v, i, status, in.Books.CustomerCurrencyOf(v.text("customer_id", i)).Digits); bad != nil {
		return e.ID, bad
	}
	if bad := in.checks().checkOrder(o, v, i, status); bad != nil {
		return e.ID, bad
	}
	e.Order, e.From.Raw = *o, string(v.batch.Raw(nil, i))
	in.mu.Lock()
	defer in.mu.Unlock()
	in.statuses = append(in.statuses, e)
	return e.ID, nil
}

// decideStatuses decides the steps of the intake by identity and adds what is accepted to the book; then it decides of
// all steps in the book whether they fit the state that they meet (EV-10).
func (b *Book) decideStatuses(in *Intake, t *Terms) []Decision {
	out, sound := decideIdentities(byIdentity(in.statuses, t.Drop), b.Statuses, "order_id")
	for _, g := range sound {
		e := g[0]
		raw := e.From.Raw
		e.From = t.Source(e.File, e.Row)
		e.From.Raw = raw
		b.Statuses[e.ID] = e
		out = append(out, acceptFirst(g)...)
	}
	for _, steps := range b.stepsByLine() {
		b.judgeSteps(steps)
	}
	for i, d := range out {
		if e := b.Statuses[d.ID]; e != nil && e.Refused && e.File == d.File && e.Row == d.Row {
			out[i] = e.Refusal()
		}
	}
	return out
}

// Lives are the steps that count of each order line, in their order, by order_id and order_line.
func (b *Book) Lives() [][]*StatusEvent {
	var out [][]*StatusEvent
	for _, steps := range b.stepsByLine() {
		steps = slices.DeleteFunc(steps, func(e *StatusEvent) bool { return e.Refused })
		if len(steps) > 0 {
			out = append(out, steps)
		}
	}
	return out
}

// stepsByLine are the steps of each order line in their order, by order_id and order_line.
func (b *Book) stepsByLine() [][]*StatusEvent {
	byKey := make(map[Key][]*StatusEvent)
	for _, e := range b.Statuses {
		byKey[e.Key] = append(byKey[e.Key], e)
	}
	keys := slices.SortedFunc(maps.Keys(byKey), func(a, b Key) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), cmp.Compare(a.Line, b.Line))
	})
	var out [][]*StatusEvent
	for _, key := range keys {
		slices.SortFunc(byKey[key], func(x, y *StatusEvent) int {
			return cmp.Or(cmp.Compare(x.PayTime, y.PayTime),
				cmp.Compare(slices.Index(Statuses(), x.Status), slices.Index(Statuses(), y.Status)))
		})
		out = append(out, byKey[key])
	}
	return out
}

// judgeSteps decides which steps of an order line fit, in their order. A row that says that it was paid is always
// right: what contradicts it does not fit.
func (b *Book) judgeSteps(steps []*StatusEvent) {
	met, owner := noStatus, int32(-1)
	paid := b.Orders[steps[0].Key]
	if paid != nil {
		owner = paid.Customer
	}
	for _, e := range steps {
		b.lives = b.lives || e.File >= 0 || e.Paid != (paid != nil)
		e.Paid = paid != nil
		state := met
		if paid != nil && e.PayTime >= paid.PayTime && met != Processing && met != Completed {
			state = "paid"
		}
		was, before := e.Refused, e.Met
		e.Refused = !follows(e.Status, state) || paid != nil && e.Status == Cancelled ||
			owner >= 0 && e.Customer != owner
		if e.Met = ""; e.Refused {
			e.Met = state
		} else {
			met, owner = e.Status, e.Customer
		}
		if e.File < 0 && (was != e.Refused || before != e.Met) {
			b.lives = true
			b.Turned = append(b.Turned, Turn{"orders", e.From, was, e.Refused, e.Refusal()})
		}
	}
}

// follows reports whether a status can follow a state. Nothing follows cancelled and completed.
func follows(status, state string) bool {
	switch status {
	case PendingApproval:
		return state == noStatus
	case Unpaid:
		return state == noStatus || state == PendingApproval
	case Cancelled:
		return state == Unpaid || state == PendingApproval
	case Processing:
		return state == "paid"
	}
	return state == "paid" || state == Processing
}

// StatusKey is the place of the steps in the life of orders in the lake: one file for all (EV-4, EV-10).
func StatusKey() lake.FileKey {
	return lake.FileKey{Table: tables.OrderStatus().Name, Bucket: lake.NoBucket}
}

// StoreStatuses stores the steps in the life of orders if one is new or decided otherwise, or an order was paid.
func (m *Maker) StoreStatuses(b *Book) error {
	if !b.lives {
		return nil
	}
	list := slices.SortedFunc(maps.Values(b.Statuses), func(x, y *StatusEvent) int {
		return cmp.Or(strings.Compare(m.Books.Customers[x.Customer].ID, m.Books.Customers[y.Customer].ID),
			strings.Compare(x.ID, y.ID))
	})
	rows := parquet.NewColumns(tables.OrderStatus())
	for _, e := range list {
		storeStatus(rows, e, m.Books)
	}
	return tablefile.Put(m.Txn, StatusKey(), rows.Any(), nil)
}

func storeStatus(c *parquet.Columns[tables.OrderStep], e *StatusEvent, bk *books.Books) {
	for i, word := range map[tables.WordColumn[tables.OrderStep]]string{
		tables.OrderStepCustomerID: bk.Customers[e.Customer].ID, tables.OrderStepStatus: e.Status,
		tables.OrderStepOrderType: e.Type.String(), tables.OrderStepSKU: e.SKUText,
		tables.OrderStepRegionCode: e.Region,
		tables.OrderStepPeriodType: e.PeriodType, tables.OrderStepPayer: e.Payer,
		tables.OrderStepDiscountID: e.Discount,
		tables.OrderStepMet:        e.Met, tables.OrderStepFile: e.From.File, tables.OrderStepFileHash: e.From.Hash,
		tables.OrderStepHeader: e.From.Header} {
		c.Word(i).Add(word)
	}
	for i, text := range map[tables.TextColumn[tables.OrderStep]]string{tables.OrderStepOrderID: e.Key.ID,
		tables.OrderStepResourceID:  e.Resource,
		tables.OrderStepBaseOrderID: e.Base.ID, tables.OrderStepCouponIDs: e.Coupons, tables.OrderStepRaw: e.From.Raw} {
		c.Text(i).Add(text)
	}
	for i, v := range map[int]int64{int(tables.OrderStepOrderLine): e.Line, int(tables.OrderStepTime): int64(e.PayTime),
		int(tables.OrderStepPeriodNum): e.PeriodNum, int(tables.OrderStepEffectiveTime): int64(e.Effective),
		int(tables.OrderStepExpireTime):    int64(tables.OrNothing(e.Expire)),
		int(tables.OrderStepBaseOrderLine): e.Base.Line, int(tables.OrderStepAsOf): int64(e.AsOf), int(tables.OrderStepRow): e.From.Row} {
		addInt(&c.C[i], v)
	}
	c.Quantity(tables.OrderStepQuantity).Add(e.Quantity.Raw())
	c.Amount(tables.OrderStepOfficialAmount).Add(e.Official.Raw())
	c.Small(tables.OrderStepHasOfficial).Add(flag(e.HasOfficial))
	c.Small(tables.OrderStepPaid).Add(flag(e.Paid))
	c.Small(tables.OrderStepRefused).Add(flag(e.Refused))
	c.N++
}

// LoadStatuses adds the steps in the life of orders of a lake file to the book, refused ones among them.
func (b *Book) LoadStatuses(o tablefile.Opener, f lake.FileEntry, bk *books.Books) error {
	return tablefile.Each(o, f, tables.OrderStatus(), nil, func(c *parquet.Columns[tables.OrderStep],
		i int) (err error) {
		e := &StatusEvent{Status: c.Word(tables.OrderStepStatus).At(i),
			Paid:    c.Small(tables.OrderStepPaid).At(i) == 1,
			Refused: c.Small(tables.OrderStepRefused).At(i) == 1,
			Met:     c.Word(tables.OrderStepMet).At(i), From: Source{File: c.Word(tables.OrderStepFile).At(i),
				Hash: c.Word(tables.OrderStepFileHash).At(i), Row: c.Whole(tables.OrderStepRow).At(i),
				Header: c.Word(tables.OrderStepHeader).At(i), Raw: string(c.Text(tables.OrderStepRaw).At(i))}}
		o := &e.Order
		o.File = -1
		if o.Customer, err = customerOf(bk, c.Word(tables.OrderStepCustomerID).At(i)); err != nil {
			return err
		}
		if o.Type, err = ordering.ParseOrderType(c.Word(tables.OrderStepOrderType).At(i)); err != nil {
			return err
		}
		o.Key = Key{string(c.Text(tables.OrderStepOrderID).At(i)), c.Whole(tables.OrderStepOrderLine).At(i)}
		o.SKUText = c.Word(tables.OrderStepSKU).At(i)
		if o.SKU = -1; o.SKUText != "" && o.Type != ordering.Unsubscribe && describes(e.Status) {
			if o.SKU, err = skuOf(bk, o.SKUText); err != nil {
				return err
			}
		}
		o.Region, o.Resource = c.Word(tables.OrderStepRegionCode).At(i),
			string(c.Text(tables.OrderStepResourceID).At(i))
		o.PeriodType, o.PeriodNum = c.Word(tables.OrderStepPeriodType).At(i),
			c.Whole(tables.OrderStepPeriodNum).At(i)
		o.PayTime, o.Effective = c.Time(tables.OrderStepTime).At(i),
			c.Time(tables.OrderStepEffectiveTime).At(i)
		if o.Expire = c.MaybeTime(tables.OrderStepExpireTime).At(i); o.Expire == tables.Nothing {
			o.Expire = period.Forever
		}
		o.Base = Key{string(c.Text(tables.OrderStepBaseOrderID).At(i)),
			c.Whole(tables.OrderStepBaseOrderLine).At(i)}
		o.Payer, o.Discount = c.Word(tables.OrderStepPayer).At(i), c.Word(tables.OrderStepDiscountID).At(i)
		o.Coupons, o.HasOfficial = string(c.Text(tables.OrderStepCouponIDs).At(i)),
			c.Small(tables.OrderStepHasOfficial).At(i) == 1
		o.AsOf = c.Time(tables.OrderStepAsOf).At(i)
		if o.Quantity, err = money.QuantityFromRaw(c.Quantity(tables.OrderStepQuantity).At(i).Hi,
			c.Quantity(tables.OrderStepQuantity).At(i).Lo); err != nil {
			return err
		}
		o.Official, err = money.AmountFromRaw(c.Amount(tables.OrderStepOfficialAmount).At(i).Hi,
			c.Amount(tables.OrderStepOfficialAmount).At(i).Lo)
		e.ID = o.id() + "/" + e.Status
		b.Statuses[e.ID] = e
		return err
	})
}
