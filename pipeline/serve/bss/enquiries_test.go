package bss_test

import (
	"encoding/json"
	"strings"
	"testing"
)

const (
	usageSums    = "/v2/bills/customer-bills/resources/usage/summary"
	usageDetails = "/v2/bills/customer-bills/resources/usage/details"
	freeUsages   = "/v2/bills/customer-bills/free-resources-usage-records"
	policies     = "/v2/products/incentive-discount-policies"
	askDemand    = "/v2/bills/ratings/on-demand-resources"
	askPeriod    = "/v2/bills/ratings/period-resources/subscribe-rate"
	askRenew     = "/v2/bills/ratings/period-resources/renew-rate"
)

// TestResourceUsage checks that l1 has two samples, of 7 and 3 Mbps, which are 2 / 288 = 1 / 144 of a day.
func TestResourceUsage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const which = "?bill_cycle=2026-09&service_type_code=bw&resource_type_code=bw.line&usage_type=peak"
	h.says("ann", usageSums+which, "",
		`{"total_count":1,"summary_usage_info_list":[{"resource_id":"l1","actual_days":"0.00694444444444444444","band_width":"7","band_width_measure_id":15}]}`)
	h.says("ann", usageDetails+which+"&resource_id=l1&limit=1000", "",
		`{"actual_days":"0.00694444444444444444","band_width":"7","band_width_measure_id":15,"total_count":2,"usage_info_list":[
		{"stat_time":"2026-09-05T00:00:00Z","usage":"7","measure_id":15},{"stat_time":"2026-09-06T00:00:00Z","usage":"3","measure_id":15}]}`)
	h.says("ann", usageDetails+which+"&resource_id=l1&offset=1", "",
		`{"actual_days":"0.00694444444444444444","band_width":"7","band_width_measure_id":15,"total_count":2,"usage_info_list":[
		{"stat_time":"2026-09-06T00:00:00Z","usage":"3","measure_id":15}]}`)
	h.says("bob", usageDetails+which+"&resource_id=l1", "", `{"total_count":0,"usage_info_list":[]}`) // it is ann's
	h.says("ann", usageSums+strings.Replace(which, "peak", "sent", 1), "",
		`{"total_count":0,"summary_usage_info_list":[]}`)
	if code, body := h.call("ann", usageDetails+which, ""); code != 400 || !strings.Contains(body, "resource_id") {
		t.Errorf("without resource_id: %d %s", code, body)
	}
}

// TestFreeResourcesUsageRecords checks that a1 used 15 GB, of which 5 were from the package.
func TestFreeResourcesUsageRecords(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const days = "?deduct_time_begin=2026-09-01&deduct_time_end=2026-10-01"
	want :=
		`{"free_resource_records":[{"deduct_time":"2026-09-02T10:00:00Z","free_resource_id":"p1","resource_id":"r1","resource_type_code":"st.gb",
		"resource_type_name":"Store","resource_tag":"env=prod","product_id":"p1","usage_type_code":"stored","available_amount":"5.0000000000","remaining_amount":"0.0000000000",
		"used_amount":"5.0000000000","measure_id":17,"effective_time":"2026-09-02T10:00:00Z","expire_time":"2026-09-02T11:00:00Z"}],"total_count":1}`
	h.says("ann", freeUsages+days+"&product_id=p1&free_resource_id=p1&resource_type_code=st.gb", "", want)
	h.says("ann", freeUsages+days+"&product_id=p2", "", `{"free_resource_records":[],"total_count":0}`)
	h.says("ann", freeUsages+"?deduct_time_begin=2026-09-03&deduct_time_end=2026-12-02", "",
		`{"free_resource_records":[],"total_count":0}`)
	if code, body := h.call("ann", freeUsages+"?deduct_time_begin=2026-09-03&deduct_time_end=2026-12-03",
		""); code != 400 || !strings.Contains(body, "deduct_time_end") {
		t.Errorf("91 days apart: %d %s", code, body)
	}
}

func TestIncentiveDiscountPolicies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.says("north", policies+"?time=2026-09&service_type_code=st", "",
		`{"policies":[{"service_type_code":"st","service_type_name":"Stores","incentive_policy":"13","allow_discount":"NO"}],"total_count":1}`)
	h.same("all", h.few("north", policies+"?time=2026-09", "", "policies", "service_type_code", "incentive_policy",
		"allow_discount"), "bw 0 YES\nml 1 YES\nst 13 NO\nsu 2 YES")
}

