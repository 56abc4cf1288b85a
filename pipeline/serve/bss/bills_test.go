package bss_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

const (
	subRecords  = "/v2/bills/subcustomer-bills/res-fee-records"
	consumers   = "/v2/bills/subcustomer-bills/res-fee-records/sub-customers/query"
	partnerSums = "/v2/bills/partner-bills/subcustomer-bills/monthly-sum"
	ownRecords  = "/v2/bills/customer-bills/res-fee-records"
	ownFees     = "/v2/bills/customer-bills/fee-records"
	ownSums     = "/v2/bills/customer-bills/monthly-sum"
	ownDetails  = "/v2/bills/customer-bills/res-records/query"
	breakDowns  = "/v2/costs/cost-analysed-bills/monthly-breakdown"
	onDemand    = "/v2/partners/sub-customers/on-demand-resources/query"
)

// TestSubCustomerBillDetail checks bob's bill: 10.00551 GB cost 20.01102, of which 0.00102 is truncated.
func TestSubCustomerBillDetail(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.says("hub", subRecords+"?bill_cycle=2026-09&customer_id=bob", "",
		`{"total_count":1,"currency":"CNY","fee_records":[{
		"bill_cycle":"2026-09","customer_id":"bob","association_type":"2","service_type_code":"st","resource_type_code":"st.gb",
		"service_type_name":"Stores","resource_type_name":"Store","charging_mode":3,"trade_time":"2026-09-04T00:30:00Z","trade_id":"2026-09","id":"b1",
		"bill_detail_type":5,"resource_id":"r3","region_code":"east","product_id":"gb","product_name":"Storage","consume_time":"2026-09-04T00:30:00Z",
		"usage_type":"stored","usage_amount":10.0055100000,"usage_measure_id":17,"free_resource_usage":0.0000000000,"free_resource_measure_id":17,
		"official_amount":20.01102000,"official_discount_amount":0.00000000,"payment_amount":20.01000000,"cash_amount":20.01000000,"credit_amount":0.00000000,
		"coupon_amount":0.00000000,"flexipurchase_coupon_amount":0.00000000,"stored_value_card_amount":0.00000000,"debt_amount":0.00000000,
		"account_manager_id":"am2","partner_id":"hub"}]}`)
	// ann's month-end line starts with the cycle; a2 is split into two tiers.
	h.same("ann", h.few("north", subRecords+"?bill_cycle=2026-09&customer_id=ann", "", "fee_records", "id",
		"bill_detail_type", "usage_amount", "free_resource_usage", "payment_amount"),
		`2026-09/line/east/l1 5 7.0000000000 0.0000000000 7.00000000
a1 5 15.0000000000 5.0000000000 20.00000000
a2#1 5 10.0000000000 0.0000000000 10.00000000
a2#2 5 2.0000000000 0.0000000000 1.00000000
o2/1 1 0.0000000000 0.0000000000 27.00000000
o3/1 4 0.0000000000 0.0000000000 -27.00000000
m1 9 0.0000000000 0.0000000000 -1.50000000
o1/1 1 0.0000000000 0.0000000000 27.00000000`)
	h.same("what orders were for", h.few("north", subRecords+"?bill_cycle=2026-09&customer_id=ann", "", "fee_records",
		"id", "period_type", "period_num"),
		"2026-09/line/east/l1  \na1  \na2#1  \na2#2  \no2/1 20 1\no3/1  \nm1  \no1/1 20 1")
	h.same("a page", h.few("north", subRecords+"?bill_cycle=2026-09&customer_id=ann&offset=3&limit=2", "",
		"fee_records", "id"), "a2#2\no2/1")
	for query, want := range map[string]string{
		"service_type_code=ml":                  "a2#1\na2#2",
		"region_code=west":                      "",
		"charging_mode=1":                       "o2/1\no3/1\no1/1",
		"bill_detail_type=4":                    "o3/1",
		"resource_id=s1":                        "o1/1",
		"resource_name=disk":                    "a1",
		"trade_id=o1":                           "o1/1",
		"association_type=1":                    "",
		"account_manager_id=am2":                "",
		"account_manager_id=am1&resource_id=r1": "a1",
		"bill_date_begin=2026-09-02&bill_date_end=2026-09-03":                      "a1\na2#1\na2#2",
		"bill_date_begin=2026-09-20&bill_date_end=2026-09-20":                      "o2/1\no1/1",
		"bill_date_begin=2026-09-22&service_type_code=ml":                          "a2#1\na2#2",
		"bill_date_begin=2026-08-31&bill_date_end=2026-09-01&service_type_code=ml": "a2#1\na2#2",
		"no_such_parameter=1&service_type_code=ml":                                 "a2#1\na2#2",
	} {
		h.same(query, h.few("north", subRecords+"?bill_cycle=2026-09&customer_id=ann&"+query, "", "fee_records", "id"),
			want)
	}
	h.same("the reseller's",
		h.few("hub", subRecords+"?bill_cycle=2026-09&customer_id=ann&indirect_partner_id=north&limit=1", "",
			"fee_records", "id"), "2026-09/line/east/l1")
	h.says("north", subRecords+"?bill_cycle=2026-08&customer_id=ann", "",
		`{"total_count":0,"currency":"CNY","fee_records":[]}`)
	if code, body := h.call("north",
		subRecords+"?bill_cycle=2026-09&customer_id=ann&bill_date_begin=2026-09-04&bill_date_end=2026-09-03",
		""); code != 400 {
		t.Errorf("days in the wrong order: %d %s", code, body)
	}
}

