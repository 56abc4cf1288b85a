package bss_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// TestOnDemandResources checks the last use of resources: ann's storage on 2 September, her mail on 3 September, her
// line at the end of the month. On 4 October the storage is closed.
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

// TestNewTags checks which customers are new. ann came to north on 1 January and is new for ten months, by the longest
// bonus in force. A longer bonus has ended, and cat's association has another type.
func TestNewTags(t *testing.T) {
	t.Parallel()
	h := houseWith(
		t, map[string]string{"books/incentives.yaml": `- {id: ended, period: month, valid_to: 2026-10-01, new_customer_bonus: {rate: "0.1", months: 90}}
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
	h.same("without a row", h.few("north", path, `{}`, "customer_infos", "account_managers"),
		`[{"account_name":"am1"}]`)
}

// TestRecordDetails reads ann's bill of September per resource, per day and per record.
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
		return h.few("ann", path, `{"cycle":"2026-09"`+more+`}`, "monthly_records", "bill_date", "res_instance_id",
			"id",
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

// TestBreakDown checks how orders are allocated to months. o1 costs 27.00 for 31 days from 5 October, 27 of them in
// October: 23.52 and 3.48. o2, for 31 days from 20 September, was refunded in September and has no later part. plan
// costs 91.00 for 91 days from 16 September: 15, 31 and 45. The charge gone ended on 2 October, which refunded 75.00.
// Invariant: DIMENSIONS-3.
func TestBreakDown(t *testing.T) {
	t.Parallel()
	h := houseWith(t, map[string]string{
		"books/products.csv": bssBooks["books/products.csv"] +
			"basic,Basic plan,pl,Plans,pl.basic,Plan,,piece,recurring,,,YES,\n",
		"books/prices.csv": bssBooks["books/prices.csv"] + "basic,*,,2026-01-01,,1,,91\n",
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
	// Lines of orders and of recurring charges remain in the lake when their cycle is archived.
	h.edit("tollbook.yaml", "lake: {buckets: 2}", "lake: {buckets: 2}\nusage: {max_age_months: 1}\n"+
		"retention: {lines_months: 1}")
	for _, cycle := range []string{"2026-09", "2026-10"} {
		h.run("2026-11-05T00:00:00Z", func(w *workspace.Workspace, o workspace.Options) (*workspace.Report, error) {
			return run.Close(context.Background(), w, cycleOf(t, cycle), false, o)
		})
	}
	before := list("shared_month=2026-10")
	h.archive("2026-09", "2026-11-05T00:00:00Z")
	h.same("October while September is archived", list("shared_month=2026-10"), before)
	h.fails("ann", path+"?shared_month=2026-09", "", 404, "CBC.0404")
}

// outside returns books and a delivery of a cost source in which bob's lines start before, in and after their cycle.
// They are sold at cost plus 10 %: 110.00, 11.00 and 33.00.
func outside() map[string]string {
	files := map[string]string{
		"tollbook.yaml": bssBooks["tollbook.yaml"] + "costs: {sources: [{source: s1, provider: aws, format: focus}]}\n",
		"books/products.csv": strings.Replace(bssBooks["books/products.csv"], "pricing_model,", "pricing_model,basis,",
			1) + "cloud,Cloud,cl,Clouds,,,,CNY,pass_through,effective,,,,\n",
		"books/prices.csv": "sku,region_code,period_type,valid_from,tier,up_to,unit_price,rate\n" +
			"cloud,*,,2026-01-01,1,,,0.1\n",
		"books/markups.csv":                 "sku\ncloud\n",
		"books/allocation.yaml":             "- {match: {SubAccountId: A}, customer: bob}\n",
		"inbox/costs/s1/2026-09/1/_SUCCESS": "",
		"inbox/costs/s1/2026-09/1/costs.csv": "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency," +
			"BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,SubAccountId,ServiceName,RegionId," +
			"ResourceId\n",
	}
	lines := strings.Split(files["books/products.csv"], "\n")
	for i, l := range lines[1 : len(lines)-2] {
		cells := strings.Split(l, ",")
		cells = append(cells[:9], append([]string{""}, cells[9:]...)...)
		lines[i+1] = strings.Join(cells, ",")
	}
	files["books/products.csv"] = strings.Join(lines, "\n")
	for _, l := range strings.Split(strings.TrimSpace(bssBooks["books/prices.csv"]), "\n")[1:] {
		cells := strings.Split(l, ",")
		files["books/prices.csv"] += strings.Join(append(cells[:4:4], cells[5:]...), ",") + ",\n"
	}
	for _, c := range []struct{ cost, from, to, resource string }{{"100", "2026-08-15", "2026-08-16", "early"},
		{"10", "2026-09-03", "2026-09-04", "in"}, {"30", "2026-10-01", "2026-10-02", "after"}} {
		files["inbox/costs/s1/2026-09/1/costs.csv"] += strings.Repeat(c.cost+",", 4) + "CNY,2026-09-01," + c.from +
			"," + c.to + ",Usage,A,S,," + c.resource + "\n"
	}
	return files
}

// TestBillDatesAreOfTheCycle checks the bill dates of lines that start outside their cycle, in all operations that show
// bill dates or select by them. They are the first or the last day of the cycle, so that the days of a cycle add up to
// the month. Invariant: DIMENSIONS-1.
func TestBillDatesAreOfTheCycle(t *testing.T) {
	t.Parallel()
	h := houseWith(t, outside())
	const costs = "/v4/costs/cost-analysed-bills/query"
	ask := func(measure, begin, end string) string {
		return h.few("bob", costs, `{"time_condition":{"time_measure_id":`+measure+`,"begin_time":"`+begin+
			`","end_time":"`+end+`"},"cost_type":"ORIGINAL_COST","amount_type":"PAYMENT_AMOUNT","groupby":[{"type":
			"dimension","key":"CLOUD_SERVICE_TYPE"}],"filters":[{"operator":0,"filter_factor":{"key":
			"CLOUD_SERVICE_TYPE","value":["cl"]}}]}`, "cost_data", "amount_by_costs")
	}
	h.same("costs of the month", ask("2", "2026-09", "2026-09"), "154.00000000")
	h.same("costs of its days", ask("1", "2026-09-01", "2026-09-30"), "154.00000000")
	h.same("costs of the first day", ask("1", "2026-09-01", "2026-09-01"), "110.00000000")
	h.same("costs of the last day", ask("1", "2026-09-30", "2026-09-30"), "33.00000000")
	h.same("costs of other days", ask("1", "2026-08-10", "2026-08-31"), "")
	own := func(more string) string {
		return h.few("bob", ownRecords+"?cycle=2026-09&cloud_service_type=cl&limit=100"+more, "", "fee_records",
			"bill_date", "amount")
	}
	const first, second, third = "2026-09-01 110.00000000", "2026-09-03 11.00000000", "2026-09-30 33.00000000"
	h.same("records", own(""), first+"\n"+second+"\n"+third)
	h.same("records of all days", own("&bill_date_begin=2026-09-01&bill_date_end=2026-09-30"),
		first+"\n"+second+"\n"+third)
	h.same("records of the first day", own("&bill_date_begin=2026-09-01&bill_date_end=2026-09-01"), first)
	h.same("records of days between", own("&bill_date_begin=2026-09-02&bill_date_end=2026-09-29"), second)
	h.same("records of the last day", own("&bill_date_begin=2026-09-30&bill_date_end=2026-09-30"), third)
	for _, kind := range []string{"2", "3"} {
		h.same("details "+kind,
			h.few("bob", ownDetails, `{"cycle":"2026-09","cloud_service_type":"cl","statistic_type":`+
				kind+`}`, "monthly_records", "bill_date", "consume_amount"), first+"\n"+second+"\n"+third)
		h.same("details of a day "+kind, h.few("bob", ownDetails, `{"cycle":"2026-09","cloud_service_type":"cl",
			"statistic_type":`+kind+`,"query_type":"DAILY","bill_cycle_begin":"2026-09-01","bill_cycle_end":"2026-09-01"}`,
			"monthly_records", "bill_date", "consume_amount"), first)
	}
	lists := map[string]string{subRecords + "?customer_id=bob&": "fee_records", ownFees + "?": "records"}
	for path, list := range lists {
		as := map[string]string{"fee_records": "", "records": "bob"}[list]
		ids := func(first, last string) int {
			return len(strings.Fields(h.few(as, path+"bill_cycle=2026-09&service_type_code=cl&bill_date_begin="+first+
				"&bill_date_end="+last, "", list, "id")))
		}
		if all, last := ids("2026-09-01", "2026-09-30"), ids("2026-09-30", "2026-09-30"); all != 3 || last != 1 {
			t.Errorf("%s: %d lines on all days and %d on the last, want 3 and 1", path, all, last)
		}
	}
}
