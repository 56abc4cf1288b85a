package run

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// settleStep returns the step that settles partners, first bucket by bucket and then in settle.
func (r *run) settleStep() *settle.Step {
	return &settle.Step{Txn: r.state.txn.SubTxn, Books: r.state.ws.Books, Book: r.state.partners, Cycles: r.known,
		Closed: func(c period.Cycle) bool { return c <= r.state.closed }, Gone: r.state.archived,
		Again: r.state.settleAgain, Tax: r.state.ws.Settings.Tax,
		Costs: len(r.state.ws.Settings.Costs.Sources.All()) > 0, Closing: r.state.closing()}
}

// closing returns the cycle that the run closes.
func (r *runState) closing() period.Cycle {
	if r.job.close {
		return r.job.cycle
	}
	return lake.NoCycle
}

// knownCycles returns the cycles of the lake, of new events and of the job: all cycles with files in the next state,
// except new cycles that have only usage.
func (r *run) knownCycles() []period.Cycle {
	list := slices.Concat(r.events.intake.Book().NewCycles(), r.events.touchedCycles())
	for _, ref := range r.state.txn.SubTxn.Base().Manifest.Cycles {
		list = append(list, ref.Period())
	}
	list = append(list, r.state.jobCycles()...)
	slices.Sort(list)
	return slices.Compact(list)
}

// settle updates incentives and completes the partner statements of the cycle that the run closes. It runs after all
// buckets are settled.
func (r *run) settle(step *settle.Step) error {
	step.Cycles = r.nextCycles()
	step.Record = settlement.Record{AsOf: r.state.o.AsOf, Transfers: r.events.transfers(),
		Events: r.events.incentiveEvents()}
	if r.state.closed != lake.NoCycle {
		step.Record.ClosedThrough = r.state.closed
	}
	if _, err := step.Incentives(); err != nil {
		return fmt.Errorf("settle partners: %w", err)
	}
	if !r.state.job.close {
		return nil
	}
	if err := step.Statements(); err != nil {
		return fmt.Errorf("settle partners: %w", err)
	}
	r.sellers = step.Sellers()
	return nil
}

// settleAgain reports whether performance is calculated from all lines of a cycle. For a closed cycle, r.change does
// not say what changed since it was rated, because it compares with the books of open cycles.
func (r *runState) settleAgain(c period.Cycle) bool {
	return r.refold(c) && (c <= r.closed || r.change.Partners())
}

// transfers converts all accepted transfers for settlement.
func (ev *eventStage) transfers() []settlement.Transfer {
	var list []settlement.Transfer
	all := ev.intake.Book().Transfers
	for _, id := range slices.Sorted(maps.Keys(all)) {
		t := all[id]
		from, to := ev.state.ws.Books.Partner(t.From), ev.state.ws.Books.Partner(t.To)
		if from >= 0 && to >= 0 {
			list = append(list, settlement.Transfer{Cycle: t.Cycle, From: from, To: to, Amount: t.Amount})
		}
	}
	return list
}

// incentiveEvents returns the events of incentives that are in the books, without finally rejected ones.
func (ev *eventStage) incentiveEvents() []settlement.Event {
	var list []settlement.Event
	all := ev.intake.Book().Incentives
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if e, ok := all[id].Happens(ev.state.ws.Books); ok && !(e.Final && all[id].Refused) {
			list = append(list, e)
		}
	}
	return list
}

// jobCycles returns the cycle that the job is about, if it is open: also that in which a re-rating keeps its books,
// without a difference too.
func (r *runState) jobCycles() []period.Cycle {
	switch {
	case r.job.rerate != nil:
		return []period.Cycle{r.closed + 1}
	case r.job.cycle != lake.NoCycle:
		return []period.Cycle{r.job.cycle}
	}
	return nil
}

// nextCycles returns the cycles with files in the next state.
func (r *run) nextCycles() []period.Cycle {
	var list []period.Cycle
	for _, ref := range r.state.txn.SubTxn.Base().Manifest.Cycles {
		list = append(list, ref.Period())
	}
	list = slices.Concat(list, r.folded.Cycles, r.events.cycles)
	list = append(list, r.state.jobCycles()...)
	slices.Sort(list)
	return slices.Compact(list)
}

// setTotals calculates the control totals of the next state, and counts its open rejects.
func (r *run) setTotals() (err error) {
	t := &TotalsState{Txn: r.state.txn, Closed: r.state.closed, Cycles: r.nextCycles(),
		CouponRecords: r.issued.Records, CouponUses: r.couponUses}
	if r.state.report.Totals, err = t.Calculate(); err != nil {
		return err
	}
	for _, e := range r.state.next.Entries.Find(accept.OpenRejectsKey()) {
		r.state.report.Rejects += e.Rows
	}
	return r.state.next.SetTotals(r.state.report.Totals)
}
