package bss

import (
	"context"
	"net/http"
	"slices"

	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/account"
)

func issuedPartnerCoupons() operation.Operation {
	return operation.Operation{
		Name: "ListIssuedPartnerCoupons", Method: http.MethodGet, Path: "/v2/promotions/benefits/partner-coupons",
		Summary: "The coupons that a partner issued or applied for",
		Callers: Partners(), Subject: operation.Customers,
		Params: slices.Concat([]operation.Param{
			{Name: "coupon_id", Meaning: "only this coupon"},
			{Name: "customer_id", Meaning: "only this customer's"},
			{Name: "order_id", Meaning: "coupons belong to no order, so none is found"},
			{Name: "coupon_type", Kind: operation.Whole, Min: 1, Max: 4, Meaning: typeMeaning},
			{Name: "status", Kind: operation.Whole, Min: 1, Max: 5, Meaning: statusMeaning},
			{Name: "create_time_begin", Kind: operation.Moment, Meaning: "issued then or later"},
			{Name: "create_time_end", Kind: operation.Moment, Meaning: "issued before then"},
		}, ValidityParams(), []operation.Param{
			{Name: "indirect_partner_id", Meaning: "what this reseller issued"},
		}, PageParams()),
		Answer: issuedList{},
		Handle: handleIssuedPartnerCoupons,
	}
}

// Values of the parameters of coupons.
const (
	typeMeaning   = "only 1 vouchers, 3 product vouchers, 4 cash coupons; there are no others"
	statusMeaning = "only 1 not valid yet, 2 usable, 3 used, 4 expired, 5 reclaimed; as of the last run"
)

// issuedList is ListIssuedPartnerCouponsResponse.
type issuedList struct {
	Total   int            `json:"total_count"`
	Coupons []issuedCoupon `json:"user_coupons"`
}

// issuedCoupon is IQueryUserPartnerCouponsResultV2. A coupon belongs to no order, plan or promotion, has no medium, and
// is never frozen.
type issuedCoupon struct {
	ID            string            `json:"coupon_id"`
	Status        int               `json:"status"`
	Customer      string            `json:"customer_id"`
	Type          int               `json:"coupon_type"`
	Measure       int               `json:"measure_id"`
	Face          operation.Decimal `json:"face_value"`
	EffectiveTime string            `json:"effective_time,omitempty"`
	ExpireTime    string            `json:"expire_time,omitempty"`
	ActiveTime    string            `json:"active_time,omitempty"`
	CreateTime    string            `json:"create_time,omitempty"`
	Balance       operation.Decimal `json:"balance"`
	Frozen        string            `json:"is_frozen"`
}

func handleIssuedPartnerCoupons(_ context.Context, c *operation.Call) (any, error) {
	issued, err := Between(c, "create_time_begin", "create_time_end")
	if err != nil {
		return nil, err
	}
	valid, err := Validity(c)
	if err != nil {
		return nil, err
	}
	list, asOf, err := couponsOf(c)
	if err != nil {
		return nil, err
	}
	out := []issuedCoupon{}
	for i := range list {
		k := &list[i]
		if k.Source == account.CouponOfBook || !c.Scope.Line(k.Partner, k.From) ||
			c.Scope.Customer != "" && k.Customer != c.Scope.Customer || !issued(k.From) ||
			!valid(period.Span{From: k.From, To: k.To}) || !couponFits(c, k, asOf) {
			continue
		}
		begin := Bound(k.From)
		out = append(out, issuedCoupon{ID: k.ID, Status: couponStatus(k, asOf), Customer: k.Customer, Type: typeOf(k),
			Measure: MeasureYuan, Face: operation.Decimal(k.Amount.String()), EffectiveTime: begin,
			ExpireTime: Bound(k.To), ActiveTime: begin, CreateTime: begin,
			Balance: operation.Decimal(k.Left.String()), Frozen: "0"})
	}
	return &issuedList{Total: len(out), Coupons: Window(c, out)}, nil
}

// couponsOf returns all coupons as of the last run.
func couponsOf(c *operation.Call) ([]query.Coupon, period.Instant, error) {
	asOf, err := AsOf(c)
	if err != nil || c.Scope.Nothing {
		return nil, asOf, err
	}
	list, err := query.CouponBalances(c.State.Snap, c.State.Workspace.Books, asOf)
	return list, asOf, err
}

