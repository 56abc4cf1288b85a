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

// traits is what the books, the pipeline and the documents ask about a pricing model. A model that prices usage is a
// row here and a file in package rating, which rating/models.go calls.
type traits struct {
	word      string // in products.csv
	usage     bool   // takes usage records, every aggregation, convert, and groups of cost rows
	atEnd     bool   // lines come at the cycle's end
	feeAtZero bool   // fee_at_zero fits
	days      bool   // prorate fits
	noFee     bool   // a price has no flat_fee
	oneTier   bool
	onlyFee   bool   // a price has no unit_price, only flat_fee
	ownPrice  bool   // a price has columns of its own in place of unit_price
	noDraws   bool   // packages do not draw
	noFixed   bool   // fixed discounts do not fit usage
	unit      string // PricingUnit in FOCUS; "" = the product's measure
}

// models are the traits by Model.
var models = [...]traits{
	Flat:      {word: "flat", usage: true, noFee: true, oneTier: true},
	Graduated: {word: "graduated", usage: true, feeAtZero: true, days: true},
	Volume:    {word: "volume", usage: true, atEnd: true, feeAtZero: true, days: true},
	Block:     {word: "block", usage: true, atEnd: true, noFee: true, unit: "Blocks"},
	Stairstep: {word: "stairstep", usage: true, atEnd: true, feeAtZero: true, onlyFee: true, noFixed: true,
		unit: "Months"},
	Percentile:   {word: "percentile", atEnd: true},
	Subscription: {word: "period", noFee: true, oneTier: true},
	Percentage:   {word: "percentage", feeAtZero: true, ownPrice: true, noDraws: true},
	Recurring:    {word: "recurring", noFee: true, oneTier: true},
	PassThrough:  {word: "pass_through", ownPrice: true},
}

// unknown is the traits of a word that is no model, until the books are refused for it.
var unknown traits

func (m Model) is() *traits {
	if int(m) >= len(models) {
		return &unknown
	}
	return &models[m]
}

// modelWords are the models as products.csv writes them.
func modelWords() []string {
	words := make([]string, len(models))
	for i := range models {
		words[i] = models[i].word
	}
	return words
}

// String is the model's word in the book.
func (m Model) String() string { return m.is().word }

// PeriodLevel reports whether the model's lines come at the cycle's end (§4.6, §4.7).
func (m Model) PeriodLevel() bool { return m.is().atEnd }

// Usage reports whether the model prices quantities of usage, whatever the product's aggregation.
func (m Model) Usage() bool { return m.is().usage }

// TakesFeed reports whether the usage feed has records of the model.
func (m Model) TakesFeed() bool { return m.is().usage || m == Percentage }

// TakesCosts reports whether rows of cost files can be billed by the model (§11.3).
func (m Model) TakesCosts() bool { return m == PassThrough || m.is().usage }

// NoFixed reports whether fixed discounts do not fit usage of the model (§3.6).
func (m Model) NoFixed() bool { return m.is().noFixed }

// PricingUnit is the unit of the model's prices in FOCUS; "" = the product's measure.
func (m Model) PricingUnit() string { return m.is().unit }

// named are the models with a trait, for the meaning of a column.
func named(has func(*traits) bool) string {
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
