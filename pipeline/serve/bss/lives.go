package bss

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// withLives sets the status of lines that were paid, and appends the lines of the call's scope that were not paid
// (TRADE-2). Lines are sorted by creation, customer, order and line.
func withLives(c *operation.Call, lines []boughtLine) ([]boughtLine, error) {
	lives, err := query.OrderLives(c.State.Snap, c.State.Workspace.Books)
	if err != nil || len(lives) == 0 {
		return lines, err
	}
	paid := make(map[string]*query.OrderLife)
	for i := range lives {
		l := &lives[i]
		if l.Paid {
			paid[lineKey(l.Customer, l.ID())] = l
			continue
		}
		one, shown, err := unpaidLine(c, l)
		if err != nil {
			return nil, err
		}
		if shown {
			lines = append(lines, one)
		}
	}
	for i := range lines {
		o := &lines[i]
		if l := paid[orderKey(o.customer, o.order, o.line)]; l != nil {
			o.status, o.created = l.Status, min(o.created, l.Created)
		}
	}
	slices.SortFunc(lines, func(a, b boughtLine) int {
		return cmp.Or(cmp.Compare(a.created, b.created), strings.Compare(a.customer, b.customer),
			strings.Compare(a.order, b.order), cmp.Compare(a.line, b.line))
	})
	return lines, nil
}

// unpaidLine returns an unpaid order line with the amounts that it would have at the last run or, if it was cancelled,
// at its cancellation; false if it is not in the call's scope.
func unpaidLine(c *operation.Call, l *query.OrderLife) (boughtLine, bool, error) {
	if l.Order == nil || c.Scope.Nothing || c.Scope.Customer != "" && c.Scope.Customer != l.Customer {
		return boughtLine{}, false, nil
	}
	b, e := c.State.Workspace.Books, l.Order
	o := boughtLine{customer: l.Customer, order: l.Key.ID, line: l.Key.Line, kind: e.Type.String(), at: l.Created,
		created: l.Created, status: l.Status, payer: e.Payer, own: l.Created, baseOrder: e.Base.ID, sku: e.SKUText,
		region: e.Region, periodType: e.PeriodType, periodNum: e.PeriodNum, effective: tables.Nothing,
		expire: tables.Nothing}
	if a, is := b.Associations.At(e.Customer, l.Created); is {
		o.partner = b.Partners[a.Partner].ID
	}
	if !c.Scope.Line(o.partner, o.own) {
		return o, false, nil
	}
	if e.Effective > e.PayTime {
		o.effective = e.Effective
	}
	if e.Expire != period.Forever {
		o.expire = e.Expire
	}
	o.number, _ = e.Quantity.Whole()
	if e.SKU >= 0 {
		p := &b.Products[e.SKU]
		o.service, o.resourceType = p.ServiceTypeCode, p.ResourceTypeCode
	}
	charge, err := priceOf(c, l)
	if err != nil {
		return o, false, err
	}
	o.official, o.discount, o.payment = charge.Official, charge.Discount, charge.Payment
	if charge.DiscountID >= 0 {
		o.discountID = b.Discounts[charge.DiscountID].ID
	}
	return o, true, nil
}

// priceOf returns what an unpaid order line would cost.
func priceOf(c *operation.Call, l *query.OrderLife) (tables.Charge, error) {
	at, err := AsOf(c)
	if err != nil {
		return tables.Charge{}, err
	}
	if l.Status == accept.OrderCancelled {
		at = l.Since
	}
	charge, priced, err := l.Price(c.State.Prices.Ask(), at)
	if !priced {
		charge.DiscountID = -1
	}
	return charge, err
}

// statusNumbers returns the vendor's numbers of an order's status.
func statusNumbers() map[string]int {
	return map[string]int{accept.OrderPendingApproval: 1, accept.OrderProcessing: 3, accept.OrderCancelled: 4,
		accept.OrderCompleted: 5,
		accept.OrderUnpaid:    6}
}

// openLives returns the lines of an order in the call's scope that can still be paid and have a price at an instant.
func openLives(c *operation.Call, order string, at period.Instant) ([]query.OrderLife, error) {
	lives, err := query.OrderLives(c.State.Snap, c.State.Workspace.Books)
	if err != nil {
		return nil, err
	}
	var out []query.OrderLife
	for i := range lives {
		l := &lives[i]
		if l.Key.ID != order || !l.Open() || l.Order.Type == ordering.Unsubscribe ||
			!ordering.Priced(c.State.Prices.Ask(), l.Order.Rated(at)) {
			continue
		}
		_, shown, err := unpaidLine(c, l)
		if err != nil {
			return nil, err
		}
		if shown {
			out = append(out, *l)
		}
	}
	return out, nil
}
