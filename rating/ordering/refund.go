package ordering

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/schemas/table"
)

// PaidOrder is what an unsubscribe needs to know of its base order line (§4.9).
type PaidOrder struct {
	Type              OrderType
	PayTime           period.Instant
	Effective, Expire period.Instant // Forever = never expires
	Official, Payment money.Amount   // of the base's line
	Coupons           money.Amount   // the part of Payment that coupons paid
}

// RefundRules are the settings about refunds (§2.1, refund).
type RefundRules struct {
	UnconditionalHours int        // after the payment of a new order: until then a refund is complete
	FeeRate            money.Rate // share of the paid amount that a later refund retains
	Digits             int        // of the customer's currency; In sets it
}

// In returns the rules for a customer with a currency.
func (r RefundRules) In(c money.Currency) RefundRules {
	r.Digits = c.Digits
	return r
}

// RefundAllowed checks an unsubscribe at t, its pay_time, in the order of §4.9: unknown_order (base nil, of another
// customer, paid after t, or itself an unsubscribe), already_refunded, expired. None = the refund is allowed.
func RefundAllowed(base *PaidOrder, refunded, sameCustomer bool, t period.Instant) reason.Reason {
	switch {
	case base == nil, !sameCustomer, base.PayTime > t, base.Type >= Unsubscribe:
		return reason.UnknownOrder
	case refunded:
		return reason.AlreadyRefunded
	case t >= base.Expire:
		return reason.Expired
	}
	return reason.None
}

// Refund calculates the line of an unsubscribe at t, its pay_time, that RefundAllowed accepted (§4.9). If full, the
// complete paid amount is refunded without a fee. Else it is prorated by the remaining time of [effective_time,
// expire_time), exact to the microsecond. The line's amounts are negative or 0, quantity and unit price are 0. For a
// change that paid the customer (payment below 0) the complete amount is taken back before it takes effect, and nothing
// later. The caller sets Charge.Record.
func Refund(base *PaidOrder, t period.Instant, rules RefundRules) (charge table.Charge, full bool, err error) {
	return TraceRefund(base, t, rules, nil)
}

// TraceRefund is Refund; it reports the reasons to trace, which may be nil.
func TraceRefund(base *PaidOrder, t period.Instant, rules RefundRules,
	trace func(tariff.DerivationStep)) (charge table.Charge,
	full bool,
	err error) {
	ch, full, err := base.refund(t, rules, trace)
	if err != nil {
		return table.Charge{}, false, fmt.Errorf("refund the %s order paid at %s: %w", base.Type, base.PayTime, err)
	}
	return ch, full, nil
}

func (base *PaidOrder) refund(t period.Instant, rules RefundRules, trace func(tariff.DerivationStep)) (table.Charge,
	bool,
	error) {
	ch := table.Charge{Version: tariff.NoVersion, DiscountID: tariff.NoOne, Kind: table.RefundLine}
	paid, err := base.paid()
	if err != nil {
		return ch, false, err
	}
	why, back := base.refundCase(t, rules), paid
	if why == tariff.RefundShare {
		back, err = base.share(paid, t, rules)
	} else if why == tariff.RefundEndless {
		back = money.Amount{}
	}
	if err != nil {
		return ch, false, err
	}
	ch.Payment = back.Neg()
	if ch.Official, err = base.officialBack(paid, back, rules.Digits); err != nil {
		return ch, false, err
	}
	if ch.Discount, err = ch.Official.Sub(ch.Payment); err != nil {
		return ch, false, err
	}
	if trace != nil {
		trace(tariff.DerivationStep{
			Kind: tariff.StepRefund, Refund: why, Hours: rules.UnconditionalHours, Rate: rules.FeeRate, Paid: paid,
			Back: back,
			At:   t, Period: period.Span{From: base.Effective, To: base.Expire},
		})
		trace(tariff.DerivationStep{
			Kind: tariff.StepRefundAmounts, Amount: base.Official, Paid: paid, Back: back,
			Official: ch.Official, Reduction: ch.Discount, Payment: ch.Payment,
		})
	}
	return ch, why == tariff.RefundInWindow || why == tariff.RefundBeforeEffect, nil
}

// paid returns what the base order cost without coupons, which are never refunded.
func (base *PaidOrder) paid() (money.Amount, error) {
	if base.Coupons.Sign() < 0 || (!base.Coupons.IsZero() && base.Coupons.Cmp(base.Payment) > 0) {
		return money.Amount{}, fmt.Errorf("coupons of %s on a payment of %s", base.Coupons.Trim(), base.Payment.Trim())
	}
	return base.Payment.Sub(base.Coupons)
}

// refundCase returns the case of §4.9 that applies. The window includes its last instant.
func (base *PaidOrder) refundCase(t period.Instant, rules RefundRules) tariff.RefundCase {
	switch {
	case base.Type == New && t <= hoursAfter(base.PayTime, rules.UnconditionalHours):
		return tariff.RefundInWindow
	case t < base.Effective:
		return tariff.RefundBeforeEffect
	case base.Expire == period.Forever:
		return tariff.RefundEndless
	}
	return tariff.RefundShare
}

// share returns max(0, Rd(paid × remaining / total − paid × fee_rate)), exact until it is rounded. The formula is
// applied literally: if coupons left a fraction of the currency's last digit, the rounded result can exceed the paid
// amount by less than that digit; and for a change that returned money (paid < 0) the fee alone can make it positive.
func (base *PaidOrder) share(paid money.Amount, t period.Instant, rules RefundRules) (money.Amount, error) {
	if base.Expire <= base.Effective {
		return money.Amount{}, errors.New("it expires before it takes effect")
	}
	left := big.NewRat(int64(base.Expire-min(t, base.Expire)), int64(base.Expire-base.Effective))
	left.Sub(left, rules.FeeRate.Rat())
	back, err := money.RoundRat(left.Mul(left, paid.Rat()), rules.Digits)
	if err != nil {
		return back, err
	}
	if back.Sign() < 0 {
		return money.Amount{}, nil
	}
	return back, nil
}

// officialBack returns −Rd(base.official × refund / paid), 0 if nothing was paid.
func (base *PaidOrder) officialBack(paid, back money.Amount, digits int) (money.Amount, error) {
	if paid.IsZero() {
		return money.Amount{}, nil
	}
	exact := new(big.Rat).Mul(base.Official.Rat(), back.Rat())
	official, err := money.RoundRat(exact.Quo(exact, paid.Rat()), digits)
	return official.Neg(), err
}

// hoursAfter returns the instant n hours, n ≥ 0, after t, at most Forever.
func hoursAfter(t period.Instant, n int) period.Instant {
	if int64(n) > (int64(period.Forever)-max(int64(t), 0))/period.Hour {
		return period.Forever
	}
	return t + period.Instant(int64(n)*period.Hour)
}
