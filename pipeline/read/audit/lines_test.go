package audit_test

import (
	"errors"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/audit"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// lineKey is the key of the lines of a day of the cycle.
func lineKey(day string) lake.FileKey {
	return lake.FileKey{Table: "lines", Cycle: lakekey.Cycle(cycle), Day: lakekey.Day(day)}
}

// repeat returns a function that stores each row of a table as often as times says for its number.
func repeat[T any](def tables.Def[T], times func(i int) int) func(*parquet.Columns[T]) {
	return func(c *parquet.Columns[T]) {
		out := parquet.NewColumns(def)
		for i := range c.N {
			for range times(i) {
				rows.AppendRow(out, rows.Row[T]{Cols: c, I: i}, nil)
			}
		}
		*c = *out
	}
}

func twice(int) int { return 2 }

// has checks that a check found a difference that contains want.
func has(t *testing.T, l *lake.Lake, name, want string) {
	t.Helper()
	if got := differences(check(t, l), name); !strings.Contains(got, want) {
		t.Errorf("%s: %q, want %q", name, got, want)
	}
}

// TestLineTwice checks that a line that is stored twice differs, in the files of days, of month-end and of events.
// Invariant: VERIFY-5.
func TestLineTwice(t *testing.T) {
	t.Parallel()
	l := billed(t)
	change(t, l, lineKey("2026-09-03"), tables.Lines(), repeat(tables.Lines(), func(i int) int { return 2 - i }), nil)
	has(t, l, audit.Records, "cycle 2026-09, day 2026-09-03, customer acme, line r1, tier 1, usage: stored more than "+
		"once")
	change(t, l, lineKey("end"), tables.Lines(), repeat(tables.Lines(), twice), nil)
	has(t, l, audit.Records, "day end, customer beta, line 2026-09/cdn/e/d, tier 1, period: stored more than once")
	l = ordered(t)
	change(t, l, lineKey("events"), tables.Lines(), repeat(tables.Lines(), twice), nil)
	has(t, l, audit.Records, "day events, customer acme, line o/1, tier 1, order: stored more than once")
}

// TestTexts checks that a text and a word that are not UTF-8 differ.
// Invariant: VERIFY-2.
func TestTexts(t *testing.T) {
	t.Parallel()
	l := billed(t)
	change(t, l, lineKey("2026-09-03"), tables.Lines(), func(c *parquet.Columns[tables.Line]) {
		id, sku := c.Col(tables.LineID.Of()), c.Col(tables.LineSKU.Of())
		id.Bytes[0], sku.Dict[0] = 0xe9, "caf\xe9"
	}, nil)
	has(t, l, audit.Contents, `column id has a text that is not UTF-8: "\xe91"`)
	has(t, l, audit.Contents, `column sku has a text that is not UTF-8: "caf\xe9"`)
}

// ordered returns the lake of a workspace with an order, an adjustment of −7 and a refused withdrawal.
func ordered(t *testing.T) *lake.Lake {
	t.Helper()
	all := maps.Clone(files)
	all["tollbook.yaml"] += "payments: ledger\n"
	all["books/products.csv"] += "box,Box,c,C,v,V,box,piece,period\n"
	all["books/prices.csv"] = "sku,region_code,period_type,valid_from,tier,up_to,unit_price\n" +
		"vm,*,,2026-01-01,1,,0.5\ncdn,*,,2026-01-01,1,,0.2\nbox,*,one_off,2026-01-01,1,,10\n"
	all["inbox/orders/a.csv"] = "order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type," +
		"period_num,pay_time\no,new,acme,box,e,b1,1,one_off,1,2026-09-01T00:00:00Z\n"
	all["inbox/adjustments/a.csv"] = "adjustment_id,customer_id,sku,time,amount,bill_detail_type\n" +
		"a,acme,vm,2026-09-05T00:00:00Z,-7,16\n"
	all["inbox/accounts/a.csv"] = "event_id,customer_id,time,type,balance_type,amount\n" +
		"c,acme,2026-09-02T00:00:00Z,recharge,cash,100\nw,acme,2026-09-02T12:00:00Z,withdraw,cash,500\n" +
		"x,acme,2026-09-02T13:00:00Z,withdraw,cash,1\nl,acme,2026-09-03T00:00:00Z,credit_limit,credit,3\n"
	l := afterNight(t, all)
	for _, c := range check(t, l).Checks {
		if !c.OK {
			t.Fatalf("before: %s: %q", c.Name, c.Differs)
		}
	}
	return l
}

// TestEventsAndLines checks that orders and adjustments are compared with their lines. Invariant: VERIFY-5.
func TestEventsAndLines(t *testing.T) {
	t.Parallel()
	at := func(table string) lake.FileKey {
		return lake.FileKey{Table: table, Cycle: lakekey.Cycle(cycle)}
	}
	l := ordered(t)
	change(t, l, lineKey("events"), tables.Lines(), repeat(tables.Lines(), func(i int) int { return i }), nil)
	has(t, l, audit.Records, "cycle 2026-09, customer acme, order line o/1: 1 accepted, 0 in lines")
	l = ordered(t)
	change(t, l, lineKey("events"), tables.Lines(), repeat(tables.Lines(), func(i int) int { return 1 - i }), nil)
	has(t, l, audit.Records, "cycle 2026-09, customer acme, adjustment a: 1 accepted, 0 in lines")
	l = ordered(t)
	change(t, l, at("adjustments"), tables.Adjustments(), func(c *parquet.Columns[tables.Adjustment]) {
		c.Amount(tables.AdjustmentAmount).All()[0] = dec(t, "-2")
	}, nil)
	has(t, l, audit.Records, "cycle 2026-09, customer acme, adjustment a: its amount is -2.00000000, its line differs")
}

// TestRerated checks that the differences that re-rating posted are compared with their lines. The price falls from 0.5
// to 0.4 after the close of September: acme gets 0.1 × 4 back, and beta 0.1 × 4. Invariant: VERIFY-5.
func TestRerated(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		alter func(*testing.T, *lake.Lake, lake.FileKey)
		want  string
	}{
		{"a line is missing", func(t *testing.T, l *lake.Lake, key lake.FileKey) {
			t.Helper()
			key.Table, key.Day = "lines", lake.RerateDay
			change(t, l, key, tables.Lines(), repeat(tables.Lines(), func(i int) int { return i }), nil)
		}, "cycle 2026-10, customer acme, re-rating of 2026-09, sku vm, region e, resource m: 1 differences posted, " +
			"0 in lines"},
		{"another amount was posted", func(t *testing.T, l *lake.Lake, key lake.FileKey) {
			t.Helper()
			key.Table = "reratings"
			change(t, l, key, tables.Reratings(), func(c *parquet.Columns[tables.Rerating]) {
				c.Amount(tables.ReratingPaymentAmount).All()[0] = dec(t, "-0.5")
			}, nil)
		}, "cycle 2026-10, customer acme, re-rating of 2026-09, sku vm, region e, resource m: the lines differ from " +
			"what was posted, payment_amount by -0.10000000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := opened(t, files)
			asOf, err := period.ParseInstant("2026-10-06T00:00:00Z")
			month, monthErr := period.ParseCycle(cycle)
			if err := errors.Join(err, monthErr); err != nil {
				t.Fatal(err)
			}
			o := workspace.Options{AsOf: asOf, Workers: 1}
			if _, err := run.Close(t.Context(), w, month, false, o); err != nil {
				t.Fatal(err)
			}
			cheaper := strings.Replace(files["books/prices.csv"], "0.5", "0.4", 1)
			if err := os.WriteFile(w.Path("books/prices.csv"), []byte(cheaper), 0o666); err != nil {
				t.Fatal(err)
			}
			if w, err = workspace.Open(w.Path("")); err != nil {
				t.Fatal(err)
			}
			if _, _, err := run.Rerate(t.Context(), w, month, run.RerateOptions{}, o); err != nil {
				t.Fatal(err)
			}
			l := lakeOf(t, w)
			if r := check(t, l); !r.OK {
				t.Fatalf("before: %+v", r.Checks)
			}
			tt.alter(t, l, lake.FileKey{Cycle: lakekey.Cycle("2026-10")})
			has(t, l, audit.Records, tt.want)
		})
	}
}

