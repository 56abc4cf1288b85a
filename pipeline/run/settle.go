package run

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/intake/rejects"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/run/totals"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// settleStep settles partners, bucket by bucket and then in settle.
func (r *run) settleStep() *settle.Step {
	return &settle.Step{Txn: r.txn.SubTxn, Books: r.ws.Books, Book: r.partners, Cycles: r.known,
		Closed: func(c period.Cycle) bool { return c <= r.closed }, Gone: r.archived, Again: r.settleAgain,
		Tax: r.ws.Settings.Tax, Costs: len(r.ws.Settings.Costs.Sources.All()) > 0, Closing: r.closing()}
}

// closing is the cycle that the run closes.
func (r *runState) closing() period.Cycle {
	if r.job.close {
		return r.job.cycle
	}
	return place.NoCycle
}

// knownCycles are the cycles of the lake, of new events and of the job: those with files in the state to come, but for
// cycles that are new and have only usage.
func (r *run) knownCycles() []period.Cycle {
	list := slices.Concat(r.events.intake.Book().NewCycles(), r.events.touchedCycles())
	for _, ref := range r.txn.Base().Manifest.Cycles {
		list = append(list, ref.Period())
	}
	if r.job.cycle != place.NoCycle {
		list = append(list, r.job.cycle)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// settle brings incentives up to date and ends the partner statements of the cycle that the run closes, after all
// buckets are settled.
func (r *run) settle(step *settle.Step) error {
	step.Cycles = r.nextCycles()
	step.Record = settlement.Record{AsOf: r.o.AsOf, Transfers: r.events.transfers(), Events: r.events.incentiveEvents()}
	if r.closed != place.NoCycle {
		step.Record.ClosedThrough = r.closed
	}
	if _, err := step.Incentives(); err != nil {
		return fmt.Errorf("settle partners: %w", err)
	}
	if !r.job.close {
		return nil
	}
	if err := step.Statements(); err != nil {
		return fmt.Errorf("settle partners: %w", err)
	}
	return nil
}

// settleAgain reports whether performance is calculated from all lines of a cycle. What changed since a closed cycle
// was rated, r.change does not say: it compares with the books of the open ones.
func (r *runState) settleAgain(c period.Cycle) bool {
	return r.refold(c) && (c <= r.closed || r.change.Partners())
}

// transfers are all accepted transfers as settlement takes them.
func (ev *eventStage) transfers() []settlement.Transfer {
	var list []settlement.Transfer
	all := ev.intake.Book().Transfers
	for _, id := range slices.Sorted(maps.Keys(all)) {
		t := all[id]
		from, to := ev.ws.Books.Partner(t.From), ev.ws.Books.Partner(t.To)
		if from >= 0 && to >= 0 {
			list = append(list, settlement.Transfer{Cycle: t.Cycle, From: from, To: to, Amount: t.Amount})
		}
	}
	return list
}

// incentiveEvents are all events of incentives that the books still know, without those that are rejected for good.
func (ev *eventStage) incentiveEvents() []settlement.Event {
	var list []settlement.Event
	all := ev.intake.Book().Incentives
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if e, ok := all[id].Happens(ev.ws.Books); ok && !(e.Final && all[id].Refused) {
			list = append(list, e)
		}
	}
	return list
}

// nextCycles are the cycles with files in the state to come.
func (r *run) nextCycles() []period.Cycle {
	var list []period.Cycle
	for _, ref := range r.txn.Base().Manifest.Cycles {
		list = append(list, ref.Period())
	}
	list = append(list, r.folded.Cycles...)
	if r.job.cycle != place.NoCycle {
		list = append(list, r.job.cycle)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// setTotals calculates the control totals of the state to come, and counts its open rejects.
func (r *run) setTotals() (err error) {
	t := &totals.State{Txn: r.txn, Closed: r.closed, Cycles: r.nextCycles(), CouponRecords: r.issued.Records,
		CouponUses: r.couponUses}
	if r.report.Totals, err = t.Calculate(); err != nil {
		return err
	}
	for _, e := range r.next.Find(rejects.OpenKey()) {
		r.report.Rejects += e.Rows
	}
	return r.next.SetTotals(r.report.Totals)
}
