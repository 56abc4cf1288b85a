package pay

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/account"
)

// TestIssuedMessage checks that a task of another process receives what paying needs to know of reclaims, including the
// verdict of an earlier run, which the task returns if it does not pay the day again. Invariant: CASH-3.
func TestIssuedMessage(t *testing.T) {
	t.Parallel()
	of := account.IssuedCoupon{Terms: books.Coupon{ID: "n1", Customer: 3, Cash: true,
		Valid: period.Span{From: 10, To: 20}, Since: 5}}
	want := Issued{Altered: map[string]period.Instant{"acme": 7}, Records: true, Coupons: []books.Coupon{of.Terms},
		Reclaims: []*Reclaim{
			{Event: &accept.MoneyEvent{ID: "r1", Time: 11, Instant: 12, File: -1,
				Verdict: account.BadState("event", account.CouponUsed.String())}, Coupon: &of},
			{Event: &accept.MoneyEvent{ID: "r2", Time: 13, Instant: 14, File: 2}, Coupon: &of},
		}}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Issued
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Errorf("- sent, + received:\n%s", diff)
	}
	for i, r := range got.Reclaims {
		if v := verdictOf(r.Event); v.Why != want.Reclaims[i].Event.Verdict.Why {
			t.Errorf("reclaim %s: the task returns %v, was %v", r.Event.ID, v.Why, want.Reclaims[i].Event.Verdict.Why)
		}
	}
}
