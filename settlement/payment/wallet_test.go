package payment_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/payment"
)

func amount(t testing.TB, text string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// wallet returns a wallet of customer 0 with the given coupons in the books.
func wallet(t testing.TB, rules payment.Rules, coupons ...books.Coupon) *payment.Wallet {
	t.Helper()
	w := payment.NewWallet(rules)
	if err := w.Open(payment.NewCoupons(&books.Books{Coupons: coupons}).Of(0), nil); err != nil {
		t.Fatal(err)
	}
	return w
}

var ledger = payment.Rules{Ledger: true, Digits: 2}

// voucher returns a coupon for any line that is in force on [0, 100).
func voucher(t testing.TB, id, value string) books.Coupon {
	return books.Coupon{ID: id, Amount: amount(t, value), Service: "*", SKU: -1, WithDiscount: true,
		Valid: period.Span{From: 0, To: 100}}
}

// split returns a split as text, such as `cash 3 debt 2`.
func split(s payment.Split) string {
	var out []string
	if !s.Coupon.IsZero() {
		out = append(out, "coupon "+s.Coupon.Trim())
	}
	if !s.Counted.IsZero() {
		out = append(out, "counted "+s.Counted.Trim())
	}
	for b, part := range s.Parts {
		if !part.IsZero() {
			out = append(out, payment.Balance(b).String()+" "+part.Trim())
		}
	}
	return strings.Join(out, " ")
}

// entries returns the last entries as text, such as `recharge cash 5 -> 7`.
func entries(w *payment.Wallet) string {
	var out []string
	for _, e := range w.Entries() {
		out = append(out, fmt.Sprintf("%s %s %s -> %s", e.Type, e.Balance, e.Amount.Trim(), e.After.Trim()))
	}
	return strings.Join(out, "; ")
}

// step is an operation on a wallet: `recharge cash 10`, `pay 3`, or `refund 2 of N`, where N is a step from 0 on.
type step struct{ do, split, entries string }

// play applies steps to a wallet and checks the result of each.
func play(t *testing.T, w *payment.Wallet, steps []step) {
	t.Helper()
	splits := make([]payment.Split, len(steps))
	for i, s := range steps {
		words := strings.Fields(s.do)
		got := ""
		switch words[0] {
		case "pay", "partner":
			var err error
			if splits[i], err = w.Pay(&payment.Line{Payment: amount(t, words[1]), Service: "ecs",
				Partner: words[0] == "partner"}); err != nil {
				t.Fatalf("%s: %v", s.do, err)
			}
			got = split(splits[i])
		case "refund":
			var of int
			if _, err := fmt.Sscan(words[3], &of); err != nil {
				t.Fatal(err)
			}
			one, err := w.Refund(&splits[of], amount(t, words[1]), len(words) > 4)
			if err != nil {
				t.Fatalf("%s: %v", s.do, err)
			}
			got = split(one)
		default:
			applied, err := w.Apply(event(t, words))
			if err != nil {
				t.Fatalf("%s: %v", s.do, err)
			}
			if !applied {
				got = "refused"
			}
		}
		if got != s.split || entries(w) != s.entries {
			t.Errorf("step %d, %s:\n got %q, %q\nwant %q, %q", i, s.do, got, entries(w), s.split, s.entries)
		}
	}
}

func event(t testing.TB, words []string) *payment.Event {
	t.Helper()
	kind, err := payment.ParseEventType(words[0])
	if err != nil {
		t.Fatal(err)
	}
	balance, err := payment.ParseBalance(words[1])
	if err != nil {
		t.Fatal(err)
	}
	return &payment.Event{Type: kind, Balance: balance, Amount: amount(t, words[2])}
}

func TestPay(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string][]step{
		"balances in their order": {
			{"recharge cash 10", "", "recharge cash 10 -> 10"},
			{"allocate stored_value 4", "", "allocate stored_value 4 -> 4"},
			{"allocate flexi_coupon 3", "", "allocate flexi_coupon 3 -> 3"},
			{"credit_limit credit 5", "", "credit_limit credit 5 -> 5"},
			{"pay 5", "stored_value 4 flexi_coupon 1", "consume stored_value -4 -> 0; consume flexi_coupon -1 -> 2"},
			{"pay 6.5", "flexi_coupon 2 cash 4.5", "consume flexi_coupon -2 -> 0; consume cash -4.5 -> 5.5"},
			{"pay 8.00000001", "cash 5.5 credit 2.50000001",
				"consume cash -5.5 -> 0; consume credit -2.50000001 -> 2.49999999"},
			{"pay 4", "credit 2.49999999 debt 1.50000001",
				"consume credit -2.49999999 -> 0; consume debt 1.50000001 -> 1.50000001"},
			{"pay 1", "debt 1", "consume debt 1 -> 2.50000001"},
			{"pay 0", "", ""},
		},
		"a recharge pays debt first": {
			{"pay 7", "debt 7", "consume debt 7 -> 7"},
			{"recharge cash 3", "", "recharge debt -3 -> 4"},
			{"allocate stored_value 4", "", "allocate debt -4 -> 0"},
			{"allocate stored_value 4", "", "allocate stored_value 4 -> 4"},
			{"pay 6", "stored_value 4 debt 2", "consume stored_value -4 -> 0; consume debt 2 -> 2"},
			{"recharge flexi_coupon 5", "", "recharge debt -2 -> 0; recharge flexi_coupon 3 -> 3"},
		},
		"a recharge of credit": {
			{"credit_limit credit 10", "", "credit_limit credit 10 -> 10"},
			{"pay 12", "credit 10 debt 2", "consume credit -10 -> 0; consume debt 2 -> 2"},
			{"recharge credit 5", "", "recharge debt -2 -> 0; recharge credit 3 -> 3"},
			{"allocate credit 9", "", "allocate cash 2 -> 2; allocate credit 7 -> 10"},
			{"recharge credit 1", "", "recharge cash 1 -> 3"},
		},
		"a limit below what is used": {
			{"credit_limit credit 10", "", "credit_limit credit 10 -> 10"},
			{"pay 8", "credit 8", "consume credit -8 -> 2"},
			{"credit_limit credit 5", "", "credit_limit credit -5 -> -3"},
			{"pay 1", "debt 1", "consume debt 1 -> 1"},
			{"recharge credit 5", "", "recharge debt -1 -> 0; recharge credit 4 -> 1"},
			{"pay 3", "credit 1 debt 2", "consume credit -1 -> 0; consume debt 2 -> 2"},
			{"credit_limit credit 5", "", "credit_limit credit 0 -> 0"},
		},
		"more than there is": {
			{"recharge cash 10", "", "recharge cash 10 -> 10"},
			{"withdraw cash 10.01", "refused", ""},
			{"reclaim stored_value 0.01", "refused", ""},
			{"withdraw cash 4", "", "withdraw cash -4 -> 6"},
			{"reclaim cash 6", "", "reclaim cash -6 -> 0"},
		},
		"negative lines give back in cash": {
			{"pay 5", "debt 5", "consume debt 5 -> 5"},
			{"pay -2.25", "cash -2.25", "refund cash 2.25 -> 2.25"},
			{"pay 1", "cash 1", "consume cash -1 -> 1.25"},
		},
		"partner": {
			{"recharge cash 9", "", "recharge cash 9 -> 9"},
			{"partner 5", "cash 5", ""},
			{"refund 3 of 1 partner", "cash -3", ""},
			{"partner -5", "cash -5", ""},
		},
		// 10 were paid as 3 stored, 2 flexi, 1 cash, 3 credit, 1 debt. A refund of 5 is 1.5, 1, 0.5, 1.5, 0.5.
		"a refund in proportion": {
			{"allocate stored_value 3", "", "allocate stored_value 3 -> 3"},
			{"allocate flexi_coupon 2", "", "allocate flexi_coupon 2 -> 2"},
			{"recharge cash 1", "", "recharge cash 1 -> 1"},
			{"credit_limit credit 3", "", "credit_limit credit 3 -> 3"},
			{"pay 10", "stored_value 3 flexi_coupon 2 cash 1 credit 3 debt 1",
				"consume stored_value -3 -> 0; consume flexi_coupon -2 -> 0; consume cash -1 -> 0; consume credit -3 " +
					"-> 0; consume debt 1 -> 1"},
			{"refund 5 of 4", "stored_value -1.5 flexi_coupon -1 cash -0.5 credit -1.5 debt -0.5",
				"refund stored_value 1.5 -> 1.5; refund flexi_coupon 1 -> 1; refund cash 0.5 -> 0.5; refund credit " +
					"1.5 -> 1.5; refund debt -0.5 -> 0.5"},
			{"refund 0 of 4", "", ""},
		},
		// 3 were paid as 1 stored, 1 cash, 1 credit. A refund of 1 is 0.33⅓ each; the first gets the remaining cent.
		"a refund by largest remainder": {
			{"allocate stored_value 1", "", "allocate stored_value 1 -> 1"},
			{"recharge cash 1", "", "recharge cash 1 -> 1"},
			{"credit_limit credit 1", "", "credit_limit credit 1 -> 1"},
			{"pay 3", "stored_value 1 cash 1 credit 1",
				"consume stored_value -1 -> 0; consume cash -1 -> 0; consume credit -1 -> 0"},
			{"refund 1 of 3", "stored_value -0.34 cash -0.33 credit -0.33",
				"refund stored_value 0.34 -> 0.34; refund cash 0.33 -> 0.33; refund credit 0.33 -> 0.33"},
		},
		// The debt was repaid and 1 of the credit is still used: 4 of the 5 on credit and the debt's 5 are refunded as
		// cash.
		"a refund of what is no longer owed": {
			{"credit_limit credit 5", "", "credit_limit credit 5 -> 5"},
			{"pay 10", "credit 5 debt 5", "consume credit -5 -> 0; consume debt 5 -> 5"},
			{"recharge credit 9", "", "recharge debt -5 -> 0; recharge credit 4 -> 4"},
			{"refund 10 of 1", "credit -5 debt -5", "refund cash 9 -> 9; refund credit 1 -> 5"},
		},
		// PAY-11: 120 were paid in two parts with more digits than the currency. A complete refund returns them as they
		// were paid, a refund of 80 in cents.
		"a refund of everything": {
			{"allocate stored_value 22.54582426", "", "allocate stored_value 22.54582426 -> 22.54582426"},
			{"recharge cash 97.45417574", "", "recharge cash 97.45417574 -> 97.45417574"},
			{"pay 120", "stored_value 22.54582426 cash 97.45417574",
				"consume stored_value -22.54582426 -> 0; consume cash -97.45417574 -> 0"},
			{"refund 120 of 2", "stored_value -22.54582426 cash -97.45417574",
				"refund stored_value 22.54582426 -> 22.54582426; refund cash 97.45417574 -> 97.45417574"},
			{"pay 120", "stored_value 22.54582426 cash 97.45417574",
				"consume stored_value -22.54582426 -> 0; consume cash -97.45417574 -> 0"},
			{"refund 80 of 4", "stored_value -15.03 cash -64.97",
				"refund stored_value 15.03 -> 15.03; refund cash 64.97 -> 64.97"},
		},
		// The parts have more digits than the currency. A complete refund returns them as they were paid.
		"a refund of odd parts": {
			{"allocate stored_value 0.01", "", "allocate stored_value 0.01 -> 0.01"},
			{"pay 0.005", "stored_value 0.005", "consume stored_value -0.005 -> 0.005"},
			{"pay 1.0025", "stored_value 0.005 debt 0.9975",
				"consume stored_value -0.005 -> 0; consume debt 0.9975 -> 0.9975"},
			{"refund 1.0025 of 2", "stored_value -0.005 debt -0.9975",
				"refund stored_value 0.005 -> 0.005; refund debt -0.9975 -> 0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, wallet(t, ledger), steps)
		})
	}
}

