package run

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/rating/recurring"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// checkOrder refuses to close a cycle while an earlier one is open that has files, or that the books may charge
// without a record (RUN-6).
func (r *runState) checkOrder() error {
	m := &r.txn.Base().Manifest
	if err := r.refuseOpen(m); err != nil {
		return err
	}
	first := r.closed + 1
	if r.closed == place.NoCycle {
		withFiles := slices.IndexFunc(m.Cycles, func(ref manifest.CycleRef) bool { return ref.Files != nil })
		if withFiles < 0 {
			return nil // the lake begins with this run
		}
		first = m.Cycles[withFiles].Period()
	}
	for c := first; c < r.job.cycle; c++ {
		if mayOwe(r.ws.Books, c) {
			return stillOpen(c)
		}
	}
	return nil
}

// refuseOpen refuses to close a cycle while an earlier one is open that has files in m.
func (r *runState) refuseOpen(m *manifest.Manifest) error {
	for _, ref := range m.Cycles {
		if c := ref.Period(); c > r.closed && c < r.job.cycle && ref.Files != nil {
			return stillOpen(c)
		}
	}
	return nil
}

func stillOpen(c period.Cycle) error {
	return &workspace.RefusedError{What: fmt.Sprintf("cycle %s is still open", c),
		Hint: fmt.Sprintf("close cycles in order: `tollbook close --cycle %s` first", c)}
}

// mayOwe reports whether a cycle without a record may have lines: of levels that earlier cycles leave, of subscribers,
// of commitments, and of recurring charges.
func mayOwe(b *books.Books, c period.Cycle) bool {
	within := b.Zone.Bounds(c)
	return b.HasLevels() ||
		slices.ContainsFunc(b.Subscribers, func(s books.Subscriber) bool { return s.Valid.Overlaps(within) }) ||
		slices.ContainsFunc(b.Commitments, func(m books.Commitment) bool { return m.Valid.Overlaps(within) }) ||
		slices.ContainsFunc(b.Recurring, func(row books.RecurringCharge) bool {
			return len(recurring.Parts(&row, b.Zone, within)) > 0
		})
}
