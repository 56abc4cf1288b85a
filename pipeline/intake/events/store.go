package events

import (
	"github.com/tollbook/tollbook/pipeline/intake/event"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/books"
)

// Load adds the accepted events of a lake file (table orders, adjustments or transfers) to the book. Account events
// have LoadAccounts, incentive events LoadIncentives.
func (b *Book) Load(o tablefile.Opener, e manifest.FileEntry, bk *books.Books) error {
	switch e.Table {
	case "adjustments":
		return event.EachAdjustment(o, e, bk, func(a *event.Adjustment) { b.Adjustments[a.ID] = a })
	case "transfers":
		return event.EachTransfer(o, e, func(t *event.Transfer) { b.Transfers[t.ID] = t })
	}
	return event.EachOrder(o, e, bk, b.add)
}
