package bss_test

import "testing"

// livesHouse has unpaid orders. care costs 30.00 per month. The best of ann's discounts is north's 20 %, which gives
// 24.00. d1 gives 27.00, cut gives 25.00, dear would raise the price, and late starts in November.
func livesHouse(t *testing.T) *house {
	t.Helper()
	return houseWith(t, map[string]string{
		"books/discounts.csv": `discount_id,kind,customer_id,partner_id,service_type_code,sku,mode,value,valid_from
cut,order,ann,,*,*,reduction,5,2026-01-01
d1,commercial,ann,,su,*,rate,0.9,2026-01-01
dear,order,ann,,*,*,fixed,40,2026-01-01
late,commercial,ann,,*,*,rate,0.5,2026-11-01
pp,partner,*,north,*,*,rate,0.8,2026-01-01
`,
		"books/coupons.csv": `coupon_id,customer_id,kind,amount,min_consumption,service_type_code,sku,with_discount,valid_from,valid_to
any,ann,voucher,5,0,su,*,YES,2026-01-01,
bobs,bob,voucher,5,0,su,*,YES,2026-01-01,
exact,ann,cash_coupon,5,24,su,care,YES,2026-01-01,
least,ann,voucher,5,24.01,su,*,YES,2026-01-01,
noncom,ann,voucher,5,0,su,*,NOT_COMMERCIAL,2026-01-01,
none,ann,voucher,5,0,su,*,NO,2026-01-01,
old,ann,voucher,5,0,su,*,YES,2026-01-01,2026-10-03
other,ann,voucher,5,0,ml,*,YES,2026-10-02,
`,
		"inbox/orders/l.csv": `order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type,period_num,pay_time,status,status_time
n1,new,ann,care,east,s4,1,month,1,,pending_approval,2026-09-30T10:00:00Z
n1,new,ann,care,east,s4,1,month,1,,unpaid,2026-10-01T10:00:00Z
n2,new,ann,care,east,s5,1,month,1,,unpaid,2026-10-01T11:00:00Z
n2,new,ann,,,,,,,,cancelled,2026-10-02T10:00:00Z
n3,new,bob,care,east,s6,2,month,1,,unpaid,2026-09-28T10:00:00Z
o1,new,ann,care,east,s1,1,month,1,,unpaid,2026-09-19T10:00:00Z
o1,new,ann,,,,,,,,processing,2026-09-21T10:00:00Z
`})
}

// TestOrderLives lists orders with their status. Unpaid orders have the amounts that would be due. Invariants: TRADE-1,
// TRADE-2.
func TestOrderLives(t *testing.T) {
	t.Parallel()
	h := livesHouse(t)
	list := func(as, query string) string {
		return h.few(as, bssOrders+query, "", "order_infos", "order_id", "status", "order_type",
			"amount_after_discount",
			"official_amount", "create_time", "payment_time")
	}
	const (
		o1 = "o1 3 1 24.00000000 30.00000000 2026-09-19T10:00:00Z 2026-09-20T10:00:00Z"
		o2 = "o2 5 1 24.00000000 30.00000000 2026-09-20T10:00:00Z 2026-09-20T10:00:00Z"
		o3 = "o3 5 4 -24.00000000 -24.00000000 2026-09-21T10:00:00Z 2026-09-21T10:00:00Z"
		n1 = "n1 6 1 24.00000000 30.00000000 2026-09-30T10:00:00Z "
		n2 = "n2 4 1 24.00000000 30.00000000 2026-10-01T11:00:00Z "
		n3 = "n3 6 1 60.00000000 60.00000000 2026-09-28T10:00:00Z "
	)
	for _, c := range []struct{ as, query, want string }{
		{"ann", "", o1 + "\n" + o2 + "\n" + o3 + "\n" + n1 + "\n" + n2},
		{"north", "?order_by=-createTime&limit=2", n2 + "\n" + n1},
		{"hub", "", n3},
		{"hub", "?indirect_partner_id=north&status=6", n1},
		{"scout", "", ""},
		{"bob", "", n3},
		{"", "?status=6", n3 + "\n" + n1},
		{"ann", "?status=1", ""}, {"ann", "?status=3", o1}, {"ann", "?status=4", n2},
		{"ann", "?status=5", o2 + "\n" + o3},
		{"ann", "?create_time_begin=2026-09-30T10:00:00Z&create_time_end=2026-10-01T11:00:00Z", n1},
		{"ann", "?create_time_end=2026-09-20T10:00:00Z", o1},
		{"ann", "?payment_time_begin=2026-09-20T10:00:00Z&payment_time_end=2026-09-21T10:00:00Z", o1 + "\n" + o2},
	} {
		h.same(c.as+c.query, list(c.as, c.query), c.want)
	}
	const details = "/v2/orders/customer-orders/details/"
	h.same("details", h.few("ann", details+"n1", "", "order_line_items", "order_line_item_id", "period_num",
		"effective_time", "expire_time", "subscription_num", "amount_after_discount"), "n1/1 1   1 24.00000000")
	h.says("bob", details+"n1", "", `{"total_count":0,"order_line_items":[]}`)
	h.says("", "/v2/orders/customer-orders/refund-orders?order_id=n1", "", `{"total_count":0,"refund_infos":[]}`)
}

