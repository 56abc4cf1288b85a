package books

import "strings"

// Model is a product's pricing model (§3.1).
type Model uint8

// The pricing models.
const (
	Flat Model = iota
	Graduated
	Volume
	Block
	Stairstep
	Percentile
	Subscription // `period` in the book
	Percentage
	Recurring   // charged by recurring.csv; takes no feed
	PassThrough // a vendor's cost with a mark-up (§11.3)
)

// Traits holds the properties of a pricing model that the books, the pipeline and the documents use. A model that
// prices usage is a row here and a file in package rating, which rating/models.go calls.
type Traits struct {
	word      string // name in products.csv
	Usage     bool   // takes usage records, every aggregation, convert, and groups of cost rows
	atEnd     bool   // lines are made at the end of the cycle
	FeeAtZero bool   // products can have fee_at_zero
	Days      bool   // products can have prorate
	NoFee     bool   // prices have no flat_fee
	OneTier   bool
	OnlyFee   bool   // prices have only flat_fee, no unit_price
	OwnPrice  bool   // prices have columns of their own instead of unit_price
	noDraws   bool   // usage does not draw on packages
	noFixed   bool   // fixed discounts do not apply to usage
	unit      string // PricingUnit in FOCUS; "" = the product's measure
}

// models holds the traits, indexed by Model.
var models = [...]Traits{
	Flat:      {word: "flat", Usage: true, NoFee: true, OneTier: true},
	Graduated: {word: "graduated", Usage: true, FeeAtZero: true, Days: true},
	Volume:    {word: "volume", Usage: true, atEnd: true, FeeAtZero: true, Days: true},
	Block:     {word: "block", Usage: true, atEnd: true, NoFee: true, unit: "Blocks"},
	Stairstep: {word: "stairstep", Usage: true, atEnd: true, FeeAtZero: true, OnlyFee: true, noFixed: true,
		unit: "Months"},
	Percentile:   {word: "percentile", atEnd: true},
	Subscription: {word: "period", NoFee: true, OneTier: true},
	Percentage:   {word: "percentage", FeeAtZero: true, OwnPrice: true, noDraws: true},
	Recurring:    {word: "recurring", NoFee: true, OneTier: true},
	PassThrough:  {word: "pass_through", OwnPrice: true},
}

// unknown holds the traits of a word that is not a model. Books with such a word are rejected.
var unknown Traits

// Traits returns the model's row of the table; for an unknown word it is empty.
func (m Model) Traits() *Traits {
	if int(m) >= len(models) {
		return &unknown
	}
	return &models[m]
}

// Known reports whether the model is one of products.csv; an unknown word is read as a model that is not known.
func (m Model) Known() bool { return int(m) < len(models) }

// modelWords are the models as products.csv writes them.
func modelWords() []string {
	words := make([]string, len(models))
	for i := range models {
		words[i] = models[i].word
	}
	return words
}

// String is the model's word in the book.
func (m Model) String() string { return m.Traits().word }

// PeriodLevel reports whether the model's lines are made at the end of the cycle (§4.6, §4.7).
func (m Model) PeriodLevel() bool { return m.Traits().atEnd }

// Usage reports whether the model prices quantities of usage, whatever the product's aggregation.
func (m Model) Usage() bool { return m.Traits().Usage }

// TakesFeed reports whether the usage feed has records of the model.
func (m Model) TakesFeed() bool { return m.Traits().Usage || m == Percentage }

// TakesCosts reports whether rows of cost files can be billed by the model (§11.3).
func (m Model) TakesCosts() bool { return m == PassThrough || m.Traits().Usage }

// NoFixed reports whether fixed discounts do not apply to usage of the model (§3.6).
func (m Model) NoFixed() bool { return m.Traits().noFixed }

// PricingUnit is the unit of the model's prices in FOCUS; "" = the product's measure.
func (m Model) PricingUnit() string { return m.Traits().unit }

// named lists the models with a trait, for the description of a column.
func named(has func(*Traits) bool) string {
	var words []string
	for i := range models {
		if has(&models[i]) {
			words = append(words, models[i].word)
		}
	}
	if n := len(words); n > 1 {
		words = append(words[:n-2], words[n-2]+" and "+words[n-1])
	}
	return strings.Join(words, ", ")
}
