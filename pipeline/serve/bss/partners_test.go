package bss_test

import (
	"fmt"
	"strings"
	"testing"
)

const (
	subCustomers     = "/v2/partners/sub-customers/query"
	indirectPartners = "/v2/partners/indirect-partners/query"
	bssOrders        = "/v2/orders/customer-orders"
	accountChanges   = "/v2/accounts/partner-accounts/account-change-records"
	adjustRecords    = "/v3/accounts/partner-accounts/adjust-records"
)

func TestSubCustomers(t *testing.T) {
	t.Parallel()
	h := houseWith(t,
		map[string]string{"books/associations.csv": `customer_id,partner_id,association_type,valid_from,valid_to
ann,north,2,2026-01-01,2026-06-01
ann,north,2,2026-06-01,
bob,hub,2,2026-01-01,2026-10-01
cat,scout,1,,
`})
	// ann's two rows are one association; bob has left; cat was a customer before the books had the association.
	h.says("north", subCustomers, `{}`,
		`{"customer_infos":[{"customer":"Ann Ltd","account_name":"Ann Ltd","customer_id":"ann",
		"associated_on":"2026-01-01T00:00:00Z","association_type":"2","account_managers":[{"account_name":"am1"}]}],"count":1}`)
	h.says("scout", subCustomers, `{"limit":1}`,
		`{"customer_infos":[{"customer":"Cat","account_name":"Cat","customer_id":"cat","association_type":"1"}],"count":1}`)
	h.says("hub", subCustomers, `{}`, `{"customer_infos":[],"count":0}`)
	h.same("the vendor's", h.few("", subCustomers, `{}`, "customer_infos", "customer_id"), "ann\ncat")
	h.same("the vendor's second", h.few("", subCustomers, `{"offset":1}`, "customer_infos", "customer_id"), "cat")
	h.same("the reseller's", h.few("hub", subCustomers, `{"indirect_partner_id":"north"}`, "customer_infos",
		"customer_id"), "ann")
	for body, want := range map[string]string{
		`{"customer_id":"ann"}`: "ann", `{"customer":"n L"}`: "ann", `{"account_name":"Lt"}`: "ann",
		`{"account_name":"lt"}`: "", `{"label":"x"}`: "",
		`{"association_type":"1"}`: "", `{"association_type":"2","label":"","customer":null}`: "ann",
		`{"associated_on_begin":"2026-01-01T00:00:00Z","associated_on_end":"2026-01-01T00:00:01Z"}`: "ann",
		`{"associated_on_begin":"2026-01-01T00:00:01Z"}`:                                            "",
		`{"associated_on_end":"2026-01-01T00:00:00Z"}`:                                              "",
	} {
		h.same(body, h.few("north", subCustomers, body, "customer_infos", "customer_id"), want)
	}
	h.fails("north", subCustomers, `{"customer_id":"bob"}`, 400, "CBC.99000035")
	h.fails("north", subCustomers, `{"indirect_partner_id":"north"}`, 403, "CBC.99000037")
	h.fails("north", subCustomers,
		`{"associated_on_begin":"2026-01-02T00:00:00Z","associated_on_end":"2026-01-01T00:00:00Z"}`, 400, "CBC.0100")
	h.fails("ann", subCustomers, `{}`, 403, "CBC.0151")
}

