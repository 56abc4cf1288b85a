package query

import (
	"context"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Debts visits the open debts of customers at the end of a cycle, by the cycle of the lines that caused them (PAID-3).
// It omits cycles of a customer without an open debt.
func Debts(ctx context.Context, snap *lake.Snapshot, end period.Cycle,
	visit func(customer string, of period.Cycle, open money.Amount)) error {
	var cycles []period.Cycle
	for _, c := range snap.Cycles() {
		if c <= end {
			cycles = append(cycles, c)
		}
	}
	if len(cycles) == 0 {
		return nil
	}
	g := NewPaidLedger(snap, cycles[0])
	for g.bucket = range max(1, snap.Manifest.Buckets) {
		if err := ctx.Err(); err != nil {
			return err
		}
		g.payers, g.bases = nil, nil
		if err := g.readUsed(cycles); err != nil {
			return err
		}
		for _, customer := range slices.Sorted(maps.Keys(g.owed)) {
			o := &g.owed[customer][debtAmount]
			o.now = o.moved
			left, err := o.left()
			if err != nil {
				return err
			}
			for i, open := range left {
				a, err := open.Amount()
				if err != nil {
					return err
				}
				if !a.IsZero() {
					visit(customer, g.cycle+period.Cycle(i), a)
				}
			}
		}
	}
	return nil
}
