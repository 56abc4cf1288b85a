package invoice

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// TaxBases holds the amounts on which tax of partners' statements is calculated: what each partner owes a seller, by
// service.
type TaxBases map[TaxBaseKey]money.AmountTotal

// TaxBaseKey identifies a partner, the seller of its statement's rows, and a service.
type TaxBaseKey struct{ Seller, Partner, Service string }

// TaxPartnerRow is one tax of a partner's statement.
type TaxPartnerRow struct {
	Seller, Partner string
	TaxRow
}

// Add adds an amount that is owed: owed_amount of a row, or cost_amount of a distributor's row about a reseller.
func (b TaxBases) Add(k TaxBaseKey, owed money.Amount) error {
	if owed.IsZero() {
		return nil
	}
	sum := b[k]
	if err := sum.Add(owed); err != nil {
		return fmt.Errorf("add up what partner %s owes %s: %w", k.Partner, k.Seller, err)
	}
	b[k] = sum
	return nil
}

// Rows returns the rows of all partners by seller, partner, tax and rate, by the taxes in force at an instant: the last
// instant of the cycle. Each is rounded once, even if the partner's rules round per line (§10.6).
func (b TaxBases) Rows(book *TaxBook, rulesOf func(partner string) TaxRules, at period.Instant) ([]TaxPartnerRow,
	error) {
	type statement struct{ seller, partner string }
	sums := make(map[statement]*TaxSum)
	for k, taxable := range b {
		set, err := book.At(k.Partner, k.Service, at)
		if err != nil {
			return nil, err
		}
		to := statement{k.Seller, k.Partner}
		if sums[to] == nil {
			rules := rulesOf(k.Partner)
			rules.PerLine = false
			sums[to] = NewTaxSum(rules)
		}
		for _, t := range set.Taxes {
			if err := sums[to].Add(&TaxPart{ID: t.ID, Rate: t.Rate, Rates: set.Rates, Taxable: taxable}); err != nil {
				return nil, fmt.Errorf("partner %s: %w", k.Partner, err)
			}
		}
	}
	var out []TaxPartnerRow
	for to, sum := range sums {
		rows, err := sum.Rows()
		if err != nil {
			return nil, fmt.Errorf("partner %s: %w", to.partner, err)
		}
		for _, r := range rows {
			out = append(out, TaxPartnerRow{Seller: to.seller, Partner: to.partner, TaxRow: r})
		}
	}
	slices.SortFunc(out, func(a, b TaxPartnerRow) int {
		return cmp.Or(strings.Compare(a.Seller, b.Seller), strings.Compare(a.Partner, b.Partner),
			strings.Compare(a.ID, b.ID), a.Rate.Cmp(b.Rate))
	})
	return out, nil
}
