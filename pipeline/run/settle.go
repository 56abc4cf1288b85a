package run

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/intake/events"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// settling brings the partners' figures up to date.
type settling struct {
	*runState
	cycles []string // with files in the state to come
	events *events.Book
}

// settle brings performance and incentives up to date and keeps the partner statements of the cycle that the run
// closes.
func (st *settling) settle(ctx context.Context) error {
	step := &settle.Step{Txn: st.txn, Books: st.ws.Books, Book: st.partners,
		Buckets: st.ws.Settings.Lake.Buckets, Tasks: st.engine(),
		Closed: func(c period.Cycle) bool { return c <= st.closed }, Gone: st.archived,
		Again: st.settleAgain, Tax: st.ws.Settings.Tax, Costs: len(st.ws.Settings.Costs.Sources.All()) > 0}
	for _, name := range st.cycles {
		c, err := period.ParseCycle(name)
		if err != nil {
			return err
		}
		step.Cycles = append(step.Cycles, c)
	}
	step.Record = settlement.Record{AsOf: st.o.AsOf, Transfers: st.transfers(), Events: st.incentiveEvents()}
	if st.closed != place.NoCycle {
		step.Record.ClosedThrough = st.closed
	}
	if _, err := step.Incentives(ctx); err != nil {
		return fmt.Errorf("settle partners: %w", err)
	}
	if !st.job.close {
		return nil
	}
	if err := step.Statements(ctx, st.job.cycle); err != nil {
		return fmt.Errorf("settle partners: %w", err)
	}
	return nil
}

// settleAgain reports whether performance is calculated from all lines of a cycle. What changed since a closed cycle
// was rated, r.change does not say: it compares with the books of the open ones.
func (st *settling) settleAgain(c period.Cycle) bool {
	return st.refold(c) && (c <= st.closed || st.change.Partners())
}

// transfers are all accepted transfers as settlement takes them.
func (st *settling) transfers() []settlement.Transfer {
	var list []settlement.Transfer
	all := st.events.Transfers
	for _, id := range slices.Sorted(maps.Keys(all)) {
		t := all[id]
		from, to := st.ws.Books.Partner(t.From), st.ws.Books.Partner(t.To)
		if from >= 0 && to >= 0 {
			list = append(list, settlement.Transfer{Cycle: t.Cycle, From: from, To: to, Amount: t.Amount})
		}
	}
	return list
}

// incentiveEvents are all events of incentives that the books still know.
func (st *settling) incentiveEvents() []settlement.Event {
	var list []settlement.Event
	all := st.events.Incentives
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if e, ok := all[id].Happens(st.ws.Books); ok {
			list = append(list, e)
		}
	}
	return list
}
