package bss

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

func customerOrders() operation.Operation {
	return operation.Operation{
		Name: "ListCustomerOrders", Method: http.MethodGet, Path: "/v2/orders/customer-orders",
		Summary: "The orders of a customer, or of a partner's customers, of the last 18 months",
		Callers: Anyone(), Subject: operation.Customers,
		Params: append([]operation.Param{
			{Name: "order_id", Meaning: "only this order; case does not matter"},
			{Name: "customer_id", Meaning: "only this customer's"},
			{Name: "create_time_begin", Kind: operation.Moment, Meaning: "created then or later"},
			{Name: "create_time_end", Kind: operation.Moment,
				Meaning: "created before then, a year after create_time_begin at most"},
			{Name: "service_type_code", Meaning: "only this service's; case does not matter"},
			{Name: "status", Kind: operation.Whole, Max: 1000,
				Meaning: "only orders in this state: 1 pending approval, 3 processing, 4 cancelled, 5 completed, " +
					"6 unpaid; there are no others"},
			{Name: "order_type", Kind: operation.Word, Words: []string{"1", "2", "3", "4", "10", "11", "13", "14",
				"15"}, Meaning: "1 new, 2 renew, 3 change, 4 unsubscribe; there are no others"},
			{Name: "order_by", Default: "createTime",
				Meaning: "createTime, or -createTime: the newest first; case does not matter"},
			{Name: "payment_time_begin", Kind: operation.Moment, Meaning: "paid then or later"},
			{Name: "payment_time_end", Kind: operation.Moment,
				Meaning: "paid before then, a year after payment_time_begin at most"},
			{Name: "indirect_partner_id", Meaning: "orders of this reseller's customers"},
			{Name: "method", Kind: operation.Word, Words: []string{"oneself", "sub_customer"}, Default: "oneself",
				Meaning: "sub_customer: paid for enterprise sub-customers; there are none"},
		}, PageParams()...),
		Answer: orderList{},
		Handle: handleCustomerOrders,
	}
}

// orderList is ListCustomerOrdersResponse.
type orderList struct {
	Total  int     `json:"total_count"`
	Orders []order `json:"order_infos"`
}

// order is CustomerOrderV2. An order without a recorded life is shown as created when it was paid, and as completed.
// tollbook stores no source, contract, enterprise project or parent order.
type order struct {
	OrderID         string            `json:"order_id"`
	CustomerID      string            `json:"customer_id"`
	ServiceTypeCode string            `json:"service_type_code"`
	ServiceTypeName string            `json:"service_type_name,omitempty"`
	Status          int               `json:"status"`
	OrderType       int               `json:"order_type"`
	AfterDiscount   operation.Decimal `json:"amount_after_discount"` // what money paid, without coupons and cards
	Official        operation.Decimal `json:"official_amount"`       // for an unsubscription: amount_after_discount
	Measure         int               `json:"measure_id"`
	CreateTime      string            `json:"create_time"`
	PaymentTime     string            `json:"payment_time,omitempty"`
	Currency        string            `json:"currency"`
	Amounts         orderAmounts      `json:"amount_info"`
	AgentPay        *agentPay         `json:"agent_pay_info,omitempty"`
}

// orderAmounts is AmountInfomationV2. What an unsubscription retains is not divided into use and fee.
type orderAmounts struct {
	Discounts   []orderDiscount   `json:"discounts"`
	FlexiCoupon operation.Decimal `json:"flexipurchase_coupon_amount"`
	Coupon      operation.Decimal `json:"coupon_amount"`
	StoredCard  operation.Decimal `json:"stored_card_amount"`
}

// orderDiscount is DiscountItemV2.
type orderDiscount struct {
	Type   string            `json:"discount_type"`
	Amount operation.Decimal `json:"discount_amount"`
}

// agentPay is AgentPayInfoV2: the partner that paid.
type agentPay struct {
	Payer string `json:"paying_agent_id"`
	Agent bool   `json:"is_agent_pay"`
}

func handleCustomerOrders(ctx context.Context, c *operation.Call) (any, error) {
	created, paid, err := ordersDuring(c)
	if err != nil {
		return nil, err
	}
	newest := strings.EqualFold(c.Text("order_by"), "-createTime")
	if !newest && !strings.EqualFold(c.Text("order_by"), "createTime") {
		return nil, operation.BadParameter("order_by", operation.Text{Zh: "取值应为createTime或-createTime",
			En: "is none of createTime, -createTime"})
	}
	out := &orderList{Orders: []order{}}
	if c.Scope.Nothing || c.Text("method") != "oneself" {
		return out, nil
	}
	lines, err := orderLines(ctx, c, &orderQuery{customer: c.Scope.Customer, buckets: bucketsOf(c),
		during: period.Span{From: max(created.From, paid.From), To: paid.To}})
	if err != nil {
		return nil, err
	}
	lines = slices.DeleteFunc(lines, func(o boughtLine) bool { return !c.Scope.Line(o.partner, o.own) })
	if lines, err = withLives(c, lines); err != nil {
		return nil, err
	}
	lines = slices.DeleteFunc(lines, func(o boughtLine) bool {
		return !created.Holds(o.created) || o.open() &&
			(c.Given("payment_time_begin") || c.Given("payment_time_end"))
	})
	list := wanted(c, byOrder(lines))
	if newest {
		slices.Reverse(list)
	}
	out.Total = len(list)
	names := NamesOf(c.State.Workspace.Books)
	for _, lines := range Window(c, list) {
		o, err := orderOf(c, lines)
		if err != nil {
			return nil, err
		}
		o.ServiceTypeName = names.Services[o.ServiceTypeCode]
		out.Orders = append(out.Orders, o)
	}
	return out, nil
}

