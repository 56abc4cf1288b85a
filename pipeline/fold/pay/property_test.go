package pay_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// item is a line or an account event that arrives in one of several nights.
type item struct {
	cycle, text string
	night       int
}

// history draws the events of three customers in August and September.
func history(rt *rapid.T, nights int) []item {
	var out []item
	night := func() int { return rapid.IntRange(0, nights-1).Draw(rt, "night") }
	for i := range rapid.IntRange(1, 20).Draw(rt, "items") {
		customer := rapid.SampledFrom([]string{"acme", "beta", "gamma"}).Draw(rt, "customer")
		month := rapid.SampledFrom([]string{"2026-08", "2026-09"}).Draw(rt, "cycle")
		date := func() string { return fmt.Sprintf("%s-%02d", month, rapid.IntRange(1, 4).Draw(rt, "day")) }
		hour := func() string { return fmt.Sprintf("%02d:00", rapid.IntRange(0, 2).Draw(rt, "hour")) }
		pay := func(least int) string {
			return fmt.Sprintf("%d.%02d", rapid.IntRange(least, 30).Draw(rt, "units"),
				rapid.SampledFrom([]int{0, 0, 25}).Draw(rt, "cents"))
		}
		add := func(format string, args ...any) {
			out = append(out, item{month, fmt.Sprintf(format, args...), night()})
		}
		switch rapid.IntRange(0, 9).Draw(rt, "what") {
		case 0, 1, 2:
			add("usage %s %s %s r%d %s %s discount=%s", customer, date(), hour(), i,
				rapid.SampledFrom([]string{"ecs", "obs"}).Draw(rt, "sku"), pay(0),
				rapid.SampledFrom([]string{"", "d"}).Draw(rt, "discount"))
		case 3:
			add("end %s %s-01 00:00 m%d obs %s", customer, month, i, pay(0))
		case 4:
			add("late %s 2026-07-03 00:00 l%d ecs %s at=%s_%s", customer, i,
				rapid.SampledFrom([]string{"-2", "3.5"}).Draw(rt, "late"), date(), hour())
		case 5:
			add("adjust %s %s %s a%d ecs -1", customer, date(), hour(), i)
		case 6:
			options := fmt.Sprintf("coupons=%s payer=%s until=2026-11-01",
				rapid.SampledFrom([]string{"", "k", "l;k"}).Draw(rt, "named"),
				rapid.SampledFrom([]string{"customer", "customer", "p"}).Draw(rt, "payer"))
			add("order %s %s %s o%d/1 month %s %s", customer, date(), hour(), i, pay(0), options)
			if rapid.Bool().Draw(rt, "refunded") {
				base := out[len(out)-1]
				month = rapid.SampledFrom([]string{base.cycle, "2026-09"}).Draw(rt, "in")
				add("unsubscribe %s %s-%02d 05:00 u%d/1 month -1 of=o%d/1", customer, month,
					rapid.IntRange(4, 7).Draw(rt, "day"), i, i)
				out[len(out)-1].night = max(out[len(out)-1].night, base.night)
			}
		default:
			kind := rapid.SampledFrom([]string{"recharge cash", "allocate stored_value", "recharge credit",
				"reclaim stored_value", "withdraw cash", "credit_limit credit"}).Draw(rt, "event")
			add("event %s %s %s e%d %s %s", customer, date(), hour(), i, kind, pay(1))
		}
	}
	return out
}

// upTo returns the items that have arrived up to and including a night, by cycle.
func upTo(items []item, night int) map[string]string {
	out := map[string]string{"2026-08": "", "2026-09": ""}
	for _, it := range items {
		if it.night <= night {
			out[it.cycle] += it.text + "\n"
		}
	}
	return out
}

// TestAnyNights checks that the files do not depend on the nights in which items arrive, on the number of workers, or
// on whether rated lines are in files or in memory (CASH-4, CASH-9), that lines are paid completely (PAY-1), and that
// the balances are the sums of the entries (PAY-3).
func TestAnyNights(t *testing.T) {
	t.Parallel()
	coupons := "k,acme,cash_coupon,YES,20,2,*,*,YES,2026-08-02,2026-09-03\n" +
		"l,beta,voucher,,5,0,*,*,NO,2026-08-01,2026-10-01\n"
	rapid.Check(t, func(rt *rapid.T) {
		const nights = 2
		ledger := rapid.IntRange(0, 3).Draw(rt, "ledger") > 0
		items := history(rt, nights)
		many, one := newWorld(t, ledger, coupons), newWorld(t, ledger, coupons)
		many.workers, many.buckets = 2, rapid.IntRange(1, 3).Draw(rt, "buckets")
		many.kept = rapid.Bool().Draw(rt, "kept")
		one.buckets = many.buckets
		one.night(upTo(items, nights))
		for n := range nights {
			many.night(upTo(items, n))
		}
		if a, b := many.files(), one.files(); a != b {
			rt.Fatalf("in %d nights:\n%s\nin one:\n%s\nof\n%v", nights, a, b, items)
		}
		one.whole(rt)
		one.replay(rt)
	})
}

