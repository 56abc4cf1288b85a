package books

import (
	"cmp"

	"github.com/tollbook/tollbook/schemas/period"
)

// Subscriber is one row of subscribers.csv: a meter that owes its product's fee at zero while the row is in force, even
// without records (§10.3).
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

// Subscribers are the rows of subscribers.csv, sorted by Customer, SKU, Region, Resource, Valid.From.
type Subscribers []Subscriber

// Of lists a customer's rows of subscribers.csv.
func (ss Subscribers) Of(customer int32) []Subscriber {
	return run(ss, func(s *Subscriber) int { return cmp.Compare(s.Customer, customer) })
}
