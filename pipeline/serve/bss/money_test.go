package bss_test

import (
	"maps"
	"testing"
)

const (
	quotas        = "/v2/partners/coupon-quotas/query"
	handedDown    = "/v2/partners/issued-coupon-quotas"
	quotaRecords  = "/v2/partners/coupon-quotas/records"
	issuedCoupons = "/v2/promotions/benefits/partner-coupons"
	couponRecords = issuedCoupons + "/records/query"
	userCoupons   = "/v2/promotions/benefits/coupons"
	couponChanges = "/v2/promotions/benefits/account-change-records"
	cards         = "/v2/promotions/benefits/stored-value-cards"
	balances      = "/v2/accounts/partner-accounts/balances"
	ownBalances   = "/v2/accounts/customer-accounts/balances"
	manyBalances  = ownBalances + "/batch-query"
	ownChanges    = "/v2/accounts/customer-accounts/account-change-records"
)

// moneyFiles returns partners' money. hub has quotas of 200 for vouchers, of which north has 60 since September, and of
// 40 for cash coupons until 1 October; north has one for pickups. north issues v1 of 20 and v2 of 15, valid until 11
// October, to ann, who pays a1 of 20 with v1. north reclaims 5 of v2, and may not issue 30 more: 25 remain. v2 pays 7
// for ann's line l1, so 3 of it remain. bob has 100 in cash and 7 of stored value, which pay 20.01 for b1. hub has 500
// in cash, of which 100 went to bob, and a credit limit of 30.
func moneyFiles() map[string]string {
	return map[string]string{
		"tollbook.yaml": bssBooks["tollbook.yaml"] + "payments: ledger\n",
		"books/coupon_quotas.csv": `quota_id,partner_id,parent_quota_id,kind,amount,coupon_months,min_consumption,valid_from,valid_to
hq,hub,,voucher,200,1,0,2026-01-01,
nq,north,hq,voucher,60,1,0,2026-09-01,
hc,hub,,cash_coupon,40,1,0,,2026-10-01
np,north,,pickup,90,1,0,,
`,
		"inbox/coupons/c.csv": `event_id,time,event,coupon_id,quota_id,partner_id,customer_id,amount
c1,2026-09-01T00:00:00Z,issue,v1,nq,north,ann,20
c2,2026-09-11T00:00:00Z,issue,v2,nq,north,ann,15
c3,2026-09-12T00:00:00Z,reclaim,v2,,north,,5
c4,2026-09-13T00:00:00Z,issue,v3,nq,north,ann,30
`,
		"inbox/partner_accounts/p.csv": `event_id,partner_id,time,type,amount
p1,hub,2026-09-01T00:00:00Z,recharge,500
p2,hub,2026-09-01T01:00:00Z,credit_limit,70
p3,hub,2026-09-01T02:00:00Z,credit_limit,30
`,
		"inbox/accounts/a.csv": `event_id,customer_id,time,type,balance_type,amount
x1,bob,2026-09-02T00:00:00Z,allocate,cash,100
x2,bob,2026-09-02T00:00:00Z,recharge,stored_value,7
`,
	}
}

