package audit_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/read/audit"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// traded is a workspace with each kind of partners' money. acme uses 20 of net: a coupon that north issued pays 5, cash
// 15. north owes hub 18, hub owes the vendor 16, and 1.50 is north's incentive for the cash. All amounts have 10 % tax.
var traded = map[string]string{
	"tollbook.yaml": "zone: UTC\ncurrency: {code: CNY, digits: 2}\nrounding: {grain: line, mode: truncate}\n" +
		"payments: ledger\nincentive_payout: account\nlake: {buckets: 1}\n",
	"books/products.csv":  "sku,service_type_code,measure,pricing_model\ngb,net,GB,flat\n",
	"books/prices.csv":    "sku,valid_from,tier,unit_price\ngb,2026-01-01,1,1\n",
	"books/customers.csv": "customer_id\nacme\n",
	"books/taxes.csv":     "tax_id,rate\nvat,0.1\n",
	"books/partners.csv":  "partner_id,kind,parent_partner_id\nhub,distributor,\nnorth,reseller,hub\n",
	"books/associations.csv": "customer_id,partner_id,association_type,valid_from\n" +
		"acme,north,2,2026-01-01\n",
	"books/terms.csv": "seller_id,buyer_id,basis,rate,valid_from\n" +
		"vendor,hub,official,0.8,2026-01-01\nhub,north,official,0.9,2026-01-01\n",
	"books/incentives.yaml": "- {id: growth, period: month, association_types: [2], " +
		"tiers: [{from: \"0\", rate: \"0.1\"}]}\n",
	"books/funds.yaml": "- {id: mdf, kind: marketing, valid_from: 2026-01-01, period: quarter, " +
		"activities: [{type: fair, share: \"0.5\"}]}\n",
	"books/fund_quotas.csv": "programme_id,partner_id,period,amount\nmdf,north,2026-Q3,100\n",
	"books/coupon_quotas.csv": "quota_id,partner_id,kind,amount,coupon_months,valid_from\n" +
		"q,north,voucher,100,12,2026-01-01\n",
	"inbox/coupons/a.csv": "event_id,time,event,coupon_id,quota_id,partner_id,customer_id,amount\n" +
		"k1,2026-09-01T00:00:00Z,issue,gift,q,north,acme,5\n",
	"inbox/accounts/a.csv": "event_id,customer_id,time,type,balance_type,amount\n" +
		"a1,acme,2026-09-01T00:00:00Z,recharge,cash,50\n",
	"inbox/usage/a.csv": "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
		"r1,acme,m,gb,e,2026-09-03T00:00:00Z,2026-09-03T01:00:00Z,20\n",
	"inbox/fund_events/a.csv": "event_id,partner_id,programme_id,period,claim_id,event,time,amount,activity_type\n" +
		"f1,north,mdf,2026-Q3,c1,request,2026-09-10T00:00:00Z,50,fair\n",
	"inbox/partner_accounts/a.csv": "event_id,partner_id,time,type,amount\n" +
		"p1,hub,2026-09-01T00:00:00Z,recharge,100\n",
}

// tradedLater are the feed files of October.
var tradedLater = map[string]string{
	"inbox/incentive_events/b.csv": "event_id,partner_id,programme_id,period,event,time\n" +
		"s1,north,growth,2026-09,confirm,2026-10-06T00:00:00Z\n" +
		"s2,north,growth,2026-09,apply_payment,2026-10-07T00:00:00Z\n" +
		"s3,north,growth,2026-09,paid,2026-10-08T00:00:00Z\n",
	"inbox/partner_accounts/b.csv": "event_id,partner_id,time,type,cycle,amount\n" +
		"p2,north,2026-10-09T00:00:00Z,convert_rebate,,1\n" +
		"p3,hub,2026-10-10T00:00:00Z,statement_payment,2026-09,6\n",
	"inbox/withdrawals/b.csv": "event_id,withdrawal_id,partner_id,time,event,source,amount,account\n" +
		"x1,w1,hub,2026-10-11T00:00:00Z,request,cash,30,IBAN\n",
	"inbox/invoices/b.csv": "event_id,invoice_id,number,issuer_id,recipient_id,cycle,time,event,amount,content\n" +
		"v1,i1,n1,vendor,hub,2026-09,2026-10-12T00:00:00Z,issue,7,\n" +
		"v2,i2,n1,north,acme,2026-09,2026-10-12T00:00:00Z,issue,3,\n" +
		"v3,i2,,,,,2026-10-13T00:00:00Z,return,,\n",
}