func TestConsumeSubCustomers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	// bob has left hub in the meantime
	h.says("hub", consumers, `{"bill_cycle":"2026-09"}`, `{"sub_customers":[{"customer_id":"bob"}],"total_count":1}`)
	h.says("north", consumers, `{"bill_cycle":"2026-09","offset":1}`, `{"sub_customers":[],"total_count":1}`)
	h.says("scout", consumers, `{"bill_cycle":"2026-08"}`, `{"sub_customers":[],"total_count":0}`)
}

// TestSubcustomerMonthlyBills checks the sums of ann: 20 for 10 GB, less a manual refund of 1.5; 11 for mail; 7 for the
// line; 54 for two months of care, one of which was refunded.
func TestSubcustomerMonthlyBills(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.same("on demand", h.few("north", partnerSums+"?cycle=2026-09&charge_mode=3", "", "bill_sums", "customer_id",
		"cloud_service_type", "resource_type_code", "bill_type", "amount", "discount_amount"),
		`ann bw bw.line 0 7.00000000 0.00000000
ann ml ml.out 0 11.00000000 0.00000000
ann st st.gb 0 20.00000000 0.00000000
ann st st.gb 2 -1.50000000 `)
	h.says("north", partnerSums+"?cycle=2026-09&charge_mode=1&bill_type=1", "",
		`{"bill_sums":[{"customer_id":"ann","cloud_service_type":"su","cloud_service_type_name":"Support",
		"bill_type":"1","charge_mode":"1","amount":-27.00000000,"measure_id":1,"account_details":[{"balance_type":"BALANCE_TYPE_DEBIT","amount":-27.00000000,"bill_type":"1"}],
		"resource_type_code":"su.care","resource_type_name":"Care"}],"count":1,"currency":"CNY"}`)
	h.same("by service",
		h.few("north", partnerSums+"?cycle=2026-09&charge_mode=3&cloud_service_type=st&bill_type=0&customer_id=ann", "",
			"bill_sums", "amount"), "20.00000000")
	h.same("the reseller's",
		h.few("hub", partnerSums+"?cycle=2026-09&charge_mode=1&indirect_partner_id=north&bill_type=0", "", "bill_sums",
			"customer_id", "amount", "discount_amount"), "ann 54.00000000 6.00000000")
	// referral customers have no resale
	h.says("scout", partnerSums+"?cycle=2026-09&charge_mode=3", "", `{"bill_sums":[],"count":0,"currency":"CNY"}`)
}