func TestIndirectPartners(t *testing.T) {
	t.Parallel()
	h := houseWith(t,
		map[string]string{"books/partners.csv": `partner_id,name,kind,parent_partner_id,valid_from,valid_to,left_on
hub,Hub Distribution,distributor,,2026-01-01,,
other,Other Distribution,distributor,,2026-01-01,,
north,North,reseller,hub,2026-02-01,2026-05-01,
north,North Reselling,reseller,hub,2026-05-01,,
south,South Reselling,reseller,hub,2026-01-01,2026-07-01,
south,South Reselling,reseller,other,2026-07-01,,
free,Free Reselling,reseller,,2026-01-01,,
scout,Scout,referrer,,2026-01-01,,
`})
	h.says("hub", indirectPartners, `{}`,
		`{"count":1,"indirect_partners":[{"indirect_partner_id":"north","account_name":"North Reselling","name":"North Reselling",
		"associated_on":"2026-02-01T00:00:00Z"}]}`)
	h.same("the vendor's", h.few("", indirectPartners, `{}`, "indirect_partners", "indirect_partner_id"),
		"free\nnorth\nsouth")
	h.same("one distributor's", h.few("", indirectPartners, `{"partner_id":"other"}`, "indirect_partners",
		"indirect_partner_id"), "south")
	h.same("one", h.few("hub", indirectPartners, `{"indirect_partner_id":"north"}`, "indirect_partners",
		"indirect_partner_id"), "north")
	h.same("one that left", h.few("hub", indirectPartners, `{"indirect_partner_id":"south"}`, "indirect_partners",
		"indirect_partner_id"), "")
	h.same("by name", h.few("hub", indirectPartners, `{"account_name":"North Reselling"}`, "indirect_partners",
		"indirect_partner_id"), "north")
	h.same("by part of a name", h.few("hub", indirectPartners, `{"account_name":"North"}`, "indirect_partners",
		"indirect_partner_id"), "")
	h.same("by time", h.few("hub", indirectPartners, `{"associated_on_end":"2026-02-01T00:00:00Z"}`,
		"indirect_partners", "indirect_partner_id"), "")
	h.same("a reseller's", h.few("north", indirectPartners, `{}`, "indirect_partners", "indirect_partner_id"), "")
	h.fails("hub", indirectPartners, `{"indirect_partner_id":"free"}`, 403, "CBC.99000037")
	h.fails("hub", indirectPartners, `{"partner_id":"other"}`, 403, "CBC.0151")
	h.fails("bob", indirectPartners, `{}`, 403, "CBC.0151")
}

// paidByHub returns files in which hub pays 30 for bob's care of September, half of which is refunded on the 16th, and
// transfers money to its customers.
func paidByHub() map[string]string {
	return map[string]string{
		"inbox/orders/p.csv": `order_id,order_line,order_type,customer_id,sku,region_code,resource_id,quantity,period_type,period_num,pay_time,effective_time,expire_time,base_order_id,payer
p1,1,new,bob,care,east,s3,1,month,1,2026-09-01T00:00:00Z,2026-09-01T00:00:00Z,2026-10-01T00:00:00Z,,hub
p2,1,unsubscribe,bob,,,,,,,2026-09-16T00:00:00Z,,,p1,
p3,1,renew,ann,care,east,s4,1,month,2,2026-09-25T00:00:00Z,2026-09-25T00:00:00Z,2026-11-25T00:00:00Z,,
p3,2,renew,ann,care,east,s5,3,month,1,2026-09-25T00:00:00Z,2026-09-25T00:00:00Z,2026-10-25T00:00:00Z,,
`,
		"inbox/accounts/a.csv": `event_id,customer_id,time,type,balance_type,amount
e1,ann,2026-09-05T00:00:00Z,allocate,cash,100
e2,ann,2026-09-06T00:00:00Z,reclaim,cash,40.5
e3,bob,2026-09-07T00:00:00Z,allocate,credit,50
e4,ann,2026-09-08T00:00:00Z,allocate,stored_value,10
e5,bob,2026-09-09T00:00:00Z,allocate,cash,7
e6,ann,2026-09-10T00:00:00Z,recharge,cash,5
`,
	}
}

