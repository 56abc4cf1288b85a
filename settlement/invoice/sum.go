package invoice

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
)

// TaxRules determines how tax is calculated: the settings under tax, and the digits of the currency.
type TaxRules struct {
	Inclusive bool // payments include the tax
	PerLine   bool // the tax of each line is rounded; otherwise that of the cycle's sum
	Digits    int
}

// TaxPart is what some lines of a buyer add to one tax. Rates is the sum of all tax rates of these lines; it determines
// which part of an inclusive payment is tax.
type TaxPart struct {
	ID      string
	Rate    money.Rate
	Rates   money.UnitPrice
	Taxable money.AmountTotal // Σ of payments
	Rounded money.AmountTotal // Σ of the rounded tax of each line; only with PerLine
}

// TaxRow is one tax of one buyer for a cycle: a row of the table taxes.
type TaxRow struct {
	ID      string
	Rate    money.Rate
	Taxable money.Amount
	Tax     money.Amount
}

// Exact returns the exact tax of a payment at a rate; rates is the sum of the rates of its line (§10.6).
func (r TaxRules) Exact(payment money.Amount, rate money.Rate, rates money.UnitPrice) *big.Rat {
	exact := base(payment.Rat(), rates, r.Inclusive)
	return exact.Mul(exact, rate.Rat())
}

// LineTax returns the rounded tax of one line at a rate (§10.6, rounding line).
func (r TaxRules) LineTax(payment money.Amount, rate money.Rate, rates money.UnitPrice) (money.Amount, error) {
	return money.RoundRat(r.Exact(payment, rate, rates), r.Digits)
}

// TaxSum adds up the tax of one buyer in one cycle.
type TaxSum struct {
	rules TaxRules
	sums  map[rowKey]*rowSum
}

type rowKey struct {
	id   string
	rate money.Rate
}

type rowSum struct {
	taxable money.AmountTotal
	tax     *big.Rat // exact
}

// NewTaxSum returns an empty sum.
func NewTaxSum(r TaxRules) *TaxSum { return &TaxSum{rules: r, sums: make(map[rowKey]*rowSum)} }

// Add adds a part.
func (s *TaxSum) Add(p *TaxPart) error {
	key := rowKey{p.ID, p.Rate}
	one := s.sums[key]
	if one == nil {
		one = &rowSum{tax: new(big.Rat)}
		s.sums[key] = one
	}
	if err := one.taxable.AddTotal(p.Taxable); err != nil {
		return fmt.Errorf("add up tax %s: %w", p.ID, err)
	}
	if s.rules.PerLine {
		one.tax.Add(one.tax, ratOf(p.Rounded))
		return nil
	}
	exact := base(ratOf(p.Taxable), p.Rates, s.rules.Inclusive)
	one.tax.Add(one.tax, exact.Mul(exact, p.Rate.Rat()))
	return nil
}

// AddLine adds a line with the taxes of a set.
func (s *TaxSum) AddLine(payment money.Amount, set *TaxSet) error {
	for _, t := range set.Taxes {
		p := TaxPart{ID: t.ID, Rate: t.Rate, Rates: set.Rates}
		if err := p.Taxable.Add(payment); err != nil {
			return err
		}
		if s.rules.PerLine {
			rounded, err := s.rules.LineTax(payment, t.Rate, set.Rates)
			if err == nil {
				err = p.Rounded.Add(rounded)
			}
			if err != nil {
				return err
			}
		}
		if err := s.Add(&p); err != nil {
			return err
		}
	}
	return nil
}

// ratOf converts a sum of amounts to an exact rational.
func ratOf(t money.AmountTotal) *big.Rat {
	r, ok := new(big.Rat).SetString(t.String())
	if !ok {
		panic("tax: a sum of amounts is not a decimal: " + t.String())
	}
	return r
}

// Rows returns the rows of the buyer by tax and rate, the tax of each rounded (TAX-2, TAX-3).
func (s *TaxSum) Rows() ([]TaxRow, error) {
	var out []TaxRow
	for key, sum := range s.sums {
		row := TaxRow{ID: key.id, Rate: key.rate}
		var err error
		if row.Taxable, err = sum.taxable.Amount(); err == nil {
			row.Tax, err = money.RoundRat(sum.tax, s.rules.Digits)
		}
		if err != nil {
			return nil, fmt.Errorf("tax %s: %w", key.id, err)
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b TaxRow) int { return cmp.Or(cmp.Compare(a.ID, b.ID), a.Rate.Cmp(b.Rate)) })
	return out, nil
}
