package account_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	"github.com/tollbook/tollbook/settlement/account"
)

func couponAmount(t *testing.T, text string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func instant(t *testing.T, text string) period.Instant {
	t.Helper()
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return period.Instant(at.UnixMicro())
}

// shop returns books with the partner north, its customer acme and account lab, a quota of 100, of which 30 are passed
// on from August on, and a solution that is certified in September.
func shop(t *testing.T) *books.Books {
	t.Helper()
	zone, err := period.LoadZone("UTC")
	if err != nil {
		t.Fatal(err)
	}
	always := period.Always()
	august := period.Span{From: instant(t, "2026-08-01"), To: period.Forever}
	b := &books.Books{Zone: zone, Partners: []books.Partner{{ID: "north"}, {ID: "south"}},
		Customers:    []books.Customer{{ID: "acme"}, {ID: "lab"}},
		Associations: []books.Association{{Customer: 0, Partner: 0, Type: books.Referral, Valid: always}}}
	b.Money.CouponQuotas = []books.CouponQuota{
		{Terms: books.Coupon{ID: "down", Customer: -1, Amount: couponAmount(t, "30"), Service: "*", SKU: -1,
			Valid: august},
			Partner: 1, Parent: 1, Months: 1},
		{Terms: books.Coupon{ID: "q", Customer: -1, Amount: couponAmount(t, "100"), Service: "*", SKU: -1,
			Valid: period.Span{From: instant(t, "2026-07-01"), To: instant(t, "2026-10-01")}},
			Partner: 0, Parent: -1, Months: 3, HasMaxFace: true, MaxFace: couponAmount(t, "60")},
	}
	b.Money.Solutions = []books.Solution{
		{ID: "s", Partner: 0, Customer: 1, Level: "basic", Valid: period.Span{From: period.Past,
			To: instant(t, "2026-09-10")}},
		{ID: "s", Partner: 0, Customer: 1, Level: "certified", Valid: period.Span{From: instant(t, "2026-09-10"),
			To: period.Forever}},
	}
	return b
}

// replayCoupon replays lines such as `2026-07-05 issue n1 q north acme 50` and returns each with its verdict.
func replayCoupon(t *testing.T, b *books.Books, back map[string]money.Amount, text string,
	change func(e *account.CouponEvent)) (
	*account.CouponResult, string, error) {
	t.Helper()
	in := &account.CouponInput{Books: b, Test: &settings.TestCoupons{}, TakenBack: back}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		w := strings.Fields(line)
		kind, ok := account.ParseCouponKind(w[1])
		if !ok {
			t.Fatalf("%q is no kind of event", w[1])
		}
		at := instant(t, w[0])
		e := account.CouponEvent{Stamp: account.Stamp{Time: at, Instant: at}, ID: fmt.Sprintf("e%02d", i), Kind: kind,
			Coupon: w[2], Source: w[3], PartnerID: w[4], Amount: couponAmount(t, w[6]),
			Partner:  int32(slices.IndexFunc(b.Partners, func(p books.Partner) bool { return p.ID == w[4] })),
			Customer: int32(slices.IndexFunc(b.Customers, func(c books.Customer) bool { return c.ID == w[5] }))}
		if change != nil {
			change(&e)
		}
		in.Events = append(in.Events, e)
	}
	slices.Reverse(in.Events) // the order of events must not matter
	out, err := account.ReplayCoupons(in)
	if err != nil {
		return nil, "", err
	}
	var said []string
	for i, v := range out.Verdicts {
		word := "ok"
		if !v.Accepted() {
			word = fmt.Sprintf("%s %s %s", v.Why, v.Column, v.Value)
		}
		said = append(said, in.Events[i].ID+" "+word)
	}
	slices.Sort(said)
	return out, strings.Join(said, "\n"), nil
}

func expectCoupon(t *testing.T, got, want string) {
	t.Helper()
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(want), "\n") {
		lines = append(lines, strings.TrimSpace(line))
	}
	if want = strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestQuota checks a quota of 100. 60 and 20 are issued, which leaves 20. From August on 30 are passed on, which leaves