// TestDue checks that an amount due has the digits of the currency, and that its rounding is below one unit. Invariant:
// VERIFY-4.
func TestDue(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ due, rounding, want string }{
		{"1.995", "0.005", "cycle 2026-09, customer acme: due is 1.99500000, and CNY has 2 digits"},
		{"1.99", "0.01", "cycle 2026-09, customer acme: rounding is 0.01000000, a unit of the last digit of CNY or " +
			"more"},
	} {
		l := billed(t)
		change(t, l, lake.FileKey{Table: "statements", Cycle: lakekey.Cycle(cycle)}, tables.Statements(),
			func(c *parquet.Columns[tables.Statement]) {
				c.Amount(tables.StatementDueAmount).All()[0] = dec(t, tt.due)
				c.Amount(tables.StatementRoundingAmount).All()[0] = dec(t, tt.rounding)
			}, nil)
		has(t, l, audit.Statements, tt.want)
	}
}

// TestBalances checks that stored balances equal those after the last entries. Invariant: VERIFY-10.
func TestBalances(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, balance, want string
		times               int
	}{
		{"another amount", "cash",
			"customer acme: cash is 87.00000000 after the last entry, and is stored as 48.00000000", 1},
		{"another limit", "credit_limit",
			"customer acme: credit is 3.00000000 after the last entry, and is stored as 48.00000000", 1},
		{"no balance", "", "customer acme: cash is 87.00000000 after the last entry, and is stored as 0.00000000", 0},
		{"two of one", "", "customer acme: cash is 87.00000000 after the last entry, and is stored as 174.00000000", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := ordered(t)
			change(t, l, lastOf(t, l, "balances"), tables.Balances(), func(c *parquet.Columns[tables.Balance]) {
				for i := range c.N {
					if c.Word(tables.BalanceCustomerID).At(i) == "acme" &&
						c.Word(tables.BalanceBalance).At(i) == tt.balance {
						c.Amount(tables.BalanceAmount).All()[i] = dec(t, "48")
					}
				}
				repeat(tables.Balances(), func(int) int { return tt.times })(c)
			}, nil)
			has(t, l, audit.Accounts, tt.want)
		})
	}
}