func TestCustomerselfResourceRecords(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.says("ann", ownRecords+"?cycle=2026-09&resource_id=r1", "", `{"total_count":1,"currency":"CNY","fee_records":[{
		"bill_date":"2026-09-02","bill_type":5,"customer_id":"ann","region":"east","cloud_service_type":"st","resource_type":"st.gb","cloud_service_type_name":"Stores",
		"resource_type_name":"Store","effective_time":"2026-09-02T10:00:00Z","expire_time":"2026-09-02T11:00:00Z","resource_id":"r1","resource_name":"disk",
		"resource_tag":"env=prod","product_id":"gb","product_name":"Storage","sku_code":"gb","trade_id":"2026-09","id":"a1","trade_time":"2026-09-02T11:00:00Z",
		"charge_mode":"3","usage_type":"stored","usage":15.0000000000,"usage_measure_id":17,"free_resource_usage":5.0000000000,"free_resource_measure_id":17,
		"unit_price":2.0000000000,"unit":"CNY/GB","official_amount":20.00000000,"discount_amount":0.00000000,"amount":20.00000000,"cash_amount":20.00000000,
		"credit_amount":0.00000000,"coupon_amount":0.00000000,"flexipurchase_coupon_amount":0.00000000,"stored_card_amount":0.00000000,"debt_amount":0.00000000,
		"measure_id":1,"consume_time":"2026-09-02T11:00:00Z","account_name":"Ann Ltd"}]}`)
	h.same("of orders", h.few("ann", ownRecords+"?cycle=2026-09&charge_mode=1", "", "fee_records", "id", "bill_date",
		"order_id", "discount_amount", "usage"),
		"o2/1 2026-09-20 o2 3.00000000 \no3/1 2026-09-21 o3 -3.00000000 \no1/1 2026-09-20 o1 3.00000000 ")
	h.same("by cycle", h.few("ann", ownRecords+"?cycle=2026-09&statistic_type=1&cloud_service_type=ml", "",
		"fee_records", "resource_id", "id", "bill_date", "amount"), "r2   11.00000000")
	h.same("of a project", h.few("ann", ownRecords+"?cycle=2026-09&enterprise_project_id=0", "", "fee_records", "id"),
		"")
	if code, body := h.call("hub", ownRecords+"?cycle=2026-09", ""); code != 403 {
		t.Errorf("a partner on an own bill: %d %s", code, body)
	}
}

// TestCustomerBillsFeeRecords checks erase_amount, the part of bob's 20.01102 that truncation to cents removed.
func TestCustomerBillsFeeRecords(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.says("bob", ownFees+"?bill_cycle=2026-09", "",
		`{"total_count":1,"currency":"CNY","records":[{"bill_cycle":"2026-09","customer_id":"bob","service_type_code":"st",
		"resource_type_code":"st.gb","service_type_name":"Stores","resource_type_name":"Store","region_code":"east","charging_mode":3,"consume_time":"2026-09-04T00:30:00Z",
		"trade_time":"2026-09-04T00:30:00Z","provider_type":1,"trade_id":"2026-09","id":"b1","bill_type":5,"status":3,"official_amount":20.01102000,
		"official_discount_amount":0.00000000,"erase_amount":0.00102000,"consume_amount":20.01000000,"cash_amount":20.01000000,"credit_amount":0.00000000,
		"coupon_amount":0.00000000,"flexipurchase_coupon_amount":0.00000000,"stored_value_card_amount":0.00000000,"debt_amount":0.00000000,"account_name":"Bob"}]}`)
	h.same("paid", h.few("ann", ownFees+"?bill_cycle=2026-09&status=1", "", "records", "id", "status"),
		"o2/1 1\no3/1 1\no1/1 1")
	h.same("owed", h.few("ann", ownFees+"?bill_cycle=2026-09&status=2", "", "records", "id"), "")
	h.same("of the market place", h.few("ann", ownFees+"?bill_cycle=2026-09&provider_type=2", "", "records", "id"), "")
	h.same("of a kind",
		h.few("ann", ownFees+"?bill_cycle=2026-09&resource_type_code=bw.line&status=3&include_zero_record=false", "",
			"records", "id"), "2026-09/line/east/l1")
}

// TestCustomerMonthlySum checks that ann's month is 7 + 11 + 20 − 1.5 + 54 − 27 = 63.5, as on her statement.
func TestCustomerMonthlySum(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.says("ann", ownSums+"?bill_cycle=2026-09&limit=1", "",
		`{"total_count":6,"bill_sums":[{"bill_cycle":"2026-09","resource_type_code":"bw.line","service_type_code":"bw",
		"service_type_name":"Bandwidth","resource_type_name":"Line","charging_mode":3,"official_amount":7.00000000,"official_discount_amount":0.00000000,
		"truncated_amount":0.00000000,"consume_amount":7.00000000,"coupon_amount":0.00000000,"flexipurchase_coupon_amount":0.00000000,"stored_value_card_amount":0.00000000,
		"debt_amount":0.00000000,"cash_amount":7.00000000,"credit_amount":0.00000000,"measure_id":1,"bill_type":1,"customer_id":"ann","account_name":"Ann Ltd"}],
		"consume_amount":63.50000000,"debt_amount":0.00000000,"coupon_amount":0.00000000,"flexipurchase_coupon_amount":0.00000000,"stored_value_card_amount":0.00000000,
		"cash_amount":63.50000000,"credit_amount":0.00000000,"measure_id":1,"currency":"CNY"}`)
	h.same("rows", h.few("ann", ownSums+"?bill_cycle=2026-09", "", "bill_sums", "service_type_code", "charging_mode",
		"bill_type", "consume_amount"),
		`bw 3 1 7.00000000
ml 3 1 11.00000000
st 3 1 20.00000000
st 3 3 -1.50000000
su 1 1 54.00000000
su 1 2 -27.00000000`)
	h.same("the cut", h.few("bob", ownSums+"?bill_cycle=2026-09", "", "bill_sums", "truncated_amount",
		"official_amount", "consume_amount"), "0.00102000 20.01102000 20.01000000")
}

