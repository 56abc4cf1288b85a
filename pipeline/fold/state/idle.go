package state

import (
	"slices"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// MayOwe reports whether a cycle without a record or sample may have lines: of levels that earlier cycles leave, of
// subscribers, of commitments, of recurring charges, and of links with a commit or a floor (MEAS-7).
func MayOwe(b *books.Books, c period.Cycle) (bool, error) {
	within := b.Zone.Bounds(c)
	if b.HasLevels() ||
		slices.ContainsFunc(b.Subscribers, func(s books.Subscriber) bool { return s.Valid.Overlaps(within) }) ||
		slices.ContainsFunc(b.Commitments, func(m books.Commitment) bool { return m.Valid.Overlaps(within) }) ||
		slices.ContainsFunc(b.Recurring, func(row books.RecurringCharge) bool {
			return len(rating.RecurringParts([]books.RecurringCharge{row}, b.Zone, within)) > 0
		}) {
		return true, nil
	}
	return linksOwe(b, c)
}

// linksOwe reports whether a billing object has a line without a sample (§4.7).
func linksOwe(b *books.Books, c period.Cycle) (bool, error) {
	objects, meter := GatherObjects(b, c, nil), percentile.NewMeter(b.Zone, c)
	for _, key := range objects.Keys() {
		policy := &b.Policies[b.Policy(b.Products[key.SKU].Policy)]
		result, err := meter.Measure(policy, objects.Object(key))
		if err != nil || !result.Quantity.IsZero() {
			return err == nil, err
		}
	}
	return false, nil
}
