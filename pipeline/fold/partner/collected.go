package partner

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// collectedKey identifies what customers of a currency paid for a partner's lines that it bought from a seller.
type collectedKey struct{ partner, seller, currency string }

// sellerOf returns from whom a partner bought a line: its seller at the line's own time (§6.4).
func (r factReader) sellerOf(partner string, cols *parquet.Columns[tables.Line], i int) string {
	code := r.stage.Books.Partner(partner)
	if code < 0 {
		return settlement.VendorID
	}
	own := rows.OwnTime(cols, i)
	return settlement.PartnerID(r.stage.Books, r.stage.Book.Seller(code, own))
}

// collected returns what was collected for each partner, in the partner's currency, rounded to its digits once for each
// currency of customers. Other currencies are converted by the rate of the cycle, as in the partner's statement
// (§10.7). Sellers, by id, get the differences of the rounded running sums. The keys of the result have no currency.
func (r factReader) collected(c period.Cycle, sums map[collectedKey]*money.AmountTotal) (
	map[collectedKey]money.Amount, error) {
	kept, err := settle.KeptRates(r.stage.Txn, c)
	if err != nil {
		return nil, err
	}
	rates := r.stage.Book.RatesOf(c, kept)
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b collectedKey) int {
		return cmp.Or(strings.Compare(a.partner, b.partner), strings.Compare(a.currency, b.currency),
			strings.Compare(a.seller, b.seller))
	})
	out := make(map[collectedKey]money.Amount)
	var sum money.AmountTotal // of the partner, the currency and the sellers so far
	var before money.Amount   // the converted and rounded sum
	for i, from := range keys {
		if i > 0 && (keys[i-1].partner != from.partner || keys[i-1].currency != from.currency) {
			sum, before = money.AmountTotal{}, money.Amount{}
		}
		if err := sum.AddTotal(*sums[from]); err != nil {
			return nil, err
		}
		a, err := sum.Amount()
		if err != nil {
			return nil, err
		}
		if a, err = rates.InPartners(a, from.currency, from.partner); err != nil {
			return nil, err
		}
		share, err := a.Sub(before)
		if err != nil {
			return nil, err
		}
		of := collectedKey{partner: from.partner, seller: from.seller}
		if out[of], err = out[of].Add(share); err != nil {
			return nil, err
		}
		before = a
	}
	return out, nil
}
