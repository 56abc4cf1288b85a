package query

import (
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

func couponAmount(t *testing.T, text string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestQuotas checks a quota of 100. It has two sub-quotas, one of 60 from instant 10 and one of 30 from instant 20.
// Invariant: COUPONS-1.
func TestQuotas(t *testing.T) {
	t.Parallel()
	quota := func(id, of string, from period.Instant, parent int32) books.CouponQuota {
		return books.CouponQuota{Terms: books.Coupon{ID: id, Amount: couponAmount(t, of),
			Valid: period.Span{From: from, To: period.Forever}}, Parent: parent}
	}
	b := &books.Books{Money: books.PartnerMoney{CouponQuotas: []books.CouponQuota{quota("a", "100", 0, -1),
		quota("b", "60", 10, 0), quota("c", "30", 20, 0)}}}
	snap := &lake.Snapshot{Manifest: lake.Manifest{}}
	for _, tt := range []struct {
		asOf period.Instant
		left string
	}{{9, "100"}, {10, "40"}, {19, "40"}, {20, "10"}} {
		list, err := CouponQuotas(snap, b, tt.asOf)
		if err != nil {
			t.Fatal(err)
		}
		if list[0].Left.Cmp(couponAmount(t, tt.left)) != 0 {
			t.Errorf("at %d: %s left, want %s", tt.asOf, list[0].Left, tt.left)
		}
	}
}

// TestListOfBook checks that a coupon in the books is active until its valid_to and expired from then on. Invariant:
// COUPONS-2.
func TestListOfBook(t *testing.T) {
	t.Parallel()
	b := &books.Books{Customers: []books.Customer{{ID: "acme"}},
		Coupons: []books.Coupon{{ID: "k", Amount: couponAmount(t, "5"), Valid: period.Span{From: 0, To: 10}}}}
	snap := &lake.Snapshot{Manifest: lake.Manifest{}}
	for _, tt := range []struct {
		asOf        period.Instant
		state, left string
	}{{9, "active", "5"}, {10, "expired", "0"}} {
		list, err := CouponBalances(snap, b, tt.asOf)
		if err != nil {
			t.Fatal(err)
		}
		if c := list[0]; len(list) != 1 || c.ID != "k" || c.Customer != "acme" || c.State != tt.state ||
			c.Left.Cmp(couponAmount(t, tt.left)) != 0 {
			t.Errorf("at %d: %+v, want %s with %s left", tt.asOf, c, tt.state, tt.left)
		}
	}
}