// TestPagesOfOneState reads ann's bill in pages while a night adds a record before the others. Later pages read the
// state of the first page, and a client that starts again reads the new state. Invariants: REC-2, BSS-2, OP-5.
func TestPagesOfOneState(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	page := func(offset string) string {
		return h.few("north", subRecords+"?bill_cycle=2026-09&customer_id=ann&limit=4&offset="+offset, "",
			"fee_records", "id")
	}
	h.same("first", page("0"), "2026-09/line/east/l1\na1\na2#1\na2#2")
	h.lay("inbox/usage/more.csv", "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"+
		"a0,ann,r1,gb,east,2026-09-02T09:00:00Z,2026-09-02T10:00:00Z,1\n")
	h.night("2026-10-03T12:00:00Z")
	h.same("second", page("4"), "o2/1\no3/1\nm1\no1/1")
	h.same("another's", h.few("", subRecords+"?bill_cycle=2026-09&customer_id=ann&limit=4&offset=4", "", "fee_records",
		"id"), "a2#2\no2/1\no3/1\nm1")
	h.same("anew", page("0"), "2026-09/line/east/l1\na0\na1\na2#1")
	h.same("anew, second", page("4"), "a2#2\no2/1\no3/1\nm1")
}

// TestOrdersAreForAPeriod checks the vendor's number of each kind of period, which is a text in a customer's own bill.
// The adjustment y/1 has the same id as a line of order y.
func TestOrdersAreForAPeriod(t *testing.T) {
	t.Parallel()
	h := houseWith(t, map[string]string{
		"inbox/orders/p.csv": `order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type,period_num,pay_time,effective_time,expire_time,base_order_id
y,new,dan,care,east,s3,1,year,2,2026-09-11T10:00:00Z,2026-09-11T10:00:00Z,2028-09-11T10:00:00Z,
m,new,dan,care,east,s4,1,month,12,2026-09-12T10:00:00Z,2026-09-12T10:00:00Z,2027-09-12T10:00:00Z,
`,
		"inbox/adjustments/y.csv": "adjustment_id,customer_id,sku,time,amount,bill_detail_type,note\n" +
			"y/1,dan,gb,2026-09-13T10:00:00Z,-1,9,\n",
	})
	h.same("a partner's list", h.few("", subRecords+"?bill_cycle=2026-09&customer_id=dan", "", "fee_records", "id",
		"trade_id", "period_type", "period_num"),
		"d1 2026-09  \ny/1@events@2026-09-11T10:00:00Z y 19 2\nm/1 m 20 12\ny/1@events@2026-09-13T10:00:00Z 2026-09  ")
	_, own := h.call("", ownRecords+"?cycle=2026-09&customer_id=dan&trade_id=m", "")
	if want := `"period_type":"20","period_num":12}`; !strings.Contains(own, want) {
		t.Errorf("%s, want %s", own, want)
	}
}