// tradedDir returns the folder of the workspace traded after the close of September and a night in October.
func tradedDir(t *testing.T) string {
	t.Helper()
	w := opened(t, traded)
	close, closeErr := period.ParseInstant("2026-10-05T00:00:00Z")
	night, nightErr := period.ParseInstant("2026-10-20T00:00:00Z")
	month, err := period.ParseCycle(cycle)
	if err := errors.Join(err, closeErr, nightErr); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Close(t.Context(), w, month, false, workspace.Options{AsOf: close, Workers: 1}); err != nil {
		t.Fatal(err)
	}
	writeAll(t, w.Path("."), tradedLater)
	r, err := run.Nightly(t.Context(), w, workspace.Options{AsOf: night, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Reasons) > 0 {
		t.Fatalf("rejects: %v", r.Reasons)
	}
	return w.Path(".")
}

// drop removes the files of a key.
func drop(t *testing.T, l *lake.Lake, key lake.FileKey) {
	t.Helper()
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	if len(txn.Next().Entries.Find(key)) == 0 {
		t.Fatalf("no file of %v", key)
	}
	if err := txn.Next().Entries.Replace(key); err != nil {
		t.Fatal(err)
	}
	txn.Next().SetRun("2026-10-21T00:00:00Z", "test")
	if _, err := txn.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// tampering changes a lake.
type tampering func(t *testing.T, l *lake.Lake)

// loose is the key of a table that belongs to no cycle.
func loose(table string) lake.FileKey {
	return lake.FileKey{Table: table, Bucket: lake.NoBucket}
}

// without removes tables that belong to no cycle.
func without(names ...string) tampering {
	return func(t *testing.T, l *lake.Lake) {
		t.Helper()
		for _, name := range names {
			drop(t, l, loose(name))
		}
	}
}

// with sets amounts of the rows of a table in which a word or a text has a value.
func with[T any](key lake.FileKey, def tables.Def[T], where, value string, amounts map[string]string) tampering {
	return func(t *testing.T, l *lake.Lake) {
		t.Helper()
		found := false
		change(t, l, key, def, func(c *parquet.Columns[T]) {
			at := c.Col(tables.ColumnOf[T](def.Index(where)))
			for i := range c.N {
				text := ""
				if def.Columns[def.Index(where)].Type == tables.Word {
					text = at.Word(i)
				} else {
					text = string(at.Text(i))
				}
				if text != value {
					continue
				}
				found = true
				for column, amount := range amounts {
					c.Col(tables.ColumnOf[T](def.Index(column))).Decs[i] = dec(t, amount)
				}
			}
		}, nil)
		if !found {
			t.Fatalf("no row of %s with %s %s", def.Name, where, value)
		}
	}
}

// TestTies checks that tables of partners' money are compared with each other, with statements and with lines, even if
// each of them is consistent. Invariants: VERIFY-11, VERIFY-14.
func TestTies(t *testing.T) {
	t.Parallel()
	dir := tradedDir(t)
	for _, tt := range []struct {
		name   string
		tamper tampering
		want   string
	}{
		{"nothing", func(*testing.T, *lake.Lake) {}, ""},
		{"a receivable", with(loose("receivables"), tables.Receivables(), "partner_id", "north",
			map[string]string{"amount": "8", "unpaid_amount": "8"}),
			"receivable of partner north, 2026-09: amount is 8.00000000, the partner's statement: 18.00000000"},
		{"a payment of a receivable", with(loose("receivables"), tables.Receivables(), "partner_id", "hub",
			map[string]string{"paid_amount": "5", "unpaid_amount": "11"}),
			"receivable of partner hub, 2026-09: paid_amount is 5.00000000, the payments of the statement: 6.00000000"},
		{"what was collected", with(loose("partner_facts"), tables.PartnerFacts(), "kind", "collected",
			map[string]string{"amount": "0"}),
			"receivable of partner north, 2026-09: collected_amount is 15.00000000, partner_facts: 0.00000000"},
		{"what is owed in facts", with(loose("partner_facts"), tables.PartnerFacts(), "kind", "owed",
			map[string]string{"amount": "1"}),
			"cycle 2026-09, partner north: the statement has 18.00000000 owed, partner_facts 1.00000000"},
		{"no receivables", without("receivables"), "receivable of partner hub, 2026-09: there is none, the partner's " +
			"statement has 16.00000000 owed"},
		{"an invoice", with(loose("invoices"), tables.Invoices(), "recipient_id", "acme",
			map[string]string{"invoiceable_amount": "116.5", "left_amount": "116.5"}),
			"invoices of 2026-09 by north to acme: invoiceable_amount is 116.50000000, partner_facts: 17.00000000"},
		{"no invoices", without("invoices"), "invoices of 2026-09 by vendor to hub: " +
			"there are none, partner_facts have " +
			"17.60000000"},
		{"what can be invoiced to a partner", with(loose("partner_facts"), tables.PartnerFacts(), "other_id", "hub",
			map[string]string{"amount": "9"}),
			"cycle 2026-09: what vendor can invoice to hub is 16.00000000 by the partner's statement, partner_facts " +
				"have 18.00000000"},
		{"what can be invoiced to a customer", with(loose("partner_facts"), tables.PartnerFacts(), "other_id", "acme",
			map[string]string{"amount": "9.01"}),
			"cycle 2026-09: what north can invoice " +
				"to acme is 15.00000000 by the customer's lines, partner_facts have " +
				"18.02000000"},
		{"a tax that can be invoiced", with(loose("partner_facts"), tables.PartnerFacts(), "id", "tax",
			map[string]string{"amount": "2"}),
			"cycle 2026-09: taxes that can be invoiced to hub are 1.60000000, partner_facts have 2.00000000"},
		{"an invoice record", with(loose("invoice_records"), tables.InvoiceRecords(), "event_id", "v1",
			map[string]string{"amount": "8"}),
			"invoices of 2026-09 by vendor to hub: issued_amount is 7.00000000, invoice_records: 8.00000000"},
		{"no invoice records", without("invoice_records"), "invoices of 2026-09 by north to acme: returned_amount is " +
			"3.00000000, invoice_records: 0.00000000"},
		{"a used coupon", with(loose("coupons"), tables.Coupons(), "coupon_id", "gift",
			map[string]string{"used": "4", "left": "1"}),
			"coupon gift: coupons have 4.00000000 of use, coupon_records 5.00000000"},
		{"no coupons", without("coupons"), "coupon gift: it was issued, and is not in coupons"},
		{"an issued coupon", with(loose("issued_coupons"), tables.IssuedCoupons(), "coupon_id", "gift",
			map[string]string{"amount": "1005"}),
			"coupon gift: issued by north to acme with 1005, coupons have north, acme and 5"},
		{"coupons without a trace", without("coupons", "issued_coupons", "coupon_records"),
			"coupon gift: event k1 issued it, and it is not in issued_coupons"},
		{"a recharge", with(loose("partner_accounts"), tables.PartnerAccounts(), "entry_id", "p1",
			map[string]string{"amount": "190"}),
			"partner hub, 2026-09, recharge: the events have 100.00000000, the entries change cash by 190.00000000, " +
				"rebate by 0.00000000, credit by 0.00000000 and frozen by 0.00000000"},
		{"a conversion", with(loose("partner_accounts"), tables.PartnerAccounts(), "entry_id", "p2",
			map[string]string{"amount": "1"}),
			"partner north, 2026-10, convert_rebate: the events have 1.00000000"},
		{"a withdrawal", with(loose("partner_accounts"), tables.PartnerAccounts(), "entry_id", "x1",
			map[string]string{"amount": "30"}),
			"partner hub, 2026-10, withdraw_request: the events have 30.00000000"},
		{"a payment of a statement", with(loose("partner_accounts"), tables.PartnerAccounts(), "entry_id", "p3",
			map[string]string{"amount": "-5"}),
			"partner hub, 2026-10, statement_payment: the events have 6.00000000"},
		{"no funds", without("funds"), "fund mdf of partner north, 2026-Q3: " +
			"claim c1 was requested, and is not in funds"},
		{"a quota", with(loose("funds"), tables.Funds(), "claim_id", "", map[string]string{"reserved_amount": "24"}),
			"fund mdf of partner north, 2026-Q3: reserved_amount: 24.00000000, its claims say 25.00000000"},
		{"a paid incentive", with(loose("incentives"), tables.Incentives(), "partner_id", "north",
			map[string]string{"incentive_amount": "101.5"}),
			"incentive growth of partner north, 2026-09: entry s3 pays 1.5, the incentive is 101.5"},
		{"no incentives", without("incentives"),
			"incentive growth of partner north, 2026-09: entry s3 pays 1.5, the incentive is 0"},
		{"an incentive's performance", with(loose("incentives"), tables.Incentives(), "partner_id", "north",
			map[string]string{"performance_amount": "115"}),
			"incentive growth of partner north, 2026-09: performance_amount is 115.00000000, performances have " +
				"15.00000000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tied(t, dir, tt.tamper, tt.want)
		})
	}
}

// tied tampers with a copy of the lake of a workspace and compares what is found. An empty want means no difference.
func tied(t *testing.T, dir string, tamper tampering, want string) {
	t.Helper()
	own := t.TempDir()
	if err := os.CopyFS(own, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	w, err := workspace.Open(own)
	if err != nil {
		t.Fatal(err)
	}
	l := lakeOf(t, w)
	tamper(t, l)
	r := check(t, l)
	got := differences(r, audit.Partners, audit.PartnerMoney, audit.Taxes)
	for _, one := range strings.Split(want, "\n") {
		if !strings.Contains(got, one) {
			t.Errorf("differences:\n%s\nwant:\n%s", got, want)
		}
	}
	if want == "" && !r.OK {
		t.Errorf("differences of no change: %+v", r.Checks)
	}
}

// TestTiesOfOpenCycle checks the same in an open cycle, whose files a run can replace. Invariants: VERIFY-11,
// VERIFY-14.
func TestTiesOfOpenCycle(t *testing.T) {
	t.Parallel()
	w := opened(t, traded)
	asOf, asOfErr := period.ParseInstant("2026-10-05T00:00:00Z")
	month, err := period.ParseCycle(cycle)
	if err := errors.Join(err, asOfErr); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Monthly(t.Context(), w, month, workspace.Options{AsOf: asOf, Workers: 1}); err != nil {
		t.Fatal(err)
	}
	cycleKey := func(table, day string) lake.FileKey {
		key := lake.FileKey{Table: table, Cycle: lakekey.Cycle(cycle)}
		if day != "" {
			key.Day = lakekey.Day(day)
		}
		return key
	}
	uses, shares := cycleKey("coupon_entries", "2026-09-03"), cycleKey("performances", "")
	for _, tt := range []struct {
		name   string
		tamper tampering
		want   string
	}{
		{"nothing", func(*testing.T, *lake.Lake) {}, ""},
		{"coupon entries", func(t *testing.T, l *lake.Lake) { drop(t, l, uses) },
			"cycle 2026-09, customer acme: coupons paid 5.00000000 of the lines, coupon_entries have 0.00000000"},
		{"a coupon entry", with(uses, tables.CouponEntries(), "type", "use", map[string]string{"amount": "4"}),
			"coupon gift of customer acme: coupon_entries have 4.00000000 of use, coupon_records 5.00000000\n" +
				"cycle 2026-09, customer acme: coupons paid 5.00000000 of the lines, coupon_entries have 4.00000000"},
		{"performances", with(shares, tables.Performances(), "partner_id", "north",
			map[string]string{"own_amount": "115"}), "incentive growth of partner north, 2026-09: performance_amount " +
			"is 15.00000000, performances have 115.00000000"},
		{"no incentives", without("incentives"), "incentive growth of partner north: performances of 2026-09 have " +
			"15.00000000, and there is no incentive"},
		{"performances of other lines", func(t *testing.T, l *lake.Lake) {
			change(t, l, shares, tables.Performances(), func(c *parquet.Columns[tables.Performance]) {
				hashes := c.Word(tables.PerformanceLinesHash)
				for i := range c.N {
					hashes.Codes()[i] = hashes.Intern("other")
				}
			}, nil)
		}, "incentive growth of partner north: performances of 2026-09, day 2026-09-03, bucket 0 are those of a file " +
			"of lines that is not in the lake"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tied(t, w.Path("."), tt.tamper, tt.want)
		})
	}
}

// TestTiesOfTaxes checks that the taxable amount of a partner is what it owes. The month is closed with the taxes of
// partners altered, as by a faulty run. Invariant: VERIFY-14.
func TestTiesOfTaxes(t *testing.T) {
	t.Parallel()
	w := opened(t, traded)
	asOf, asOfErr := period.ParseInstant("2026-10-05T00:00:00Z")
	month, err := period.ParseCycle(cycle)
	if err := errors.Join(err, asOfErr); err != nil {
		t.Fatal(err)
	}
	o := workspace.Options{AsOf: asOf, Workers: 1}
	if _, err := run.Monthly(t.Context(), w, month, o); err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if err := os.CopyFS(other, os.DirFS(w.Path("."))); err != nil {
		t.Fatal(err)
	}
	closed, err := workspace.Open(other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Close(t.Context(), closed, month, false, o); err != nil {
		t.Fatal(err)
	}
	from, err := lakeOf(t, closed).Head()
	if err != nil {
		t.Fatal(err)
	}
	l, key := lakeOf(t, w), lake.FileKey{Table: "taxes", Cycle: lakekey.Cycle(cycle), Bucket: lake.NoBucket}
	settled := lake.FileKey{Table: "partner_statements", Cycle: lakekey.Cycle(cycle)}
	imported(t, l, from, key, settled)
	with(key, tables.Taxes(), "buyer_id", "hub", map[string]string{"taxable_amount": "10", "tax_amount": "1"})(t, l)
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	if err := txn.Next().CloseThrough(lakekey.Cycle(cycle)); err != nil {
		t.Fatal(err)
	}
	txn.Next().SetRun("2026-10-06T00:00:00Z", "test")
	if _, err := txn.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := "cycle 2026-09, partner hub of seller vendor, tax vat: 10.00000000 is taxable, the partner's statement " +
		"has [16.00000000]"
	if got := differences(check(t, l), audit.Taxes); got != want {
		t.Errorf("differences:\n%s\nwant:\n%s", got, want)
	}
}

// imported copies the files of keys from another lake.
func imported(t *testing.T, l *lake.Lake, from *lake.Snapshot, keys ...lake.FileKey) {
	t.Helper()
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	for _, key := range keys {
		files, err := from.Find(key)
		if err != nil || len(files) == 0 {
			t.Fatalf("%d files of %v, %v", len(files), key, err)
		}
		for _, e := range files {
			if err := txn.Import(t.Context(), from, e); err != nil {
				t.Fatal(err)
			}
		}
		if err := txn.Next().Entries.Replace(key, files...); err != nil {
			t.Fatal(err)
		}
	}
	txn.Next().SetRun("2026-10-06T00:00:00Z", "test")
	if _, err := txn.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}
