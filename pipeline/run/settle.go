package run

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// settle brings performance and incentives up to date and keeps the partner statements of the cycle that the run
// closes.
func (r *run) settle(ctx context.Context) error {
	step := &settle.Step{Txn: r.txn, Books: r.ws.Books, Book: r.partners, Buckets: r.ws.Settings.Lake.Buckets,
		Workers: r.o.Workers,
		Closed:  func(c period.Cycle) bool { return c <= r.closed }, Gone: r.archived,
		Again: r.settleAgain}
	for _, name := range r.cycleNames() {
		c, err := period.ParseCycle(name)
		if err != nil {
			return err
		}
		step.Cycles = append(step.Cycles, c)
	}
	step.Record = settlement.Record{AsOf: r.o.AsOf, Transfers: r.transfers(), Events: r.incentiveEvents()}
	if r.closed != place.NoCycle {
		step.Record.ClosedThrough = r.closed
	}
	if _, err := step.Incentives(ctx); err != nil {
		return fmt.Errorf("settle partners: %w", err)
	}
	if !r.job.close {
		return nil
	}
	if err := step.Statements(ctx, r.job.cycle); err != nil {
		return fmt.Errorf("settle partners: %w", err)
	}
	return nil
}

// settleAgain reports whether performance is calculated from all lines of a cycle. What changed since a closed cycle
// was rated, r.change does not say: it compares with the books of the open ones.
func (r *run) settleAgain(c period.Cycle) bool {
	return r.refold(c) && (c <= r.closed || r.change.Partners())
}

// transfers are all accepted transfers as settlement takes them.
func (r *run) transfers() []settlement.Transfer {
	var list []settlement.Transfer
	all := r.intake.Book().Transfers
	for _, id := range slices.Sorted(maps.Keys(all)) {
		t := all[id]
		from, to := r.ws.Books.Partner(t.From), r.ws.Books.Partner(t.To)
		if from >= 0 && to >= 0 {
			list = append(list, settlement.Transfer{Cycle: t.Cycle, From: from, To: to, Amount: t.Amount})
		}
	}
	return list
}

// incentiveEvents are all events of incentives that the books still know.
func (r *run) incentiveEvents() []settlement.Event {
	var list []settlement.Event
	all := r.intake.Book().Incentives
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if e, ok := all[id].Happens(r.ws.Books); ok {
			list = append(list, e)
		}
	}
	return list
}
