package load

import (
	"cmp"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// subscribers reads subscribers.csv.
func (l *loader) subscribers() {
	var rows []Entry[books.Subscriber]
	l.each("subscribers.csv", func(r *row) {
		s := books.Subscriber{Region: r.rec.Key("region_code"), Resource: r.rec.Key("resource_id")}
		r.notAny("region_code", s.Region)
		var ok, known bool
		s.Customer, ok = r.needCustomer("customer_id")
		if s.SKU, known = r.needSKU("sku"); known && !l.badSKU[l.b.Products[s.SKU].SKU] {
			p := &l.b.Products[s.SKU]
			if !p.FeeAtZero {
				r.rec.Fail("sku", "write fee_at_zero YES in products.csv, or remove the row",
					"a product without a fee at zero")
			}
			if p.Meter == books.PerResource && s.Resource == "" {
				r.rec.Fail("resource_id", "", "empty, and sku %q has a meter for each resource", p.SKU)
			}
		}
		s.Valid = r.rec.Valid()
		if ok && known {
			rows = append(rows, Entry[books.Subscriber]{Row: s, Span: s.Valid, At: r.rec.Mark("customer_id")})
		}
	})
	rows = SortEntries(rows, compareSubscribers)
	Overlaps(l.files, "subscribers.csv", rows, compareSubscribers, func(s *books.Subscriber) string {
		return "sku " + l.b.Products[s.SKU].SKU + " of customer_id " + l.b.Customers[s.Customer].ID
	})
	l.b.Subscribers = whileCustomer(l, "subscribers.csv", rows, func(s *books.Subscriber) (int32, *period.Span) {
		return s.Customer, &s.Valid
	})
}

func compareSubscribers(a, b *books.Subscriber) int {
	return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.SKU, b.SKU), strings.Compare(a.Region, b.Region),
		strings.Compare(a.Resource, b.Resource))
}
