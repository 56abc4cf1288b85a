package run

import (
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/partner"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
)

// issueCoupons decides which coupons are issued (§9.2). It must run before lines are paid.
func (r *run) issueCoupons() (err error) {
	r.money = &partner.Stage{Txn: r.state.txn.SubTxn, Books: r.state.ws.Books, Settings: &r.state.ws.Settings,
		Book: r.state.partners, AsOf: r.state.o.AsOf, Events: r.events.intake.Book(), Store: r.state.store(),
		Closed: r.state.closed, Closing: r.state.closing(),
		SortBytes: r.state.o.ChunkBytes, Decided: func(d accept.EventDecision) { r.events.countRow(&d) }}
	if len(r.events.unread) > 0 {
		r.money.Load = func() error { return r.events.loadMoney(r.events.intake.Book(), r.events.unread) }
	}
	r.issued, err = r.money.Issue()
	return err
}

// partnerMoney replays partners' money, and applies the decisions about events that do not fit (§9). It must run after
// the partners of the run's cycles are settled and before rows are counted.
func (r *run) partnerMoney() error {
	stage := r.money
	stage.Cycles = append(stage.Cycles, r.nextCycles()...)
	out, err := stage.Run()
	if err != nil {
		return err
	}
	if err := r.events.intake.Close(); err != nil { // a commit deletes temporary files
		return err
	}
	r.couponUses = out.CouponUses
	refusals := make([]accept.EventDecision, len(out.Refused))
	for i, e := range out.Refused {
		refusals[i] = e.Refusal()
	}
	r.events.refuseNew(refusals)
	for _, list := range TurnsByFeed(out.Turned) {
		if err := r.events.turn(list); err != nil {
			return err
		}
	}
	r.state.report.Notes = append(r.state.report.Notes, out.Notes...)
	if r.state.report.Overdrawn = out.Overdrawn; len(out.Overdrawn) > 0 {
		r.state.report.Note("overdrawn: the cash of %s is below zero; a recharge fills it first",
			strings.Join(out.Overdrawn, ", "))
	}
	return nil
}
