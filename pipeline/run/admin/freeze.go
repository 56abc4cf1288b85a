package admin

import (
	"github.com/tollbook/tollbook/pipeline/fold/partner"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/schemas/period"
)

// freeze stores the facts of the due cycles about partners' money. A workspace that uses partners' money has them; any
// other can begin to use it after the lines are archived. The stage gets no events: in a workspace that has some, a run
// has stored the facts of all closed cycles.
func (p *pruning) freeze(due []lake.Cycle) error {
	base := p.txn.SubTxn.Base()
	book, err := p.ws.PartnerBook()
	if err != nil {
		return err
	}
	stage := &partner.Stage{Txn: p.txn.SubTxn, Books: p.ws.Books, Settings: &p.ws.Settings, Book: book, AsOf: p.o.AsOf,
		Events: accept.NewEventBook(), Closed: base.Manifest.ClosedThrough.Or(lake.NoCycle), Closing: lake.NoCycle}
	var cycles []period.Cycle
	for _, c := range due {
		cycles = append(cycles, c.Or(lake.NoCycle))
	}
	return run.BookProblem(stage.Freeze(cycles))
}
