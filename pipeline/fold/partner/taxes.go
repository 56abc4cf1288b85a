package partner

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// sale identifies what an issuer sells to a recipient in a cycle.
type sale struct{ issuer, recipient string }

// taxFacts returns the taxes that can be invoiced for a closed cycle in addition to prices without tax (§9.7). issuers
// are those that sold returns.
func (r factReader) taxFacts(c period.Cycle, issuers map[string][]string, list []fact) ([]fact, error) {
	sums := map[sale]*money.AmountTotal{}
	shared := map[string]bool{}
	files := r.stage.Txn.Next().Files(lake.CycleOf(c))
	for _, e := range files {
		if e.Table != tables.Taxes().Name {
			continue
		}
		err := rows.EachRow(r.stage.Txn, e, tables.Taxes(), nil, func(cols *parquet.Columns[tables.Tax],
			i int) error {
			to := sale{cols.Word(tables.TaxSellerID).At(i), cols.Word(tables.TaxBuyerID).At(i)}
			if to.issuer == "" {
				switch sellers := issuers[to.recipient]; len(sellers) {
				case 0:
					to.issuer = settlement.VendorID
				case 1:
					to.issuer = sellers[0]
				default:
					shared[to.recipient] = true
					return nil
				}
			}
			if !settle.TaxAdded(cols, i) {
				return nil
			}
			return addTo(sums, to, cols, i, tables.TaxTaxAmount)
		})
		if err != nil {
			return nil, err
		}
	}
	parts, err := settle.TaxesByIssuer(r.stage.Txn, files, shared)
	if err != nil {
		return nil, fmt.Errorf("divide the taxes of cycle %s by issuer: %w", c, err)
	}
	for i := range parts {
		to := sale{parts[i].Issuer, parts[i].Customer}
		if sums[to] == nil {
			sums[to] = &money.AmountTotal{}
		}
		if err := sums[to].Add(parts[i].Tax); err != nil {
			return nil, err
		}
	}
	before := len(list)
	for to, sum := range sums {
		a, err := sum.Amount()
		if err != nil {
			return nil, err
		}
		if !a.IsZero() {
			list = append(list, fact{cycle: c, kind: factInvoiceable, id: tables.FactTax, partner: to.issuer,
				other: to.recipient, time: tables.Nothing, instant: tables.Nothing, amount: a})
		}
	}
	slices.SortFunc(list[before:], compareFacts)
	return list, nil
}
