package document

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// VendorCosts compares a vendor's costs for a cycle with the payments of customers, from the table margins, in the
// reseller's own statement (§11.6). Billed, the amount of the vendor's invoice, is exactly Allocated + Kept +
// Unallocated.
type VendorCosts struct {
	Source      string     `json:"source,omitempty"`   // empty for lines without an account, such as month-end fees
	Currency    string     `json:"currency,omitempty"` // of the costs
	Billed      money.Cost `json:"cost_billed"`
	Allocated   money.Cost `json:"allocated_cost"`
	Kept        money.Cost `json:"kept_cost"`
	Unallocated money.Cost `json:"unallocated_cost"`
	Effective   money.Cost `json:"cost_effective"`

	Payments []money.CurrencyTotal `json:"payment_amounts"`
	Margin   money.AmountTotal     `json:"margin_amount"` // payments − effective costs, in the workspace's currency

	paid money.PerCurrency
}

// add adds a row of margins.
func (v *VendorCosts) add(row rows.Row[tables.Margin]) error {
	billed, err := row.Cost(tables.MarginCostBilled)
	if err != nil {
		return err
	}
	effective, err := row.Cost(tables.MarginCostEffective)
	if err != nil {
		return err
	}
	part := &v.Kept
	switch {
	case slices.Contains(books.Unallocated(), row.Word(tables.MarginReason)):
		part = &v.Unallocated
	case row.Word(tables.MarginCustomerID) != "":
		part = &v.Allocated
	}
	for _, sum := range []struct {
		to *money.Cost
		by money.Cost
	}{{&v.Billed, billed}, {part, billed}, {&v.Effective, effective}} {
		if *sum.to, err = sum.to.Add(sum.by); err != nil {
			return err
		}
	}
	paid, err := row.Amount(tables.MarginPaymentAmount)
	if err != nil {
		return err
	}
	if row.Word(tables.MarginCustomerID) != "" {
		if err := v.paid.Add(row.Word(tables.MarginPaymentCurrency), paid); err != nil {
			return err
		}
	}
	rest, err := row.Amount(tables.MarginMarginAmount)
	if err != nil {
		return err
	}
	return v.Margin.Add(rest)
}

// vendorCosts adds up the margins of a cycle by source; lines without an account are last.
func (s *Sources) vendorCosts(cycle period.Cycle) ([]VendorCosts, error) {
	files, err := s.Snap.Files(lake.CycleOf(cycle))
	if err != nil {
		return nil, err
	}
	all := make(map[string]*VendorCosts)
	for _, e := range files {
		if e.Table != tables.Margins().Name {
			continue
		}
		err := rows.EachRow(s.Snap, e, tables.Margins(), nil, func(c *parquet.Columns[tables.Margin], i int) error {
			row := rows.Row[tables.Margin]{Cols: c, I: i}
			source := row.Word(tables.MarginSource)
			if all[source] == nil {
				all[source] = &VendorCosts{Source: source, Currency: row.Word(tables.MarginCurrency)}
			}
			return all[source].add(row)
		})
		if err != nil {
			return nil, err
		}
	}
	var list []VendorCosts
	for _, source := range slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		if (a == "") != (b == "") {
			return cmp.Compare(b, a)
		}
		return cmp.Compare(a, b)
	}) {
		v := all[source]
		v.Payments = v.paid.List()
		list = append(list, *v)
	}
	return list, nil
}