// TestCoupons reads quotas, coupons and their history as of the run on 3 October. Invariant: BENEFITS-2.
func TestCoupons(t *testing.T) {
	t.Parallel()
	h := houseWith(t, moneyFiles())
	row := func(body string) string {
		return h.few("hub", quotas, body, "quotas", "quota_id", "quota_type", "quota_status", "balance")
	}
	h.same("vouchers", row(`{}`), "hq 0 0 140.00000000")
	h.same("cash coupons", row(`{"quota_type":1}`), "hc 1 3 40.00000000")
	h.same("in force", row(`{"quota_type":1,"quota_status_list":[0]}`), "")
	h.same("by id", row(`{"quota_ids":["nq"]}`), "")
	h.same("by expiry", row(`{"quota_type":1,"expire_time_end":"2026-10-01T00:00:01Z"}`), "hc 1 3 40.00000000")
	h.same("by start", row(`{"effective_time_begin":"2026-01-01T00:00:01Z"}`), "")
	h.same("by creation", row(`{"create_time_begin":"2026-01-01T00:00:00Z"}`), "")
	h.same("the reseller's", row(`{"indirect_partner_id":"north"}`), "nq 0 0 25.00000000")
	h.fails("", quotas, `{}`, 400, "CBC.0100")
	h.fails("north", quotas, `{"quota_ids":"nq"}`, 400, "CBC.0100")
	h.same("handed down", h.few("hub", handedDown+"?parent_quota_id=hq", "", "quotas", "quota_id", "balance",
		"indirect_partner_id"), "nq 25.00000000 north")
	h.same("by nobody", h.few("north", handedDown, "", "quotas", "quota_id"), "")
	h.same("records", h.few("hub", quotaRecords+"?operation_time_end=2026-09-01T00:00:01Z", "", "records", "id",
		"amount"),
		"nq 60.00000000")
	h.same("before", h.few("hub", quotaRecords+"?operation_time_end=2026-09-01T00:00:00Z", "", "records", "id"), "")
	h.same("taken back", h.few("hub", quotaRecords+"?operation_type=11", "", "records", "id"), "")

	for query, want := range map[string]string{"": "v1 3 0.00000000\nv2 2 3.00000000", "?status=2": "v2 2 3.00000000",
		"?status=1": "", "?coupon_type=4": "", "?coupon_id=v1": "v1 3 0.00000000",
		"?customer_id=ann&limit=1&offset=1": "v2 2 3.00000000",
		"?order_id=o1":                      "", "?create_time_end=2026-09-11T00:00:00Z": "v1 3 0.00000000",
		"?expire_time_begin=2026-10-11T00:00:00Z":    "v2 2 3.00000000",
		"?effective_time_begin=2026-09-11T00:00:01Z": ""} {
		h.same(query, h.few("north", issuedCoupons+query, "", "user_coupons", "coupon_id", "status", "balance"), want)
	}
	h.same("the distributor's own", h.few("hub", issuedCoupons, "", "user_coupons", "coupon_id"), "")
	h.fails("north", issuedCoupons+"?customer_id=bob", "", 400, "CBC.99000035")
	for query, want := range map[string]string{
		"":           "c1 1 20.00000000 0 \nc2 1 15.00000000 0 \nc3 2 5.00000000 0 \nc4 1 30.00000000 -1 over_quota",
		"?result=-1": "c4 1 30.00000000 -1 over_quota", "?operation_types=2&operation_types=4": "c3 2 5.00000000 0 ",
		"?coupon_ids=v1": "c1 1 20.00000000 0 ", "?quota_id=hq": "", "?quota_type=1": "",
		"?operation_time_begin=2026-09-13T00:00:00Z": "c4 1 30.00000000 -1 over_quota"} {
		h.same(query, h.few("north", couponRecords+query, "", "records", "id", "operation_type", "operation_amount",
			"result", "remark"), want)
	}
	h.same("own", h.few("ann", userCoupons, "", "user_coupons", "coupon_id", "status", "source_id"),
		"v1 3 north\nv2 2 north")
	h.same("of another", h.few("ann", userCoupons+"?source_id=hub", "", "user_coupons", "coupon_id"), "")
	h.same("of a plan", h.few("ann", userCoupons+"?promotion_plan_id=x", "", "user_coupons", "coupon_id"), "")
	h.same("changes", h.few("ann", couponChanges+"?balance_type=BALANCE_TYPE_COUPON", "", "records", "coupon_id",
		"trade_detail_type", "trade_id", "change_amount", "balance_after_change"),
		"v1 SOURCE_OPERAIION_PRIZE c1 20.00000000 20.00000000\nv1 SOURCE_OPERAIION_USAGE a1 20.00000000 0.00000000\n"+
			"v2 SOURCE_OPERAIION_PRIZE c2 15.00000000 15.00000000\n"+
			"v2 SOURCE_OPERATION_COUPONCANCEL c3 5.00000000 10.00000000\n"+
			"v2 SOURCE_OPERAIION_USAGE 2026-09/line/east/l1 7.00000000 3.00000000")
	h.same("consumption", h.few("ann", couponChanges+"?balance_type=BALANCE_TYPE_COUPON&trade_type=DEDEUCT", "",
		"records", "trade_id"), "a1\n2026-09/line/east/l1")
	h.fails("ann", couponChanges, "", 400, "CBC.0100")
}