// TestPagesOfManyRows checks the lines of dan's 65 mails of a day. The last mail crosses the tier of 10 pieces and has
// the lines 64 and 65 of the day. The start of a page does not change the id of a line.
func TestPagesOfManyRows(t *testing.T) {
	t.Parallel()
	usage := "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"
	var want []string
	for i := range 63 {
		usage += fmt.Sprintf("m%02d,dan,r6,mail,east,2026-09-10T10:%02d:%02dZ,2026-09-10T12:00:00Z,0.1\n", i, i/10,
			i%10)
		want = append(want, fmt.Sprintf("m%02d 0.1000000000", i))
	}
	usage += "over,dan,r6,mail,east,2026-09-10T11:00:00Z,2026-09-10T12:00:00Z,10\n"
	want = append(want, "over#1 3.7000000000", "over#2 6.3000000000")
	h := houseWith(t, map[string]string{"inbox/usage/many.csv": usage})
	all := "d1 3.0000000000\n" + strings.Join(want, "\n")
	rows := strings.Split(all, "\n")
	for range 2 { // first from the lake, then from memory
		for _, limit := range []int{1, 7, 64, 100} {
			var got []string
			for offset := 0; offset < len(rows); offset += limit {
				got = append(got, h.few("", fmt.Sprintf("%s?bill_cycle=2026-09&customer_id=dan&limit=%d&offset=%d",
					subRecords, limit, offset), "", "fee_records", "id", "usage_amount"))
			}
			h.same(fmt.Sprintf("pages of %d", limit), strings.Join(got, "\n"), all)
		}
	}
	h.same("the mails alone",
		h.few("", subRecords+"?bill_cycle=2026-09&customer_id=dan&service_type_code=ml&limit=3&offset=62", "",
			"fee_records", "id", "usage_amount"),
		strings.Join(want[62:], "\n"))
}

// TestIDsAreUnique checks the ids of eve's records of October. A late record of September, a record of October and an
// adjustment all have the id e1, so ids that do not belong to a day of October have a suffix. Invariant: BSS-2.
func TestIDsAreUnique(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.later()
	list := func(more string) string {
		return h.few("", subRecords+"?bill_cycle=2026-10&customer_id=eve"+more, "", "fee_records", "id")
	}
	want := []string{"e1#1@late@2026-09-07T10:00:00Z@2026-09", "e1#2@late@2026-09-07T10:00:00Z@2026-09", "e1#1", "e1#2",
		"e2", "e1@events@2026-10-03T10:00:00Z", "e3"}
	h.same("all", list("&limit=100"), strings.Join(want, "\n"))
	for i, one := range want {
		h.same("a page", list("&limit=1&offset="+strconv.Itoa(i)), one)
	}
	h.same("some", list("&service_type_code=st"), strings.Join(want[4:], "\n"))
}

// TestIDsOfLateFees checks the ids of eve's late record, which crosses the tier of 10 pieces, if the next tier has a
// flat fee. All lines of a late record have the kind adjustment. Invariant: BSS-2.
func TestIDsOfLateFees(t *testing.T) {
	t.Parallel()
	prices := strings.NewReplacer("unit_price\n", "unit_price,flat_fee\n", "2,,0.5\n", "2,,0.5,4\n", "\n", ",\n")
	h := houseWith(t, map[string]string{"books/prices.csv": prices.Replace(bssBooks["books/prices.csv"])})
	h.later()
	const late = "@late@2026-09-07T10:00:00Z@2026-09"
	h.same("late", h.few("", subRecords+"?bill_cycle=2026-10&customer_id=eve&bill_detail_type=16", "", "fee_records",
		"id"), "e1#1"+late+"\ne1#2"+late+"\ne1#2#flat_fee"+late)
}

// TestIDsOfRestatedFees checks the ids of the differences of a restated month: 12 pieces of a cost file cross the tier
// of 10, and the next tier has a flat fee. They also have the kind adjustment. Invariant: BSS-2.
func TestIDsOfRestatedFees(t *testing.T) {
	t.Parallel()
	prices := strings.NewReplacer("unit_price\n", "unit_price,flat_fee\n", "2,,0.5\n", "2,,0.5,4\n", "\n", ",\n")
	const header = "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd," +
		"ChargeCategory,ResourceId,PricingQuantity\n"
	h := houseWith(t, map[string]string{
		"tollbook.yaml": bssBooks["tollbook.yaml"] +
			"costs: {sources: [{source: s1, provider: p, format: focus}]}\n",
		"books/prices.csv":                  prices.Replace(bssBooks["books/prices.csv"]),
		"books/allocation.yaml":             "- {customer: dan, sku: mail}\n",
		"inbox/costs/s1/2026-09/1/f.csv":    header,
		"inbox/costs/s1/2026-09/1/_SUCCESS": "",
	})
	h.close()
	h.lay("inbox/costs/s1/2026-09/2/f.csv", header+"10,10,CNY,2026-09-01,2026-09-03,2026-09-04,Usage,b,12\n")
	h.lay("inbox/costs/s1/2026-09/2/_SUCCESS", "")
	h.night("2026-10-06T00:00:00Z")
	rows := h.few("", subRecords+"?bill_cycle=2026-10&customer_id=dan&bill_detail_type=16", "", "fee_records", "id",
		"payment_amount")
	var got []string
	for row := range strings.Lines(rows) {
		_, tier, _ := strings.Cut(strings.TrimSpace(row), "#")
		got = append(got, tier)
	}
	h.same("restated", strings.Join(got, "\n"), "1 10.00000000\n2 1.00000000\n2#flat_fee 4.00000000")
}