// ordersDuring returns the requested times of creation and payment of orders, within the window.
func ordersDuring(c *operation.Call) (created, paid period.Span, err error) {
	const year = 12
	if created, err = Span(c, "create_time_begin", "create_time_end", year); err != nil {
		return created, paid, err
	}
	paid, err = Span(c, "payment_time_begin", "payment_time_end", year)
	zone := c.State.Workspace.Books.Zone
	created.From = max(created.From, zone.Bounds(zone.Cycle(c.State.Now).Add(-operation.Window)).From)
	return created, paid, err
}

// open reports whether the line was not paid.
func (o *boughtLine) open() bool {
	return o.status != accept.OrderCompleted && o.status != accept.OrderProcessing
}

// bucketsOf returns the buckets of all customers that ever belonged to the scope's partner; nil = all.
func bucketsOf(c *operation.Call) map[int]bool {
	b := c.State.Workspace.Books
	partner := b.Partner(c.Scope.Partner)
	if partner < 0 {
		return nil
	}
	buckets := make(map[int]bool)
	for _, a := range b.Associations {
		if a.Partner == partner {
			buckets[BucketOf(c, b.Customers[a.Customer].ID)] = true
		}
	}
	return buckets
}

// byOrder groups the lines of each customer's orders: orders in the order of their first lines, lines by number.
func byOrder(lines []boughtLine) [][]boughtLine {
	var list [][]boughtLine
	at := make(map[string]int)
	for _, l := range lines {
		key := lineKey(l.customer, l.order)
		i, ok := at[key]
		if !ok {
			i, at[key] = len(list), len(list)
			list = append(list, nil)
		}
		list[i] = append(list[i], l)
	}
	return list
}

// wanted keeps the orders that fit the call's filters.
func wanted(c *operation.Call, list [][]boughtLine) [][]boughtLine {
	return slices.DeleteFunc(list, func(lines []boughtLine) bool {
		o := lines[0]
		return c.Given("order_id") && !strings.EqualFold(c.Text("order_id"), o.order) ||
			c.Given("status") && c.Whole("status") != statusNumbers()[o.status] ||
			c.Given("service_type_code") && !strings.EqualFold(c.Text("service_type_code"), o.service) ||
			c.Given("order_type") && c.Whole("order_type") != orderType(o.kind)
	})
}

// orderType returns the vendor's number of an order's type.
func orderType(kind string) int {
	switch kind {
	case "new":
		return 1
	case "renew", "auto_renew":
		return 2
	case "change":
		return 3
	}
	return typeUnsubscribe
}

// typeUnsubscribe is the order_type of an unsubscription.
const typeUnsubscribe = 4

// orderOf adds up the lines of an order. Other values in which lines can differ are those of the first one.
func orderOf(c *operation.Call, lines []boughtLine) (order, error) {
	first := lines[0]
	var official, after, coupon, stored, flexi money.AmountTotal
	offers := make(map[string]*money.AmountTotal)
	for i := range lines {
		l := &lines[i]
		for _, add := range []struct {
			to *money.AmountTotal
			a  money.Amount
		}{{&official, l.official}, {&after, l.payment}, {&after, l.coupon.Neg()}, {&after, l.stored.Neg()},
			{&after, l.flexi.Neg()},
			{&coupon, l.coupon}, {&stored, l.stored}, {&flexi, l.flexi}, {offer(offers, c, l), l.discount}} {
			if err := add.to.Add(add.a); err != nil {
				return order{}, err
			}
		}
	}
	o := order{OrderID: first.order, CustomerID: first.customer, ServiceTypeCode: first.service,
		Status:        statusNumbers()[first.status],
		OrderType:     orderType(first.kind),
		AfterDiscount: operation.Decimal(after.String()), Official: operation.Decimal(official.String()),
		Measure:    MeasureYuan,
		CreateTime: operation.Time(first.created),
		Currency:   c.CurrencyOf(first.customer),
		Amounts: orderAmounts{Discounts: []orderDiscount{}, FlexiCoupon: operation.Decimal(flexi.String()),
			Coupon: operation.Decimal(coupon.String()), StoredCard: operation.Decimal(stored.String())}}
	if !first.open() {
		o.PaymentTime = operation.Time(first.at)
	}
	if o.OrderType == typeUnsubscribe {
		o.Official = o.AfterDiscount
		return o, nil
	}
	for _, kind := range []string{"605", "606", "607", discountOfOrder} {
		if total := offers[kind]; total != nil && !total.IsZero() {
			o.Amounts.Discounts = append(o.Amounts.Discounts, orderDiscount{kind, operation.Decimal(total.String())})
		}
	}
	if first.payer != "customer" {
		o.AgentPay = &agentPay{Payer: first.payer, Agent: true}
	}
	return o, nil
}

// discountOfOrder is the vendor's number of a discount that the order itself names.
const discountOfOrder = "609"

// offer returns the total for a line's kind of discount.
func offer(offers map[string]*money.AmountTotal, c *operation.Call, l *boughtLine) *money.AmountTotal {
	kind := discountOfOrder
	if rows := c.State.Workspace.Books.Discounts.Of(l.discountID); len(rows) > 0 && DiscountType(&rows[0]) != 0 {
		kind = strconv.Itoa(DiscountType(&rows[0]))
	}
	if offers[kind] == nil {
		offers[kind] = &money.AmountTotal{}
	}
	return offers[kind]
}
