package rating_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/schemas/table"
)

const (
	hour = period.Instant(period.Hour)
	day  = 24 * hour
)

// hundredDays returns an order of 1000.00 for 100 days from instant 0, at which it was paid.
func hundredDays() ordering.PaidOrder {
	return ordering.PaidOrder{Type: ordering.New, Expire: 100 * day, Official: amount("1000"), Payment: amount("1000")}
}

func standardRefund() ordering.RefundRules {
	return ordering.RefundRules{UnconditionalHours: 120, Digits: 2}
}

// showRefund returns a refund line as `official = discount + payment`, after `whole` if everything is refunded.
func showRefund(t testing.TB, base *ordering.PaidOrder, at period.Instant, rules ordering.RefundRules) string {
	t.Helper()
	ch, full, err := ordering.Refund(base, at, rules)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%s = %s + %s", ch.Official.Trim(), ch.Discount.Trim(), ch.Payment.Trim())
	if full {
		text = "whole " + text
	}
	ch.Official, ch.Discount, ch.Payment = money.Amount{}, money.Amount{}, money.Amount{}
	if ch != (table.Charge{DiscountID: -1, Version: -1, Kind: table.RefundLine}) {
		t.Errorf("a refund line has more than its amounts: %+v", ch)
	}
	return text
}

