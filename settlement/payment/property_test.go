package payment_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/payment"
)

// drawAmount draws an amount of at least 0 in units of 10⁻⁸ or, more often, of a cent.
func drawAmount(rt *rapid.T, name string) money.Amount {
	unit := rapid.SampledFrom([]uint64{1, 1_000_000, 1_000_000, 100_000_000}).Draw(rt, name+" unit")
	a, err := money.AmountFromRaw(0, unit*uint64(rapid.IntRange(0, 1500).Draw(rt, name)))
	if err != nil {
		rt.Fatal(err)
	}
	return a
}

func drawCoupons(rt *rapid.T) []books.Coupon {
	var out []books.Coupon
	for i := range rapid.IntRange(0, 3).Draw(rt, "coupons") {
		from := period.Instant(rapid.IntRange(0, 20).Draw(rt, "from"))
		out = append(out, books.Coupon{ID: fmt.Sprintf("k%d", i), Amount: drawAmount(rt, "coupon"),
			MinConsumption: drawAmount(rt, "minimum"), SKU: -1, Cash: rapid.Bool().Draw(rt, "cash"),
			Performance: rapid.Bool().Draw(rt, "counts"), WithDiscount: rapid.Bool().Draw(rt, "beside"),
			Service: rapid.SampledFrom([]string{"*", "ecs"}).Draw(rt, "service"),
			Valid:   period.Span{From: from, To: from + period.Instant(rapid.IntRange(1, 40).Draw(rt, "long"))}})
	}
	return out
}

// book keeps the sums of the ledger and of lines in addition to the wallet.
type book struct {
	rt      *rapid.T
	w       *payment.Wallet
	balance [payment.Balances]money.Amount // from replayed entries
	coupons money.Amount                   // amount that coupons paid
	in      money.Amount                   // amount from events and refunds less that of lines and other events
}

func (b *book) add(to *money.Amount, a money.Amount) {
	sum, err := to.Add(a)
	if err != nil {
		b.rt.Fatal(err)
	}
	*to = sum
}

// replay adds the last entries to the balances and compares them with the wallet (PAY-2, PAY-3).
func (b *book) replay() {
	for _, e := range b.w.Entries() {
		b.add(&b.balance[e.Balance], e.Amount)
		if b.balance[e.Balance] != e.After {
			b.rt.Fatalf("%s of %s %s: balance %s, replayed %s", e.Type, e.Balance, e.Amount, e.After,
				b.balance[e.Balance])
		}
		if e.Type != payment.SetLimit && e.Amount.IsZero() {
			b.rt.Fatalf("%s of %s moves nothing", e.Type, e.Balance)
		}
	}
	for k := range payment.Balances {
		has, err := b.w.Balance(k)
		if err != nil || has != b.balance[k] {
			b.rt.Fatalf("balance %s is %s, %v; its entries give %s", k, has, err, b.balance[k])
		}
		if k != payment.Credit && has.Sign() < 0 {
			b.rt.Fatalf("balance %s is %s", k, has)
		}
	}
}

// whole checks that a split adds up to its amount (PAY-1) and adds it to the sums.
func (b *book) whole(s *payment.Split, of money.Amount, moves bool) {
	total, err := s.Total()
	if err != nil || total != of {
		b.rt.Fatalf("split %s of %s adds up to %s, %v", split(*s), of, total, err)
	}
	if s.Counted.Cmp(s.Coupon) > 0 || s.Counted.Sign() < 0 {
		b.rt.Fatalf("split %s: counts more than coupons paid", split(*s))
	}
	b.add(&b.coupons, s.Coupon)
	if moves {
		b.add(&b.in, s.Coupon)
		b.add(&b.in, of.Neg())
	}
}

// worth returns the value of the balances, in which used credit and debt count as negative. The limit is subtracted,
// because the balance of credit includes it.
func (b *book) worth(limit money.Amount) money.Amount {
	sum := limit.Neg()
	for k, a := range b.balance {
		if payment.Balance(k) == payment.Debt {
			a = a.Neg()
		}
		b.add(&sum, a)
	}
	return sum
}

// TestProperties tests PAY-1 to PAY-8 with random histories in which the wallet is stored and restored at any moment.
func TestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		coupons := drawCoupons(rt)
		list := payment.NewCoupons(&books.Books{Coupons: coupons}).Of(0)
		b := &book{rt: rt,
			w: payment.NewWallet(payment.Rules{Ledger: true, Digits: rapid.SampledFrom([]int{0, 2}).Draw(rt,
				"digits")})}
		if err := b.w.Open(list, nil); err != nil {
			rt.Fatal(err)
		}
		var limit money.Amount
		var orders []payment.Split
		for at := range rapid.IntRange(1, 30).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0, 1:
				limit = b.event(limit)
			case 2, 3:
				s := b.line(period.Instant(at))
				orders = append(orders, s)
			case 4:
				if len(orders) > 0 {
					i := rapid.IntRange(0, len(orders)-1).Draw(rt, "order")
					b.refund(&orders[i])
					orders[i] = payment.Split{}
				}
			case 5:
				rows := b.w.Rows(nil) // PAY-7: the following checks must pass as if it were the same wallet
				b.w = payment.NewWallet(payment.Rules{Ledger: true, Digits: 2})
				if err := b.w.Open(list, rows); err != nil {
					rt.Fatal(err)
				}
			}
			if worth := b.worth(limit); worth != b.in {
				rt.Fatalf("balances are worth %s, what went in and out comes to %s (PAY-4)", worth, b.in)
			}
		}
		var most money.Amount
		for i := range coupons {
			b.add(&most, coupons[i].Amount)
		}
		if b.coupons.Cmp(most) > 0 {
			rt.Fatalf("coupons of %s paid %s (PAY-5)", most, b.coupons)
		}
	})
}

