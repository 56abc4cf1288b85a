package costs

import (
	"math/big"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// Conversion holds the rates from a delivery's currency to others (§11.5): fx of its source, or the row of rates.csv
// that applies to the delivery's period. A closed cycle keeps the rates that it was rated with (§11.4, FCOST-7). It is
// not safe for concurrent use.
type Conversion struct {
	Books *books.Books
	From  string
	Cycle period.Cycle
	Fixed money.UnitPrice            // fx of the source, to the workspace's currency; 0 = none
	Kept  []books.ExchangeRate       // stored at the close of the cycle
	Rates map[string]money.UnitPrice // by currency: rates by which it was billed or that were looked up
}

// To returns the rate to a currency. Errors: *settlement.MissingRateError.
func (c *Conversion) To(currency string) (money.UnitPrice, error) {
	if currency == c.From || c.From == "" { // an empty delivery has no currency
		return par(), nil
	}
	if rate, known := c.Rates[currency]; known {
		return rate, nil
	}
	rate := c.Fixed
	if currency != c.Books.Currency || rate == (money.UnitPrice{}) {
		x := c.row(currency)
		if x == nil {
			return rate, &settlement.MissingRateError{Cycle: c.Cycle, From: c.From, To: currency}
		}
		rate = x.Rate
	}
	c.Rates[currency] = rate
	return rate, nil
}

// row returns the row of rates.csv to a currency: that of the close of the cycle, else today's; nil = none.
func (c *Conversion) row(currency string) *books.ExchangeRate {
	for i := range c.Kept {
		if c.Kept[i].From == c.From && c.Kept[i].To == currency {
			return &c.Kept[i]
		}
	}
	return c.Books.Rates.On(c.From, currency, c.Cycle.Last())
}

// par is the rate of a currency to itself.
func par() money.UnitPrice {
	one, _ := money.ParseUnitPrice("1")
	return one
}

// IsPar reports whether a rate converts to the same currency.
func IsPar(rate money.UnitPrice) bool { return rate == par() }

// PaidRate returns the rate from a customer's currency to the workspace's for the cycle that bills the lines (§10.7).
// Errors: *settlement.MissingRateError.
func (m *MarginTable) PaidRate(currency string) (money.UnitPrice, error) {
	if currency == m.Currency {
		return par(), nil
	}
	x := m.rates.Rates.On(currency, m.Currency, m.BilledIn.Last())
	if x == nil {
		return money.UnitPrice{}, &settlement.MissingRateError{Cycle: m.BilledIn, From: currency, To: m.Currency}
	}
	return x.Rate, nil
}

// left is R8(paid × x − cost × fx): the payment minus the cost, each in the workspace's currency (§11.6).
func left(paid money.Amount, x money.UnitPrice, c money.Cost, fx money.UnitPrice) (money.Amount, error) {
	if IsPar(x) && IsPar(fx) {
		return paid.LessR8(c)
	}
	return money.AmountFromRat(new(big.Rat).Sub(new(big.Rat).Mul(paid.Rat(), x.Rat()),
		new(big.Rat).Mul(c.Rat(), fx.Rat())))
}
