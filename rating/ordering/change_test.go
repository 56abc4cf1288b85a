package ordering

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestPriceChange checks a change of an order of 30.00, of which a coupon paid 6.00 and the customer 24.00, for the 30
// days of September, to a product at 45.00. On the 16th half remains: 12.00 and 22.50. On the 21st at noon 9.5 of 30
// days remain: 24 × 9.5 / 30 = 7.60 and 45 × 9.5 / 30 = 14.25. A third of 10.00 is 3.33. Before the order takes effect
// everything remains. A cheaper product gives a refund. Invariant: QUOTE-6.
func TestPriceChange(t *testing.T) {
	t.Parallel()
	at := func(text string) period.Instant {
		out, err := period.ParseInstant(text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	amount := func(text string) money.Amount {
		a, err := money.ParseAmount(text)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	base := PaidOrder{Type: New, PayTime: at("2026-08-20T00:00:00Z"), Effective: at("2026-09-01T00:00:00Z"),
		Expire: at("2026-10-01T00:00:00Z"), Official: amount("30"), Payment: amount("30"), Coupons: amount("6")}
	for _, tt := range []struct{ when, payment, credit, rest, want string }{
		{"2026-09-16T00:00:00Z", "45", "12", "22.5", "10.5"},
		{"2026-09-21T12:00:00Z", "45", "7.6", "14.25", "6.65"},
		{"2026-09-21T00:00:00Z", "10", "8", "3.33", "-4.67"},
		{"2026-08-25T00:00:00Z", "45", "24", "45", "21"},
		{"2026-09-01T00:00:00Z", "24", "24", "24", "0"},
	} {
		c, err := PriceChange(&base, amount(tt.payment), at(tt.when), 2)
		if err != nil {
			t.Fatal(err)
		}
		if got := [3]string{c.Credit.Trim(), c.Rest.Trim(), c.Amount.Trim()}; got != [3]string{tt.credit, tt.rest,
			tt.want} {
			t.Errorf("to %s at %s: %v, want %s, %s, %s", tt.payment, tt.when, got, tt.credit, tt.rest, tt.want)
		}
	}
	for _, wrong := range []func(*PaidOrder){
		func(o *PaidOrder) { o.Expire = period.Forever },
		func(o *PaidOrder) { o.Expire = at("2026-09-16T00:00:00Z") },
	} {
		o := base
		wrong(&o)
		if _, err := PriceChange(&o, amount("45"), at("2026-09-16T00:00:00Z"), 2); err == nil {
			t.Errorf("an order until %s can be changed", o.Expire)
		}
	}
}
