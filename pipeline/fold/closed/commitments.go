package closed

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/day"
	"github.com/tollbook/tollbook/rating"
)

// ReasonCommitment means that minimums, maximums or commits changed, or the lines that they count.
const ReasonCommitment = "commitment"

// commitments calculates the commitments that the cycle's differences and the books change (§10.4).
func (r *rerating) commitments(list []RerateDifference) ([]RerateDifference, error) {
	moved := make(map[int32][]rating.CommitmentSpent)
	last := r.late.Books.Zone.Bounds(r.origin).To - 1
	for i := range list {
		d := &list[i]
		moved[d.Customer] = append(moved[d.Customer], rating.CommitmentSpent{At: last, SKU: d.SKU,
			Service: r.late.Books.Products[d.SKU].ServiceTypeCode, Payment: d.Payment})
	}
	f := &day.CommitmentFolder{State: r.late.State, LateIn: r.late.LateIn, AsOf: r.late.AsOf}
	changes, err := f.Again(r.bucket, r.origin, moved)
	for i := range changes {
		c := &changes[i]
		list = append(list, RerateDifference{
			Place: Place{Origin: c.Origin, Customer: c.Customer, SKU: c.SKU, Commitment: c.About.String()},
			Sum:   Sum{Official: c.Official, Truncated: c.Truncated, Payment: c.Payment},
			Why:   []string{ReasonCommitment}})
	}
	slices.SortStableFunc(list, func(a, b RerateDifference) int { return a.Place.Compare(b.Place) })
	return list, err
}