// event applies a random account event and returns the resulting limit.
func (b *book) event(limit money.Amount) money.Amount {
	e := payment.Event{Type: payment.EntryType(rapid.IntRange(0, int(payment.SetLimit)).Draw(b.rt, "type")),
		Amount: drawAmount(b.rt, "event")}
	if e.Balance = payment.Balance(rapid.IntRange(0, int(payment.Credit)).Draw(b.rt, "balance")); !e.Type.Fits(
		e.Balance) {
		return limit
	}
	has := b.balance[e.Balance]
	applied, err := b.w.Apply(&e)
	b.replay()
	takes := e.Type == payment.Reclaim || e.Type == payment.Withdraw
	switch {
	case err != nil:
		b.rt.Fatal(err)
	case takes && applied != (e.Amount.Cmp(has) <= 0):
		b.rt.Fatalf("%s of %s with a balance of %s: applied %v", e.Type, e.Amount, has, applied)
	case !applied:
		if !takes || len(b.w.Entries()) > 0 {
			b.rt.Fatalf("%s refused, with entries %s", e.Type, entries(b.w))
		}
	case e.Type == payment.SetLimit:
		if len(b.w.Entries()) != 1 {
			b.rt.Fatalf("a limit left entries %s", entries(b.w))
		}
		return e.Amount
	case takes:
		b.add(&b.in, e.Amount.Neg())
	default:
		b.add(&b.in, e.Amount)
	}
	return limit
}

func (b *book) line(at period.Instant) payment.Split {
	l := payment.Line{Instant: at, Service: rapid.SampledFrom([]string{"ecs", "obs"}).Draw(b.rt, "of"),
		Payment:    drawAmount(b.rt, "payment"),
		Discounted: rapid.Bool().Draw(b.rt, "discounted"), Partner: rapid.IntRange(0, 4).Draw(b.rt, "partner") == 0}
	if rapid.IntRange(0, 4).Draw(b.rt, "negative") == 0 {
		l.Payment = l.Payment.Neg()
	}
	if l.Order = rapid.Bool().Draw(b.rt, "order"); l.Order {
		l.Named = rapid.SampledFrom([]string{"", "k0", "k1;k0"}).Draw(b.rt, "named")
	}
	s, err := b.w.Pay(&l)
	if err != nil {
		b.rt.Fatal(err)
	}
	b.replay()
	if l.Partner && len(b.w.Entries()) > 0 {
		b.rt.Fatalf("an order of a partner moved %s", entries(b.w))
	}
	b.whole(&s, l.Payment, !l.Partner)
	if l.Partner || l.Payment.Sign() < 0 {
		return payment.Split{}
	}
	return s
}

// refund refunds an order, completely or in part, in the digits of the currency.
func (b *book) refund(base *payment.Split) {
	paid := money.Amount{}
	for _, part := range base.Parts {
		b.add(&paid, part)
	}
	back := paid
	if rapid.Bool().Draw(b.rt, "part") {
		half, err := money.Prorate(paid, 1, 3, 0)
		if err != nil {
			b.rt.Fatal(err)
		}
		back = half
	}
	s, err := b.w.Refund(base, back, false)
	if err != nil {
		b.rt.Fatal(err)
	}
	b.replay()
	if !s.Coupon.IsZero() {
		b.rt.Fatalf("a refund of coupons: %s", split(s))
	}
	for k, part := range s.Parts {
		if part.Sign() > 0 {
			b.rt.Fatalf("a refund takes %s of %s", part, payment.Balance(k))
		}
	}
	b.whole(&s, back.Neg(), true)
}

// TestAllocates tests PAY-9.
func TestAllocates(t *testing.T) {
	coupons := payment.NewCoupons(&books.Books{Coupons: []books.Coupon{voucher(t, "k", "1000000"),
		voucher(t, "l", "1000000")}})
	w := payment.NewWallet(ledger)
	rows := []payment.Row{{Kind: payment.HeldStored, Amount: amount(t, "1")},
		{Kind: payment.HeldCash, Amount: amount(t, "900")}}
	event := &payment.Event{Type: payment.Recharge, Balance: payment.Cash, Amount: amount(t, "1")}
	lines := []payment.Line{{Payment: amount(t, "3.14159265"), Service: "ecs", Instant: 200},
		{Payment: amount(t, "3"), Service: "ecs", Order: true, Named: "x;k"}}
	step := func() {
		if err := w.Open(coupons.Of(0), rows); err != nil {
			t.Error(err)
		}
		for i := range lines {
			if _, err := w.Pay(&lines[i]); err != nil {
				t.Error(err)
			}
		}
		if _, err := w.Apply(event); err != nil {
			t.Error(err)
		}
	}
	step()
	if n := testing.AllocsPerRun(100, step); n != 0 {
		t.Errorf("a customer's two lines and one event allocate %v times", n)
	}
}

func BenchmarkPay(b *testing.B) {
	w := wallet(b, ledger, voucher(b, "k", "5"))
	if _, err := w.Apply(&payment.Event{Type: payment.Recharge, Balance: payment.Cash,
		Amount: amount(b, "100000000")}); err != nil {
		b.Fatal(err)
	}
	line := payment.Line{Payment: amount(b, "0.01234567"), Service: "ecs", Instant: 1}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Pay(&line); err != nil {
			b.Fatal(err)
		}
	}
}
