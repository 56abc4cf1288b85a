package explain

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// eventStory explains orders and manual adjustments.
type eventStory struct{ ex *explainer }

// event explains the line of an order or of a manual adjustment.
func (ev *eventStory) event(ctx context.Context) error {
	book, err := ev.events()
	if err != nil {
		return err
	}
	if key, ok := orderKey(ev.ex.at.id); ok {
		if o := book.Orders[key]; o != nil && o.Customer == ev.ex.customer && o.Cycle == ev.ex.cycle {
			return ev.order(ctx, book, o)
		}
	}
	if a := book.Adjustments[ev.ex.at.id]; a != nil && a.Customer == ev.ex.customer && a.Cycle == ev.ex.cycle {
		return ev.adjustment(ctx, a)
	}
	return fmt.Errorf("explain %s: cycle %s has its line, and no accepted order or adjustment of that id", ev.ex.at.id,
		ev.ex.at.cycle)
}

// events reads the accepted events of the customer's bucket in all cycles, because a refund can be of an order of an
// earlier cycle.
func (ev *eventStory) events() (*accept.EventBook, error) {
	book := accept.NewEventBook()
	for _, ref := range ev.ex.Snap.Manifest.Cycles {
		files, err := ev.ex.Snap.Files(ref.Cycle)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if f.Bucket != ev.ex.bucket() || f.Table != tables.Orders().Name && f.Table != tables.Adjustments().Name {
				continue
			}
			err := book.Load(ev.ex.Snap, f, ev.ex.Books)
			if gone := new(accept.GoneBookError); errors.As(err, &gone) {
				return nil, &rows.NotFoundError{What: gone.Error(), Do: "put it back into books/" + gone.Book}
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return book, nil
}

// orderKey parses `order_id/order_line`.
func orderKey(id string) (accept.OrderKey, bool) {
	cut := strings.LastIndexByte(id, '/')
	if cut < 0 {
		return accept.OrderKey{}, false
	}
	n, err := strconv.ParseInt(id[cut+1:], 10, 64)
	return accept.OrderKey{ID: id[:cut], Line: n}, err == nil
}

// ofOrder returns a filter for the lines of an order. It excludes adjustments, which can have the same id.
func ofOrder(key accept.OrderKey) func(rows.Row[tables.Line]) bool {
	id := key.ID + "/" + strconv.FormatInt(key.Line, 10)
	return func(row rows.Row[tables.Line]) bool {
		return string(row.Text(tables.LineID)) == id && row.Word(tables.LineTradeID) == key.ID
	}
}

// order explains an order, or an unsubscribe by its base.
func (ev *eventStory) order(ctx context.Context, book *accept.EventBook, o *accept.Order) (err error) {
	ev.ex.story.State = StateOrder
	if o.Type == ordering.Unsubscribe {
		ev.ex.story.State = StateRefund
	}
	ev.orderFacts(book, o)
	ev.ex.lateEvent(o.Cycle, o.PayTime, o.AsOf)
	if ev.ex.story.Feeds, err = ev.orderOrigins(ctx, o); err != nil {
		return err
	}
	if err := ev.ex.storedLines(lake.EventsDay, &ev.ex.story.Stored, ofOrder(o.OrderKey)); err != nil {
		return err
	}
	var steps []string
	trace := func(s tariff.DerivationStep) { steps = append(steps, s.String()) }
	var again Line
	if o.Type == ordering.Unsubscribe {
		again, err = ev.refund(book.Orders[o.Base], o, trace)
	} else {
		var ch tables.Charge
		ch, err = ordering.Price(ev.ex.prices, o.Rated(), trace)
		again = ratedLine(ev.ex.Books, ev.ex.at.id, o.Resource, &ch, nil)
	}
	if err != nil {
		return err
	}
	if ev.ex.Books.Zone.Cycle(o.PayTime) != o.Cycle {
		again.Kind = tables.AdjustmentLine.String()
	}
	ev.ex.story.Parts = append(ev.ex.story.Parts, Part{again.Tier, again.Kind, steps})
	ev.ex.story.Rated = append(ev.ex.story.Rated, again)
	return nil
}

// refund calculates an unsubscribe again from the line of its base as billed.
func (ev *eventStory) refund(base, o *accept.Order, trace func(tariff.DerivationStep)) (Line, error) {
	if base == nil {
		return Line{}, fmt.Errorf("explain %s: the lake has no order %s/%d, which it takes back", ev.ex.at.id,
			o.Base.ID, o.Base.Line)
	}
	if err := ev.ex.storedIn(lake.CycleOf(base.Cycle), lake.EventsDay, &ev.ex.story.Base,
		ofOrder(base.OrderKey)); err != nil {
		return Line{}, err
	}
	if len(ev.ex.story.Base) != 1 {
		return Line{}, fmt.Errorf("explain %s: cycle %s has %d lines of order %s/%d, which it takes back", ev.ex.at.id,
			base.Cycle, len(ev.ex.story.Base), o.Base.ID, o.Base.Line)
	}
	billed := &ev.ex.story.Base[0]
	ch, _, err := ordering.TraceRefund(&ordering.PaidOrder{Type: base.Type, PayTime: base.PayTime,
		Effective: base.Effective, Expire: base.Expire,
		Official: billed.Official, Payment: billed.Payment, Coupons: billed.coupons()}, o.PayTime,
		ev.ex.Refund.In(ev.ex.Books.CustomerCurrency(o.Customer)), trace)
	if err != nil {
		return Line{}, err
	}
	ch.DiscountID = -1
	again := ratedLine(ev.ex.Books, ev.ex.at.id, base.Resource, &ch, nil)
	again.DiscountID = billed.DiscountID
	return again, nil
}

func (ev *eventStory) orderFacts(book *accept.EventBook, o *accept.Order) {
	ev.ex.fact("order", o.Type.String())
	about := o
	if base := book.Orders[o.Base]; o.Type == ordering.Unsubscribe && base != nil {
		about = base
	}
	p := &ev.ex.Books.Products[about.SKU]
	ev.ex.fact("product", productText(p))
	ev.ex.fact("region", about.Region)
	ev.ex.fact("resource", about.Resource)
	ev.ex.fact("paid",
		fmt.Sprintf("%s, day %s in %s", o.PayTime, ev.ex.Books.Zone.Day(o.PayTime), ev.ex.Books.Zone.Name()))
	if o.Base.ID != "" {
		ev.ex.fact("base order", fmt.Sprintf("%s/%d", o.Base.ID, o.Base.Line))
	}
	if about != o {
		ev.ex.fact("base paid", about.PayTime.String())
	} else {
		ev.ex.fact("quantity", strings.TrimSpace(o.Quantity.Trim()+" "+p.Measure))
		if o.PeriodNum > 0 {
			ev.ex.fact("periods", fmt.Sprintf("%d × %s", o.PeriodNum, o.PeriodType))
		}
		ev.ex.fact("named discount", o.Discount)
		ev.ex.fact("coupons", o.Coupons)
	}
	ev.ex.fact("in force", inForceText(about.Effective, about.Expire))
	if o.Payer != "customer" {
		ev.ex.fact("payer", o.Payer)
	}
	ev.ex.fact("accepted", "by the run as of "+o.AsOf.String())
}

func inForceText(from, to period.Instant) string {
	if to == period.Forever {
		return "from " + from.String() + ", without end"
	}
	return period.Span{From: from, To: to}.String()
}

// lateEvent explains why an event is billed in a cycle other than its own.
func (e *explainer) lateEvent(billed period.Cycle, at, asOf period.Instant) {
	if own := e.Books.Zone.Cycle(at); own != billed {
		e.story.Before = append(e.story.Before, lateText("it", own.String(), billed.String(), asOf.String()))
	}
}

// lateText explains why something is an adjustment (§4.11).
func lateText(what, origin, billed, asOf string) string {
	return fmt.Sprintf("%s belongs to cycle %s, which was closed when it was accepted (as of %s): billed in cycle %s "+
		"as an adjustment, bill_detail_type 16",
		what, origin, asOf, billed)
}

// adjustment explains a manual adjustment: the requested amount is the billed amount.
func (ev *eventStory) adjustment(ctx context.Context, a *accept.AdjustmentEvent) (err error) {
	ev.ex.story.State = StateAdjustment
	p := &ev.ex.Books.Products[a.SKU]
	ev.ex.fact("product", productText(p))
	ev.ex.fact("time", fmt.Sprintf("%s, day %s in %s", a.Time, ev.ex.Books.Zone.Day(a.Time), ev.ex.Books.Zone.Name()))
	ev.ex.fact("amount", a.Amount.Trim())
	ev.ex.fact("bill_detail_type", strconv.FormatInt(a.Detail, 10))
	ev.ex.fact("note", a.Note)
	ev.ex.fact("accepted", "by the run as of "+a.AsOf.String())
	ev.ex.lateEvent(a.Cycle, a.Time, a.AsOf)
	if ev.ex.story.Feeds, err = ev.adjustmentOrigins(ctx, a); err != nil {
		return err
	}
	ev.ex.story.Parts = append(ev.ex.story.Parts, Part{0, tables.AdjustmentLine.String(),
		[]string{fmt.Sprintf("the given amount: official %s, no discount, no rounding; to pay %s", a.Amount.Trim(),
			a.Amount.Trim())}})
	ev.ex.story.Rated = append(ev.ex.story.Rated, Line{ID: a.ID, Kind: tables.AdjustmentLine.String(),
		Official: a.Amount,
		Payment:  a.Amount})
	return ev.ex.storedLines(lake.EventsDay, &ev.ex.story.Stored, func(row rows.Row[tables.Line]) bool {
		return string(row.Text(tables.LineID)) == a.ID && row.Word(tables.LineTradeID) == a.Cycle.String()
	})
}

// orderOrigins searches the feed files for an order.
func (ev *eventStory) orderOrigins(ctx context.Context, o *accept.Order) ([]Origin, error) {
	spec := feed.OrdersSpec()
	search := &originSearch{ev.ex}
	return search.in(ctx, spec, lake.Day{}, func(b *feed.Batch, i int) (bears, same bool) {
		c := cells{b, spec, i}
		n, given := c.whole("order_line")
		if !given {
			n = 1
		}
		if c.text("order_id") != o.ID || n != o.Line || c.text("status") != "" {
			return false, false
		}
		payTime, _ := c.time("pay_time")
		official, given := c.amount("official_amount")
		return true, c.text("customer_id") == ev.ex.at.customer && c.text("order_type") == o.Type.String() &&
			payTime == o.PayTime &&
			c.text("sku") == o.SKUText && c.text("region_code") == o.Region && c.text("resource_id") == o.Resource &&
			c.text("discount_id") == o.Discount &&
			given == o.HasOfficial && (!given || official == o.Official) &&
			c.quantity("quantity") == o.Quantity.Signed()
	})
}

// adjustmentOrigins searches the feed files for an adjustment.
func (ev *eventStory) adjustmentOrigins(ctx context.Context, a *accept.AdjustmentEvent) ([]Origin, error) {
	spec := feed.AdjustmentsSpec()
	search := &originSearch{ev.ex}
	return search.in(ctx, spec, lake.Day{}, func(b *feed.Batch, i int) (bears, same bool) {
		c := cells{b, spec, i}
		if c.text("adjustment_id") != a.ID {
			return false, false
		}
		at, _ := c.time("time")
		amount, _ := c.amount("amount")
		return true, c.text("customer_id") == ev.ex.at.customer && c.text("sku") == ev.ex.Books.Products[a.SKU].SKU &&
			at == a.Time && amount == a.Amount && c.text("note") == a.Note
	})
}