// TestCustomerOrders lists orders. Invariant: TRADE-1.
func TestCustomerOrders(t *testing.T) {
	t.Parallel()
	h := houseWith(t, paidByHub())
	h.says("hub", bssOrders, "", `{"total_count":2,"order_infos":[
		{"order_id":"p1","customer_id":"bob","service_type_code":"su","service_type_name":"Support","status":5,"order_type":1,"amount_after_discount":30.00000000,
		"official_amount":30.00000000,"measure_id":1,"create_time":"2026-09-01T00:00:00Z","payment_time":"2026-09-01T00:00:00Z","currency":"CNY","amount_info":{"discounts":[],
		"flexipurchase_coupon_amount":0.00000000,"coupon_amount":0.00000000,"stored_card_amount":0.00000000},"agent_pay_info":{"paying_agent_id":"hub","is_agent_pay":true}},
		{"order_id":"p2","customer_id":"bob","service_type_code":"su","service_type_name":"Support","status":5,"order_type":4,"amount_after_discount":-15.00000000,
		"official_amount":-15.00000000,"measure_id":1,"create_time":"2026-09-16T00:00:00Z","payment_time":"2026-09-16T00:00:00Z","currency":"CNY","amount_info":{"discounts":[],
		"flexipurchase_coupon_amount":0.00000000,"coupon_amount":0.00000000,"stored_card_amount":0.00000000}}]}`)
	// Two months of care and three times one month are 5 × 30, less 10 %.
	h.says("ann", bssOrders+"?order_id=P3", "", `{"total_count":1,"order_infos":[
		{"order_id":"p3","customer_id":"ann","service_type_code":"su","service_type_name":"Support","status":5,"order_type":2,"amount_after_discount":135.00000000,
		"official_amount":150.00000000,"measure_id":1,"create_time":"2026-09-25T00:00:00Z","payment_time":"2026-09-25T00:00:00Z","currency":"CNY",
		"amount_info":{"discounts":[{"discount_type":"605","discount_amount":15.00000000}],
		"flexipurchase_coupon_amount":0.00000000,"coupon_amount":0.00000000,"stored_card_amount":0.00000000}}]}`)
	for query, want := range map[string]string{
		"": "o1\no2\no3\np3", "offset=1&limit=2": "o2\no3", "order_by=-createtime": "p3\no3\no2\no1",
		"order_type=4": "o3", "order_type=11": "", "status=5&order_type=1": "o1\no2",
		"status=6": "", "service_type_code=SU&order_type=2": "p3", "service_type_code=st": "",
		"method=sub_customer": "", "customer_id=ann&order_type=4": "o3",
		"payment_time_begin=2026-09-21T10:00:00Z&payment_time_end=2026-09-25T00:00:00Z": "o3",
		"create_time_begin=2026-09-21T10:00:01Z":                                        "p3",
	} {
		h.same(query, h.few("north", bssOrders+"?"+query, "", "order_infos", "order_id"), want)
	}
	h.same("the reseller's", h.few("hub", bssOrders+"?indirect_partner_id=north&limit=1", "", "order_infos",
		"order_id"),
		"o1")
	h.same("the vendor's", h.few("", bssOrders, "", "order_infos", "order_id"), "p1\np2\no1\no2\no3\np3")
	h.fails("ann", bssOrders+"?customer_id=bob", "", 403, "CBC.0151")
	h.fails("north", bssOrders+"?customer_id=bob", "", 400, "CBC.99000035")
	h.fails("north", bssOrders+"?order_by=size", "", 400, "CBC.0100")
	h.fails("north", bssOrders+"?create_time_begin=2025-09-01T00:00:00Z&create_time_end=2026-09-01T00:00:01Z", "", 400,
		"CBC.0100")
}

