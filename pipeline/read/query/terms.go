package query

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/account"
)

// UsableCoupon is a coupon that is not used up, with the terms on which it pays lines.
type UsableCoupon struct {
	Coupon
	Terms books.Coupon
}

// UsableCoupons lists the coupons of a customer that are not used up, as of an instant, by coupon_id.
func UsableCoupons(snap *lake.Snapshot, b *books.Books, customer string, asOf period.Instant) ([]UsableCoupon, error) {
	list, err := CouponBalances(snap, b, asOf)
	if err != nil {
		return nil, err
	}
	var out []UsableCoupon
	issued := map[string]int{} // index in out
	for i := range list {
		c := &list[i]
		if c.Customer != customer || c.Left.IsZero() {
			continue
		}
		one := UsableCoupon{Coupon: *c}
		if c.Source != account.CouponOfBook {
			issued[c.ID] = len(out)
		} else if !one.fromBook(b) {
			continue // its row was removed from the book
		}
		out = append(out, one)
	}
	if len(issued) == 0 {
		return out, nil
	}
	return out, EachIssuedCoupon(snap, func(one *IssuedCoupon) (err error) {
		if i, is := issued[one.ID]; is {
			out[i].Terms, err = one.Terms(b)
		}
		return err
	})
}

// fromBook sets the terms of a coupon from its row of the book.
func (u *UsableCoupon) fromBook(b *books.Books) bool {
	for i := range b.Coupons {
		if c := &b.Coupons[i]; c.ID == u.ID && c.Valid.From == u.From {
			u.Terms = *c
			return true
		}
	}
	return false
}

// Terms returns the terms of an issued coupon.
func (one *IssuedCoupon) Terms(b *books.Books) (books.Coupon, error) {
	var kind, sku string
	c := books.Coupon{ID: one.ID, Customer: b.Customer(one.Customer), Amount: one.Amount, MinConsumption: one.Min,
		SKU: -1, Valid: period.Span{From: one.From, To: one.To}, Since: one.Instant}
	_, err := fmt.Sscanf(one.Text, "%s %t %t %t %q %q", &kind, &c.Performance, &c.WithDiscount, &c.NotCommercial,
		&c.Service, &sku)
	if err != nil {
		return c, fmt.Errorf("coupon %s: terms %q of issued_coupons: %w", one.ID, one.Text, err)
	}
	c.Cash, c.Pickup = kind == "cash_coupon", kind == "pickup"
	if sku == "*" {
		return c, nil
	}
	if c.SKU = b.SKU(sku); c.SKU < 0 {
		return c, fmt.Errorf("coupon %s: products.csv no longer has sku %q", one.ID, sku)
	}
	return c, nil
}
