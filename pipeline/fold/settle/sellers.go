package settle

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// sale says that a row of partner statements names a seller of a partner. Both are codes of the books.
type sale struct {
	Partner int32 `json:"partner"`
	Seller  int32 `json:"seller"`
}

func (s sale) compare(o sale) int {
	return cmp.Or(cmp.Compare(s.Partner, o.Partner), cmp.Compare(s.Seller, o.Seller))
}

// salesOf returns the sellers that rows name, each once for each partner, in order.
func salesOf(rows []settlement.Row) []sale {
	seen := make(map[sale]bool)
	list := []sale{}
	for i := range rows {
		s := sale{rows[i].Partner, rows[i].Seller}
		if s.Seller != settlement.None && !seen[s] {
			seen[s] = true
			list = append(list, s)
		}
	}
	slices.SortFunc(list, sale.compare)
	return list
}

// Sellers returns from whom a partner bought up to the end of a cycle by the books (§6.4), each once, the last in time
// first.
func Sellers(b *books.Books, book *settlement.Book, partner int32, cycle period.Cycle) []string {
	var ids []string
	for _, seller := range book.SellersUpTo(partner, b.Zone.Bounds(cycle).To) {
		ids = append(ids, settlement.PartnerID(b, seller))
	}
	return ids
}

// Sellers returns the partners whose statements of the cycle that the run closes name several sellers, by id
// (SETTLE-7).
func (s *Step) Sellers() (list []lake.PartnerSellers) {
	slices.SortFunc(s.sales, sale.compare)
	sales := slices.Compact(s.sales)
	for len(sales) > 0 {
		partner, n := sales[0].Partner, 1
		for n < len(sales) && sales[n].Partner == partner {
			n++
		}
		if n > 1 {
			one := lake.PartnerSellers{PartnerID: settlement.PartnerID(s.Books, partner)}
			for _, seller := range s.Book.SellersUpTo(partner, s.Books.Zone.Bounds(s.Closing).To) {
				if slices.Contains(sales[:n], sale{partner, seller}) {
					one.SellerIDs = append(one.SellerIDs, settlement.PartnerID(s.Books, seller))
				}
			}
			list = append(list, one)
		}
		sales = sales[n:]
	}
	slices.SortFunc(list, func(a, b lake.PartnerSellers) int { return strings.Compare(a.PartnerID, b.PartnerID) })
	return list
}
