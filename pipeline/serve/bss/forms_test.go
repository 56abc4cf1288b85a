package bss_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// aTime matches a member whose value is a time, with or without a fraction.
var aTime = regexp.MustCompile(`"[a-z_]+":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z"`)

// TestTimesAreWholeSeconds checks feeds and books with fractions of seconds. In every operation of the vendor, times
// have the form 2026-09-01T00:00:00Z, and a search for the second that is shown finds the row.
func TestTimesAreWholeSeconds(t *testing.T) {
	t.Parallel()
	const fees = `"2026-09-02T10:00:00Z"`
	h := houseWith(t, map[string]string{
		"books/associations.csv": "customer_id,partner_id,association_type,valid_from,valid_to\n" +
			"ann,north,2,2026-01-01T00:00:00.25Z,\nbob,hub,2,2026-01-01T12:00:00.5Z,\ncat,scout,1,2026-01-01,\n",
		"books/partners.csv": "partner_id,name,kind,parent_partner_id,valid_from,valid_to,left_on\n" +
			"hub,Hub Distribution,distributor,,2026-01-01,,\n" +
			"north,North Reselling,reseller,hub,2026-01-01T01:00:00.75Z,,\nscout,Scout,referrer,,2026-01-01,,\n",
		"inbox/usage/a.csv": "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
			"a1,ann,r1,gb,east,2026-09-02T09:00:00.123Z,2026-09-02T10:00:00.999999Z,15\n" +
			"b1,bob,r3,gb,east,2026-09-03T23:30:00.5Z,2026-09-04T00:30:00.25Z,10\n",
		"inbox/orders/o.csv": "order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type," +
			"period_num,pay_time,effective_time,expire_time,base_order_id,payer\n" +
			"o1,new,bob,care,east,s1,1,month,1,2026-09-20T10:00:00.000001Z,2026-09-20T10:00:00.5Z," +
			"2026-10-20T10:00:00.5Z,,hub\n",
		"inbox/accounts/a.csv": "event_id,customer_id,time,type,balance_type,amount\n" +
			"e1,bob,2026-09-05T00:00:00.75Z,allocate,cash,100\n",
	})
	times := 0
	for _, c := range []struct{ as, path, body string }{
		{"north", subRecords + "?bill_cycle=2026-09&customer_id=ann&limit=100", ""},
		{"hub", subRecords + "?bill_cycle=2026-09&customer_id=bob&limit=100", ""},
		{"ann", ownRecords + "?cycle=2026-09&limit=100", ""},
		{"ann", ownRecords + "?cycle=2026-09&statistic_type=1", ""},
		{"ann", ownFees + "?bill_cycle=2026-09", ""},
		{"ann", ownSums + "?bill_cycle=2026-09", ""},
		{"ann", usageDetails +
			"?bill_cycle=2026-09&resource_id=l1&service_type_code=bw&resource_type_code=bw.line&usage_type=peak", ""},
		{"ann", freeUsages + "?deduct_time_begin=2026-09-01&deduct_time_end=2026-09-30", ""},
		{"hub", bssOrders, ""},
		{"bob", bssOrders, ""},
		{"hub", accountChanges + "?balance_type=BALANCE_TYPE_DEBIT", ""},
		{"hub", adjustRecords, ""},
		{"hub", subCustomers, "{}"},
		{"north", subCustomers, "{}"},
		{"hub", indirectPartners, "{}"},
	} {
		code, answer := h.call(c.as, c.path, c.body)
		if code != http.StatusOK {
			t.Errorf("%s as %s: %d %s", c.path, c.as, code, answer)
		}
		for _, found := range aTime.FindAllStringSubmatch(answer, -1) {
			if times++; found[1] != "" {
				t.Errorf("%s as %s: %s", c.path, c.as, found[0])
			}
		}
	}
	if times < 30 {
		t.Errorf("%d times in all answers: too few to have seen every field", times)
	}
	if _, answer := h.call("north", subRecords+"?bill_cycle=2026-09&customer_id=ann&resource_id=r1",
		""); !strings.Contains(answer, fees) {
		t.Errorf("consume_time is cut to %s, not rounded: %s", fees, answer)
	}
	// The time that is shown is the start of its second.
	at := func(name, value string) string { return "?" + name + "=" + url.QueryEscape(value) }
	h.same("from its second on", h.few("hub", adjustRecords+at("operation_time_begin", "2026-09-05T00:00:00Z"), "",
		"records", "trans_id", "operation_time"), "e1 2026-09-05T00:00:00Z")
	h.same("from the next second on", h.few("hub", adjustRecords+at("operation_time_begin", "2026-09-05T00:00:01Z"), "",
		"records", "trans_id"), "")
}

// TestNamesOfOthers checks orders that hub pays for bob, who was its customer, and for dan, who never was. The answer
// to hub has dan's id, which belongs to the order, but not his name. The answer to the vendor has both.
func TestNamesOfOthers(t *testing.T) {
	t.Parallel()
	h := houseWith(t, map[string]string{
		"inbox/orders/p.csv": "order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type," +
			"period_num,pay_time,effective_time,expire_time,base_order_id,payer\n" +
			"p1,new,bob,care,east,s3,1,month,1,2026-09-01T00:00:00Z,2026-09-01T00:00:00Z,2026-10-01T00:00:00Z,,hub\n" +
			"p2,new,dan,care,east,s4,1,month,1,2026-09-02T00:00:00Z,2026-09-02T00:00:00Z,2026-10-02T00:00:00Z,,hub\n" +
			"p3,new,ann,care,east,s5,1,month,1,2026-09-03T00:00:00Z,2026-09-03T00:00:00Z,2026-10-03T00:00:00Z,,hub\n",
	})
	const cash = accountChanges + "?balance_type=BALANCE_TYPE_DEBIT"
	h.same("its own account", h.few("hub", cash, "", "records", "trade_id", "customer_id", "account_name"),
		"p1 bob Bob\np2 dan \np3 ann ")
	h.same("the vendor asks", h.few("", cash+"&partner_id=hub", "", "records", "trade_id", "account_name"),
		"p1 Bob\np2 Dan\np3 Ann Ltd")
}
