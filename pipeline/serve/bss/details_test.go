package bss_test

import "testing"

// TestOrderDetails reads orders. o1 costs 30 less 10 % for a month from 5 October, and o3 refunds o2. An order of
// another caller's customer gets the same answer as one that does not exist. Invariant: TRADE-1.
func TestOrderDetails(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const details, refunds = "/v2/orders/customer-orders/details/", "/v2/orders/customer-orders/refund-orders"
	h.same("lines", h.few("north", details+"o1", "", "order_line_items", "order_line_item_id", "period_type",
		"period_num", "effective_time", "expire_time", "amount_after_discount", "official_amount"),
		"o1/1 2 1 2026-10-05T00:00:00Z 2026-11-05T00:00:00Z 27.00000000 30.00000000")
	h.same("own", h.few("ann", details+"o2", "", "order_line_items", "product_id", "commercial_resource"),
		"care su.care")
	h.same("a page", h.few("ann", details+"o2?offset=1", "", "order_line_items", "product_id"), "")
	h.same("of the reseller", h.few("hub", details+"o1?indirect_partner_id=north", "", "order_line_items", "order_id"),
		"o1")
	for _, path := range []string{details + "o1", details + "nothing"} {
		h.says("hub", path, "", `{"total_count":0,"order_line_items":[]}`)
	}
	h.same("refund", h.few("north", refunds+"?order_id=o3&customer_id=ann", "", "refund_infos", "id", "base_order_id",
		"measure_id", "region_code"), "o3/1 o2 1 east")
	for _, id := range []string{"o1", "nothing"} {
		h.says("ann", refunds+"?order_id="+id, "", `{"total_count":0,"refund_infos":[]}`)
	}
	h.says("bob", refunds+"?order_id=o3", "", `{"total_count":0,"refund_infos":[]}`)
	h.fails("north", refunds, "", 400, "CBC.0100")
}

// TestPackages reads packages. ann has used 3 of her 5 GB for October, p0 has expired, and p2 starts in November.
// Invariants: PACKAGES-1, PACKAGES-2.
func TestPackages(t *testing.T) {
	t.Parallel()
	h := houseWith(t, map[string]string{
		"books/packages.csv": "package_id,customer_id,skus,region_code,quota,reset,valid_from,valid_to\n" +
			"p1,ann,gb,*,5,cycle,2026-01-01,\np0,ann,gb,west,9,none,2026-01-01,2026-10-01\n" +
			"p2,ann,mail,*,7,none,2026-11-01,\npb,bob,gb,*,7,none,2026-11-01,\n",
		"inbox/usage/b.csv": "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
			"a9,ann,r1,gb,east,2026-10-02T10:00:00Z,2026-10-02T11:00:00Z,3\n"})
	h.night("2026-10-04T00:00:00Z")
	const infos, usages = "/v3/payments/free-resources/query", "/v2/payments/free-resources/usages/details/query"
	row := func(body string) string {
		return h.few("ann", infos, body, "free_resource_packages", "product_id", "status", "quota_reuse_mode")
	}
	h.same("all", row(`{}`), "p0 3 2\np1 1 1\np2 0 2")
	for body, want := range map[string]string{`{"status":3}`: "p0 3 2", `{"region_code":"west"}`: "p0 3 2",
		`{"service_type_code_list":["ML"]}`: "p2 0 2", `{"order_id":"o1"}`: "", `{"product_name":"p1"}`: "p1 1 1",
		`{"enterprise_project_id":"0"}`: "", `{"limit":1,"offset":2}`: "p2 0 2"} {
		h.same(body, row(body), want)
	}
	h.says("ann", usages, `{"free_resource_ids":["p0","p1","pb","x"]}`, `{"free_resources":[
		{"free_resource_id":"p0","start_time":"2026-01-01T00:00:00Z","end_time":"2026-10-01T00:00:00Z",
		"amount":0.0000000000,"original_amount":9.0000000000,"measure_id":17},
		{"free_resource_id":"p1","quota_reuse_cycle":4,"quota_reuse_cycle_type":1,"start_time":"2026-10-01T00:00:00Z",
		"end_time":"2026-11-01T00:00:00Z","amount":2.0000000000,"original_amount":5.0000000000,"measure_id":17}]}`)
	h.fails("ann", usages, `{}`, 400, "CBC.0100")
	h.fails("ann", infos, `{"customer_id":"bob"}`, 403, "CBC.0151")
}

// TestCosts checks the costs of bob's b1: 10.00551 GB at 2, truncated to 20.01. It started on 3 September, which is its
// bill date. Invariants: DIMENSIONS-1, COSTS-2.
func TestCosts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const costs = "/v4/costs/cost-analysed-bills/query"
	ask := func(when, more string) string {
		return `{"time_condition":` + when + `,"cost_type":"ORIGINAL_COST","amount_type":"PAYMENT_AMOUNT"` + more + `}`
	}
	const september = `{"time_measure_id":2,"begin_time":"2026-08","end_time":"2026-09"}`
	const service = `,"groupby":[{"type":"dimension","key":"CLOUD_SERVICE_TYPE"}]`
	h.says("bob", costs, ask(september, service), `{"currency":"CNY","total_count":1,"cost_data":[{"dimensions":[
		{"key":"CLOUD_SERVICE_TYPE","value":"st"}],"costs":[{"time_dimension_value":"2026-09","time_measure_id":2,
		"amount":"20.01000000","official_amount":"20.01102000"}],"amount_by_costs":"20.01000000",
		"official_amount_by_costs":"20.01102000"}]}`)
	h.says("bob", costs, ask(`{"time_measure_id":1,"begin_time":"2026-09-03","end_time":"2026-09-05"}`, service),
		`{"currency":"CNY","total_count":1,"cost_data":[{"dimensions":[{"key":"CLOUD_SERVICE_TYPE","value":"st"}],
		"costs":[{"time_dimension_value":"2026-09-03","time_measure_id":1,"amount":"20.01000000",
		"official_amount":"20.01102000"}],"amount_by_costs":"20.01000000","official_amount_by_costs":"20.01102000"}]}`)
	row := func(more string) string {
		return h.few("ann", costs, ask(september, more), "cost_data", "amount_by_costs")
	}
	// ann: 20 for gb (10 of 15 GB) less 1.50; 11 for mail; 7 for her line; 27 for care.
	h.same("only", row(
		service+`,"filters":[{"operator":0,"filter_factor":{"key":"CLOUD_SERVICE_TYPE","value":["bw","ml"]}}]`),
		"7.00000000\n11.00000000")
	h.same("but", row(service+`,"filters":[{"operator":1,"filter_factor":{"key":"REGION_CODE","value":["east"]}}]`+
		`,"limit":1`), "-1.50000000")
	h.same("a page", row(service+`,"offset":9`), "")
	for _, body := range []string{ask(september, ""), ask(september, `,"groupby":[{"type":"tag","key":"a"}]`),
		ask(september, service+`,"filters":[{"operator":2,"filter_factor":{"key":"REGION_CODE","value":[]}}]`),
		ask(`{"time_measure_id":3,"begin_time":"2026-08","end_time":"2026-09"}`, service),
		ask(`{"time_measure_id":2,"begin_time":"2026-09","end_time":"2026-08"}`, service),
		ask(`{"time_measure_id":1,"begin_time":"2026-09-01","end_time":"2026-10-02"}`, service),
		`{"time_condition":` + september + `,"cost_type":"AMORTIZED_COST","amount_type":"NET_AMOUNT"` + service + `}`} {
		h.fails("ann", costs, body, 400, "CBC.0100")
	}
}