// nothing. If a closed cycle reclaimed 45 of n1, 100 − 80 − 30 + 45 = 35 are left. A rejected event changes nothing.
//
// Invariants: COUPON-1, COUPON-2, COUPON-4, VERD-1.
func TestQuota(t *testing.T) {
	t.Parallel()
	_, said, err := replayCoupon(t, shop(t), nil, `
2026-06-30 issue n0 q north acme 1
2026-07-01 issue n1 q north acme 60.01
2026-07-02 issue n1 q north acme 60
2026-07-03 issue n1 q north acme 1
2026-07-04 issue n2 q north lab 1
2026-07-05 issue n2 q south acme 1
2026-07-06 issue n2 nosuch north acme 1
2026-07-07 issue n2 q north acme 40.01
2026-07-08 issue n2 q north acme 20
2026-08-01 issue n3 q north acme 0.01
2026-10-01 issue n5 q north acme 1`, nil)
	if err != nil {
		t.Fatal(err)
	}
	expectCoupon(t, said, `
		e00 bad_state event not_in_force
		e01 over_quota amount 60.01
		e02 ok
		e03 conflict coupon_id n1
		e04 bad_state event not_associated
		e05 bad_state event none
		e06 bad_state event none
		e07 over_quota amount 40.01
		e08 ok
		e09 over_quota amount 0.01
		e10 bad_state event not_in_force`)
	out, said, err := replayCoupon(t, shop(t), map[string]money.Amount{"n1": couponAmount(t, "45")}, `
2026-07-02 issue n1 q north acme 60
2026-07-08 issue n2 q north acme 20
2026-08-01 issue n3 q north acme 35.01
2026-08-02 issue n3 q north acme 35
2026-08-03 issue n4 q north acme 0.01`, nil)
	if err != nil {
		t.Fatal(err)
	}
	expectCoupon(t, said, `
		e00 ok
		e01 ok
		e02 over_quota amount 35.01
		e03 ok
		e04 over_quota amount 0.01`)
	var issued []string
	for _, one := range out.Issued {
		issued = append(issued, fmt.Sprintf("%s %s %s %s", one.Terms.ID, one.Terms.Amount.Trim(), one.Terms.Valid.From,
			one.Terms.Valid.To))
	}
	expectCoupon(t, strings.Join(issued, "\n"), `
		n1 60 2026-07-02T00:00:00Z 2026-10-02T00:00:00Z
		n2 20 2026-07-08T00:00:00Z 2026-10-08T00:00:00Z
		n3 35 2026-08-02T00:00:00Z 2026-11-02T00:00:00Z`)
}

// TestCeiling tests §9.3: 20,000 as basic leaves 80,000 once certified, and the coupon lasts three months.
func TestCeiling(t *testing.T) {
	t.Parallel()
	out, said, err := replayCoupon(t, shop(t), nil, `
2026-07-01 apply t1 s north lab 20000.01
2026-07-01 apply t1 s north lab 20000
2026-07-02 apply t2 s north lab 0.01
2026-09-10 apply t2 s north lab 100000
2026-09-10 apply t2 s north lab 80000
2026-09-10 apply t3 s north acme 1
2026-09-10 apply t3 s south lab 1`, nil)
	if err != nil {
		t.Fatal(err)
	}
	expectCoupon(t, said, `
		e00 over_quota amount 20000.01
		e01 ok
		e02 over_quota amount 0.01
		e03 over_quota amount 100000
		e04 ok
		e05 bad_state event none
		e06 bad_state event none`)
	last := out.Issued[len(out.Issued)-1].Terms
	if last.Valid.To != instant(t, "2026-12-10") || !last.NotCommercial || last.Kind() != "voucher" ||
		last.Performance {
		t.Errorf("the second coupon: %+v", last)
	}
}

// TestCouponFinal checks that a final event keeps its verdict, and that one whose quota is no longer in the books is an
// error that names it.
func TestCouponFinal(t *testing.T) {
	t.Parallel()
	final := func(e *account.CouponEvent) { e.Final = true }
	_, said, err := replayCoupon(t, shop(t), nil, `2026-07-01 issue n1 q north lab 1000`, final)
	if err != nil {
		t.Fatal(err)
	}
	expectCoupon(t, said, "e00 ok")
	_, _, err = replayCoupon(t, shop(t), nil, `2026-07-01 issue n1 nosuch north lab 1`, final)
	var gone *account.GoneError
	if !errors.As(err, &gone) || gone.ID != "nosuch" {
		t.Errorf("a quota that is gone: %v", err)
	}
}

// TestRowOf tests COUPON-3: of 100, 30 are used and 20 are reclaimed; 50 are left and then expire.
func TestRowOf(t *testing.T) {
	t.Parallel()
	c := &books.Coupon{Amount: couponAmount(t, "100"), Valid: period.Span{To: instant(t, "2026-10-01")}}
	for _, x := range []struct{ asOf, used, taken, expired, left, state string }{
		{"2026-09-30", "30", "20", "0", "50", "active"},
		{"2026-10-01", "30", "20", "50", "0", "expired"},
		{"2026-10-01", "30", "70", "0", "0", "reclaimed"},
		{"2026-10-01", "100", "0", "0", "0", "used"},
	} {
		r, err := account.CouponRowOf(c, couponAmount(t, x.used), couponAmount(t, x.taken), instant(t, x.asOf))
		if err != nil || r.Expired.Trim() != x.expired || r.Left.Trim() != x.left || r.State.String() != x.state {
			t.Errorf("%+v: %+v, %v", x, r, err)
		}
	}
}
