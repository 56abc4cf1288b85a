package payment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Balance is one of a customer's balances, in the order in which lines draw them (§6.3).
type Balance uint8

// The balances. Credit is the amount that can still be drawn: the limit minus what is used; Debt is what is owed.
const (
	StoredValue Balance = iota
	FlexiCoupon
	Cash
	Credit
	Debt
	Balances // their number
)

var balanceWords = [Balances]string{"stored_value", "flexi_coupon", "cash", "credit", "debt"}

// String is the balance's word in feeds and tables.
func (b Balance) String() string {
	if b < Balances {
		return balanceWords[b]
	}
	return fmt.Sprintf("balance %d", uint8(b))
}

// ParseBalance parses the word of the accounts feed; events cannot name debt.
func ParseBalance[T ~string | ~[]byte](s T) (Balance, error) {
	for b, word := range balanceWords[:Debt] {
		if string(s) == word {
			return Balance(b), nil
		}
	}
	return 0, fmt.Errorf("balance_type %.64q is none of %s", string(s), strings.Join(balanceWords[:Debt], ", "))
}

// Split holds the parts of a line's payment; all are negative or 0 for a line that gives back.
type Split struct {
	Parts   [Balances]money.Amount // by Balance
	Coupon  money.Amount
	Counted money.Amount // the part of Coupon whose coupons count as performance (§3.10)
}

// Total returns the payment_amount, the sum of the split. The error is a *money.RangeError.
func (s *Split) Total() (money.Amount, error) {
	sum := s.Coupon
	var err error
	for _, p := range s.Parts {
		if sum, err = sum.Add(p); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// RowKind is the kind of a row of stored balances.
type RowKind uint8

// The kinds of rows, in the order in which a wallet returns them.
const (
	HeldStored RowKind = iota
	HeldFlexi
	HeldCash
	CreditLimit
	CreditUsed
	DebtOwed
	CouponDrawn // what a coupon has paid; for a used pickup its face value
	CouponTaken // what was taken back of a coupon (§9.2)
	rowKinds
)

var rowWords = [rowKinds]string{"stored_value", "flexi_coupon", "cash", "credit_limit", "credit_used", "debt", "coupon",
	"coupon_taken_back"}

// OfCoupon reports whether the row is about a coupon.
func (k RowKind) OfCoupon() bool { return k == CouponDrawn || k == CouponTaken }

// String is the kind's word in tables.
func (k RowKind) String() string {
	if k < rowKinds {
		return rowWords[k]
	}
	return fmt.Sprintf("row kind %d", uint8(k))
}

// ParseRowKind is the inverse of String.
func ParseRowKind(s string) (RowKind, error) {
	for k, word := range rowWords {
		if s == word {
			return RowKind(k), nil
		}
	}
	return 0, fmt.Errorf("balance %.64q is none of %s", s, strings.Join(rowWords[:], ", "))
}

// Row is one stored balance of a customer at the end of a day. Amount is never negative.
type Row struct {
	Kind   RowKind
	Coupon string         // for CouponDrawn and CouponTaken: coupon_id; else ""
	From   period.Instant // for CouponDrawn and CouponTaken: the coupon's valid_from; else 0
	Amount money.Amount
}

// Coupons finds the coupons of customers.
type Coupons struct{ of map[int32][]books.Coupon }

// NewCoupons groups the books' coupons and issued ones by customer, and sorts each customer's coupons in the order in
// which they are drawn: earliest valid_to first, then coupon_id (§6.3).
func NewCoupons(b *books.Books, issued ...books.Coupon) *Coupons {
	c := &Coupons{of: make(map[int32][]books.Coupon)}
	for _, one := range slices.Concat(b.Coupons, issued) {
		c.of[one.Customer] = append(c.of[one.Customer], one)
	}
	for _, list := range c.of {
		slices.SortFunc(list, func(a, b books.Coupon) int {
			return cmp.Or(cmp.Compare(a.Valid.To, b.Valid.To), strings.Compare(a.ID, b.ID),
				cmp.Compare(a.Valid.From, b.Valid.From))
		})
	}
	return c
}

// Of returns a customer's coupons (an index in Books.Customers) in the order in which they are drawn. The slice must
// not be changed.
func (c *Coupons) Of(customer int32) []books.Coupon { return c.of[customer] }

// InForce reports whether a customer has a coupon in force at some instant of a span.
func (c *Coupons) InForce(customer int32, span period.Span) bool {
	return slices.ContainsFunc(c.of[customer], func(one books.Coupon) bool { return one.Valid.Overlaps(span) })
}

// NotCommercial reports whether a coupon excludes lines with commercial discounts.
func (c *Coupons) NotCommercial() bool {
	for _, list := range c.of {
		if slices.ContainsFunc(list, func(one books.Coupon) bool { return one.NotCommercial }) {
			return true
		}
	}
	return false
}

// Customers lists the customers with coupons, ascending.
func (c *Coupons) Customers() []int32 {
	out := make([]int32, 0, len(c.of))
	for customer := range c.of {
		out = append(out, customer)
	}
	slices.Sort(out)
	return out
}