// TestOnDemandResourceRatings checks prices: 12 pieces of mail cost 10 × 1 + 2 × 0.5 = 11; 2 × 1.0000005 GB cost
// 4.000002, even though the package covers them. Invariants: RATINGS-1, RATINGS-2, RATINGS-3.
func TestOnDemandResourceRatings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.says("ann", askDemand, `{"project_id":"p","product_infos":[
		{"id":"1","cloud_service_type":"ml","resource_type":"ml.out","resource_spec":"mail","region":"east","usage_factor":"Sent","usage_value":12,"usage_measure_id":14,"subscription_num":1},
		{"id":"2","cloud_service_type":"st","resource_type":"st.gb","resource_spec":"gb","region":"east","usage_factor":"stored","usage_value":"1.0000005","usage_measure_id":17,"subscription_num":2}]}`,
		`{"amount":15.00000200,"discount_amount":0.00000000,"official_website_amount":15.00000200,"measure_id":1,"currency":"CNY","product_rating_results":[
		{"id":"1","product_id":"mail","amount":11.00000000,"discount_amount":0.00000000,"official_website_amount":11.00000000,"measure_id":1},
		{"id":"2","product_id":"gb","amount":4.00000200,"discount_amount":0.00000000,"official_website_amount":4.00000200,"measure_id":1}]}`)
	const one = `{"project_id":"p","inquiry_precision":PRECISION,"product_infos":[{"id":"1","cloud_service_type":"st","resource_type":"st.gb","resource_spec":"gb","region":"east",
		"usage_factor":"stored","usage_value":0.00000055,"usage_measure_id":17,"subscription_num":1}]}`
	// 0.0000011, with and without truncation to six decimals
	for precision, want := range map[string]string{"0": "0.00000100", "1": "0.00000110"} {
		h.same("precision "+precision, h.few("ann", askDemand, strings.Replace(one, "PRECISION", precision, 1),
			"product_rating_results", "amount"), want)
	}
	for change, names := range map[string]string{
		`"resource_spec":"gb"/"resource_spec":"none"`: "product_infos[0].resource_spec",
		`"usage_factor":"stored"/"usage_factor":"x"`:  "product_infos[0].usage_factor",
		`0.00000055/"1,0"`:                            "product_infos[0].usage_value",
		`0.00000055/-1`:                               "product_infos[0].usage_value",
		`"subscription_num":1/"subscription_num":0`:   "product_infos[0].subscription_num",
	} {
		from, to, _ := strings.Cut(change, "/")
		body := strings.Replace(strings.Replace(one, "PRECISION", "0", 1), from, to, 1)
		if code, text := h.call("ann", askDemand, body); code != 400 || !strings.Contains(text, names) {
			t.Errorf("%s: %d %s", change, code, text)
		}
	}
}

// TestOnDemandDiscount checks that the discount of a product is the difference of truncated amounts: 1.00 less a half
// and a bit more. Invariant: RATINGS-2.
func TestOnDemandDiscount(t *testing.T) {
	t.Parallel()
	h := houseWith(
		t, map[string]string{"books/discounts.csv": `discount_id,kind,customer_id,service_type_code,sku,mode,value,valid_from
half,commercial,ann,st,*,rate,0.5000001,2026-01-01
`})
	const ask = `{"project_id":"p","inquiry_precision":PRECISION,"product_infos":[{"id":"1","cloud_service_type":"st","resource_type":"st.gb","resource_spec":"gb","region":"east",
		"usage_factor":"stored","usage_value":0.5,"usage_measure_id":17,"subscription_num":1}]}`
	for precision, want := range map[string][2]string{"0": {"0.50000000", "0.50000000"},
		"1": {"0.50000010", "0.49999990"}} {
		amount, discount := want[0], want[1]
		h.says("ann", askDemand, strings.Replace(ask, "PRECISION", precision, 1), `{"amount":`+amount+
			`,"discount_amount":`+discount+`,"official_website_amount":1.00000000,"measure_id":1,"currency":"CNY",
			"product_rating_results":[{"id":"1","product_id":"gb","amount":`+amount+`,"discount_amount":`+discount+
			`,"official_website_amount":1.00000000,"measure_id":1,
			"discount_rating_results":[{"discount_id":"half","discount_type":605,"amount":`+discount+`,"measure_id":1}]}]}`)
	}
}

