package settlement_test

import (
	"slices"
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// TestSellersUpTo checks the sellers of a reseller that buys from dist-a until March, from dist-b in March, from no
// partner for a week of April, and from dist-a again until May.
func TestSellersUpTo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var rows []books.PartnerRow
	for _, r := range []struct {
		parent int32
		valid  string
	}{{distA, "..2026-03-01"}, {distB, "2026-03-01..2026-04-01"}, {distA, "2026-04-08..2026-05-01"}} {
		rows = append(rows, books.PartnerRow{Kind: books.Reseller, Parent: r.parent, Valid: h.span(r.valid),
			LeftOn: period.Forever})
	}
	h.b.Partners[resOne].Rows = rows
	bk := h.book()
	for end, want := range map[string][]int32{
		"2026-03-01": {distA},
		"2026-04-01": {distB, distA},
		"2026-04-05": {settlement.Vendor, distB, distA},
		"2026-05-01": {distA, settlement.Vendor, distB},
		"2026-06-01": {settlement.Vendor, distA, distB},
	} {
		if got := bk.SellersUpTo(resOne, h.at(end)); !slices.Equal(got, want) {
			t.Errorf("up to %s: %v, want %v", end, got, want)
		}
	}
	if got := bk.SellersUpTo(resTwo, h.at("2026-06-01")); !slices.Equal(got, []int32{settlement.Vendor}) {
		t.Errorf("without a distributor: %v", got)
	}
}
