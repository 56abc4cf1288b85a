package position

import (
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Kind says what a position row holds. The lake stores it: values never change meaning, new rules add values.
type Kind uint8

// The kinds of position.
const (
	Meter   Kind = 1 // graduated: Count since the cycle's start
	Gather  Kind = 2 // volume, block, stairstep: what the end of the cycle will price, one row per future line
	Package Kind = 3 // a prepaid package: Count = what is left of Usage, At = start of the quota period it belongs to
	Measure Kind = 4 // a product with a conversion: Count = sum of its records so far, unconverted
	Events  Kind = 5 // percentage: Count = number of records so far
	Seen    Kind = 6 // unique count: Resource = a value that the meter has counted
	// time weighted, by Scope = region and Resource: Count = the level, or Free = how far it is below zero, since At;
	// Draws = its area in the cycle up to At. It continues in the next cycle
	Level Kind = 7
	// late records: the customer's product Key has had a difference since its closed cycle was billed, because it
	// counted otherwise (§4.11)
	Otherwise Kind = 8
)

// Row is one position of one customer at the end of a day. Which fields are used depends on Kind; the others are zero.
type Row struct {
	Kind     Kind
	Key      string // Meter, Gather: sku; Package: package_id
	Scope    string // Meter, Gather: region, resource or "", by the product's meter scope
	Resource string // Gather of a volume product, or a per-resource meter: the resource
	Region   string // Gather: region of the meter's first record
	Name     string // Gather: resource_name of the first record of Resource
	Tag      string // Gather: resource_tag of the first record of Resource
	// Gather: 0-based position of the row's first record in its meter
	Order int64
	Count money.Quantity // Meter, Gather: quantity after packages; Package: what is left
	Usage money.Quantity // Gather: usage_amount; Package: full quota of which Count is left, as in the books
	Free  money.Quantity // Gather: taken from packages
	Draws string         // Gather: package_id:quantity;… summed per package, sorted by package_id
	At    period.Instant // Package: start of the current quota period
}