func TestRefund(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		with func(base *ordering.PaidOrder, rules *ordering.RefundRules)
		at   period.Instant
		want string
	}{
		// The definition's own example: 1000.00 for 100 days, unsubscribed after 30.
		{"by seconds", func(*ordering.PaidOrder, *ordering.RefundRules) {}, 30 * day, "-700 = 0 + -700"},
		{"less the fee on what was paid", func(base *ordering.PaidOrder, rules *ordering.RefundRules) {
			rules.FeeRate, base.Official = rate("0.05"), amount("1200")
		}, 30 * day, "-780 = -130 + -650"},
		{"a fee of all that is left", func(_ *ordering.PaidOrder, rules *ordering.RefundRules) {
			rules.FeeRate = rate("0.7")
		}, 30 * day, "0 = 0 + 0"},
		{"a fee above what is left", func(_ *ordering.PaidOrder, rules *ordering.RefundRules) {
			rules.FeeRate = rate("0.05")
		}, 98 * day, "0 = 0 + 0"},
		{"the window's last instant", func(*ordering.PaidOrder, *ordering.RefundRules) {}, 120 * hour,
			"whole -1000 = 0 + -1000"},
		{"past the window", func(*ordering.PaidOrder, *ordering.RefundRules) {}, 120*hour + 1, "-950 = 0 + -950"},
		{"no fee in the window", func(_ *ordering.PaidOrder, rules *ordering.RefundRules) {
			rules.FeeRate = rate("1")
		}, 0, "whole -1000 = 0 + -1000"},
		{"the window is counted from the payment", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.PayTime = -1 * day
		}, 110 * hour,
			"-954.17 = 0 + -954.17"}, // 2290 of 2400 hours: 954.1666…
		{"no window: the instant of the payment", func(_ *ordering.PaidOrder, rules *ordering.RefundRules) {
			rules.UnconditionalHours, rules.FeeRate = 0, rate("0.5")
		}, 0, "whole -1000 = 0 + -1000"},
		{"no window: after it", func(_ *ordering.PaidOrder, rules *ordering.RefundRules) {
			rules.UnconditionalHours, rules.FeeRate = 0, rate("0.5")
		}, 50 * day, "0 = 0 + 0"},
		{"a renewal has no window", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.Type = ordering.Renew
		}, 50 * hour, "-979.17 = 0 + -979.17"},
		{"an automatic renewal", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.Type = ordering.AutoRenew
		}, 50 * day, "-500 = 0 + -500"},
		{"before it takes effect", func(base *ordering.PaidOrder, rules *ordering.RefundRules) {
			base.Type, base.PayTime, rules.FeeRate = ordering.Renew, -30*day, rate("0.05")
		}, -1, "whole -1000 = 0 + -1000"},
		{"when it takes effect", func(base *ordering.PaidOrder, rules *ordering.RefundRules) {
			base.Type, base.PayTime, rules.FeeRate = ordering.Renew, -30*day, rate("0.05")
		}, 0, "-950 = 0 + -950"},
		{"no end, in the window", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.Expire = period.Forever
		}, 5 * day,
			"whole -1000 = 0 + -1000"},
		{"no end, after the window", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.Expire = period.Forever
		}, 6 * day, "0 = 0 + 0"},
		{"coupons do not come back", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.Payment, base.Coupons = amount("900"), amount("200")
		}, 50 * day, "-500 = -150 + -350"},
		{"coupons do not come back in the window either", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.Payment, base.Coupons = amount("900"), amount("200")
		}, day, "whole -1000 = -300 + -700"},
		{"all paid by coupons", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.Coupons = amount("1000")
		}, day, "whole 0 = 0 + 0"},
		{"free of charge", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.Payment = money.Amount{}
		}, 50 * day, "0 = 0 + 0"},
		{"the official amount is rounded", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.Official, base.Payment = amount("100"), amount("90")
		}, 90 * day, "-10 = -1 + -9"},
		{"rounded half away from zero", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.Official, base.Payment = amount("0.01"), amount("0.01")
		}, 50 * day, "-0.01 = 0 + -0.01"},
		{"rounded once, the fee with it", func(base *ordering.PaidOrder, rules *ordering.RefundRules) {
			base.Official, base.Payment, base.Expire = amount("10"), amount("10"), 300*day
			rules.FeeRate = rate("0.0004") // 6.6666… − 0.004 = 6.6626…, where 6.67 − 0.00 would be 6.67
		}, 100 * day, "-6.66 = 0 + -6.66"},
		{"no digits", func(base *ordering.PaidOrder, rules *ordering.RefundRules) {
			rules.Digits, base.Expire = 0, 300*day
		}, 100 * day, "-667 = 0 + -667"},
		{"a part of a second counts as it is", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.Type, base.Expire = ordering.Renew, period.Instant(period.Second)
		}, 250_000, "-750 = 0 + -750"},
		{"a change that paid the customer, before it takes effect",
			func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
				base.Type, base.PayTime = ordering.Change, -day
				base.Official, base.Payment = amount("-50"), amount("-50")
			}, -1, "whole 50 = 0 + 50"},
		// −50 × 10/100 − (−50) × 0.5 = −5 + 25, as the rule says, although nobody would request it.
		{"a change that paid the customer, after it took effect",
			func(base *ordering.PaidOrder, rules *ordering.RefundRules) {
				base.Type, base.Official, base.Payment, rules.FeeRate = ordering.Change, amount("-50"), amount("-50"),
					rate("0.5")
			}, 90 * day, "-20 = 0 + -20"},
		{"a change that paid the customer, without a fee", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.Type, base.Official, base.Payment = ordering.Change, amount("-50"), amount("-50")
		}, 90 * day, "0 = 0 + 0"},
		{"an official amount near the end of its range", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.Type, base.Official, base.Payment = ordering.Renew, amount("999999999999999999"), amount("0.02")
		}, 50 * day, "-499999999999999999.5 = -499999999999999999.49 + -0.01"},
		{"rounded, though it is more than was paid", func(base *ordering.PaidOrder, _ *ordering.RefundRules) {
			base.Type, base.Official, base.Payment, base.Coupons = ordering.Renew, amount("10"), amount("10"),
				amount("3.333")
		}, 0, "-10 = -3.33 + -6.67"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			base, rules := hundredDays(), standardRefund()
			c.with(&base, &rules)
			if got := showRefund(t, &base, c.at, rules); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestRefundErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		with func(base *ordering.PaidOrder)
		want string
	}{
		{"coupons above the payment", func(base *ordering.PaidOrder) { base.Coupons = amount("1000.01") },
			"refund the new order paid at 1970-01-01T00:00:00Z: coupons of 1000.01 on a payment of 1000"},
		{"coupons below 0", func(base *ordering.PaidOrder) { base.Coupons = amount("-1") },
			"refund the new order paid at 1970-01-01T00:00:00Z: coupons of -1 on a payment of 1000"},
		{"no time at all", func(base *ordering.PaidOrder) { base.Expire = 0 },
			"refund the new order paid at 1970-01-01T00:00:00Z: it expires before it takes effect"},
	} {
		base := hundredDays()
		c.with(&base)
		ch, full, err := ordering.Refund(&base, 30*day, standardRefund())
		if err == nil || err.Error() != c.want || full || ch != (table.Charge{}) {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
}

// TestRefundAllowed checks the order of the checks: each case fails its own check and all later ones.
func TestRefundAllowed(t *testing.T) {
	t.Parallel()
	base := hundredDays()
	later, taken := base, base
	later.PayTime, taken.Type = 100*day+1, ordering.Unsubscribe
	for _, c := range []struct {
		name           string
		base           *ordering.PaidOrder
		refunded, same bool
		at             period.Instant
		want           reason.Reason
	}{
		{"no such order", nil, true, true, 100 * day, reason.UnknownOrder},
		{"another customer's", &base, true, false, 100 * day, reason.UnknownOrder},
		{"paid after it", &later, true, true, 100 * day, reason.UnknownOrder},
		{"itself an unsubscribe", &taken, true, true, 100 * day, reason.UnknownOrder},
		{"already unsubscribed", &base, true, true, 100 * day, reason.AlreadyRefunded},
		{"at its end", &base, false, true, 100 * day, reason.Expired},
		{"after its end", &base, false, true, 101 * day, reason.Expired},
		{"before its end", &base, false, true, 100*day - 1, reason.None},
		{"when it is paid", &base, false, true, 0, reason.None},
	} {
		if got := ordering.RefundAllowed(c.base, c.refunded, c.same, c.at); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	endless := base
	endless.Expire = period.Forever
	if got := ordering.RefundAllowed(&endless, false, true, 1e6*day); got != reason.None {
		t.Errorf("no end: %s", got)
	}
}

// drawPaid draws an order that was paid at instant 0, and rules.
func drawPaid(t *rapid.T) (*ordering.PaidOrder, ordering.RefundRules) {
	cents := rapid.Uint64Range(0, 1e9).Draw(t, "payment")
	payment := must(money.AmountFromRaw(0, cents*1e6))
	base := &ordering.PaidOrder{
		Type: rapid.SampledFrom([]ordering.OrderType{ordering.New, ordering.Renew, ordering.AutoRenew,
			ordering.Change}).Draw(t, "type"),
		Effective: period.Instant(rapid.Int64Range(0, int64(10*day)).Draw(t, "effective")),
		Payment:   payment,
		Official:  must(payment.Add(must(money.AmountFromRaw(0, rapid.Uint64Range(0, 1e9).Draw(t, "discount")*1e6)))),
		Coupons:   must(money.AmountFromRaw(0, rapid.Uint64Range(0, cents*1e6).Draw(t, "coupons"))),
	}
	base.Expire = base.Effective + period.Instant(rapid.Int64Range(1, int64(400*day)).Draw(t, "length"))
	rules := ordering.RefundRules{
		UnconditionalHours: rapid.SampledFrom([]int{0, 1, 120, 87600}).Draw(t, "hours"),
		Digits:             rapid.SampledFrom([]int{0, 2, 3}).Draw(t, "digits"),
		FeeRate: rapid.SampledFrom([]money.Rate{rate("0"), rate("0.05"), rate("0.3333333333"), rate("1")}).Draw(t,
			"fee"),
	}
	return base, rules
}

// TestRefundProperties checks that a refund is at least 0 and at most the payment in the currency's digits, that
// everything is refunded before the order takes effect, that refunds decrease with time, and that without a fee
// everything is refunded at the instant of effect. Invariant: ORDERING-1.
func TestRefundProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		base, rules := drawPaid(rt)
		paid := must(base.Payment.Sub(base.Coupons))
		last, lastFull := paid, true
		if rounded := paid.Rd(rules.Digits); rounded.Cmp(paid) > 0 {
			last = rounded
		}
		at := period.Instant(0)
		for range 8 {
			ch, full, err := ordering.Refund(base, at, rules)
			if err != nil {
				rt.Fatal(err)
			}
			back := ch.Payment.Neg()
			if back.Sign() < 0 || back.Cmp(last) > 0 || (full && !lastFull) {
				rt.Fatalf("at %s %s of %s paid, before it %s", at, back, paid, last)
			}
			if full && back != paid {
				rt.Fatalf("whole, and %s of %s", back, paid)
			}
			if must(ch.Discount.Add(ch.Payment)) != ch.Official || ch.Official.Sign() > 0 ||
				back.Cmp(paid) <= 0 && ch.Official.Neg().Cmp(base.Official.Rd(rules.Digits)) > 0 {
				rt.Fatalf("official %s of %s, discount %s, payment %s", ch.Official, base.Official, ch.Discount,
					ch.Payment)
			}
			if lastFull = full; !full {
				last = back
			}
			at += period.Instant(rapid.Int64Range(0, int64(base.Expire-at)).Draw(rt, "later"))
		}
		rules.FeeRate = money.Rate{}
		ch, _, err := ordering.Refund(base, base.Effective, rules)
		if err != nil {
			rt.Fatal(err)
		}
		if got, want := ch.Payment.Neg(), paid.Rd(rules.Digits); got != want && got != paid {
			rt.Fatalf("when it takes effect %s of %s", got, paid)
		}
	})
}

