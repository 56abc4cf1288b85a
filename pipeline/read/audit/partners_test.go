package audit_test

import (
	"errors"
	"io"
	"maps"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/read/audit"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// sold returns the workspace of files with partners and a ledger. acme buys from north, a reseller of hub. north owes
// hub 0.9 of the price and hub owes the vendor 0.8. acme has a credit limit of 3 and recharges 1 in cash. Of 0.5 × (1 +
// 3) = 2 it pays 0.50 in cash, then 0.50 in cash and 1 on credit.
func sold(t *testing.T) (*workspace.Workspace, workspace.Options, period.Cycle) {
	t.Helper()
	all := maps.Clone(files)
	all["tollbook.yaml"] += "payments: ledger\n"
	all["books/partners.csv"] = "partner_id,name,kind,parent_partner_id\nhub,Hub,distributor,\n" +
		"north,North,reseller,hub\n"
	all["books/associations.csv"] = "customer_id,partner_id,association_type\nacme,north,2\n"
	all["books/terms.csv"] = "seller_id,buyer_id,service_type_code,sku,basis,rate,valid_from\n" +
		"vendor,hub,*,*,payable,0.8,2026-01-01\nhub,north,*,*,payable,0.9,2026-01-01\n"
	all["books/incentives.yaml"] = "- {id: growth, valid_from: 2026-01-01, partners: \"*\", association_types: [2], " +
		"product_classes: [ordinary], period: month, " +
		"tiers: [{from: \"0\", rate: \"0.1\"}], tier_rule: whole, carry_negative: false, payout: month}\n"
	all["inbox/accounts/a.csv"] = "event_id,customer_id,time,type,balance_type,amount\n" +
		"l,acme,2026-09-01T00:00:00Z,credit_limit,credit,3\n" +
		"c,acme,2026-09-02T00:00:00Z,recharge,cash,1\nw,acme,2026-09-02T12:00:00Z,withdraw,cash,5\n"
	all["inbox/transfers/t.csv"] = "transfer_id,cycle,from_partner_id,to_partner_id,amount\nt1,2026-09,north,hub,1\n"
	all["inbox/incentive_events/e.csv"] = "event_id,partner_id,programme_id,period,event,time\n" +
		"e1,north,growth,2026-09,confirm,2026-10-05T00:00:00Z\n" +
		"e2,north,growth,2026-09,paid,2026-10-05T00:00:00Z\n"
	w := opened(t, all)
	asOf, asOfErr := period.ParseInstant("2026-10-06T00:00:00Z")
	month, err := period.ParseCycle(cycle)
	if err := errors.Join(err, asOfErr); err != nil {
		t.Fatal(err)
	}
	return w, workspace.Options{AsOf: asOf, Workers: 1}, month
}

func lakeOf(t *testing.T, w *workspace.Workspace) *lake.Lake {
	t.Helper()
	l, err := w.Lake(workspace.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestPartnersAreWell(t *testing.T) {
	t.Parallel()
	w, o, month := sold(t)
	if _, err := run.Close(t.Context(), w, month, false, o); err != nil {
		t.Fatal(err)
	}
	r := check(t, lakeOf(t, w))
	looked := map[string]string{}
	for _, c := range r.Checks {
		if !c.OK {
			t.Errorf("%s differs: %v", c.Name, c.Differs)
		}
		looked[c.Name] = c.Looked
	}
	// A row of north, and one of hub about it; the limit, the recharge, the draws of r1 (cash) and r6 (cash, credit),
	// and beta's two debts. The withdrawal of 5 and the payment without an application are refused.
	for name, want := range map[string]string{
		audit.Partners: "2 rows of partner statements", audit.Accounts: "7 entries of accounts",
		audit.Records: "0 orders, 0 adjustments, 2 account events, 1 transfers, 1 incentive events",
	} {
		if !strings.Contains(looked[name], want) {
			t.Errorf("%s: %q, want %q", name, looked[name], want)
		}
	}
	sums := map[string]audit.Sum{}
	for _, s := range r.Totals {
		if !s.Same() {
			t.Errorf("%+v", s)
		}
		sums[s.Column] = s
	}
	if got, want := sums["payment_amount"],
		(audit.Sum{cycle, "payment_amount", "5.60000000", "5.60000000", "2.00000000", "2.00000000"}); got != want {
		t.Errorf("payments %+v, want %+v", got, want)
	}
	if got, want := sums["credit_amount"],
		(audit.Sum{Cycle: cycle, Column: "credit_amount", Lines: "1.00000000",
			Statements: "1.00000000"}); got != want {
		t.Errorf("credit %+v, want %+v", got, want)
	}
	for _, f := range r.Rows {
		if want := (audit.FeedRows{Feed: "accounts", Read: 3, Accepted: 2, Rejected: 1}); f.Feed == "accounts" &&
			f != want {
			t.Errorf("rows %+v, want %+v", f, want)
		}
	}
}

// rowsAt returns the rows of the only file of a key.
func rowsAt(t *testing.T, l *lake.Lake, key lake.FileKey,
	def tables.Def[tables.PartnerStatement]) *parquet.Columns[tables.PartnerStatement] {
	t.Helper()
	snap, err := l.Head()
	if err != nil {
		t.Fatal(err)
	}
	found, err := snap.Find(key)
	if err != nil || len(found) != 1 {
		t.Fatalf("%d files of %v, %v", len(found), key, err)
	}
	f, err := snap.Open(found[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r, err := parquet.NewReader(io.NewSectionReader(f, 0, f.Size()), def, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// closeWith closes the cycle with changed partner statements, as a faulty run would.
func closeWith(t *testing.T, l *lake.Lake, key lake.FileKey, rows *parquet.Columns[tables.PartnerStatement]) {
	t.Helper()
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	out, err := txn.SubTxn.Create(key)
	if err != nil {
		t.Fatal(err)
	}
	pq, err := parquet.NewWriter(struct{ io.Writer }{out}, rows.Def)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(pq.Write(rows.Any()), pq.Close()); err != nil {
		t.Fatal(err)
	}
	e, err := out.Finish(int64(rows.N), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(txn.Next().Entries.Replace(key, e),
		txn.Next().CloseThrough(lakekey.Cycle(cycle))); err != nil {
		t.Fatal(err)
	}
	txn.Next().SetRun("2026-10-06T00:00:00Z", "test")
	if _, err := txn.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestPartnersDiffer(t *testing.T) {
	t.Parallel()
	key := lake.FileKey{Table: "partner_statements", Cycle: lakekey.Cycle(cycle)}
	closed, o, month := sold(t)
	if _, err := run.Close(t.Context(), closed, month, false, o); err != nil {
		t.Fatal(err)
	}
	// Row 0 is hub's row about north, row 1 is north's own.
	for _, tt := range []struct {
		name  string
		alter func(*parquet.Columns[tables.PartnerStatement])
		want  string
	}{
		{"a payment", func(c *parquet.Columns[tables.PartnerStatement]) {
			c.Amount(tables.PartnerStatementPaymentAmount).All()[1].Lo++
			c.Amount(tables.PartnerStatementOfficialAmount).All()[1].Lo++
		},
			"cycle 2026-09, customer acme: Σ payment_amount of the lines with a partner is 2.00000000, the partners' " +
				"rows have 2.00000001"},
		{"a row that does not add up", func(c *parquet.Columns[tables.PartnerStatement]) {
			c.Amount(tables.PartnerStatementOfficialDiscountAmount).All()[1].Lo++
		},
			"cycle 2026-09, partner north, customer acme, service c: official 2.00000000 is not discount + truncated " +
				"+ payment, 2.00000001"},
		{"lines", func(c *parquet.Columns[tables.PartnerStatement]) {
			c.Col(tables.PartnerStatementLineCount.Of()).Ints[1]++
		},
			"cycle 2026-09, customer acme: 2 lines with a partner, the partners' rows have 3"},
		{"what is owed", func(c *parquet.Columns[tables.PartnerStatement]) {
			c.Amount(tables.PartnerStatementOwedAmount).All()[1].Lo++
		},
			"cycle 2026-09, customer acme: resellers owe their distributors 1.80000001, the distributors' revenue is " +
				"1.80000000"},
		{"a margin", func(c *parquet.Columns[tables.PartnerStatement]) {
			c.Amount(tables.PartnerStatementMarginAmount).All()[0].Lo++
		},
			"cycle 2026-09, partner hub, customer acme, service c: margin 0.20000001 is not revenue 1.80000000 less " +
				"cost 1.60000000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, o, month := sold(t)
			if _, err := run.Monthly(t.Context(), w, month, o); err != nil {
				t.Fatal(err)
			}
			rows := rowsAt(t, lakeOf(t, closed), key, tables.PartnerStatements())
			tt.alter(rows)
			closeWith(t, lakeOf(t, w), key, rows)
			for _, c := range check(t, lakeOf(t, w)).Checks {
				if text := strings.Join(c.Differs, "\n"); c.Name == audit.Partners &&
					!strings.Contains(text, tt.want) || c.Name != audit.Partners && text != "" {
					t.Errorf("%s: %q, want %q", c.Name, text, tt.want)
				}
			}
		})
	}
}

func TestAccountsDiffer(t *testing.T) {
	t.Parallel()
	w, o, month := sold(t)
	if _, err := run.Monthly(t.Context(), w, month, o); err != nil {
		t.Fatal(err)
	}
	l := lakeOf(t, w)
	// The balance after the recharge of 1 on the 2nd is recorded as 2, so the next draw does not continue from it.
	change(t, l, lake.FileKey{Table: "account_entries", Cycle: lakekey.Cycle(cycle),
		Day: lakekey.Day("2026-09-02")}, tables.AccountEntries(),
		func(c *parquet.Columns[tables.AccountEntry]) {
			c.Amount(tables.AccountEntryBalanceAfter).All()[0].Lo *= 2
		}, nil)
	want := "cycle 2026-09, day 2026-09-02, customer acme, c: cash was 0.00000000, changed by 1.00000000, and is " +
		"stored as 2.00000000\n" +
		"cycle 2026-09, day 2026-09-02, customer acme: cash is 2.00000000 after the last entry, and is stored as " +
		"1.00000000\n" +
		"cycle 2026-09, day 2026-09-03, customer acme, r1: cash was 2.00000000, changed by -0.50000000, and is " +
		"stored as 0.50000000"
	for _, c := range check(t, l).Checks {
		if text := strings.Join(c.Differs, "\n"); c.Name == audit.Accounts && text != want {
			t.Errorf("%q, want %q", text, want)
		}
	}
}

// TestEntriesDiffer checks that entries are compared with what balances paid of the lines, even if each of them follows
// from the previous one.
func TestEntriesDiffer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		alter func(c *parquet.Columns[tables.AccountEntry]) // of acme: r1 from cash, r6 from cash and credit
		want  string
	}{
		{"a draw of 1.00 as one of 1.50", func(c *parquet.Columns[tables.AccountEntry]) {
			c.Amount(tables.AccountEntryAmount).All()[2] = dec(t, "-1.5")
			c.Amount(tables.AccountEntryBalanceAfter).All()[2] = dec(t, "1.5")
		}, "cycle 2026-09, customer acme: credit paid 1.00000000 of the lines, the entries draw 1.50000000\n" +
			"cycle 2026-09, day 2026-09-03, customer acme: credit is 1.50000000 after the last entry, and is stored " +
			"as 2.00000000"},
		{"a draw as a withdrawal", func(c *parquet.Columns[tables.AccountEntry]) {
			words := c.Word(tables.AccountEntryType)
			words.Codes()[0] = words.Intern("withdraw")
		}, "cycle 2026-09, customer acme, withdraw r1: 1 entries, and no event that counts\n" +
			"cycle 2026-09, customer acme: cash paid 1.00000000 of the lines, the entries draw 0.50000000"},
		{"a draw as a refund", func(c *parquet.Columns[tables.AccountEntry]) {
			words := c.Word(tables.AccountEntryType)
			words.Codes()[2] = words.Intern("refund")
		}, "cycle 2026-09, customer acme: credit paid 1.00000000 of the lines, the entries draw 0.00000000\n" +
			"cycle 2026-09, customer acme: the lines give 0.00000000 back to cash, credit and debt, the entries " +
			"-1.00000000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, o, month := sold(t)
			if _, err := run.Monthly(t.Context(), w, month, o); err != nil {
				t.Fatal(err)
			}
			l := lakeOf(t, w)
			change(t, l, lake.FileKey{Table: "account_entries", Cycle: lakekey.Cycle(cycle),
				Day: lakekey.Day("2026-09-03")}, tables.AccountEntries(), tt.alter, nil)
			accountsDiffer(t, l, tt.want)
		})
	}
}

// accountsDiffer checks that the check of accounts finds exactly the differences, and that no other check finds any.
func accountsDiffer(t *testing.T, l *lake.Lake, want string) {
	t.Helper()
	for _, c := range check(t, l).Checks {
		wanted := ""
		if c.Name == audit.Accounts {
			wanted = want
		}
		if text := strings.Join(c.Differs, "\n"); text != wanted {
			t.Errorf("%s: %q, want %q", c.Name, text, wanted)
		}
	}
}

func dec(t *testing.T, text string) (d parquet.Dec) {
	t.Helper()
	a, err := money.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	d.Hi, d.Lo = a.Raw()
	return d
}

// TestEntriesOfOrders checks that orders have entries unless a partner pays them, that the payer of an order of an
// earlier cycle decides about its refund, and that manual adjustments have none.
func TestEntriesOfOrders(t *testing.T) {
	t.Parallel()
	all := maps.Clone(files)
	all["tollbook.yaml"] += "payments: ledger\n"
	all["books/partners.csv"] = "partner_id,kind\nnorth,reseller\n"
	all["books/associations.csv"] = "customer_id,partner_id,association_type\nacme,north,2\n"
	all["books/products.csv"] += "box,Box,b,B,b,B,month,pc,period\n"
	all["books/prices.csv"] = "sku,region_code,period_type,valid_from,tier,up_to,unit_price\n" +
		"vm,*,,2026-01-01,1,,0.5\ncdn,*,,2026-01-01,1,,0.2\nbox,*,month,2026-01-01,1,,10\n"
	all["inbox/orders/o.csv"] = "order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type," +
		"period_num,pay_time,effective_time,expire_time,base_order_id,payer\n" +
		"own,new,acme,box,e,b1,2,month,1,2026-08-30T00:00:00Z,2026-08-30T00:00:00Z,2026-09-30T00:00:00Z,,\n" +
		"theirs,new,acme,box,e,b2,3,month,1,2026-08-30T00:00:00Z,2026-08-30T00:00:00Z,2026-09-30T00:00:00Z,,north\n" +
		"back1,unsubscribe,acme,box,e,b1,1,,,2026-09-01T00:00:00Z,,,own,\n" +
		"back2,unsubscribe,acme,box,e,b2,1,,,2026-09-01T00:00:00Z,,,theirs,\n"
	all["inbox/adjustments/a.csv"] = "adjustment_id,customer_id,sku,time,amount,bill_detail_type\n" +
		"a/1,acme,vm,2026-09-05T00:00:00Z,-7,16\nown/1,acme,vm,2026-08-30T00:00:00Z,-8,16\n"
	l := afterNight(t, all)
	accountsDiffer(t, l, "")

	payer := func(word string) func(c *parquet.Columns[tables.Order]) {
		return func(c *parquet.Columns[tables.Order]) {
			for i := range c.N {
				c.Word(tables.OrderPayer).Codes()[i] = c.Word(tables.OrderPayer).Intern(word)
			}
		}
	}
	august := lake.FileKey{Table: "orders", Cycle: lakekey.Cycle("2026-08")}
	change(t, l, august, tables.Orders(), payer("north"), nil)
	accountsDiffer(t, l, "cycle 2026-08, customer acme: debt paid 0.00000000 of the lines, the entries draw "+
		"20.00000000\n"+
		"cycle 2026-09, customer acme: the lines give 0.00000000 back to cash, credit and debt, the entries "+
		"20.00000000")
	change(t, l, august, tables.Orders(), payer("customer"), nil)
	accountsDiffer(t, l, "cycle 2026-08, customer acme: cash paid 30.00000000 of the lines, the entries draw "+
		"0.00000000\n"+
		"cycle 2026-09, customer acme: the lines give 50.00000000 back to cash, credit and debt, the entries "+
		"20.00000000")
}