// couponFits reports whether a coupon matches the filters of both lists of coupons.
func couponFits(c *operation.Call, k *query.Coupon, asOf period.Instant) bool {
	return !c.Given("order_id") && (!c.Given("coupon_id") || c.Text("coupon_id") == k.ID) &&
		(!c.Given("coupon_type") || c.Whole("coupon_type") == typeOf(k)) &&
		(!c.Given("status") || c.Whole("status") == couponStatus(k, asOf))
}

// typeOf returns the vendor's number of a coupon's kind.
func typeOf(k *query.Coupon) int { return CouponType(k.Kind) }

// couponStatus returns the vendor's number of a coupon's state.
func couponStatus(k *query.Coupon, asOf period.Instant) int {
	switch k.State {
	case "used":
		return 3
	case "expired":
		return 4
	case "reclaimed":
		return 5
	}
	if k.From > asOf {
		return 1
	}
	return 2
}

func subCustomerCoupons() operation.Operation {
	return operation.Operation{
		Name: "ListSubCustomerCoupons", Method: http.MethodGet, Path: "/v2/promotions/benefits/coupons",
		Summary: "The coupons of a customer", Callers: Owners(), Subject: operation.ItsCustomer,
		Params: append([]operation.Param{
			WhoseBill(),
			{Name: "coupon_id", Meaning: "only this coupon"},
			{Name: "order_id", Meaning: "coupons belong to no order, so none is found"},
			{Name: "promotion_plan_id", Meaning: "coupons belong to no plan, so none is found"},
			{Name: "coupon_type", Kind: operation.Whole, Min: 1, Max: 4, Meaning: typeMeaning},
			{Name: "status", Kind: operation.Whole, Min: 1, Max: 5, Meaning: statusMeaning},
			{Name: "active_start_time", Kind: operation.Moment, Meaning: "valid from then or later"},
			{Name: "active_end_time", Kind: operation.Moment, Meaning: "valid from before then"},
			{Name: "source_id", Meaning: "only coupons that this partner issued"},
		}, PageParams()...),
		Answer: couponList{},
		Handle: handleSubCustomerCoupons,
	}
}

// couponList is ListSubCustomerCouponsResponse.
type couponList struct {
	Count   int          `json:"count"`
	Coupons []userCoupon `json:"user_coupons"`
}

// userCoupon is IQueryUserCouponsResultV2.
type userCoupon struct {
	ID         string            `json:"coupon_id"`
	Status     int               `json:"status"`
	Customer   string            `json:"customer_id"`
	Type       int               `json:"coupon_type"`
	Measure    int               `json:"measure_id"`
	Face       operation.Decimal `json:"face_value"`
	ValidTime  string            `json:"valid_time,omitempty"`
	ExpireTime string            `json:"expire_time,omitempty"`
	ActiveTime string            `json:"active_time,omitempty"`
	Version    int               `json:"coupon_version"`
	Balance    operation.Decimal `json:"balance"`
	Frozen     string            `json:"is_frozen"`
	Currency   string            `json:"currency"`
	Source     string            `json:"source_id,omitempty"`
}

// reusable is the version of coupons that can pay several times.
const reusable = 2

func handleSubCustomerCoupons(_ context.Context, c *operation.Call) (any, error) {
	begins, err := Between(c, "active_start_time", "active_end_time")
	if err != nil {
		return nil, err
	}
	list, asOf, err := couponsOf(c)
	if err != nil {
		return nil, err
	}
	out := []userCoupon{}
	for i := range list {
		k := &list[i]
		if k.Customer != c.Scope.Customer || c.Given("promotion_plan_id") || !begins(k.From) ||
			!couponFits(c, k, asOf) ||
			c.Given("source_id") && c.Text("source_id") != k.Partner {
			continue
		}
		begin := Bound(k.From)
		out = append(out, userCoupon{ID: k.ID, Status: couponStatus(k, asOf), Customer: k.Customer, Type: typeOf(k),
			Measure: MeasureYuan, Face: operation.Decimal(k.Amount.String()), ValidTime: begin,
			ExpireTime: Bound(k.To), ActiveTime: begin, Version: reusable,
			Balance: operation.Decimal(k.Left.String()), Frozen: "0",
			Currency: c.CurrencyOf(k.Customer), Source: k.Partner})
	}
	return &couponList{Count: len(out), Coupons: Window(c, out)}, nil
}