// TestOnDemandRatingsAreOfTheMonth asks for 15 of products that bills count, average or prorate: each costs 15 × 1.5 =
// 22.50, and 24.50 with a flat fee of 2. The feed of one of them has thousandths: 15 × 1.5 / 1000. Invariant:
// RATINGS-2.
func TestOnDemandRatingsAreOfTheMonth(t *testing.T) {
	t.Parallel()
	wider := func(name, columns, empty string) string {
		lines := strings.Split(strings.TrimSuffix(bssBooks[name], "\n"), "\n")
		for i := range lines {
			lines[i] += empty
		}
		lines[0] = strings.TrimSuffix(lines[0], empty) + columns
		return strings.Join(lines, "\n") + "\n"
	}
	products := wider("books/products.csv", ",aggregation,convert,prorate", ",,,")
	prices := wider("books/prices.csv", ",flat_fee", ",")
	want := map[string]string{
		"calls": "22.50000000", "users": "22.50000000", "level": "22.50000000", "peak": "22.50000000",
		"mega": "0.02250000", "seats": "24.50000000", "block": "24.50000000",
	}
	for sku, row := range map[string]string{"calls": "call,flat,region,,YES,,count,,",
		"users": "user,flat,region,,YES,,unique_count,,",
		"level": "GB-month,flat,region,,YES,,time_weighted,,", "peak": "GB,flat,region,,YES,,max,,",
		"mega": "GB,flat,region,,YES,,,/1000,", "seats": "seat,graduated,region,,YES,,,,days",
		"block": "seat,volume,region,,YES,,,,days"} {
		products += sku + ",,mm,,mm.all,,sum," + row + "\n"
		fee := ""
		if want[sku] == "24.50000000" {
			fee = "2"
		}
		prices += sku + ",*,,2026-01-01,,1,,1.5," + fee + "\n"
	}
	h := houseWith(t, map[string]string{"books/products.csv": products, "books/prices.csv": prices})
	for sku, amount := range want {
		h.same(sku, h.few("ann", askDemand, `{"project_id":"p","product_infos":[{"id":"1","cloud_service_type":"mm",
			"resource_type":"mm.all","resource_spec":"`+sku+`","region":"east","usage_factor":"sum","usage_value":15,
			"subscription_num":1}]}`, "product_rating_results", "amount"), amount)
	}
}

// TestDiscountPrecision checks that the amount of each discount has as many digits as the other amounts: 2 × 1.2345678
// GB at 2 are 4.9382712, of which 12.7 % are 0.62716044. With six decimals, 4.938271 less 4.311110 are 0.627161.
// Invariant: RATINGS-2.
func TestDiscountPrecision(t *testing.T) {
	t.Parallel()
	h := houseWith(t, map[string]string{"books/discounts.csv": "discount_id,kind,mode,value,sku,valid_from\n" +
		"d2,commercial,rate,0.873,gb,2026-01-01\n"})
	for precision, want := range map[string]string{"0": "0.62716100", "1": "0.62716044"} {
		var out struct {
			Products []struct {
				Discounts []struct{ Amount json.Number } `json:"discount_rating_results"`
			} `json:"product_rating_results"`
		}
		_, text := h.call("ann", askDemand,
			`{"project_id":"p","inquiry_precision":`+precision+`,"product_infos":[{"id":"1",
			"cloud_service_type":"st","resource_type":"st.gb","resource_spec":"gb","region":"east","usage_factor":"stored",
			"usage_value":"1.2345678","usage_measure_id":17,"subscription_num":2}]}`)
		if err := json.Unmarshal([]byte(text), &out); err != nil || len(out.Products) != 1 ||
			len(out.Products[0].Discounts) != 1 || out.Products[0].Discounts[0].Amount.String() != want {
			t.Errorf("precision %s: %v, %s; want a discount of %s", precision, err, text, want)
		}
	}
}

// TestFeesAtZero checks RATINGS-1. If nothing of the usage is priced (0 GB, 999 units of a product priced per thousand,
// an amount of 0) and the product has a fee at zero, the flat fee of tier 1, 10, is due, as on the bill. If something
// is priced, the fee is due as well: 2,999 units cost 2 thousands at 3, and 10.
func TestFeesAtZero(t *testing.T) {
	t.Parallel()
	products, prices := bssBooks["books/products.csv"], bssBooks["books/prices.csv"]
	products = strings.Replace(strings.ReplaceAll(products, "\n", ",,\n"), ",,\n", ",fee_at_zero,convert\n", 1)
	prices = strings.Replace(strings.ReplaceAll(prices, "\n", ",,\n"), ",,\n", ",flat_fee,rate\n", 1)
	for _, p := range []struct{ sku, model, atZero, convert, price string }{
		{"gr", "graduated", "YES", "", "3,10,"}, {"th", "graduated", "YES", "/1000v0", "3,10,"},
		{"pc", "percentage", "YES", "", ",10,0.01"}, {"vo", "volume", "YES", "", "3,10,"},
		{"no", "graduated", "", "", "3,10,"}} {
		products += p.sku + ",,z,,z.t,,used,GB," + p.model + ",,,YES,," + p.atZero + "," + p.convert + "\n"
		prices += p.sku + ",*,,2026-01-01,,1,," + p.price + "\n"
	}
	h := houseWith(t, map[string]string{"books/products.csv": products, "books/prices.csv": prices})
	for ask, want := range map[string]string{"gr 0": "10", "th 999": "10", "th 2999": "16", "pc 0": "10", "vo 0": "10",
		"no 0": "0", "gr 1": "13", "pc 200": "12"} {
		sku, value, _ := strings.Cut(ask, " ")
		h.same(ask, h.few("ann", askDemand, `{"project_id":"p","product_infos":[{"id":"1","cloud_service_type":"z",
			"resource_type":"z.t","resource_spec":"`+sku+`","region":"east","usage_factor":"used","usage_value":`+value+`,
			"usage_measure_id":17,"subscription_num":1}]}`, "product_rating_results", "amount"), want+".00000000")
	}
}

