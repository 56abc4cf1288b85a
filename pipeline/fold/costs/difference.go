package costs

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
)

// Difference is the result of re-rating for one customer, sku, region and resource: the lines due now minus all that
// was billed (§4.12).
type Difference struct {
	Customer, SKU, Region, Resource        string
	Usage, Free                            money.SignedQuantity
	Official, Discount, Truncated, Payment money.Amount
	// what changed in the lines; if none is true, the rounding or the rate of a discount
	Repriced, Rediscounted, Requantified bool
}

func (d Difference) compare(o Difference) int {
	return cmp.Or(strings.Compare(d.Customer, o.Customer), strings.Compare(d.SKU, o.SKU),
		strings.Compare(d.Region, o.Region), strings.Compare(d.Resource, o.Resource))
}

// compare notes what re-rating changes in a bucket: what is due minus all that was billed and what the open cycle has
// posted so far.
func (s *poster) compare(r *rated, bucket int, lines []*rows.Line, billed []*posting) error {
	posted, err := s.posted(s.target(), r.cycle, bucket)
	if err != nil {
		return err
	}
	all := append(slices.Clone(billed), posted...)
	due, err := s.due(r, lines)
	if err != nil {
		return err
	}
	if err := s.subtract(r, due, all); err != nil {
		return err
	}
	list, err := differences(due)
	s.result.Differences = append(s.result.Differences, list...)
	return err
}

// differences adds up postings by customer, sku, region and resource, in any order.
func differences(due map[lineKey]*posting) ([]Difference, error) {
	type place struct{ customer, sku, region, resource string }
	sums := make(map[place]*posting)
	for _, p := range due {
		at := place{p.customer, p.sku, p.region, p.resource}
		sum := sums[at]
		if sum == nil {
			sum = &posting{lineKey: lineKey{customer: p.customer}, sku: p.sku, region: p.region, resource: p.resource}
			sums[at] = sum
		}
		sum.repriced, sum.rediscounted = sum.repriced || p.repriced, sum.rediscounted || p.rediscounted
		sum.requantified = sum.requantified || !p.usage.IsZero() || !p.quantity.IsZero()
		if err := sum.add(p, false); err != nil {
			return nil, err
		}
	}
	var out []Difference
	for _, p := range sums {
		out = append(out, Difference{p.customer, p.sku, p.region, p.resource, p.usage, p.free, p.official, p.discount,
			p.truncated, p.payment, p.repriced, p.rediscounted, p.requantified})
	}
	return out, nil
}