// TestAssumeCash checks that coupons pay as with a ledger, that the rest is cash, and that no balance can cause a
// refusal (PAY-6).
func TestAssumeCash(t *testing.T) {
	t.Parallel()
	play(t, wallet(t, payment.Rules{Digits: 2}, voucher(t, "k", "4")), []step{
		{"recharge cash 10", "", ""},
		{"withdraw cash 11", "", ""},
		{"pay 3", "coupon 3", ""},
		{"pay 3", "coupon 1 cash 2", ""},
		{"pay 3", "cash 3", ""},
		{"pay -1", "cash -1", ""},
		{"refund 2 of 3", "cash -2", ""},
	})
}

// TestCoupons checks which coupons pay a line of 10 for sku 7 of service ecs at instant 50.
func TestCoupons(t *testing.T) {
	t.Parallel()
	line := payment.Line{Instant: 50, Service: "ecs", SKU: 7, Payment: amount(t, "10")}
	order := func(named string) func(*payment.Line) {
		return func(l *payment.Line) { l.Order, l.Named = true, named }
	}
	discounted := func(l *payment.Line) { l.Discounted = true }
	a, b := voucher(t, "a", "4"), voucher(t, "b", "3")
	with := func(c books.Coupon, set func(*books.Coupon)) books.Coupon { set(&c); return c }
	for name, tt := range map[string]struct {
		coupons []books.Coupon
		line    func(*payment.Line)
		want    string
	}{
		"all that fit, by id": {[]books.Coupon{b, a}, nil, "coupon 7 debt 3"},
		"nearest end first": {[]books.Coupon{with(a, func(c *books.Coupon) {
			c.Amount = amount(t, "20")
		}), with(b, func(c *books.Coupon) {
			c.Valid.To = 99
			c.Cash = true
			c.Performance = true
		})}, nil, "coupon 10 counted 3"},
		"vouchers never count": {[]books.Coupon{with(a, func(c *books.Coupon) {
			c.Performance = true
		})}, nil, "coupon 4 debt 6"},
		"a cash coupon that counts": {[]books.Coupon{with(a, func(c *books.Coupon) {
			c.Performance, c.Cash = true, true
		})}, nil, "coupon 4 counted 4 debt 6"},
		"not yet in force": {[]books.Coupon{with(a, func(c *books.Coupon) {
			c.Valid.From = 51
		})}, nil, "debt 10"},
		"from its first instant": {[]books.Coupon{with(a, func(c *books.Coupon) {
			c.Valid.From = 50
		})}, nil, "coupon 4 debt 6"},
		"ended": {[]books.Coupon{with(a, func(c *books.Coupon) {
			c.Valid.To = 50
		})}, nil, "debt 10"},
		"another service": {[]books.Coupon{with(a, func(c *books.Coupon) {
			c.Service = "obs"
		})}, nil, "debt 10"},
		"its service": {[]books.Coupon{with(a, func(c *books.Coupon) {
			c.Service = "ecs"
		})}, nil, "coupon 4 debt 6"},
		"another sku": {[]books.Coupon{with(a, func(c *books.Coupon) { c.SKU = 8 })}, nil, "debt 10"},
		"its sku": {[]books.Coupon{with(a, func(c *books.Coupon) {
			c.SKU = 7
		})}, nil, "coupon 4 debt 6"},
		"at the minimum": {[]books.Coupon{with(a, func(c *books.Coupon) {
			c.MinConsumption = amount(t, "10")
		})}, nil, "coupon 4 debt 6"},
		"below the minimum": {[]books.Coupon{with(a, func(c *books.Coupon) {
			c.MinConsumption = amount(t, "10.00000001")
		})}, nil, "debt 10"},
		"the minimum is of the line, not of the rest": {[]books.Coupon{a, with(b, func(c *books.Coupon) {
			c.MinConsumption = amount(t, "9")
		})}, nil, "coupon 7 debt 3"},
		"beside a discount": {[]books.Coupon{a}, discounted, "coupon 4 debt 6"},
		"not beside a discount": {[]books.Coupon{with(a, func(c *books.Coupon) {
			c.WithDiscount = false
		})}, discounted, "debt 10"},
		"without a discount": {[]books.Coupon{with(a, func(c *books.Coupon) {
			c.WithDiscount = false
		})}, nil, "coupon 4 debt 6"},
		"an order names none": {[]books.Coupon{a, b}, order(""), "debt 10"},
		"an order names one":  {[]books.Coupon{a, b}, order("x;b"), "coupon 3 debt 7"},
		"in their order, not the text": {[]books.Coupon{a, with(b, func(c *books.Coupon) {
			c.Amount = amount(t, "9")
			c.Cash, c.Performance = true, true
		})}, order("b;a"), "coupon 10 counted 6"},
		"another customer's": {[]books.Coupon{with(a, func(c *books.Coupon) {
			c.Customer = 1
		})}, order("a"), "debt 10"},
		"partner pays the rest": {[]books.Coupon{a}, func(l *payment.Line) {
			order("a")(l)
			l.Partner = true
		}, "coupon 4 cash 6"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := line
			if tt.line != nil {
				tt.line(&l)
			}
			s, err := wallet(t, ledger, tt.coupons...).Pay(&l)
			if err != nil || split(s) != tt.want {
				t.Errorf("got %q, %v; want %q", split(s), err, tt.want)
			}
		})
	}
}

