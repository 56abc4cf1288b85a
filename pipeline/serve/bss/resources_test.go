package bss_test

import (
	"context"
	"testing"

	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// TestOnDemandResources checks the last use of resources: ann's storage was last used on 2 September, her mail on 3
// September, her line until the end of the month. On 4 October the storage is closed.
func TestOnDemandResources(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.lay("inbox/usage/more.csv", usage("m", 10, 1))
	h.night("2026-10-04T00:00:00Z")
	const path = onDemand
	list := func(as, body string) string {
		return h.few(as, path, body, "resources", "resource_id", "region_code", "resource_spec_code", "status",
			"effective_time", "expire_time")
	}
	const (
		l1 = "l1 east line 1 2026-09-01T00:00:00Z "
		r1 = "r1 east gb 6 2026-09-02T00:00:00Z 2026-09-03T00:00:00Z"
		r2 = "r2 east mail 1 2026-09-03T00:00:00Z "
	)
	for _, c := range []struct{ as, body, want string }{
		{"north", `{"customer_id":"ann"}`, l1 + "\n" + r1 + "\n" + r2},
		{"", `{"customer_id":"ann","offset":1,"limit":1}`, r1},
		{"hub", `{"customer_id":"ann","indirect_partner_id":"north","status":6}`, r1},
		{"north", `{"customer_id":"ann","status":1,"resource_ids":["r1","r2"]}`, r2},
		{"north", `{"customer_id":"ann","service_type_code":"bw"}`, l1},
		{"north", `{"customer_id":"ann","region_code":"west"}`, ""},
		{"north", `{"customer_id":"ann","effective_time_begin":"2026-09-02T00:00:00Z",
			"effective_time_end":"2026-09-03T00:00:00Z"}`, r1},
		{"scout", `{"customer_id":"cat"}`, "r4 east gb 1 2026-09-04T00:00:00Z "},
	} {
		h.same(c.as+c.body, list(c.as, c.body), c.want)
	}
	h.fails("north", path, `{}`, 400, "CBC.0100")
	h.fails("north", path, `{"customer_id":"bob"}`, 400, "CBC.99000035")
	h.fails("ann", path, `{"customer_id":"ann"}`, 403, "CBC.0151")
}

// TestNewTags checks which customers are new: ann came to north on 1 January and is new for ten months by the longest
// bonus in force. The bonus of more months has ended, and cat's association has another type.
func TestNewTags(t *testing.T) {
	t.Parallel()
	h := houseWith(t, map[string]string{"books/incentives.yaml": `- {id: ended, period: month, valid_to: 2026-10-01, new_customer_bonus: {rate: "0.1", months: 90}}
- {id: others, period: month, partners: [hub], new_customer_bonus: {rate: "0.1", months: 80}}
- {id: short, period: month, new_customer_bonus: {rate: "0.1", months: 9}, association_types: [2]}
- {id: long, period: month, partners: [north], new_customer_bonus: {rate: "0.1", months: 10}}
`})
	const path = "/v2/partners/sub-customers/new-customers-tags/batch-query"
	h.says("north", path, `{"customer_ids":["ann","bob","nobody"]}`, `{"new_customer_tags":[{"customer_id":"ann",
		"customer_tag_type":"SMB","new_customer_tag":"Y","effective_time":"2026-01","expire_time":"2026-11"}]}`)
	h.says("scout", path, `{}`, `{"new_customer_tags":[{"customer_id":"cat","customer_tag_type":"SMB",
		"new_customer_tag":"N"}]}`)
	h.same("of a reseller", h.few("hub", path, `{"indirect_partner_id":"north"}`, "new_customer_tags", "customer_id"),
		"ann")
	h.same("all", h.few("", path, `{"limit":1,"offset":1}`, "new_customer_tags", "customer_id"), "cat")
	h.edit("books/incentives.yaml", "months: 10", "months: 2")
	h.server = h.serve(nil)
	h.same("no longer", h.few("north", path, `{}`, "new_customer_tags", "new_customer_tag", "expire_time"), "N 2026-10")
	h.fails("ann", path, `{}`, 403, "CBC.0151")
}

// TestManagerNames checks that the API shows the name of an account manager if managers.csv has it, otherwise its id.
func TestManagerNames(t *testing.T) {
	t.Parallel()
	h := houseWith(t, map[string]string{"books/managers.csv": "account_manager_id,name,partner_id,email\n" +
		"am1,Lin Wei,north,lin@north.example\nam9,Nobody,north,\n"})
	const path = "/v2/partners/sub-customers/query"
	h.same("of ann", h.few("north", path, `{}`, "customer_infos", "account_managers"), `[{"account_name":"Lin Wei"}]`)
	h.edit("books/managers.csv", "am1,Lin Wei", "am8,Lin Wei")
	h.server = h.serve(nil)
	h.same("without a row", h.few("north", path, `{}`, "customer_infos", "account_managers"), `[{"account_name":"am1"}]`)
}

// TestRecordDetails reads ann's bill of September by resource, by day and by record.
func TestRecordDetails(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const path = ownDetails
	h.says("ann", path, `{"cycle":"2026-09","cloud_service_type":"ml","resource_type":"ml.out","region":"east"}`,
		`{"monthly_records":[{"cycle":"2026-09","bill_type":5,"customer_id":"ann","region":"east",
		"cloud_service_type":"ml","resource_Type_code":"ml.out","cloud_service_type_name":"Mailing",
		"resource_type_name":"Mail","res_instance_id":"r2","sku_code":"mail","charge_mode":3,
		"consume_amount":11.00000000,"cash_amount":11.00000000,"credit_amount":0.00000000,"coupon_amount":0.00000000,
		"flexipurchase_coupon_amount":0.00000000,"stored_card_amount":0.00000000,"debt_amount":0.00000000,
		"official_amount":11.00000000,"discount_amount":0.00000000,"measure_id":1,"trade_id":"2026-09",
		"payer_account_id":"ann","account_name":"Ann Ltd"}],"total_count":1,"currency":"CNY"}`)
	list := func(more string) string {
		return h.few("ann", path, `{"cycle":"2026-09"`+more+`}`, "monthly_records", "bill_date", "res_instance_id", "id",
			"consume_amount", "period_type")
	}
	for _, c := range []struct{ more, want string }{
		{`,"charge_mode":3,"include_zero_record":false`,
			" l1  7.00000000 \n r2  11.00000000 \n   -1.50000000 \n r1  20.00000000 "},
		{`,"statistic_type":2,"charge_mode":3`, "2026-09-01 l1  7.00000000 \n2026-09-02 r1  20.00000000 \n" +
			"2026-09-03 r2  11.00000000 \n2026-09-22   -1.50000000 "},
		{`,"statistic_type":2,"query_type":"DAILY","bill_cycle_begin":"2026-09-02","bill_cycle_end":"2026-09-03",
			"offset":1`, "2026-09-03 r2  11.00000000 "},
		{`,"statistic_type":3,"query_type":"DAILY","bill_cycle_begin":"2026-09-03","bill_cycle_end":"2026-09-20"`,
			"2026-09-03 r2 a2#1 10.00000000 \n2026-09-03 r2 a2#2 1.00000000 \n2026-09-20 s2 o2/1 27.00000000 20\n" +
				"2026-09-20 s1 o1/1 27.00000000 20"},
		{`,"statistic_type":3,"res_instance_id":"s2","bill_type":4`, "2026-09-21 s2 o3/1 -27.00000000 "},
		{`,"payer_account_id":"bob"`, ""}, {`,"method":"sub_customer","sub_customer_id":"bob"`, ""},
	} {
		h.same(c.more, list(c.more), c.want)
	}
	for _, more := range []string{`,"query_type":"DAILY"`, `,"statistic_type":2,"query_type":"DAILY"`,
		`,"statistic_type":2,"query_type":"DAILY","bill_cycle_begin":"2026-09-02"`,
		`,"statistic_type":3,"query_type":"DAILY","bill_cycle_begin":"2026-09-02","bill_cycle_end":"2026-10-01"`} {
		h.fails("ann", path, `{"cycle":"2026-09"`+more+`}`, 400, "CBC.0100")
	}
}

// TestBreakDown checks how orders are allocated: o1 is 27.00 for the 31 days from 5 October, of which 27 are in
// October: 23.52 and 3.48. o2 is for 31 days from 20 September and was refunded in September, so that it has no later
// part. plan is 91.00 for the 91 days from 16 September: 15, 31 and 45. The charge gone ended on 2 October, which
// refunded 75.00. Invariant: DIMENSIONS-3.
func TestBreakDown(t *testing.T) {
	t.Parallel()
	h := houseWith(t, map[string]string{
		"books/products.csv": books["books/products.csv"] +
			"basic,Basic plan,pl,Plans,pl.basic,Plan,,piece,recurring,,,YES,\n",
		"books/prices.csv": books["books/prices.csv"] + "basic,*,,2026-01-01,,1,,91\n",
		"books/recurring.csv": `charge_id,customer_id,sku,resource_id,timing,period,anchor,proration,valid_from,valid_to
plan,ann,basic,pl1,advance,quarter,start,days,2026-09-16,
gone,ann,basic,pl2,advance,quarter,start,days,2026-09-16,2026-10-02
`})
	h.run("2026-11-03T00:00:00Z", func(w *workspace.Workspace, o workspace.Options) (*workspace.Report, error) {
		return run.Monthly(context.Background(), w, cycleOf(t, "2026-10"), o)
	})
	const path = breakDowns
	list := func(query string) string {
		return h.few("ann", path+"?"+query, "", "details", "bill_cycle", "resource_id", "order_id", "consume_amount",
			"past_months_amortized_amount", "current_month_amortized_amount", "future_months_amortized_amount")
	}
	h.same("orders of September", list("shared_month=2026-09&charging_mode=1&service_type_code=su"),
		"2026-09 s2 o2 27.00000000 0.00000000 27.00000000 0.00000000\n"+
			"2026-09 s2 o3 -27.00000000 0.00000000 -27.00000000 0.00000000\n"+
			"2026-09 s1 o1 27.00000000 0.00000000 0.00000000 27.00000000")
	h.same("orders of October", list("shared_month=2026-10&charging_mode=1&service_type_code=su"),
		"2026-09 s1 o1 27.00000000 0.00000000 23.52000000 3.48000000")
	h.same("the plan in September", list("shared_month=2026-09&resource_id=pl1"),
		"2026-09 pl1  91.00000000 0.00000000 15.00000000 76.00000000")
	h.same("the plan in October", list("shared_month=2026-10&resource_id=pl1"),
		"2026-09 pl1  91.00000000 15.00000000 31.00000000 45.00000000")
	h.same("the charge that ended", list("shared_month=2026-10&resource_id=pl2"),
		"2026-09 pl2  91.00000000 15.00000000 76.00000000 0.00000000\n"+
			"2026-10 pl2  -75.00000000 0.00000000 -75.00000000 0.00000000")
	h.same("by use", list("shared_month=2026-09&service_type_code=st"),
		"2026-09   -1.50000000 0.00000000 -1.50000000 0.00000000\n"+
			"2026-09 r1  20.00000000 0.00000000 20.00000000 0.00000000")
	h.says("ann", path+"?shared_month=2026-10&resource_id=s1", "", `{"currency":"CNY","total_count":1,"details":[{
		"shared_month":"2026-10","bill_cycle":"2026-09","bill_type":1,"customer_id":"ann","region_code":"east",
		"service_type_code":"su","resource_type_code":"su.care","service_type_name":"Support",
		"resource_type_name":"Care","resource_id":"s1","charging_mode":1,"order_id":"o1","period_type":20,
		"usage_type":"term","consume_amount":27.00000000,"past_months_amortized_amount":0.00000000,
		"current_month_amortized_amount":23.52000000,"future_months_amortized_amount":3.48000000,
		"amortized_cash_amount":23.52000000,"amortized_credit_amount":0.00000000,"amortized_coupon_amount":0.00000000,
		"amortized_flexipurchase_coupon_amount":0.00000000,"amortized_stored_value_card_amount":0.00000000}]}`)
	for _, query := range []string{"shared_month=2026-08", "shared_month=2026-09&method=sub_customer",
		"shared_month=2026-09&enterprise_project_id=0", "shared_month=2026-09&offset=90"} {
		h.same(query, list(query), "")
	}
	h.fails("hub", path+"?shared_month=2026-09", "", 403, "CBC.0151")
}