// TestFitting lists the coupons and discounts that apply to n1. An order that is paid or cancelled, that does not
// exist, or that belongs to somebody else has none. Invariant: TRADE-3.
func TestFitting(t *testing.T) {
	t.Parallel()
	h := livesHouse(t)
	const coupons, discounts = "/v2/orders/customer-orders/order-coupons?order_id=",
		"/v2/orders/customer-orders/order-discounts?order_id="
	h.says("north", coupons+"n1", "", `{"count":3,"user_coupons":[
		{"coupon_id":"any","status":2,"coupon_type":1,"measure_id":1,"face_value":5.00000000,
		"effective_time":"2026-01-01T00:00:00Z","coupon_version":2,"balance":5.00000000},
		{"coupon_id":"exact","status":2,"coupon_type":4,"measure_id":1,"face_value":5.00000000,
		"effective_time":"2026-01-01T00:00:00Z","coupon_version":2,"balance":5.00000000},
		{"coupon_id":"noncom","status":2,"coupon_type":1,"measure_id":1,"face_value":5.00000000,
		"effective_time":"2026-01-01T00:00:00Z","coupon_version":2,"balance":5.00000000}]}`)
	h.says("ann", discounts+"n1", "", `{"discounts":[
		{"discount_id":"cut","discount_value":"5","discount_type":609,"orders":[{"order_id":"n1","order_line_items":[
		{"order_line_item_ids":["n1/1"],"discount_mode":2,"discount_amount":5.00000000}]}]},
		{"discount_id":"d1","discount_value":"0.9","discount_type":2,"orders":[{"order_id":"n1","order_line_items":[
		{"order_line_item_ids":["n1/1"],"discount_mode":0,"discount_amount":3.00000000,"discount_ratio":0.9}]}]},
		{"discount_id":"pp","discount_value":"0.8","discount_type":3,"orders":[{"order_id":"n1","order_line_items":[
		{"order_line_item_ids":["n1/1"],"discount_mode":0,"discount_amount":6.00000000,"discount_ratio":0.8}]}]}]}`)
	h.same("bob's", h.few("hub", coupons+"n3", "", "user_coupons", "coupon_id"), "bobs")
	for _, id := range []string{"n2", "n3", "o1", "nothing"} {
		h.says("ann", coupons+id, "", `{"count":0,"user_coupons":[]}`)
		h.says("ann", discounts+id, "", `{"discounts":[]}`)
	}
	h.fails("ann", coupons, "", 400, "CBC.0100")
}

// TestPeriodResources lists subscriptions. ann's s1 for October is renewed for November by r1, s2 was unsubscribed, s3
// was unsubscribed and ordered again without an end, and s4 has expired. Invariant: TRADE-4.
func TestPeriodResources(t *testing.T) {
	t.Parallel()
	h := houseWith(
		t, map[string]string{"inbox/orders/r.csv": `order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type,period_num,pay_time,effective_time,expire_time,base_order_id
r1,auto_renew,ann,care,east,s1,1,month,1,2026-09-22T10:00:00Z,2026-11-05T00:00:00Z,2026-12-05T00:00:00Z,o1
r2,new,ann,care,west,s3,1,month,1,2026-09-20T10:00:00Z,,2026-10-20T10:00:00Z,
r3,unsubscribe,ann,,,,,,,2026-09-21T10:00:00Z,,,r2
r4,new,ann,care,east,s3,1,month,1,2026-09-22T10:00:00Z,,,
r5,new,ann,care,east,s4,1,day,10,2026-09-10T10:00:00Z,,2026-09-20T10:00:00Z,
`,
			"books/prices.csv": bssBooks["books/prices.csv"] + "care,*,day,2026-01-01,,1,,1\n"})
	const path = "/v2/orders/suscriptions/resources/query"
	list := func(as, body string) string {
		return h.few(as, path, body, "data", "resource_id", "region_code", "status", "effective_time", "expire_time",
			"expire_policy")
	}
	const (
		s1 = "s1 east 2 2026-10-05T00:00:00Z 2026-12-05T00:00:00Z 3"
		s2 = "s2 east 3 2026-09-20T10:00:00Z 2026-10-20T10:00:00Z "
		s3 = "s3 east 2 2026-09-22T10:00:00Z  "
		s4 = "s4 east 5 2026-09-10T10:00:00Z 2026-09-20T10:00:00Z "
	)
	for _, c := range []struct{ as, body, want string }{
		{"ann", `{}`, s1 + "\n" + s2 + "\n" + s3 + "\n" + s4},
		{"north", `{"customer_id":"ann","status_list":[2]}`, s1 + "\n" + s3},
		{"hub", `{"customer_id":"bob"}`, ""},
		{"", `{"customer_id":"ann","offset":3}`, s4},
		{"ann", `{"resource_ids":["s4","s9"]}`, s4}, {"ann", `{"order_id":"o1"}`, s1}, {"ann", `{"order_id":"r2"}`, s3},
		{"ann", `{"service_type_code":"ST"}`, ""}, {"ann", `{"service_type_code":"SU","limit":1}`, s1},
		{"ann", `{"expire_time_begin":"2026-09-20T10:00:00Z","expire_time_end":"2026-10-20T10:00:00Z"}`, s4},
	} {
		h.same(c.as+c.body, list(c.as, c.body), c.want)
	}
	h.fails("north", path, `{}`, 400, "CBC.0100")
	h.fails("north", path, `{"customer_id":"bob"}`, 400, "CBC.99000035")
}
