package books

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
)

// Aggregation says how a product's meters aggregate their records (§10.1).
type Aggregation uint8

// The aggregations, in the order of aggregationWords.
const (
	Sum          Aggregation = iota // the quantities, added up
	Count                           // the number of records
	UniqueCount                     // the number of different values of Product.UniqueBy
	Max                             // the largest quantity
	Last                            // the quantity of the last record
	TimeWeighted                    // the level that records state or change, weighted by how long it lasted
)

// Figure reports whether a meter aggregates its records to one figure, which month-end lines price (§10.1).
func (a Aggregation) Figure() bool { return a >= UniqueCount }

var (
	aggregationWords = []string{"sum", "count", "unique_count", "max", "last", "time_weighted"}
	roundingWords    = []string{"up", "down"}
	fillWords        = []string{"top", "each"}
	prorateWords     = []string{"none", "days"}
	levelWords       = []string{"absolute", "delta"}
)

// String is the aggregation's word in the book.
func (a Aggregation) String() string { return wordOf(aggregationWords, int(a)) }

// Counting holds what products.csv says about a product besides its model and meter (§10.1 to §10.3). The zero value
// describes a product that is rated by chapter 4 alone.
type Counting struct {
	Aggregation Aggregation
	UniqueBy    string           // UniqueCount: the column of the feed; "" = resource_id
	Delta       bool             // TimeWeighted: records change the level; otherwise they state it
	Convert     money.Conversion // from the feed's unit to the measure
	BlockDown   bool             // begun blocks are free
	BlockEach   bool             // each tier rounds its own part to blocks
	Prorate     bool             // a record is charged in proportion to its days in the cycle (§10.3)
	FeeAtZero   bool             // a meter with no quantity to price owes tier 1's flat fee (§10.3)
}

// PeriodLevel reports whether the product's lines are made at the end of the cycle (§4.6, §4.7, §10.1).
func (p *Product) PeriodLevel() bool {
	return p.Model.PeriodLevel() || p.Aggregation.Figure() || p.Prorate
}

// Replayed reports whether the month-end quantity of a meter is calculated from all its records in order: the product
// has a figure or prorated quantities.
func (p *Product) Replayed() bool { return p.Aggregation.Figure() || p.Prorate }

// Signed reports whether a quantity of the product may be negative in the usage feed.
func (p *Product) Signed() bool { return p.Prorate || p.Delta }

// HasLevels reports whether some product has levels that continue from one cycle to the next.
func (b *Books) HasLevels() bool {
	return slices.ContainsFunc(b.Products, func(p Product) bool { return p.Aggregation == TimeWeighted })
}

// AnySigned reports whether some product accepts negative quantities.
func (b *Books) AnySigned() bool {
	return slices.ContainsFunc(b.Products, func(p Product) bool { return p.Signed() })
}

// Kept reports whether accepted records of the product are kept in the usage table, because they cannot be read back
// from lines.
func (p *Product) Kept() bool {
	return p.PeriodLevel() || p.Aggregation != Sum || !p.Convert.IsZero() || p.FeeAtZero
}

// MonthEnd reports whether the product's meters get lines at the end of the cycle, from their records or for the fee at
// zero alone.
func (p *Product) MonthEnd() bool { return p.PeriodLevel() || p.FeeAtZero }

// OwnLines reports whether the records of the product have lines of their own.
func (p *Product) OwnLines() bool { return p.Model.TakesFeed() && !p.PeriodLevel() }

// FeeApart reports whether the fee at zero is a month-end line although records have lines of their own.
func (p *Product) FeeApart() bool { return p.FeeAtZero && p.OwnLines() }

// Draws reports whether usage of the product draws on prepaid packages.
func (p *Product) Draws() bool { return !p.Model.Traits().noDraws && !p.Replayed() }

// MeterLines reports whether a month-end meter is priced as one quantity, without a line for each of its resources.
func (p *Product) MeterLines() bool {
	return p.Model != Volume || p.Replayed() || !p.Convert.IsZero()
}

// countingColumns are the columns of products.csv that Counting is read from.
func countingColumns() []Column {
	return []Column{
		word("aggregation", aggregationWords, "sum", "what a meter makes of its records"),
		{Name: "unique_by", Type: "id",
			Meaning: "unique_count: the column of the usage feed whose values are counted: resource_id, " +
				"resource_name, resource_tag, region_code, or one whose name begins with x_; empty = resource_id"},
		word("level", levelWords, "absolute", "time_weighted only: whether a quantity is the level from then on, or "+
			"a change of it, which may be negative"),
		{Name: "convert", Type: "text",
			Meaning: "from the feed's unit to the measure: *F or /F, then nothing, ^N (up), vN (down) or ~N (nearest)"},
		word("block_rounding", roundingWords, "up", "block only: whether a begun block is paid or free"),
		word("block_fill", fillWords, "top",
			"block only: the tier of the total prices all blocks, or each tier its own"),
		word("prorate", prorateWords, "none", named(func(t *Traits) bool { return t.Days })+" only, days: a record "+
			"is charged for its days of the cycle, and a quantity may be negative"),
		word("fee_at_zero", yesNo, "NO", named(func(t *Traits) bool { return t.FeeAtZero })+" only, YES: a meter "+
			"with nothing to price owes tier 1's flat_fee if it has an accepted record or a row of subscribers.csv"),
	}
}