// TestCouponsRunOut checks that a coupon of 4 pays 3 and then 1, that the amount that it has paid is stored by
// (coupon_id, valid_from), and that the row of a coupon that is not in the books is kept.
func TestCouponsRunOut(t *testing.T) {
	t.Parallel()
	k := voucher(t, "k", "4")
	gone := payment.Row{Kind: payment.CouponDrawn, Coupon: "gone", From: 9, Amount: amount(t, "2")}
	w := payment.NewWallet(ledger)
	coupons := []books.Coupon{k}
	open := func(rows []payment.Row) {
		t.Helper()
		if err := w.Open(coupons, rows); err != nil {
			t.Fatal(err)
		}
	}
	open([]payment.Row{gone})
	play(t, w, []step{{"pay 3", "coupon 3", ""}})
	rows := w.Rows(nil)
	drawn := payment.Row{Kind: payment.CouponDrawn, Coupon: "k", From: 0, Amount: amount(t, "3")}
	if d := cmp.Diff([]payment.Row{gone, drawn}, rows, cmp.Comparer(func(a, b money.Amount) bool {
		return a == b
	})); d != "" {
		t.Error(d)
	}
	open(rows)
	play(t, w, []step{{"pay 3", "coupon 1 debt 2", "consume debt 2 -> 2"}})
	coupons[0].Amount = amount(t, "2") // lower than what the coupon has paid
	open(w.Rows(nil))
	play(t, w, []step{{"pay 1", "debt 1", "consume debt 1 -> 3"}})
	coupons[0].Amount = amount(t, "5")
	open(w.Rows(nil))
	play(t, w, []step{{"pay 3", "coupon 1 debt 2", "consume debt 2 -> 5"}})
}

