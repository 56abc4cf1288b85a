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

// Traits is what the books, the pipeline and the documents ask about a pricing model. A model that prices usage is a
// row here and a file in package rating, which rating/models.go calls.
type Traits struct {
	word      string // in products.csv
	Usage     bool   // takes usage records, every aggregation, convert, and groups of cost rows
	atEnd     bool   // lines come at the cycle's end
	FeeAtZero bool   // fee_at_zero fits
	Days      bool   // prorate fits
	NoFee     bool   // a price has no flat_fee
	OneTier   bool
	OnlyFee   bool   // a price has no unit_price, only flat_fee
	OwnPrice  bool   // a price has columns of its own in place of unit_price
	noDraws   bool   // packages do not draw
	noFixed   bool   // fixed discounts do not fit usage
	unit      string // PricingUnit in FOCUS; "" = the product's measure
}

// models are the traits by Model.
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

// unknown is the traits of a word that is no model, until the books are refused for it.
var unknown Traits

// Traits are what the model's row of the table says; those of an unknown word are empty.
func (m Model) Traits() *Traits {
	if int(m) >= len(models) {
		return &unknown
	}
	return &models[m]
}

// Known reports whether the model is one of products.csv; a word that is none gives a model that is not.
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

// PeriodLevel reports whether the model's lines come at the cycle's end (§4.6, §4.7).
func (m Model) PeriodLevel() bool { return m.Traits().atEnd }

// Usage reports whether the model prices quantities of usage, whatever the product's aggregation.
func (m Model) Usage() bool { return m.Traits().Usage }

// TakesFeed reports whether the usage feed has records of the model.
func (m Model) TakesFeed() bool { return m.Traits().Usage || m == Percentage }

// TakesCosts reports whether rows of cost files can be billed by the model (§11.3).
func (m Model) TakesCosts() bool { return m == PassThrough || m.Traits().Usage }

// NoFixed reports whether fixed discounts do not fit usage of the model (§3.6).
func (m Model) NoFixed() bool { return m.Traits().noFixed }

// PricingUnit is the unit of the model's prices in FOCUS; "" = the product's measure.
func (m Model) PricingUnit() string { return m.Traits().unit }

// named are the models with a trait, for the meaning of a column.
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
