package bss

import (
	"context"
	"net/http"

	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/payment"
)

func orderCoupons() operation.Operation {
	return operation.Operation{
		Name: "ListOrderCouponsByOrderId", Method: http.MethodGet, Path: "/v2/orders/customer-orders/order-coupons",
		Summary: "The coupons that fit an order that was not paid yet; another order has none",
		Callers: Anyone(), Subject: operation.Customers,
		Params: []operation.Param{
			{Name: "order_id", Required: true, Meaning: "the order"},
			{Name: "indirect_partner_id", Meaning: "an order of this reseller's customers"},
		},
		Answer: orderCouponList{},
		Handle: handleOrderCoupons,
	}
}

// orderCouponList is ListOrderCouponsByOrderIdResponse.
type orderCouponList struct {
	Count   int           `json:"count"`
	Coupons []orderCoupon `json:"user_coupons"`
}

// orderCoupon is CouponInfoV2. A coupon belongs to no plan and has no code, purpose or group, and no order locks it.
type orderCoupon struct {
	ID            string            `json:"coupon_id"`
	Status        int               `json:"status"`
	Type          int               `json:"coupon_type"`
	Measure       int               `json:"measure_id"`
	Face          operation.Decimal `json:"face_value"`
	EffectiveTime string            `json:"effective_time,omitempty"`
	ExpireTime    string            `json:"expire_time,omitempty"`
	Version       int               `json:"coupon_version"`
	Balance       operation.Decimal `json:"balance"`
}

// The vendor's numbers of a coupon that can be used, and of coupons that pay several times.
const (
	usable        = 2
	orderReusable = 2
)

func handleOrderCoupons(_ context.Context, c *operation.Call) (any, error) {
	out := &orderCouponList{Coupons: []orderCoupon{}}
	at, err := AsOf(c)
	if err != nil {
		return nil, err
	}
	lives, err := openLives(c, c.Text("order_id"), at)
	if err != nil || len(lives) == 0 {
		return out, err
	}
	list, err := query.UsableCoupons(c.State.Snap, c.State.Workspace.Books, lives[0].Customer, at)
	if err != nil {
		return nil, err
	}
	for i := range list {
		k := &list[i]
		fits, err := fitsAny(c, &k.Terms, lives, at)
		if err != nil {
			return nil, err
		}
		if !fits {
			continue
		}
		out.Coupons = append(out.Coupons, orderCoupon{ID: k.ID, Status: usable, Type: CouponType(k.Kind),
			Measure: MeasureYuan, Face: operation.Decimal(k.Amount.String()), EffectiveTime: Bound(k.From),
			ExpireTime: Bound(k.To), Version: orderReusable, Balance: operation.Decimal(k.Left.String())})
	}
	out.Count = len(out.Coupons)
	return out, nil
}

// fitsAny reports whether a coupon would pay one of an order's lines that named it (§6.3).
func fitsAny(c *operation.Call, k *books.Coupon, lives []query.OrderLife, at period.Instant) (bool, error) {
	b := c.State.Workspace.Books
	for i := range lives {
		charge, err := priceOf(c, &lives[i])
		if err != nil {
			return false, err
		}
		sku := lives[i].Order.SKU
		l := payment.Line{Instant: at, Service: b.Products[sku].ServiceTypeCode, SKU: sku, Payment: charge.Payment,
			Discounted: charge.DiscountID >= 0, Order: true, Named: k.ID}
		l.Commercial = l.Discounted && b.Discounts[charge.DiscountID].Kind == books.Commercial
		if l.Payment.Sign() > 0 && payment.Fits(k, &l) {
			return true, nil
		}
	}
	return false, nil
}

func orderDiscounts() operation.Operation {
	return operation.Operation{
		Name: "ListOrderDiscounts", Method: http.MethodGet, Path: "/v2/orders/customer-orders/order-discounts",
		Summary: "The discounts that lower an order that was not paid yet; another order has none",
		Callers: Anyone(), Subject: operation.Customers,
		Params: []operation.Param{
			{Name: "order_id", Required: true, Meaning: "the order"},
			{Name: "indirect_partner_id", Meaning: "an order of this reseller's customers"},
		},
		Answer: orderDiscountList{},
		Handle: handleOrderDiscounts,
	}
}

// orderDiscountList is ListOrderDiscountsResponse.
type orderDiscountList struct {
	Discounts []fittingDiscount `json:"discounts"`
}

// fittingDiscount is DiscountInfoV3.
type fittingDiscount struct {
	ID     string            `json:"discount_id"`
	Value  string            `json:"discount_value"` // empty for a fixed amount
	Type   int               `json:"discount_type"`
	Orders []discountedOrder `json:"orders"`
}

// discountedOrder is OrderV3.
type discountedOrder struct {
	ID    string           `json:"order_id"`
	Items []discountedItem `json:"order_line_items"`
}

// discountedItem is OrderLineItemV3. Lines are not merged.
type discountedItem struct {
	Lines  []string          `json:"order_line_item_ids"`
	Mode   int               `json:"discount_mode"`
	Amount operation.Decimal `json:"discount_amount"`
	Ratio  operation.Decimal `json:"discount_ratio,omitempty"`
}

func handleOrderDiscounts(_ context.Context, c *operation.Call) (any, error) {
	out := &orderDiscountList{Discounts: []fittingDiscount{}}
	at, err := AsOf(c)
	if err != nil {
		return nil, err
	}
	lives, err := openLives(c, c.Text("order_id"), at)
	if err != nil {
		return nil, err
	}
	places := make(map[int32]int) // of discounts in the answer
	for i := range lives {
		l := &lives[i]
		offers, err := ordering.Offers(c.State.Prices.Ask(), l.Order.Rated(at))
		if err != nil {
			return nil, err
		}
		for _, o := range offers {
			d := &c.State.Workspace.Books.Discounts[o.Discount]
			place, is := places[o.Discount]
			if !is {
				place = len(out.Discounts)
				places[o.Discount] = place
				out.Discounts = append(out.Discounts, fittingDiscount{ID: d.ID, Value: discountValue(d),
					Type: offerNumber(d), Orders: []discountedOrder{{ID: l.Key.ID}}})
			}
			off, err := o.Official.Sub(o.Payment)
			if err != nil {
				return nil, err
			}
			item := discountedItem{Lines: []string{l.ID()}, Mode: int(d.Mode), Amount: operation.Decimal(off.String())}
			if d.Mode == books.ModeRate {
				item.Ratio = operation.Decimal(d.Rate.Trim())
			}
			order := &out.Discounts[place].Orders[0]
			order.Items = append(order.Items, item)
		}
	}
	return out, nil
}

// discountValue returns the share that remains to be paid, or the amount of a reduction.
func discountValue(d *books.Discount) string {
	switch d.Mode {
	case books.ModeRate:
		return d.Rate.Trim()
	case books.ModeReduction:
		return d.Amount.Trim()
	}
	return ""
}

// offerNumber returns the vendor's number of who grants a discount on an order: commercial, by contract, by the
// partner, or for this order.
func offerNumber(d *books.Discount) int {
	switch d.Kind {
	case books.Commercial:
		return 2
	case books.Channel:
		return 1
	case books.PartnerOffer:
		return 3
	}
	return 609
}