// TestRateOnPeriodDetail checks that care costs 30 per month, and 27 for ann. Invariants: RATINGS-1, RATINGS-3.
func TestRateOnPeriodDetail(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const body = `{"project_id":"p","product_infos":[{"id":"1","cloud_service_type":"su","resource_type":"su.care","resource_spec":"care","region":"east","period_type":2,"period_num":3,"subscription_num":1}]}`
	h.says("ann", askPeriod, body,
		`{"official_website_rating_result":{"official_website_amount":90.00000000,"measure_id":1,"product_rating_results":[
		{"id":"1","product_id":"care","official_website_amount":90.00000000,"measure_id":1}]},
		"optional_discount_rating_results":[{"discount_id":"d1","amount":81.00000000,"official_website_amount":90.00000000,"discount_amount":9.00000000,"measure_id":1,
		"discount_type":605,"best_offer":1,"product_rating_results":[{"id":"1","product_id":"care","amount":81.00000000,"official_website_amount":90.00000000,
		"discount_amount":9.00000000,"measure_id":1}]}],"currency":"CNY"}`)
	h.says("bob", askPeriod, strings.Replace(body, `"period_type":2`, `"period_type":3`, 1),
		`{"official_website_rating_result":{"official_website_amount":900.00000000,"measure_id":1,
		"product_rating_results":[{"id":"1","product_id":"care","official_website_amount":900.00000000,"measure_id":1}]},"currency":"CNY"}`)
	if code, text := h.call("bob", askPeriod, strings.Replace(body, `"period_type":2`, `"period_type":0`,
		1)); code != 400 || !strings.Contains(text, "has no price") {
		t.Errorf("by day: %d %s", code, text)
	}
}

// TestRenewRateOnPeriod checks that s1 is renewed for two months at 27 each, and that s2, whose order was unsubscribed,
// is not renewed. A renewal of two pieces of s1 that was unsubscribed counts no longer, and s7 was unsubscribed at the
// instant of its payment. Invariants: RATINGS-1, RATINGS-3.
func TestRenewRateOnPeriod(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.says("ann", askRenew, `{"resource_ids":["s1","s2"],"period_type":2,"period_num":2}`,
		`{"currency":"CNY","renew_inquiry_results":[{"resource_id":"s1","amount":"54.00000000"}],
		"official_website_rating_result":{"official_website_amount":"60.00000000"},
		"optional_discount_rating_results":[{"discount_id":"d1","amount":"54.00000000","official_website_amount":"60.00000000","discount_amount":"6.00000000","discount_type":605,"best_offer":1}],
		"fail_resource_infos":[{"error_code":"CBC.0100","error_msg":"parameter resource_ids: no such resource, or it was unsubscribed, or has no price to renew at","resource_id":"s2"}]}`)
	if code, text := h.call("ann", askRenew, `{"resource_ids":["s1"],"period_type":3,"period_num":4}`); code != 400 ||
		!strings.Contains(text, "period_num") {
		t.Errorf("four years: %d %s", code, text)
	}
	later := houseWith(
		t, map[string]string{"inbox/orders/r.csv": `order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type,period_num,pay_time,effective_time,expire_time,base_order_id
r1,renew,ann,care,east,s1,2,month,1,2026-09-22T10:00:00Z,2026-11-05T00:00:00Z,2026-12-05T00:00:00Z,o1
r2,unsubscribe,ann,,,,,,,2026-09-23T10:00:00Z,,,r1
z1,new,ann,care,east,s7,1,month,1,2026-09-24T10:00:00Z,,,
a1,unsubscribe,ann,,,,,,,2026-09-24T10:00:00Z,,,z1
`})
	later.same("after a renewal was unsubscribed", later.few("ann", askRenew,
		`{"resource_ids":["s1","s7"],"period_type":2,"period_num":2}`, "renew_inquiry_results", "resource_id", "amount"),
		"s1 54.00000000")
	eleven := `{"resource_ids":["1","2","3","4","5","6","7","8","9","10","11"],"period_type":2,"period_num":1}`
	if code, text := h.call("ann", askRenew, eleven); code != 400 || !strings.Contains(text, "resource_ids") {
		t.Errorf("eleven resources: %d %s", code, text)
	}
}