// TestRows checks that a balance that never changed has no row, and that one that returned to 0 keeps its row (PAY-8).
func TestRows(t *testing.T) {
	t.Parallel()
	w := wallet(t, ledger)
	if rows := w.Rows(nil); len(rows) != 0 {
		t.Errorf("a new wallet has rows %v", rows)
	}
	play(t, w, []step{
		{"recharge cash 5", "", "recharge cash 5 -> 5"},
		{"pay 5", "cash 5", "consume cash -5 -> 0"},
		{"credit_limit credit 0", "", "credit_limit credit 0 -> 0"},
	})
	var got []string
	for _, r := range w.Rows(nil) {
		got = append(got, r.Kind.String()+" "+r.Amount.Trim())
	}
	if d := cmp.Diff([]string{"cash 0", "credit_limit 0"}, got); d != "" {
		t.Error(d)
	}
}

func TestRefusedOpen(t *testing.T) {
	t.Parallel()
	w := payment.NewWallet(ledger)
	for _, r := range []payment.Row{{Kind: payment.HeldCash, Amount: amount(t, "-1")},
		{Kind: payment.CouponTaken + 1}} {
		if err := w.Open(nil, []payment.Row{r}); err == nil {
			t.Errorf("row %v opens a wallet", r)
		}
	}
}

