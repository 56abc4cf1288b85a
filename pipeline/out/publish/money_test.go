package publish_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/run"
)

// moneyFiles returns a workspace with rows in every table of partners' money. rex recharges 100.00 and requests a
// withdrawal of 40.00. A coupon of 50.00 from rex pays 30.00 of acme's 130.00; acme has still to pay for a box. The
// list of rex's expert waits for an application. rex requests half of 100.00 from its marketing fund: 50.00 are
// reserved, which the row of the fund repeats. The vendor invoices 60.00 of the 100.00 that rex owes.
func moneyFiles() map[string]string {
	return map[string]string{
		"books/products.csv": "sku,service_type_code,measure,pricing_model\ngb,network,GB,flat\n" +
			"box,compute,piece,period\n",
		"books/prices.csv": "sku,region_code,period_type,valid_from,tier,unit_price\ngb,*,,2026-01-01,1,1\n" +
			"box,*,month,2026-01-01,1,30\n",
		"books/customers.csv": "customer_id\nacme\n",
		"books/partners.csv":  "partner_id,kind\nrex,reseller\n",
		"books/associations.csv": "customer_id,partner_id,association_type,valid_from\n" +
			"acme,rex,2,2026-01-01\n",
		"books/coupon_quotas.csv": "quota_id,partner_id,kind,amount,coupon_months,min_consumption\n" +
			"q,rex,voucher,80,3,20\n",
		"books/funds.yaml": "- {id: heads, kind: headcount, valid_from: 2026-09-01, " +
			"levels: [{level: senior, amount: \"8000\"}]}\n" +
			"- {id: mdf, kind: marketing, valid_from: 2026-09-01, activities: [{type: fair, share: \"0.5\"}]}\n",
		"books/fund_quotas.csv": "programme_id,partner_id,period,amount\nmdf,rex,2026-Q4,500\n",
		"inbox/fund_events/a.csv": "event_id,partner_id,programme_id,period,claim_id,event,time,amount," +
			"activity_type,activity_date\nf1,rex,mdf,2026-Q4,c,request,2026-10-02T00:00:00Z,100,fair,\n",
		"books/experts.csv": "expert_id,partner_id,programme_id,level,project_id,valid_from\n" +
			"ann,rex,heads,senior,p,2026-09-01\n",
		"inbox/usage/a.csv": "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
			"a1,acme,r,gb,east,2026-09-12T00:00:00Z,2026-09-12T00:00:00Z,30\n" +
			"a2,acme,r,gb,east,2026-09-13T00:00:00Z,2026-09-13T00:00:00Z,10\n",
		"inbox/accounts/a.csv": "event_id,customer_id,time,type,balance_type,amount\n" +
			"c1,acme,2026-09-01T00:00:00Z,recharge,cash,50\n",
		"inbox/partner_accounts/a.csv": "event_id,partner_id,time,type,amount\n" +
			"p1,rex,2026-09-01T00:00:00Z,recharge,100\n",
		"inbox/withdrawals/a.csv": "event_id,withdrawal_id,partner_id,time,event,source,amount,account\n" +
			"w1,w,rex,2026-09-02T00:00:00Z,request,cash,40,IBAN\n",
		"inbox/coupons/a.csv": "event_id,time,event,coupon_id,quota_id,partner_id,customer_id,amount\n" +
			"k1,2026-09-03T00:00:00Z,issue,k,q,rex,acme,50\n",
		"inbox/orders/a.csv": "order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type," +
			"period_num,pay_time,status,status_time\n" +
			"o,new,acme,box,east,b,1,month,1,,unpaid,2026-09-04T00:00:00Z\n",
	}
}

