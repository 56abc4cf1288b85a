package settle

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// Sellers returns from whom a partner buys in a cycle by the books (§6.4), each once, the last in time first.
func Sellers(b *books.Books, book *settlement.Book, partner int32, cycle period.Cycle) []string {
	var ids []string
	for _, seller := range book.SellersIn(partner, b.Zone.Bounds(cycle)) {
		ids = append(ids, settlement.PartnerID(b, seller))
	}
	return ids
}

// SeveralSellers returns the partners that have several sellers in a cycle by the books, by id (SETTLE-7).
func SeveralSellers(b *books.Books, book *settlement.Book, cycle period.Cycle) (list []manifest.PartnerSellers) {
	for i := range b.Partners {
		if ids := Sellers(b, book, int32(i), cycle); len(ids) > 1 {
			list = append(list, manifest.PartnerSellers{PartnerID: b.Partners[i].ID, SellerIDs: ids})
		}
	}
	slices.SortFunc(list, func(a, b manifest.PartnerSellers) int { return strings.Compare(a.PartnerID, b.PartnerID) })
	return list
}
