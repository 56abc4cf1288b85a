package closed

import (
	"maps"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
)

// isEarly reports whether the cycle is before the first closed one of the lake. Only late records of such a cycle were
// billed, so it owes nothing without a record (rule 4).
func (r *rerating) isEarly() bool {
	for _, ref := range r.late.Txn.Base().Manifest.Cycles {
		if ref.State == lake.CycleClosed {
			return r.origin < ref.Period()
		}
	}
	return false
}

// sampled returns the billing objects that have samples if the cycle is early; for another cycle nil, which means all.
func (r *rerating) sampled() map[state.MeasureKey]bool {
	if !r.isEarly() {
		return nil
	}
	keys := make(map[state.MeasureKey]bool)
	for _, one := range r.step.Samples.All {
		if l, ok := r.late.Books.Links.At(one.Link, one.Slot); ok && r.late.Books.Zone.Cycle(one.Slot) == r.origin {
			keys[state.MeasureKeyOf(l)] = true
		}
	}
	return keys
}

// dropUnused removes places of an early cycle without usage that were not billed: recurring charges and fees.
func (r *rerating) dropUnused(billed Sums) {
	if !r.isEarly() {
		return
	}
	known := make(map[Place]bool, len(billed))
	for p := range billed {
		known[p.Whole()] = true
	}
	maps.DeleteFunc(r.now, func(p Place, s *Sum) bool { return s.Used.IsZero() && !known[p.Whole()] })
}