// TestPartnerMoney checks that the server has the tables of partners' money and of order statuses with the lake's
// content. A table that a later run changes is replaced as a whole. Dropped tables are created again. Invariants:
// PUB-2, PUB-10.
func TestPartnerMoney(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	s := server.Start(t, server.Options{})
	w := &world{T: t, dir: t.TempDir(), server: s, env: map[string]string{}, asOf: "2026-10-05T04:00:00Z"}
	w.must(os.WriteFile(filepath.Join(w.dir, "tollbook.yaml"), []byte("payments: ledger\n"+taxedSettings), 0o600))
	for name, text := range moneyFiles() {
		w.write(name, text)
	}
	w.settings(copyOf(s.DSN()), "")
	if r := w.month(); r.Published == nil {
		t.Fatalf("pending %+v", r.Owed)
	}
	_, err := run.Close(t.Context(), w.workspace(), cycle(t, "2026-09"), false, w.options())
	w.must(err)
	w.write("inbox/invoices/a.csv", "event_id,invoice_id,number,issuer_id,recipient_id,cycle,time,event,amount\n"+
		"i1,i,N-1,vendor,rex,2026-09,2026-10-05T05:00:00Z,issue,6\n")
	w.asOf = "2026-10-05T06:00:00Z"
	_, err = run.Nightly(t.Context(), w.workspace(), w.options())
	w.must(err)
	views := [][2]string{
		{"SELECT partner_id, entry_id, type, balance_type, amount, balance_after FROM copy.partner_accounts " +
			"ORDER BY time, balance_type",
			"rex\tp1\trecharge\tcash\t100\t100\nrex\tw1\twithdraw_request\tcash\t-40\t60\n" +
				"rex\tw1\twithdraw_request\tfrozen\t40\t40"},
		{"SELECT withdrawal_id, part, route, channel, amount, state, decided FROM copy.withdrawals",
			"w\t1\tbank\t\t40\trequested\t\\N"},
		{"SELECT coupon_id, amount, used, taken_back, expired, `left`, valid_to, state FROM copy.coupons",
			"k\t50\t30\t0\t0\t20\t2026-12-03 00:00:00.000000\tactive"},
		{"SELECT type, id, amount, left_after FROM copy.coupon_records ORDER BY time",
			"issue\tk1\t50\t50\nuse\ta1\t30\t20"},
		{"SELECT programme_id, period, claim_id, heads, listed_amount, reserved_amount, state FROM copy.funds " +
			"ORDER BY programme_id, claim_id",
			"heads\t2026-09\t\t1\t8000\t0\tlisted\nmdf\t2026-Q4\t\t0\t0\t50\topen\n" +
				"mdf\t2026-Q4\tc\t0\t0\t50\trequested"},
		{"SELECT cycle, partner_id, amount, unpaid_amount, bucket FROM copy.receivables",
			"2026-09\trex\t40\t40\tnot_due"},
		{"SELECT cycle, issuer_id, recipient_id, invoiceable_amount, issued_amount, `left_amount`, state " +
			"FROM copy.invoices ORDER BY recipient_id",
			"2026-09\trex\tacme\t10\t0\t10\topen\n2026-09\tvendor\trex\t40\t6\t34\tpartly"},
		{"SELECT event_id, number, amount, content FROM copy.invoice_records", "i1\tN-1\t6\tCloud services"},
		{"SELECT order_id, order_line, status, sku, paid, refused FROM copy.order_status", "o\t1\tunpaid\tbox\t0\t0"},
	}
	for _, v := range views {
		w.shows(v[0], v[1])
	}
	for _, table := range []string{"partner_accounts", "receivables", "coupons", "coupon_records", "funds",
		"withdrawals", "invoices", "invoice_records", "order_status"} {
		w.ask("DROP VIEW copy." + table)
		w.ask("DROP TABLE copy_internal." + table + "_rows SYNC")
		w.ask("DROP TABLE copy_internal." + table + "_data SYNC")
		w.ask("ALTER TABLE copy_internal.loads DELETE WHERE table_name = '" + table + "' SETTINGS mutations_sync = 2")
	}
	r := w.publish()
	if ddl := strings.Join(r.DDL, "; "); !strings.Contains(ddl, "tables.sql") || len(r.Repaired) > 0 {
		t.Errorf("%+v", r)
	}
	for _, v := range views {
		w.shows(v[0], v[1])
	}
}
