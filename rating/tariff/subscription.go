package tariff

import (
	"github.com/tollbook/tollbook/schemas/books"
)

// Subscription is one place in the chain of §3.2 for a product that is sold by period.
type Subscription struct {
	SKU                      int32
	List, Region, PeriodType string
}

// newSubscriptions lists the price versions of orders by their place in the chain, by valid_from.
func newSubscriptions(b *books.Books) map[Subscription][]int32 {
	s := map[Subscription][]int32{}
	for i := range b.Versions {
		v := &b.Versions[i]
		if b.Products[v.SKU].Model == books.Subscription {
			key := Subscription{v.SKU, v.PriceList, v.Region, v.PeriodType}
			s[key] = append(s[key], int32(i))
		}
	}
	return s
}