func TestRefundTrace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		with func(base *ordering.PaidOrder)
		at   period.Instant
		want []string
	}{
		{func(base *ordering.PaidOrder) { base.Official = amount("1200") }, 30 * day, []string{
			"unsubscribed at 1970-01-31T00:00:00Z with 6048000 of 8640000 s left: of the 1000 paid that share less a " +
				"fee of 0.05, 650, is refunded",
			"official -(1200 × 650 / 1000) = -780; to pay -650",
		}},
		{func(*ordering.PaidOrder) {}, 99*day + day - 500_000, []string{
			"unsubscribed at 1970-04-10T23:59:59.5Z with 0.500000 of 8640000 s left: of the 1000 paid that share " +
				"less a fee of 0.05, 0, is refunded",
			"official -(1000 × 0 / 1000) = 0; to pay 0",
		}},
		{func(*ordering.PaidOrder) {}, day, []string{
			"unsubscribed at 1970-01-02T00:00:00Z, within 120 hours of paying: the 1000 paid are refunded completely",
			"official -(1000 × 1000 / 1000) = -1000; to pay -1000",
		}},
		{func(base *ordering.PaidOrder) { base.Effective, base.Coupons = 20*day, base.Payment }, 10 * day, []string{
			"unsubscribed at 1970-01-11T00:00:00Z, before it takes effect at 1970-01-21T00:00:00Z: the 0 paid are " +
				"refunded completely",
			"nothing was paid: official 0; to pay 0",
		}},
		{func(base *ordering.PaidOrder) { base.Expire = period.Forever }, 10 * day, []string{
			"unsubscribed at 1970-01-11T00:00:00Z, and no expire_time: nothing of the 1000 paid is refunded",
			"official -(1000 × 0 / 1000) = 0; to pay 0",
		}},
	} {
		base, rules := hundredDays(), standardRefund()
		rules.FeeRate = rate("0.05")
		c.with(&base)
		var steps []string
		watched, full, err := ordering.TraceRefund(&base, c.at, rules, func(step tariff.DerivationStep) {
			steps = append(steps, step.String())
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, steps); diff != "" {
			t.Errorf("steps (-want +got):\n%s", diff)
		}
		plain, plainFull, err := ordering.Refund(&base, c.at, rules)
		if err != nil || plain != watched || plainFull != full {
			t.Errorf("unwatched %v, watched %v, %v", plain, watched, err)
		}
	}
}
