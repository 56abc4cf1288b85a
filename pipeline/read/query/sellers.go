package query

import (
	"context"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// SellersOf returns from whom a partner bought up to the end of a cycle, the last in time first. If its statement named
// several when the cycle was closed, those are returned, else those of the books (SETTLE-7).
func (r *PartnerReader) SellersOf(cycle period.Cycle, partner int32) []string {
	ref, _ := r.Snap.Cycle(lake.CycleOf(cycle))
	for _, one := range ref.ClosedWith.Sellers {
		if one.PartnerID == r.Books.Partners[partner].ID {
			return one.SellerIDs
		}
	}
	return settle.Sellers(r.Books, r.Book, partner, cycle)
}

// ClosedSellers returns from whom resellers bought in a closed cycle, according to their statements: of one partner, or
// of all if partner is empty. It omits partners whose statement names no seller or several. For an open cycle it
// returns nil, since the books determine its sellers.
func ClosedSellers(ctx context.Context, snap *lake.Snapshot, cycle lake.Cycle, partner string) (
	sellers map[string]string, err error) {
	if ref, _ := snap.Cycle(cycle); ref.State != lake.CycleClosed {
		return nil, nil
	}
	list, err := rows.PartnerStatements(ctx, snap, cycle, partner, rows.Limits{})
	if err != nil {
		return nil, err
	}
	sellers, several := map[string]string{}, map[string]bool{}
	err = list.Each(func(row rows.Row[tables.PartnerStatement]) error {
		seller, about := row.Word(tables.PartnerStatementSellerID), row.Word(tables.PartnerStatementResellerID)
		if seller == "" || about != "" {
			return nil
		}
		id := row.Word(tables.PartnerStatementPartnerID)
		if first, ok := sellers[id]; ok && first != seller {
			several[id] = true
		}
		sellers[id] = seller
		return nil
	})
	for id := range several {
		delete(sellers, id)
	}
	return sellers, err
}
