package run

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// checkOrder refuses to close a cycle while an earlier open cycle has files, or may be charged by the books without a
// record (RUN-6).
func (r *runState) checkOrder() error {
	m := &r.txn.SubTxn.Base().Manifest
	if err := r.refuseOpen(m); err != nil {
		return err
	}
	first := r.closed + 1
	if r.closed == lake.NoCycle {
		withFiles := slices.IndexFunc(m.Cycles, func(ref lake.CycleRef) bool { return ref.Files != nil })
		if withFiles < 0 {
			return nil // the lake begins with this run
		}
		first = m.Cycles[withFiles].Period()
	}
	for c := first; c < r.job.cycle; c++ {
		owes, err := state.MayOwe(r.ws.Books, c)
		if err != nil {
			return fmt.Errorf("find what cycle %s owes without a record: %w", c, err)
		}
		if owes {
			return stillOpen(c)
		}
	}
	return nil
}

// refuseOpen refuses to close a cycle while an earlier open cycle has files in m.
func (r *runState) refuseOpen(m *lake.Manifest) error {
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
