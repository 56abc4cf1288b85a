package focus

import "github.com/tollbook/tollbook/schemas/period"

// Set has what all rows of a data set have in common: one issuer's invoices of one cycle.
type Set struct {
	Issuer, IssuerName string
	Publisher          string
	Cycle              string
	Bounds             period.Span
}

// Party is a billed account or a sub account.
type Party struct {
	ID, Name, Type string
	Currency       string // in which it is billed
}

// Words of FOCUS 1.2.
const (
	usage, purchase, credit, adjustment = "Usage", "Purchase", "Credit", "Adjustment"
	taxCategory                         = "Tax"
	correction                          = "Correction"
	usageBased, recurring, oneTime      = "Usage-Based", "Recurring", "One-Time"
	standard, committed                 = "Standard", "Committed"
)

// ofPartner is the Type of a Party that is a partner.
const ofPartner = "Partner"

// The values of x_LineKind on rows that are not lines of a statement.
const (
	packageKind, termKind, roundingKind = "package", "term", "rounding"
	incentiveKind, taxKind              = "incentive", "tax"
)

// IsLine reports whether a row with this x_LineKind is a line of a statement.
func IsLine(kind string) bool {
	switch kind {
	case packageKind, termKind, roundingKind, incentiveKind, taxKind:
		return false
	}
	return true
}

// Row is one row of a data set. An empty text is null.
type Row struct {
	Set          *Set
	Account, Sub Party
	Invoice      string
	Product      *product

	Category, Class, Frequency, Description string
	Start, End                              period.Instant

	Billed, Effective, List, Contracted dec   // of costScale
	ListPrice, ContractedPrice          maybe // of priceScale, like all quantities
	Quantity, Consumed                  maybe
	CamePricing, CameConsumed           maybe // of vendorScale: from a cost file, used instead of Quantity and Consumed
	Priced                              priced
	Unit, ConsumedUnit, Pricing         string

	Package drawn

	Region, Resource, ResourceName, Tags      string
	RegionName, Zone, Publisher, Subcategory  string
	SKU, Meter, PriceID, PriceDetails         string
	Customer, Partner, Discount, Line, Detail string
	What, Origin, Trade                       string
}

// drawn is what a row drew from a package; the zero value means nothing.
type drawn struct {
	ID, name, unit string
	quantity       maybe
}

func (d *drawn) of(word string) string {
	if d.ID == "" {
		return ""
	}
	return word
}

func (d *drawn) category() string { return d.of(usage) }
func (d *drawn) status() string   { return d.of("Used") }
func (d *drawn) kind() string     { return d.of("Prepaid Quota") }

// resourceType returns the type of the product's resources, if there is a resource.
func (r *Row) resourceType() string {
	if r.Resource == "" {
		return ""
	}
	return r.Product.resource
}
