package position

import (
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Kind says what a position row holds. Values are stored in the lake: they never change meaning, new rules add theirs.
type Kind uint8

// The kinds of position.
const (
	Meter   Kind = 1 // graduated: Count since the cycle's start
	Gather  Kind = 2 // volume, block, stairstep: what the cycle's end will price, one row per line to come
	Package Kind = 3 // a prepaid package: Count = what is left of Usage, At = start of the quota period it belongs to
	Measure Kind = 4 // a product with a conversion: Count = what its records say so far, unconverted
	Events  Kind = 5 // percentage: Count = number of records so far
	Seen    Kind = 6 // unique count: Resource = a value that the meter has counted
	// time weighted: of Scope = a region and a Resource, Count = the level, or Free = how far it is below zero, since
	// At; Draws = its area in the cycle up to At. It holds across cycles
	Level Kind = 7
)

// Row is one position of one customer at the end of a day. Which fields are used depends on Kind; the others are zero.
type Row struct {
	Kind     Kind
	Key      string // Meter, Gather: sku; Package: package_id
	Scope    string // Meter, Gather: region, resource or "" as the product's meter says
	Resource string // Gather of a volume product, or a per-resource meter: the resource
	Region   string // Gather: region of the meter's first record
	Name     string // Gather: resource_name of the first record of Resource
	Tag      string // Gather: resource_tag of the first record of Resource
	// Gather: 0-based order in which the row's first record came within its meter (for the meter's first record: 0)
	Order int64
	Count money.Quantity // Meter, Gather: quantity after packages; Package: what is left
	Usage money.Quantity // Gather: usage_amount; Package: what Count is left of, as the books had it
	Free  money.Quantity // Gather: taken from packages
	Draws string         // Gather: package_id:quantity;… summed per package, sorted by package_id
	At    period.Instant // Package: start of the current quota period
}