func TestPartnerAccount(t *testing.T) {
	t.Parallel()
	h := houseWith(t, paidByHub())
	h.says("hub", accountChanges+"?balance_type=BALANCE_TYPE_DEBIT", "", `{"total_count":3,"currency":"CNY","records":[
		{"account_change_id":"p1/1","trade_detail_type":"SOURCE_OPERAIION_DEDEUCT","trade_time":"2026-09-01T00:00:00Z","trade_id":"p1","change_amount":"30.00000000","type":"2","customer_id":"bob","account_name":"Bob"},
		{"account_change_id":"e5","trade_detail_type":"SOURCE_OPERATION_BEADJUST","trade_time":"2026-09-09T00:00:00Z","trade_id":"e5","change_amount":"7.00000000","type":"2","customer_id":"bob","account_name":"Bob"},
		{"account_change_id":"p2/1","trade_detail_type":"SOURCE_OPERAIION_UNSUBSCRIBE","trade_time":"2026-09-16T00:00:00Z","trade_id":"p2","change_amount":"15.00000000","type":"1","customer_id":"bob","account_name":"Bob"}]}`)
	h.same("credit", h.few("hub", accountChanges+"?balance_type=BALANCE_TYPE_CREDIT", "", "records",
		"account_change_id", "change_amount", "type"), "e3 50.00000000 2")
	h.same("a reseller's own", h.few("north", accountChanges+"?balance_type=BALANCE_TYPE_DEBIT", "", "records",
		"account_change_id", "type"), "e1 2\ne2 1")
	h.same("the reseller's", h.few("hub", accountChanges+"?balance_type=BALANCE_TYPE_DEBIT&indirect_partner_id=north",
		"", "records", "account_change_id"), "e1\ne2")
	h.same("the vendor asks", h.few("", accountChanges+"?balance_type=BALANCE_TYPE_DEBIT&partner_id=north", "",
		"records", "account_change_id"), "e1\ne2")
	for query, want := range map[string]string{
		"trade_type=DEDEUCT": "p1/1", "trade_type=REFUND": "p2/1", "trade_type=BEADJUST": "e5",
		"trade_type=BERETRIEVE": "", "trade_type=RECHARGE": "",
		"trade_time_begin=2026-09-09&trade_time_end=2026-09-09": "e5", "trade_time_begin=2026-09-16": "p2/1",
		"offset=2": "p2/1",
	} {
		h.same(query, h.few("hub", accountChanges+"?balance_type=BALANCE_TYPE_DEBIT&"+query, "", "records",
			"account_change_id"), want)
	}
	h.fails("", accountChanges+"?balance_type=BALANCE_TYPE_DEBIT", "", 400, "CBC.0100")
	h.fails("hub", accountChanges, "", 400, "CBC.0100")
	h.fails("hub", accountChanges+
		"?balance_type=BALANCE_TYPE_DEBIT&trade_time_begin=2026-09-10&trade_time_end=2026-09-09", "", 400, "CBC.0100")
	h.fails("ann", accountChanges+"?balance_type=BALANCE_TYPE_DEBIT", "", 403, "CBC.0151")
}

func TestPartnerAdjustRecords(t *testing.T) {
	t.Parallel()
	h := houseWith(t, paidByHub())
	h.says("north", adjustRecords, "", `{"records":[
		{"customer_id":"ann","customer_name":"Ann Ltd","operation_type":"SOURCE_OPERATION_BEADJUST","amount":"100.00000000","currency":"CNY","operation_time":"2026-09-05T00:00:00Z","measure_id":1,"trans_id":"e1"},
		{"customer_id":"ann","customer_name":"Ann Ltd","operation_type":"SOURCE_OPERATION_BERETRIEVE","amount":"40.50000000","currency":"CNY","operation_time":"2026-09-06T00:00:00Z","measure_id":1,"trans_id":"e2"}],
		"total_count":2}`)
	for query, want := range map[string]string{
		"operation_type=SOURCE_OPERATION_BERETRIEVE": "e2", "operation_type=SOURCE_OPERATION_BEUNBIND": "",
		"trans_id=e1": "e1", "customer_id=ann&offset=1": "e2",
		"operation_time_begin=2026-09-06T00:00:00Z": "e2", "operation_time_end=2026-09-06T00:00:00Z": "e1",
	} {
		h.same(query, h.few("north", adjustRecords+"?"+query, "", "records", "trans_id"), want)
	}
	h.same("a distributor's", h.few("hub", adjustRecords, "", "records", "trans_id"), "e3\ne5")
	h.same("the reseller's", h.few("hub", adjustRecords+"?indirect_partner_id=north", "", "records", "trans_id"),
		"e1\ne2")
	h.same("the vendor's", h.few("", adjustRecords, "", "records", "trans_id"), "e1\ne2\ne3\ne5")
	h.fails("north", adjustRecords+"?customer_id=bob", "", 400, "CBC.99000035")
	h.fails("bob", adjustRecords, "", 403, "CBC.0151")
}

