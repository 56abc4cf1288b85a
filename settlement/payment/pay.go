package payment

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Line holds the data of a line that payment needs.
type Line struct {
	Instant    period.Instant // at which it is paid (§6.3)
	Service    string         // service_type_code
	SKU        int32          // index in Books.Products
	Discounted bool           // whether it has a discount_id
	Commercial bool           // whether its discount is commercial
	Payment    money.Amount
	Order      bool   // whether it is an order, which draws only the coupons that it names
	Named      string // an order's coupon_ids, joined by `;`
	Partner    bool   // an order paid by a partner: the amount after coupons is the partner's cash
}

// Pay pays a line (§6.3): first by coupons that fit, then from the balances. A line with a negative payment gives back
// cash; a line with a payment of 0 changes nothing. It must not be called for manual adjustments: they are cash and
// change no balance. Errors: *money.RangeError.
func (w *Wallet) Pay(l *Line) (Split, error) {
	c := w.begin()
	var s Split
	switch l.Payment.Sign() {
	case 0:
		return s, nil
	case -1:
		s.Parts[Cash] = l.Payment
		if w.rules.Ledger && !l.Partner {
			c.move(Refund, Cash, l.Payment.Neg())
		}
		return s, c.end()
	}
	left, err := w.fromCoupons(l, &s)
	if err != nil {
		return Split{}, err
	}
	if !w.rules.Ledger || l.Partner {
		s.Parts[Cash] = left
	} else {
		c.draw(&s, left)
	}
	if err := c.end(); err != nil {
		return Split{}, err
	}
	for _, d := range w.drawn {
		w.coupons[d.at].drawn = d.total
	}
	return s, nil
}

// fromCoupons calculates what coupons pay of a line and stores it in w.drawn. It returns what is left to pay.
func (w *Wallet) fromCoupons(l *Line, s *Split) (left money.Amount, err error) {
	w.drawn, left = w.drawn[:0], l.Payment
	if l.Order && w.pickUp(l) {
		s.Coupon = left
		return money.Amount{}, nil
	}
	for i := range w.coupons {
		c := &w.coupons[i]
		if left.IsZero() {
			break
		}
		if c.Pickup || !Fits(c.Coupon, l) {
			continue
		}
		rest, err := c.rest()
		if err != nil {
			return left, err
		}
		part := least(rest, left)
		total, err := c.drawn.Add(part)
		if err != nil {
			return left, err
		}
		w.drawn = append(w.drawn, draw{i, part, total})
		if left, err = left.Sub(part); err != nil {
			return left, err
		}
		if s.Coupon, err = s.Coupon.Add(part); err != nil {
			return left, err
		}
		if !c.Performance || !c.Cash {
			continue
		}
		if s.Counted, err = s.Counted.Add(part); err != nil {
			return left, err
		}
	}
	return left, nil
}

// pickUp stores in w.drawn the first product voucher that the order line names and that fits: it pays the line whatever
// its amount, and is then used up (§9.2).
func (w *Wallet) pickUp(l *Line) bool {
	for i := range w.coupons {
		if c := &w.coupons[i]; c.Pickup && c.drawn.IsZero() && c.taken.IsZero() && Fits(c.Coupon, l) {
			w.drawn = append(w.drawn, draw{i, l.Payment, c.Amount})
			return true
		}
	}
	return false
}

// Fits reports whether a coupon may pay a line (§6.3).
func Fits(c *books.Coupon, l *Line) bool {
	return c.Valid.Holds(l.Instant) && (c.Since == 0 || l.Instant >= c.Since) &&
		(c.Service == "*" || c.Service == l.Service) && (c.SKU < 0 || c.SKU == l.SKU) &&
		l.Payment.Cmp(c.MinConsumption) >= 0 && (c.WithDiscount || !l.Discounted) &&
		!(c.NotCommercial && l.Commercial) && (!l.Order || named(l.Named, c.ID))
}

// named reports whether an id is in a list separated by `;`.
func named(list, id string) bool {
	for list != "" {
		var one string
		one, list, _ = strings.Cut(list, ";")
		if one == id {
			return true
		}
	}
	return false
}

// draw takes a positive amount from the balances in their order, from credit up to the limit. The rest becomes debt.
func (c *change) draw(s *Split, left money.Amount) {
	for b := StoredValue; b <= Debt; b++ {
		if left.IsZero() || c.err != nil {
			return
		}
		part := left
		if b == Credit {
			part = least(left, atLeastZero(c.credit()))
		} else if b != Debt {
			part = least(left, c.amounts[rowOf[b]])
		}
		s.Parts[b] = part
		by := part.Neg()
		if b == Debt {
			by = part
		}
		c.move(Consume, b, by)
		rest, err := left.Sub(part)
		if err != nil && c.err == nil {
			c.err = err
		}
		left = rest
	}
}

func atLeastZero(a money.Amount) money.Amount {
	if a.Sign() < 0 {
		return money.Amount{}
	}
	return a
}

// Refund gives back what an order cost without coupons (§6.3). back, 0 or more, is divided in proportion to the parts
// of the base's split, by largest remainder in the currency's digits, or in units of 10⁻⁸ if back has more digits. A
// full refund gives each part back exactly. Stored value, flexi coupons and cash increase; used credit and debt
// decrease, and any excess becomes cash. partner reports that a partner paid the order: then the refund is the
// partner's cash and nothing changes. It is an error if back is positive and only coupons paid the base.
func (w *Wallet) Refund(base *Split, back money.Amount, partner bool) (Split, error) {
	c := w.begin()
	var s Split
	switch back.Sign() {
	case -1:
		return s, fmt.Errorf("refund of %s", back.Trim())
	case 0:
		return s, nil
	}
	if partner || !w.rules.Ledger {
		s.Parts[Cash] = back.Neg()
		return s, nil
	}
	parts, err := w.proportion(base, back)
	if err != nil {
		return s, err
	}
	cash := parts[Cash]
	lower := func(part money.Amount, k RowKind) money.Amount {
		taken := least(part, c.amounts[k])
		over, err := part.Sub(taken)
		if err == nil {
			cash, err = cash.Add(over)
		}
		if c.err == nil {
			c.err = err
		}
		return taken
	}
	credit, debt := lower(parts[Credit], CreditUsed), lower(parts[Debt], DebtOwed)
	for b, by := range [Balances]money.Amount{parts[StoredValue], parts[FlexiCoupon], cash, credit, debt.Neg()} {
		c.move(Refund, Balance(b), by)
	}
	if err := c.end(); err != nil {
		return Split{}, err
	}
	for b, part := range parts {
		s.Parts[b] = part.Neg()
	}
	return s, nil
}

// proportion divides back among the parts of a base.
func (w *Wallet) proportion(base *Split, back money.Amount) (parts [Balances]money.Amount, err error) {
	only, several := Balances, false
	for b, part := range base.Parts {
		if !part.IsZero() {
			several = only != Balances
			only = Balance(b)
		}
	}
	if only == Balances {
		return parts, errors.New("refund of an order that cost nothing but coupons")
	}
	if !several {
		parts[only] = back
		return parts, nil
	}
	whole, err := (&Split{Parts: base.Parts}).Total()
	if err != nil {
		return parts, fmt.Errorf("refund: %w", err)
	}
	if back == whole {
		return base.Parts, nil
	}
	digits := w.rules.Digits
	if back.Td(digits) != back {
		digits = money.AmountScale
	}
	list, err := money.Allocate(back, base.Parts[:], digits)
	if err != nil {
		return parts, fmt.Errorf("refund: %w", err)
	}
	return [Balances]money.Amount(list), nil
}
