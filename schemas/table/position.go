package table

import (
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// KindOfPosition says what a position row holds. The lake stores it: values never change meaning, new rules add values.
type KindOfPosition uint8

// The kinds of position.
const (
	MeterPosition KindOfPosition = 1 // graduated: Count since the cycle's start
	// volume, block, stairstep: what the end of the cycle will price, one row per future line
	GatherPosition KindOfPosition = 2
	// a prepaid package: Count = what is left of Usage, At = start of the quota period it belongs to
	PackagePosition KindOfPosition = 3
	MeasurePosition KindOfPosition = 4 // a product with a conversion: Count = sum of its records so far, unconverted
	EventsPosition  KindOfPosition = 5 // percentage: Count = number of records so far
	SeenPosition    KindOfPosition = 6 // unique count: Resource = a value that the meter has counted
	// time weighted, by Scope = region and Resource: Count = the level, or Free = how far it is below zero, since At;
	// Draws = its area in the cycle up to At. It continues in the next cycle
	LevelPosition KindOfPosition = 7
	// late records: the customer's product Key has had a difference since its closed cycle was billed, because it
	// counted otherwise (§4.11)
	OtherwisePosition KindOfPosition = 8
)

// PositionRow is one position of one customer at the end of a day. Which fields are used depends on Kind; the others
// are zero.
type PositionRow struct {
	Kind     KindOfPosition
	Key      string // MeterPosition, Gather: sku; Package: package_id
	Scope    string // MeterPosition, Gather: region, resource or "", by the product's meter scope
	Resource string // GatherPosition of a volume product, or a per-resource meter: the resource
	Region   string // GatherPosition: region of the meter's first record
	Name     string // GatherPosition: resource_name of the first record of Resource
	Tag      string // GatherPosition: resource_tag of the first record of Resource
	// GatherPosition: 0-based position of the row's first record in its meter
	Order int64
	Count money.Quantity // MeterPosition, Gather: quantity after packages; Package: what is left
	Usage money.Quantity // GatherPosition: usage_amount; Package: full quota of which Count is left, as in the books
	Free  money.Quantity // GatherPosition: taken from packages
	Draws string         // GatherPosition: package_id:quantity;… summed per package, sorted by package_id
	At    period.Instant // PackagePosition: start of the current quota period
}
