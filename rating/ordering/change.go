package ordering

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// ChangePrice is the price of changing an order to another product for the rest of its term.
type ChangePrice struct {
	Left   period.Span  // the rest of the term
	Credit money.Amount // share of the base's payment for the rest
	Rest   money.Amount // price of the other product for the rest
	Amount money.Amount // Rest − Credit; negative: the customer gets money back
}

// PriceChange calculates the price at t of using another product for the rest of a base order's term. payment is the
// price of the other product for the complete term (§4.8). Both shares are by time, like those of a refund (§4.9), and
// each is rounded to the currency's digits. There is no fee and no unconditional window, because nothing is
// unsubscribed.
func PriceChange(base *PaidOrder, payment money.Amount, t period.Instant, digits int) (c ChangePrice, err error) {
	switch {
	case base.Expire == period.Forever:
		return c, errors.New("the order has no end")
	case base.Expire <= base.Effective || t >= base.Expire:
		return c, fmt.Errorf("the order has expired at %s", base.Expire)
	}
	paid, err := base.paid()
	if err != nil {
		return c, err
	}
	c.Left = period.Span{From: max(t, base.Effective), To: base.Expire}
	share := big.NewRat(int64(c.Left.To-c.Left.From), int64(base.Expire-base.Effective))
	if c.Credit, err = money.RoundRat(new(big.Rat).Mul(share, paid.Rat()), digits); err != nil {
		return c, err
	}
	if c.Rest, err = money.RoundRat(new(big.Rat).Mul(share, payment.Rat()), digits); err != nil {
		return c, err
	}
	c.Amount, err = c.Rest.Sub(c.Credit)
	return c, err
}