// TestIDsLikeTiers checks that a record whose own id equals that of another record's tier line gets a different id in
// the API. Invariant: BSS-2.
func TestIDsLikeTiers(t *testing.T) {
	t.Parallel()
	usage := "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"
	for i, id := range []string{"a", "a#1", "a#1#0"} {
		quantity := []string{"11", "1", "1"}[i] // the first tier has 10 pieces
		usage += fmt.Sprintf("%s,dan,r6,mail,east,2026-09-10T1%d:00:00Z,2026-09-10T15:00:00Z,%s\n", id, i, quantity)
	}
	h := houseWith(t, map[string]string{"inbox/usage/likely.csv": usage})
	h.same("ids", h.few("", subRecords+"?bill_cycle=2026-09&customer_id=dan&service_type_code=ml&limit=100", "",
		"fee_records", "id", "usage_amount"),
		"a#1 10.0000000000\na#2 1.0000000000\na#1#0 1.0000000000\na#1#0#0 1.0000000000")
}

// TestIDsOfScopes changes the scope of a minimum from all services to one, after the close: 94.00 are refunded and
// 44.00 are charged. Both differences have ids of their own, by which they can be explained.
func TestIDsOfScopes(t *testing.T) {
	t.Parallel()
	h := houseWith(t, map[string]string{
		"books/commitments.csv": "commitment_id,customer_id,service_type_code,kind,value\nm,dan,,minimum,100\n",
	})
	h.close()
	h.edit("books/commitments.csv", "m,dan,,minimum,100", "m,dan,st,minimum,50")
	h.rerate("2026-10-05T02:00:00Z")
	const path = ownRecords + "?cycle=2026-10&customer_id=dan"
	h.same("differences", h.few("", path, "", "fee_records", "amount"), "-94.00000000\n44.00000000")
	ids := strings.Split(h.few("", path, "", "fee_records", "id"), "\n")
	if len(ids) != 2 || ids[0] == ids[1] {
		t.Fatalf("ids %q", ids)
	}
	for _, id := range ids {
		explain := "/v1/lines/" + url.PathEscape(id) + "/explain?cycle=2026-10&customer_id=dan"
		if code, got := h.call("", explain, ""); code != http.StatusOK || !strings.HasPrefix(id, "commitment/m#0#") {
			t.Errorf("%s: %d %s", id, code, got)
		}
	}
}

// TestIDsOfPartsOfADate checks the ids of the differences of two parts of a recurring charge that begin on one local
// date, and so have one id, and agree in all else but their amounts. Invariant: BSS-2.
func TestIDsOfPartsOfADate(t *testing.T) {
	t.Parallel()
	h := houseWith(t, map[string]string{
		"books/products.csv": bssBooks["books/products.csv"] +
			"basic,Basic plan,pl,Plans,pl.basic,Plan,,piece,recurring,,,YES,\n",
		"books/prices.csv": bssBooks["books/prices.csv"] + "basic,*,,2026-01-01,,1,,30\n",
		"books/recurring.csv": "charge_id,customer_id,sku,timing,period,proration,valid_from,valid_to\n" +
			"p,dan,basic,advance,month,seconds,2026-09-15T06:00:00Z,2026-09-15T08:00:00Z\n" +
			"p,dan,basic,advance,month,seconds,2026-09-15T08:00:00Z,\n",
	})
	h.close()
	h.edit("books/prices.csv", "basic,*,,2026-01-01,,1,,30", "basic,*,,2026-01-01,,1,,60")
	h.rerate("2026-10-05T02:00:00Z")
	const path = ownRecords + "?cycle=2026-10&customer_id=dan"
	ids := strings.Split(h.few("", path, "", "fee_records", "id"), "\n")
	if len(ids) != 2 || ids[0] == ids[1] {
		t.Errorf("ids %q", ids)
	}
}
