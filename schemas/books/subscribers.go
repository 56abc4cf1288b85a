package books

import (
	"cmp"
	"strings"

	"github.com/tollbook/tollbook/schemas/period"
)

// Subscriber is one row of subscribers.csv: a meter that owes its product's fee at zero while the row is in force, with
// or without records (§10.3).
type Subscriber struct {
	Customer, SKU    int32
	Region, Resource string
	Valid            period.Span
}

func subscribersFormat() Format {
	return Format{File: "subscribers.csv", Key: "customer_id, sku, region_code, resource_id",
		Meaning: "meters that owe the fee at zero without a record (§10.3)", Columns: []Column{
			id("customer_id", "who pays it"),
			id("sku", "a product with fee_at_zero YES"),
			id("region_code", "the region: of the meter, of the price, and of the line"),
			{Name: "resource_id", Type: "id", Meaning: "the resource; required for a product with meter resource"},
			validFrom(false), validTo(),
		}}
}

// subscribers reads subscribers.csv.
func (l *loader) subscribers() {
	var rows []entry[Subscriber]
	l.each("subscribers.csv", func(r *row) {
		s := Subscriber{Region: r.key("region_code"), Resource: r.key("resource_id")}
		r.notAny("region_code", s.Region)
		var ok, known bool
		s.Customer, ok = r.needCustomer("customer_id")
		if s.SKU, known = r.needSKU("sku"); known && !l.badSKU[l.b.Products[s.SKU].SKU] {
			p := &l.b.Products[s.SKU]
			if !p.FeeAtZero {
				r.fail("sku", "write fee_at_zero YES in products.csv, or remove the row",
					"a product without a fee at zero")
			}
			if p.Meter == PerResource && s.Resource == "" {
				r.fail("resource_id", "", "empty, and sku %q has a meter for each resource", p.SKU)
			}
		}
		s.Valid = r.valid()
		if ok && known {
			rows = append(rows, entry[Subscriber]{row: s, span: s.Valid, at: r.mark("customer_id")})
		}
	})
	rows = sortEntries(rows, compareSubscribers)
	overlaps(l.files, "subscribers.csv", rows, compareSubscribers, func(s *Subscriber) string {
		return "sku " + l.b.Products[s.SKU].SKU + " of customer_id " + l.b.Customers[s.Customer].ID
	})
	l.b.Subscribers = rowsOf(rows)
}

func compareSubscribers(a, b *Subscriber) int {
	return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.SKU, b.SKU), strings.Compare(a.Region, b.Region),
		strings.Compare(a.Resource, b.Resource))
}

// Subscribers are the rows of subscribers.csv, sorted by Customer, SKU, Region, Resource, Valid.From.
type Subscribers []Subscriber

// Of lists a customer's rows of subscribers.csv.
func (ss Subscribers) Of(customer int32) []Subscriber {
	return run(ss, func(s *Subscriber) int { return cmp.Compare(s.Customer, customer) })
}