// lastOf returns the key of the last file of a table of the cycle.
func lastOf(t *testing.T, l *lake.Lake, table string) (last lake.FileKey) {
	t.Helper()
	for _, e := range filesOf(t, l, table) {
		if last.Table == "" || e.Day.Compare(last.Day) > 0 {
			last = e.FileKey
		}
	}
	return last
}

// filesOf returns the files of a table of the cycle.
func filesOf(t *testing.T, l *lake.Lake, table string) (out []lake.FileEntry) {
	t.Helper()
	snap, err := l.Head()
	if err != nil {
		t.Fatal(err)
	}
	files, err := snap.Files(lakekey.Cycle(cycle))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range files {
		if e.Table == table {
			out = append(out, e)
		}
	}
	return out
}

// TestNoEntries checks that the entries and balances of a cycle cannot be absent as a whole: in a closed cycle the
// close has stored that a ledger pays, and in an open one the lines show which balances paid. Invariant: VERIFY-10.
func TestNoEntries(t *testing.T) {
	t.Parallel()
	for _, closed := range []bool{false, true} {
		w, o, month := sold(t)
		want := "cycle 2026-09, customer acme: credit paid 1.00000000 of the lines, and the cycle has no entries"
		if _, err := run.Monthly(t.Context(), w, month, o); err != nil {
			t.Fatal(err)
		}
		l := lakeOf(t, w)
		gone := append(filesOf(t, l, "account_entries"), filesOf(t, l, "balances")...)
		txn, err := l.Begin()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range gone {
			txn.Next().RemoveTable(e.Table, e.Cycle)
		}
		if closed {
			want = "cycle 2026-09, customer acme: cash paid 1.00000000 of the lines, the entries draw 0.00000000"
			if err := txn.Next().CloseThrough(lakekey.Cycle(cycle)); err != nil {
				t.Fatal(err)
			}
			txn.Next().SetClosedWith(lakekey.Cycle(cycle), lake.CloseSettings{Payments: "ledger"})
		}
		txn.Next().SetRun("2026-10-05T00:00:00Z", "test")
		if _, err := txn.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := txn.Close(); err != nil {
			t.Fatal(err)
		}
		has(t, l, audit.Accounts, want)
	}
}

