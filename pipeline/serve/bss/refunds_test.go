package bss_test

import (
	"testing"

	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
)

// refunded returns a house with a charge of 91.00 in advance for the quarter from 1 September, of 91 days, which ann
// ends on 8 October: 54.00 are refunded. ann has 500.00.
func refunded(t *testing.T) *house {
	t.Helper()
	h := houseWith(t, map[string]string{
		"tollbook.yaml": bssBooks["tollbook.yaml"] + "payments: ledger\n",
		"books/products.csv": bssBooks["books/products.csv"] +
			"desk,Desk,st,Stores,st.gb,Store,,piece,recurring,,,YES,none\n",
		"books/prices.csv": bssBooks["books/prices.csv"] + "desk,*,,2026-01-01,,1,,91\n",
		"books/recurring.csv": "charge_id,customer_id,sku,resource_id,timing,period,anchor,valid_from,valid_to\n" +
			"rc,ann,desk,d1,advance,quarter,start,2026-09-01,2026-10-08\n",
		"inbox/accounts/a.csv": "event_id,customer_id,time,type,balance_type,amount\n" +
			"e1,ann,2026-09-01T00:00:00Z,recharge,cash,500\n",
	})
	h.run("2026-10-09T00:00:00Z", func(w *workspace.Workspace, o workspace.Options) (*workspace.Report, error) {
		return run.Monthly(t.Context(), w, cycleOf(t, "2026-10"), o)
	})
	return h
}

// TestBreakDownOfRefundedCharge checks that a filter by bill_type selects rows and does not change them: 30 of 91 days
// are in September, and the rest of the charge is October's, like its refund.
func TestBreakDownOfRefundedCharge(t *testing.T) {
	t.Parallel()
	h := refunded(t)
	for filter, want := range map[string]string{
		"": "1 91.00000000 30.00000000 61.00000000 0.00000000\n" +
			"3 -54.00000000 0.00000000 -54.00000000 0.00000000",
		"&bill_type=1": "1 91.00000000 30.00000000 61.00000000 0.00000000",
		"&bill_type=3": "3 -54.00000000 0.00000000 -54.00000000 0.00000000",
		"&bill_type=5": "",
	} {
		h.same(filter, h.few("ann", breakDowns+"?shared_month=2026-10&limit=50&resource_id=d1"+filter, "", "details",
			"bill_type", "consume_amount", "past_months_amortized_amount", "current_month_amortized_amount",
			"future_months_amortized_amount"), want)
	}
}

// TestIDsOfChanges checks that a charge and its refund, which have one id, have two account_change_ids, whatever the
// times that are requested.
func TestIDsOfChanges(t *testing.T) {
	t.Parallel()
	h := refunded(t)
	for times, want := range map[string]string{
		"&trade_time_begin=2026-09-01&trade_time_end=2026-09-30": "rc/2026-09-01 91.00000000",
		"&trade_time_begin=2026-10-08&trade_time_end=2026-10-08": "rc/2026-09-01#2 54.00000000",
	} {
		h.same(times, h.few("ann", ownChanges+"?balance_type=BALANCE_TYPE_DEBIT&trade_id=rc/2026-09-01"+times, "",
			"records", "account_change_id", "change_amount"), want)
	}
}

// TestPagesOfChanges checks that the pages of a list of account changes are of one state, although a run between them
// replaced the files that the first page read.
func TestPagesOfChanges(t *testing.T) {
	t.Parallel()
	h := houseWith(t, map[string]string{
		"tollbook.yaml": bssBooks["tollbook.yaml"] + "payments: ledger\n",
		"inbox/accounts/a.csv": "event_id,customer_id,time,type,balance_type,amount\n" +
			"e1,eve,2026-09-11T00:00:00Z,recharge,cash,1\ne2,eve,2026-09-12T00:00:00Z,recharge,cash,2\n" +
			"e3,eve,2026-09-13T00:00:00Z,recharge,cash,3\ne4,eve,2026-09-14T00:00:00Z,recharge,cash,4\n",
	})
	const path = ownChanges + "?balance_type=BALANCE_TYPE_DEBIT&customer_id=eve&limit=2&offset="
	h.same("the first page", h.few("", path+"0", "", "records", "trade_id"), "e1\ne2")
	h.lay("inbox/accounts/b.csv", "event_id,customer_id,time,type,balance_type,amount\n"+
		"e0,eve,2026-09-10T00:00:00Z,recharge,cash,9\n")
	h.night("2026-10-04T00:00:00Z")
	h.same("the second page", h.few("", path+"2", "", "records", "trade_id"), "e3\ne4")
	h.same("from the beginning", h.few("", path+"0", "", "records", "trade_id"), "e0\ne1")
}

// TestAdjustRecordsOfTheAccount checks that what a partner allocated and reclaimed is what changed its account (§9.1):
// a reclaim from a customer who has left is the last partner's, and a referrer allocates nothing.
func TestAdjustRecordsOfTheAccount(t *testing.T) {
	t.Parallel()
	h := houseWith(t, map[string]string{
		"tollbook.yaml": bssBooks["tollbook.yaml"] + "payments: ledger\n",
		"books/associations.csv": "customer_id,partner_id,association_type,valid_from,valid_to\n" +
			"ann,north,2,2026-01-01,2026-09-10\nbob,hub,2,2026-01-01,\ncat,scout,1,2026-01-01,\n",
		"inbox/accounts/a.csv": "event_id,customer_id,time,type,balance_type,amount\n" +
			"e1,ann,2026-09-05T00:00:00Z,allocate,cash,100\ne2,ann,2026-09-15T00:00:00Z,reclaim,cash,30\n" +
			"e3,cat,2026-09-06T00:00:00Z,allocate,cash,50\ne4,ann,2026-09-16T00:00:00Z,allocate,cash,5\n",
	})
	for path, id := range map[string]string{adjustRecords: "trans_id",
		accountChanges + "?balance_type=BALANCE_TYPE_DEBIT": "trade_id"} {
		h.same(path, h.few("north", path, "", "records", id), "e1\ne2")
		h.same(path, h.few("scout", path, "", "records", id), "")
	}
}