// TestAdjustRecordsOfResellers lists what a distributor allocated to and reclaimed from its reseller, in addition to
// what it allocated to customers. A refused reclaim, of more than the reseller has, has no record.
func TestAdjustRecordsOfResellers(t *testing.T) {
	t.Parallel()
	h := houseWith(t, map[string]string{
		"tollbook.yaml": bssBooks["tollbook.yaml"] + "payments: ledger\n",
		"inbox/partner_accounts/p.csv": `event_id,partner_id,time,type,amount,to_partner_id
p1,hub,2026-09-01T00:00:00Z,recharge,500,
p2,hub,2026-09-02T00:00:00Z,allocate,300,north
p3,hub,2026-09-03T00:00:00Z,reclaim,20.5,north
p4,hub,2026-09-04T00:00:00Z,reclaim,1000,north
`,
		"inbox/accounts/a.csv": `event_id,customer_id,time,type,balance_type,amount
e1,bob,2026-09-02T12:00:00Z,allocate,cash,100
e2,ann,2026-09-05T00:00:00Z,allocate,cash,10
`,
	})
	h.says("hub", adjustRecords+"?limit=1", "", `{"total_count":3,"records":[{"customer_id":"north",
		"customer_name":"North Reselling","operation_type":"SOURCE_OPERATION_BEADJUST","amount":"300.00000000",
		"currency":"CNY","operation_time":"2026-09-02T00:00:00Z","measure_id":1,"trans_id":"p2"}]}`)
	h.same("all", h.few("hub", adjustRecords, "", "records", "trans_id"), "p2\ne1\np3")
	h.same("one reseller", h.few("hub", adjustRecords+"?customer_id=north", "", "records", "trans_id"), "p2\np3")
	h.same("one customer", h.few("hub", adjustRecords+"?customer_id=bob", "", "records", "trans_id"), "e1")
	h.same("the reseller's", h.few("north", adjustRecords, "", "records", "trans_id"), "e2")
	h.same("the reseller's, as its distributor", h.few("hub", adjustRecords+"?indirect_partner_id=north", "", "records",
		"trans_id"), "e2")
	h.same("the vendor's", h.few("", adjustRecords, "", "records", "trans_id"), "p2\ne1\np3\ne2")
	h.same("the vendor's of one", h.few("", adjustRecords+"?customer_id=north", "", "records", "trans_id"), "p2\np3")
	h.fails("north", adjustRecords+"?customer_id=north", "", 400, "CBC.99000035")
	h.fails("hub", accountChanges+"?balance_type=BALANCE_TYPE_DEBIT&indirect_partner_id=scout", "", 403, "CBC.99000037")
}

// TestVendorReadsAsPartner checks that a vendor that names a partner gets the same answer as the partner.
func TestVendorReadsAsPartner(t *testing.T) {
	t.Parallel()
	h := houseWith(t, paidByHub())
	for _, partner := range []string{"north", "hub", "scout"} {
		for _, list := range []struct{ path, body, rows, field string }{
			{adjustRecords + "?", "", "records", "trans_id"}, {bssOrders + "?", "", "order_infos", "order_id"},
			{subCustomers, `{%s}`, "customer_infos", "customer_id"},
			{consumers, `{"bill_cycle":"2026-09"%s}`, "sub_customers", "customer_id"},
		} {
			own, named := list.path, list.path
			ownBody, namedBody := list.body, list.body
			if list.body == "" {
				named += "partner_id=" + partner
			} else {
				more := `"partner_id":"` + partner + `"`
				if list.body != `{%s}` {
					more = "," + more
				}
				ownBody, namedBody = fmt.Sprintf(list.body, ""), fmt.Sprintf(list.body, more)
			}
			h.same(partner+" "+list.path, h.few("", named, namedBody, list.rows, list.field),
				h.few(partner, own, ownBody, list.rows, list.field))
		}
	}
	const records = subRecords + "?bill_cycle=2026-09&customer_id=ann&"
	h.same("records of a customer", h.few("", records+"partner_id=north", "", "fee_records", "id"),
		h.few("north", records, "", "fee_records", "id"))
	h.same("records of a customer of another partner", h.few("", records+"partner_id=hub", "", "fee_records", "id"), "")
	h.same("an order that the partner's customer has not", h.few("", bssOrders+"?partner_id=scout", "", "order_infos",
		"order_id"), "")
	h.fails("north", bssOrders+"?partner_id=hub", "", 403, "CBC.0151")
}

// fails checks that a request fails with a status and an error code.
func (h *house) fails(as, path, body string, status int, code string) {
	h.t.Helper()
	if got, answer := h.call(as, path, body); got != status || !strings.Contains(answer, `"error_code":"`+code+`"`) {
		h.t.Errorf("%s %s as %q: %d %s, want %d %s", path, body, as, got, answer, status, code)
	}
}