// TestAnyCouponsBefore checks that lines that were paid with other coupons before are paid as if those coupons had
// never existed, without being rated again (CASH-4).
func TestAnyCouponsBefore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		ledger := rapid.IntRange(0, 3).Draw(rt, "ledger") == 0
		was, is := drawCoupons(rt), drawCoupons(rt)
		items := slices.DeleteFunc(history(rt, 1), func(it item) bool {
			// its amounts differ here from those of a rating in which only cash pays
			return !ledger && strings.HasPrefix(it.text, "unsubscribe")
		})
		before, never := newWorld(t, ledger, was), newWorld(t, ledger, is)
		before.buckets = rapid.IntRange(1, 3).Draw(rt, "buckets")
		never.buckets = before.buckets
		never.night(upTo(items, 0))
		before.night(upTo(items, 0))
		before.setCoupons(is)
		before.again = true
		before.night(upTo(items, 0))
		if a, b := before.files(), never.files(); a != b {
			rt.Fatalf("with coupons\n%safter\n%sthe files are\n%s\nand without the latter\n%s\nof\n%v", is, was, a, b,
				items)
		}
	})
}

// drawCoupons draws rows of coupons.csv for the customers of history.
func drawCoupons(rt *rapid.T) string {
	date := func(what string) string {
		return fmt.Sprintf("2026-%02d-%02d", rapid.IntRange(8, 9).Draw(rt, what+" month"),
			rapid.IntRange(1, 5).Draw(rt, what+" day"))
	}
	rows := ""
	for _, id := range []string{"k", "l"} {
		from, to := date("from"), date("to")
		if from >= to {
			continue
		}
		rows += fmt.Sprintf("%s,%s,cash_coupon,%s,%d,%d,*,%s,%s,%s,%s\n", id,
			rapid.SampledFrom([]string{"acme", "beta"}).Draw(rt, "holder"),
			rapid.SampledFrom([]string{"YES", "NO"}).Draw(rt, "counts"), rapid.SampledFrom([]int{5, 20, 100}).Draw(rt,
				"amount"),
			rapid.SampledFrom([]int{0, 4}).Draw(rt, "least"), rapid.SampledFrom([]string{"*", "ecs"}).Draw(rt, "sku"),
			rapid.SampledFrom([]string{"YES", "NO"}).Draw(rt, "discounted"), from, to)
	}
	return rows
}

// whole checks that the payments of each line add up (PAY-1), and that its discount is official less payment amount.
func (w *world) whole(rt *rapid.T) {
	w.each("lines", tables.Lines().Table, func(get func(string) money.Amount, id string) {
		sum := money.Amount{}
		for _, p := range parts {
			var err error
			if sum, err = sum.Add(get(p.column)); err != nil {
				rt.Fatal(err)
			}
		}
		if sum != get("payment_amount") {
			rt.Fatalf("line %s of %s was paid with %s", id, get("payment_amount"), sum)
		}
		if d, err := get("official_amount").Sub(get("payment_amount")); err != nil ||
			d != get("official_discount_amount") {
			rt.Fatalf("line %s: official %s, discount %s, payment %s", id, get("official_amount"),
				get("official_discount_amount"), get("payment_amount"))
		}
	})
}

// each visits the rows of a table in all cycles, in the order of days.
func (w *world) each(name string, def *tables.Table, visit func(get func(string) money.Amount, id string)) {
	head, err := w.open().Head()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, ref := range head.Manifest.Cycles {
		files, err := head.Files(ref.Cycle)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range files {
			if e.Table != name {
				continue
			}
			c := w.read(head, e, def)
			for i := range c.N {
				id := c.Col(tables.ColumnOf[tables.Any](def.Index("customer_id"))).Word(i)
				if k := def.Index("balance_type"); k >= 0 {
					id += " " + c.Col(tables.ColumnOf[tables.Any](k)).Word(i)
				}
				if k := def.Index("balance"); k >= 0 {
					id += " " + c.Col(tables.ColumnOf[tables.Any](k)).Word(i)
				}
				visit(func(column string) money.Amount {
					d := c.Col(tables.ColumnOf[tables.Any](def.Index(column))).Decs[i]
					a, err := money.AmountFromRaw(d.Hi, d.Lo)
					if err != nil {
						w.t.Fatal(err)
					}
					return a
				}, id)
			}
		}
	}
}

// replay adds up the entries of each customer and compares the sums with the customer's last balances.
func (w *world) replay(rt *rapid.T) {
	balance := make(map[string]money.Amount)
	w.each("account_entries", tables.AccountEntries().Table, func(get func(string) money.Amount, id string) {
		sum, err := balance[id].Add(get("amount"))
		if err != nil || sum != get("balance_after") {
			rt.Fatalf("%s: %s and %s give %s, not %s", id, balance[id], get("amount"), sum, get("balance_after"))
		}
		balance[id] = sum
	})
	last := make(map[string]money.Amount)
	w.each("balances", tables.Balances().Table, func(get func(string) money.Amount, id string) {
		if strings.HasSuffix(id, " coupon") {
			return
		}
		last[id] = get("amount")
	})
	for _, customer := range []string{"acme", "beta", "gamma"} {
		if left, err := last[customer+" credit_limit"].Sub(last[customer+" credit_used"]); err != nil ||
			left != balance[customer+" credit"] {
			rt.Fatalf("%s has credit of %s, its entries give %s", customer, left, balance[customer+" credit"])
		}
		for _, kind := range []string{" stored_value", " flexi_coupon", " cash", " debt"} {
			if last[customer+kind] != balance[customer+kind] {
				rt.Fatalf("%s has%s of %s, its entries give %s; all: %v", customer, kind, last[customer+kind],
					balance[customer+kind], slices.Sorted(maps.Keys(last)))
			}
		}
	}
}