// TestEventsAndEntries checks that account events are compared with their entries. Invariant: VERIFY-10.
func TestEventsAndEntries(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		event string
		alter func(c *parquet.Columns[tables.AccountEvent], i int)
		want  string
	}{
		{"c", func(c *parquet.Columns[tables.AccountEvent], i int) {
			c.Amount(tables.AccountEventAmount).All()[i] = dec(t, "190")
		}, "customer acme, recharge c: the event changes balances by 190.00000000, its entries by 100.00000000"},
		{"w", func(c *parquet.Columns[tables.AccountEvent], i int) {
			c.Col(tables.AccountEventRefused.Of()).Codes[i] = 0
		}, "customer acme, withdraw w: the event counts, and has no entry"},
		{"l", func(c *parquet.Columns[tables.AccountEvent], i int) {
			c.Col(tables.AccountEventRefused.Of()).Codes[i] = 1
		}, "customer acme, credit limit l: 1 entries, and no event that counts"},
	} {
		l := ordered(t)
		change(t, l, lake.FileKey{Table: "account_events", Cycle: lakekey.Cycle(cycle)}, tables.AccountEvents(),
			func(c *parquet.Columns[tables.AccountEvent]) {
				repeat(tables.AccountEvents(), func(int) int { return 1 })(c) // columns that can be changed
				for i := range c.N {
					if string(c.Text(tables.AccountEventEventID).At(i)) == tt.event {
						tt.alter(c, i)
					}
				}
			}, nil)
		has(t, l, audit.Accounts, "cycle 2026-09, "+tt.want)
	}
}

// TestMargin checks the margin of a row of one currency. Invariant: VERIFY-12.
func TestMargin(t *testing.T) {
	t.Parallel()
	l := afterNight(t, map[string]string{
		"tollbook.yaml": "zone: UTC\ncurrency: {code: USD, digits: 2}\nlake: {buckets: 1}\n" +
			"rounding: {grain: cycle, mode: half_up}\n" +
			"costs: {sources: [{source: aws-1, provider: aws, format: focus}]}\n",
		"books/products.csv": "sku,service_type_code,measure,pricing_model,basis\n" +
			"cloud,cloud,USD,pass_through,effective\n",
		"books/prices.csv":                     "sku,valid_from,tier,rate\ncloud,2026-01-01,1,0.1\n",
		"books/customers.csv":                  "customer_id\nx\n",
		"books/markups.csv":                    "sku\ncloud\n",
		"books/allocation.yaml":                "- {match: {SubAccountId: A}, customer: x}\n",
		"inbox/costs/aws-1/2026-09/1/_SUCCESS": "",
		"inbox/costs/aws-1/2026-09/1/a.csv": "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart," +
			"ChargePeriodStart,ChargePeriodEnd,ChargeCategory,SubAccountId,ServiceName,ResourceId\n" +
			"60,60,USD,2026-09-01T00:00:00Z,2026-09-05,2026-09-06,Usage,A,EC2,vm\n",
	})
	if r := check(t, l); !r.OK {
		t.Fatalf("before: %+v", r.Checks)
	}
	change(t, l, lake.FileKey{Table: "margins", Cycle: lakekey.Cycle(cycle), Day: lake.CostsDay},
		tables.Margins(), func(c *parquet.Columns[tables.Margin]) {
			c.Amount(tables.MarginMarginAmount).All()[0] = dec(t, "11")
		}, nil)
	has(t, l, audit.Costs, "cycle 2026-09, source aws-1, period 2026-09, customer x, service EC2, account A, day "+
		"2026-09-05: margin 11.00000000 is not payment 66.00000000 less cost 60")
}