// TestMisfit checks that events and refunds that should have been rejected earlier are errors and change no balance.
func TestMisfit(t *testing.T) {
	t.Parallel()
	w := wallet(t, ledger)
	one := amount(t, "1")
	for _, e := range []payment.Event{{payment.Reclaim, payment.Credit, one}, {payment.SetLimit, payment.Cash, one},
		{payment.Recharge, payment.Debt, one}, {payment.Consume, payment.Cash, one},
		{payment.Recharge, payment.Cash, one.Neg()}} {
		if _, err := w.Apply(&e); err == nil {
			t.Errorf("event %v applies", e)
		}
	}
	if _, err := w.Refund(&payment.Split{Coupon: one}, one, false); err == nil {
		t.Error("a refund of an order that coupons paid whole")
	}
	if _, err := w.Refund(&payment.Split{}, one.Neg(), false); err == nil {
		t.Error("a negative refund")
	}
	if rows := w.Rows(nil); len(rows) != 0 {
		t.Errorf("moved: %v", rows)
	}
}

// TestOutsideTheRange tests PAY-10 for a balance that would exceed the range of an amount.
func TestOutsideTheRange(t *testing.T) {
	t.Parallel()
	most := amount(t, "999999999999999999")
	w := wallet(t, ledger, voucher(t, "k", "5"))
	for _, e := range []payment.Event{{payment.Recharge, payment.Cash, most},
		{payment.Recharge, payment.Cash, amount(t, "1")}} {
		if _, err := w.Apply(&e); (err == nil) != (e.Amount == most) {
			t.Errorf("recharge of %s: %v", e.Amount.Trim(), err)
		}
	}
	if s, err := w.Pay(&payment.Line{Payment: amount(t, "-1")}); err == nil {
		t.Errorf("a balance past the range takes back %s", split(s))
	}
	if cash, err := w.Balance(payment.Cash); err != nil || cash != most || len(w.Entries()) > 0 {
		t.Errorf("cash is %s, %v, entries %s", cash.Trim(), err, entries(w))
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"recharge", "allocate", "reclaim", "withdraw", "credit_limit"} {
		if e, err := payment.ParseEventType(word); err != nil || e.String() != word {
			t.Errorf("type %s: %s, %v", word, e, err)
		}
	}
	for _, word := range []string{"consume", "refund", ""} {
		if _, err := payment.ParseEventType(word); err == nil {
			t.Errorf("type %q is one of an event", word)
		}
	}
	for _, word := range []string{"stored_value", "flexi_coupon", "cash", "credit"} {
		if b, err := payment.ParseBalance([]byte(word)); err != nil || b.String() != word {
			t.Errorf("balance_type %s: %s, %v", word, b, err)
		}
	}
	if _, err := payment.ParseBalance("debt"); err == nil {
		t.Error("an event may name debt")
	}
	for k := payment.HeldStored; k <= payment.CouponDrawn; k++ {
		if got, err := payment.ParseRowKind(k.String()); err != nil || got != k {
			t.Errorf("row kind %s: %s, %v", k, got, err)
		}
	}
}
