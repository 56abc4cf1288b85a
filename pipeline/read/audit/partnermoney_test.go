package audit_test

import (
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/audit"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// withdrawn returns the lake of a workspace in which north recharges 100.00 and requests a withdrawal of 30.00: 70.00
// are cash, 30.00 are frozen.
func withdrawn(t *testing.T) *lake.Lake {
	t.Helper()
	return afterNight(t, map[string]string{
		"tollbook.yaml": "zone: UTC\ncurrency: {code: CNY, digits: 2}\n" +
			"rounding: {grain: line, mode: truncate}\npayments: ledger\n",
		"books/products.csv":  "sku,service_type_code,measure,pricing_model\ngb,network,GB,flat\n",
		"books/prices.csv":    "sku,valid_from,tier,unit_price\ngb,2026-01-01,1,1\n",
		"books/customers.csv": "customer_id\nacme\n",
		"books/partners.csv":  "partner_id,kind\nnorth,reseller\n",
		"inbox/usage/a.csv": "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
			"r1,acme,m,gb,e,2026-09-02T00:00:00Z,2026-09-02T01:00:00Z,1\n",
		"inbox/partner_accounts/a.csv": "event_id,partner_id,time,type,amount\n" +
			"p1,north,2026-09-01T00:00:00Z,recharge,100\n",
		"inbox/withdrawals/a.csv": "event_id,withdrawal_id,partner_id,time,event,source,amount,account\n" +
			"x1,w1,north,2026-09-02T00:00:00Z,request,cash,30,IBAN\n",
	})
}

// differences returns the differences that the named checks found, in the order of the names.
func differences(r *audit.Report, names ...string) string {
	var out []string
	for _, name := range names {
		for _, c := range r.Checks {
			if c.Name == name {
				out = append(out, c.Differs...)
			}
		}
	}
	return strings.Join(out, "\n")
}

// TestPartnerMoneyTotals checks that the control totals of partners' money are recalculated from the rows (§6.6). A
// withdrawal that lacks 1.00 differs from the sum of its file, from the control total and from the frozen amount.
// Invariants: VERIFY-11, PARTNER-9.
func TestPartnerMoneyTotals(t *testing.T) {
	t.Parallel()
	l := withdrawn(t)
	r := check(t, l)
	if !r.OK {
		t.Fatalf("before: %+v", r.Checks)
	}
	var text []string
	for _, total := range r.PartnerMoney {
		text = append(text, total.Name+" "+total.Value)
	}
	want := "partner_accounts.cash 70.00000000\npartner_accounts.credit 0.00000000\n" +
		"partner_accounts.frozen 30.00000000\npartner_accounts.rebate 0.00000000\npartner_accounts.rows 3\n" +
		"withdrawals.approved 0.00000000\nwithdrawals.done 0.00000000\nwithdrawals.failed 0.00000000\n" +
		"withdrawals.refused 0.00000000\nwithdrawals.requested 30.00000000\nwithdrawals.rows 1"
	if got := strings.Join(text, "\n"); got != want {
		t.Errorf("totals:\n%s\nwant:\n%s", got, want)
	}
	key := lake.FileKey{Table: "withdrawals", Bucket: lake.NoBucket}
	change(t, l, key, tables.Withdrawals(), func(c *parquet.Columns[tables.Withdrawal]) {
		c.Amount(tables.WithdrawalAmount).All()[0].Lo -= 100_000_000
	}, nil)
	snap, err := l.Head()
	if err != nil {
		t.Fatal(err)
	}
	files, err := snap.Find(key)
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	want = "withdrawals.requested: counted 29.00000000, the manifest has 30.00000000\n" +
		"partner north: the frozen amount less the undecided withdrawals is 1.00000000, not 0\n" +
		files[0].Path + ": Σ requested is 29.00000000, the manifest has 30.00000000"
	if got := differences(check(t, l), audit.Totals, audit.PartnerMoney); got != want {
		t.Errorf("differences:\n%s\nwant:\n%s", got, want)
	}
}

// allocated returns the lake of a workspace in which hub allocates 40.00 of its 100.00 to north, whose credit limit is
// not used, and north 10.00 to its customer.
func allocated(t *testing.T) *lake.Lake {
	t.Helper()
	return afterNight(t, map[string]string{
		"tollbook.yaml": "zone: UTC\ncurrency: {code: CNY, digits: 2}\n" +
			"rounding: {grain: line, mode: truncate}\npayments: ledger\n",
		"books/products.csv":     "sku,service_type_code,measure,pricing_model\ngb,network,GB,flat\n",
		"books/prices.csv":       "sku,valid_from,tier,unit_price\ngb,2026-01-01,1,1\n",
		"books/customers.csv":    "customer_id\nacme\n",
		"books/partners.csv":     "partner_id,kind,parent_partner_id\nhub,distributor,\nnorth,reseller,hub\n",
		"books/associations.csv": "customer_id,partner_id,association_type,valid_from\nacme,north,2,2026-01-01\n",
		"inbox/usage/a.csv": "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
			"r1,acme,m,gb,e,2026-09-02T00:00:00Z,2026-09-02T01:00:00Z,1\n",
		"inbox/partner_accounts/a.csv": "event_id,partner_id,time,type,to_partner_id,amount\n" +
			"p1,hub,2026-09-01T00:00:00Z,recharge,,100\np2,hub,2026-09-02T00:00:00Z,allocate,north,40\n" +
			"p3,north,2026-09-01T00:00:00Z,credit_limit,,50\np4,north,2026-09-04T00:00:00Z,credit_limit,,20\n",
		"inbox/accounts/a.csv": "event_id,customer_id,time,type,balance_type,amount\n" +
			"a1,acme,2026-09-03T00:00:00Z,allocate,cash,10\n",
	})
}

// TestOneSide checks that the entries of an allocation between two partners must pay and get its amount, and that those
// of one to a customer need not. Invariant: VERIFY-11.
func TestOneSide(t *testing.T) {
	t.Parallel()
	if r := check(t, allocated(t)); !r.OK {
		t.Fatalf("before: %+v", r.Checks)
	}
	for _, tt := range []struct {
		name       string
		hub, north string // the amounts of the entries of p2; "" = there is none
		want       string
	}{
		{"nothing gets it", "-40", "", "hub paid 40.00000000, and north got 0.00000000"},
		{"nothing pays it", "", "40", "hub paid 0.00000000, and north got 40.00000000"},
		{"it is paid twice", "-80", "40", "hub paid 80.00000000, and north got 40.00000000"},
		{"too much is got", "-40", "50", "hub paid 40.00000000, and north got 50.00000000"},
		{"it goes the other way", "40", "-40", "hub paid -40.00000000, and north got -40.00000000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := allocated(t)
			change(t, l, lake.FileKey{Table: "partner_accounts", Bucket: lake.NoBucket},
				tables.PartnerAccounts(), func(c *parquet.Columns[tables.PartnerAccount]) {
					kept := parquet.NewColumns(tables.PartnerAccounts())
					for i := range c.N {
						row := rows.Row[tables.PartnerAccount]{Cols: c, I: i}
						if string(row.Text(tables.PartnerAccountEntryID)) == "p2" {
							amount := map[string]string{"hub": tt.hub, "north": tt.north}[row.Word(
								tables.PartnerAccountPartnerID)]
							if amount == "" {
								continue
							}
							c.Amount(tables.PartnerAccountAmount).All()[i] = dec(t, amount)
						}
						rows.AppendRow(kept, row, nil)
					}
					*c = *kept
				}, nil)
			want := "allocation p2 of 40.00000000: " + tt.want
			if got := differences(check(t, l), audit.PartnerMoney); !strings.Contains(got, want) {
				t.Errorf("differences:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}