// TestAccounts reads balances and their transactions. Invariant: ACCOUNTS-1.
func TestAccounts(t *testing.T) {
	t.Parallel()
	files := moneyFiles()
	files["books/associations.csv"] = "customer_id,partner_id,association_type,valid_from,valid_to\n" +
		"ann,north,2,2026-01-01,\nbob,hub,2,2026-01-01,\ncat,scout,1,2026-01-01,\n"
	h := houseWith(t, files)
	h.says("hub", balances, "", `{"account_balances":[
		{"account_id":"cash","account_type":1,"amount":400.00000000,"currency":"CNY","measure_id":1},
		{"account_id":"credit","account_type":2,"amount":30.00000000,"currency":"CNY","credit_amount":30.00000000,"measure_id":1}]}`)
	h.says("scout", balances, "", `{"account_balances":[]}`)
	h.fails("", balances, "", 400, "CBC.0100")
	h.says("bob", ownBalances, "", `{"account_balances":[{"account_id":"cash","account_type":1,"amount":86.99000000,
		"currency":"CNY","measure_id":1}],"debt_amount":0.00000000,"measure_id":1,"currency":"CNY"}`)
	h.same("of hub", h.few("hub", manyBalances, `{"customer_infos":[{"customer_id":"bob"},{"customer_id":"bob"},
		{"customer_id":"ann"},{"customer_id":"cat"},{"customer_id":"nobody"}]}`, "customer_balances", "customer_id",
		"amount"),
		"bob 86.99000000")
	h.same("of the referrer", h.few("scout", manyBalances, `{"customer_infos":[{"customer_id":"cat"}]}`,
		"customer_balances", "customer_id"), "")
	h.fails("hub", manyBalances, `{}`, 400, "CBC.0100")
	h.same("changes", h.few("bob", ownChanges+"?balance_type=BALANCE_TYPE_DEBIT", "", "records", "trade_detail_type",
		"trade_id", "change_amount", "balance_after_change", "revenue_expense_type"),
		"SOURCE_OPERATION_BEADJUST x1 100.00000000 100.00000000 REVENUE\n"+
			"SOURCE_OPERAIION_USAGE b1 13.01000000 86.99000000 EXPENSE")
	for query, want := range map[string]string{"&trade_type=BEADJUST": "x1", "&revenue_expense_type=EXPENSE": "b1",
		"&trade_id=b1": "b1", "&payment_channel_id=1": "", "&trade_time_end=2026-09-02": "x1"} {
		h.same(query, h.few("bob", ownChanges+"?balance_type=BALANCE_TYPE_DEBIT"+query, "", "records",
			"trade_id"), want)
	}
	h.same("credit", h.few("bob", ownChanges+"?balance_type=BALANCE_TYPE_CREDIT", "", "records", "trade_id"), "")
	h.says("bob", cards+"?status=2", "", `{"total_count":1,"stored_value_cards":[{"card_id":"stored_value","status":2,
		"balance":"0.00000000"}]}`)
	h.says("bob", cards+"?status=1", "", `{"total_count":0,"stored_value_cards":[]}`)
	h.fails("bob", cards, "", 400, "CBC.0100")
	h.same("the partner's", h.few("hub", accountChanges+"?balance_type=BALANCE_TYPE_DEBIT", "", "records",
		"trade_detail_type", "change_amount", "balance_after_change", "type"),
		"SOURCE_OPERAIION_RECHARGE 500.00000000 500.00000000 1\nSOURCE_OPERATION_BEADJUST 100.00000000 400.00000000 2")
	h.same("its credit", h.few("hub", accountChanges+"?balance_type=BALANCE_TYPE_CREDIT&trade_type=ADJUST", "",
		"records", "trade_id", "change_amount", "balance_after_change", "type"),
		"p2 70.00000000 70.00000000 1\np3 40.00000000 30.00000000 2")
}

// TestAccountsWithoutLedger checks that without a ledger there are no accounts and no records of them.
func TestAccountsWithoutLedger(t *testing.T) {
	t.Parallel()
	files := maps.Clone(bssBooks)
	files["books/coupons.csv"] = "coupon_id,customer_id,kind,amount,min_consumption,service_type_code,sku," +
		"with_discount,valid_from,valid_to\ngift,ann,voucher,2,0,*,*,NO,2026-01-01,2026-02-01\n"
	h := houseWith(t, files)
	h.says("bob", ownBalances, "", `{"account_balances":[],"debt_amount":0.00000000,"measure_id":1,"currency":"CNY"}`)
	h.says("hub", balances, "", `{"account_balances":[]}`)
	h.says("bob", cards+"?status=1", "", `{"total_count":0,"stored_value_cards":[]}`)
	h.same("changes", h.few("bob", ownChanges+"?balance_type=BALANCE_TYPE_DEBIT", "", "records", "trade_id"), "")
	h.same("coupon changes", h.few("ann", couponChanges+"?balance_type=BALANCE_TYPE_COUPON", "", "records",
		"trade_id"), "")
	h.same("coupons", h.few("ann", userCoupons, "", "user_coupons", "coupon_id", "status"), "gift 4")
	h.same("issued", h.few("north", issuedCoupons, "", "user_coupons", "coupon_id"), "")
}
