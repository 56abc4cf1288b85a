package books

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// AllocationKind says what an allocation rule does with a row that it matches (§11.2).
type AllocationKind uint8

// The kinds.
const (
	ToCustomer    AllocationKind = iota // all of it to one customer
	ToNamed                             // to the customer that a tag or a column names
	SplitByShares                       // split in fixed shares
	SplitEven                           // split evenly
	SplitByCost                         // split in proportion to the costs that other rules assigned
	KeepCost                            // borne by the reseller
)

// Reasons for unallocated rows (§11.2, §11.3), which keep cannot use, and for taxes, which are kept.
const (
	NoRule           = "no_rule"
	NoPrice          = "no_price"
	NoQuantity       = "no_quantity"
	NegativeQuantity = "negative_quantity"
	TaxKept          = "tax"
)

// Unallocated lists the reasons for which a row can be unallocated.
func Unallocated() []string { return []string{NoRule, NoPrice, NoQuantity, NegativeQuantity} }

// Allocation is one rule of allocation.yaml.
type Allocation struct {
	At        Pos
	Valid     period.Span
	Match     []ColumnMatch
	Kind      AllocationKind
	Customer  int32             // ToCustomer
	Tag       string            // ToNamed, by a tag
	Column    string            // ToNamed, by a column
	Shares    []AllocationShare // SplitByShares, by customer
	Customers []int32           // SplitEven and SplitByCost, ascending; nil = every customer with a cost
	Reason    string            // KeepCost
	SKU       int32             // -1 = as markups.csv says
	Quantity  CostColumn        // of usage models: PricingQuantity or ConsumedQuantity
	Unit      string            // unit that the row must have; "" = any
}

// AllocationShare is a customer's part of what a rule splits.
type AllocationShare struct {
	Customer int32
	Share    money.Rate
}

// ColumnMatch is one condition of a rule: the accepted values of a column or tag.
type ColumnMatch struct {
	Column string // "" = a tag
	Tag    string
	Values []string // accepted values: a text, a prefix abc*, * (not null) or "" (null)
}

// NamesColumn reports whether the rule's match names a column.
func (a *Allocation) NamesColumn(name string) bool {
	return slices.ContainsFunc(a.Match, func(m ColumnMatch) bool { return m.Column == name })
}

func allocationFormat() Format {
	return Format{File: "allocation.yaml", Key: "the order of the rules",
		Meaning: "who bears rows of cost files: an ordered list of rules with these keys (§11.2)", Columns: []Column{
			{
				Name: "match",
				Type: "mapping",
				Meaning: "columns or Tags.KEY with a value, a list of values, a prefix abc*, " +
					"* (not null) or \"\" (null); all must hold; absent = every row",
			},
			validFrom(false),
			validTo(),
			{Name: "customer", Type: "text", Meaning: "customer_id, tag:KEY or column:NAME: who bears all of the row"},
			{Name: "split", Type: "text or mapping", Meaning: "{customer_id: share, …}, even [customer_ids], " +
				"by_cost [customer_ids] or by_cost *"},
			text("keep", "the reason for which the row is the reseller's own"),
			text("sku", "product that bills the row; empty = markups.csv says"),
			word("quantity", []string{"PricingQuantity", "ConsumedQuantity"}, "PricingQuantity",
				"the quantity that products with a price per unit are billed by"),
			text("unit", "PricingUnit or ConsumedUnit that the row must have; empty = any"),
		}}
}
