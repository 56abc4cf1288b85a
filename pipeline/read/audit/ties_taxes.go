package audit

import (
	"context"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// maxServices is the largest number of services of which all selections are tried.
const maxServices = 12

// Taxes compares the taxable amounts of partners with what they owe. The lake does not store which services a tax is
// on, so that the amount must be the sum of what the partner owes for some of them.
func (a *Audit) Taxes(ctx context.Context) error {
	s, err := a.settled(ctx)
	if err != nil {
		return err
	}
	owed := map[Sale][]money.AmountTotal{}
	for of, sum := range s.services {
		owed[of.Sale] = append(owed[of.Sale], *sum)
	}
	for _, amounts := range owed {
		slices.SortFunc(amounts, func(x, y money.AmountTotal) int { return x.Cmp(y) })
	}
	for cycle, ref := range s.closed {
		files, err := a.Snap.Files(ref.Cycle)
		if err != nil {
			return err
		}
		err = eachOf(ctx, a, files, tables.Taxes(), nil, func(row rows.Row[tables.Tax]) error {
			of := Sale{cycle, row.Word(tables.TaxSellerID), row.Word(tables.TaxBuyerID)}
			if of.Issuer == "" || len(owed[of]) > maxServices {
				return nil
			}
			amount, err := row.Amount(tables.TaxTaxableAmount)
			if err != nil {
				return err
			}
			taxable, err := total(amount)
			if err != nil {
				return err
			}
			some, err := someOf(owed[of], taxable)
			if err == nil && !some {
				a.Differ("cycle %s, partner %s of seller %s, tax %s: %s is taxable, the partner's statement has %s",
					cycle, of.Recipient, of.Issuer, row.Word(tables.TaxTaxID), taxable, owed[of])
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// someOf reports whether a sum is that of some of the amounts.
func someOf(amounts []money.AmountTotal, sum money.AmountTotal) (bool, error) {
	possible := map[money.AmountTotal]bool{{}: true}
	for _, a := range amounts {
		for _, with := range slices.Collect(maps.Keys(possible)) {
			if err := with.AddTotal(a); err != nil {
				return false, err
			}
			possible[with] = true
		}
	}
	return possible[sum], nil
}

// taxes compares the taxes that can be invoiced with the rows of taxes, recipient by recipient: a tax of a customer can
// be divided among issuers.
func (b *tiesBalance) taxes(ctx context.Context) error {
	for cycle, ref := range b.settled.closed {
		if !b.facts.closed[cycle] || ref.Archived != nil {
			continue
		}
		stored := sums[string]{}
		files, err := b.Snap.Files(ref.Cycle)
		if err != nil {
			return err
		}
		if err := b.taxRows(ctx, files, stored); err != nil {
			return err
		}
		for of := range b.facts.tax {
			if of.cycle == cycle {
				stored.at(of.partner)
			}
		}
		for _, recipient := range sortedKeys(stored) {
			if got, want := stored.of(recipient), b.facts.tax.of(tiesDebt{cycle, recipient}); got != want {
				b.Differ("cycle %s: taxes that can be invoiced to %s are %s, partner_facts have %s", cycle, recipient,
					got, want)
			}
		}
	}
	return nil
}

// taxRows adds up the taxes of a cycle that are added to prices, by buyer.
func (b *tiesBalance) taxRows(ctx context.Context, files []lake.FileEntry, stored sums[string]) error {
	columns := tables.Columns(tables.TaxBuyerID, tables.TaxPrices, tables.TaxTaxAmount)
	return eachOf(ctx, b.Audit, files, tables.Taxes(), columns, func(row rows.Row[tables.Tax]) error {
		if row.Word(tables.TaxPrices) == "inclusive" {
			return nil
		}
		return addColumns(stored, row.Word(tables.TaxBuyerID), row, tables.TaxTaxAmount)
	})
}
