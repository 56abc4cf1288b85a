package books

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Meter says which usage one meter adds up (§4.5).
type Meter uint8

// The meter scopes.
const (
	PerRegion Meter = iota
	PerCustomer
	PerResource
)

// Class is a product's performance class (§6.2).
type Class uint8

// The performance classes.
const (
	Ordinary Class = iota
	Specific
	NoClass
	NoRebate
)

// Product is one row of products.csv.
type Product struct {
	SKU, Name                          string
	ServiceTypeCode, ServiceTypeName   string
	ResourceTypeCode, ResourceTypeName string
	UsageType, Measure                 string
	Model                              Model
	Meter                              Meter
	Policy                             string // percentile only: id in policies.yaml
	AllowDiscount                      bool
	Class                              Class
	FocusServiceCategory               string
	Counting
	Basis         CostColumn // PassThrough only: the cost that is marked up
	BillsCosts    bool       // markups.csv or allocation.yaml names it
	PackagedCosts bool       // a package covers these costs, so the usage feed does not accept the product
}

// Tier is one step of a price version. Tiers of a version are 1..n; the last is open.
type Tier struct {
	UpTo      money.Quantity // inclusive upper bound; meaningless when Open
	Open      bool
	UnitPrice money.UnitPrice // PassThrough: 1 + the mark-up
	FlatFee   money.UnitPrice // the price of one unit of the tier's flat fee; 0 = none
	BlockSize money.Quantity  // block only
	// Percentage holds the terms of a single-tier percentage price besides its rate, which is UnitPrice.
	Percentage PercentageTerms
}

// Version is one price version: the rows that share sku, list, region, period type and validity (§3.2).
type Version struct {
	SKU        int32 // index in Books.Products
	PriceList  string
	Region     string // "*" = any
	PeriodType string // "", hour, day, month, year, one_off
	Valid      period.Span
	Tiers      []Tier
	At         Pos // first row
}

// CustomerRow is one row of customers.csv.
type CustomerRow struct {
	Name, PriceList, AccountManager string // PriceList "" = only standard
	Valid                           period.Span
}

// Customer is one customer with all rows, sorted by Valid.From, none overlapping.
type Customer struct {
	ID       string
	Rows     []CustomerRow
	Currency int32 // index in Books.Currencies
}

// PartnerKind is distributor, reseller or referrer (§3.4).
type PartnerKind uint8

// The partner kinds.
const (
	Distributor PartnerKind = iota
	Reseller
	Referrer
)

// PartnerRow is one row of partners.csv.
type PartnerRow struct {
	Name   string
	Kind   PartnerKind
	Parent int32 // index in Books.Partners, -1 = the vendor
	Valid  period.Span
	LeftOn period.Instant // first instant of left_on; Forever = has not left

	SigningEntity string // the party that the partner signed with, whose rules its withdrawals follow; empty = default
}

// Partner is one partner with all rows, sorted by Valid.From.
type Partner struct {
	ID       string
	Rows     []PartnerRow
	Currency int32 // index in Books.Currencies
}

// AssociationType is the type of an association: 1 referral, 2 reseller; 0 = none.
type AssociationType uint8

// The association types.
const (
	NoAssociation AssociationType = iota
	Referral
	Resale
)

// associationWords are the words of the types in books, tables and the API.
var associationWords = [...]string{NoAssociation: "", Referral: "1", Resale: "2"}

// Word is the word of the type in books, tables and the API; empty if there is none.
func (t AssociationType) Word() string { return associationWords[t] }

// AssociationOf is the type with a word; NoAssociation if none has it.
func AssociationOf(word string) AssociationType {
	return AssociationType(max(slices.Index(associationWords[:], word), 0))
}

// Association ties a customer to a partner (§3.5).
type Association struct {
	Customer, Partner int32
	Type              AssociationType
	Valid             period.Span
}

// DiscountKind says who offers a discount (§3.6).
type DiscountKind uint8

// The discount kinds.
const (
	Commercial DiscountKind = iota
	Channel
	PartnerOffer // `partner`
	OrderOffer   // `order`
)

// DiscountMode says what a discount's value means (§3.6).
type DiscountMode uint8

// The discount modes.
const (
	ModeRate DiscountMode = iota
	ModeFixed
	ModeReduction
)

// Discount is one row of discounts.csv.
type Discount struct {
	ID       string
	Kind     DiscountKind
	Customer int32  // -1 = any
	Partner  int32  // -1 = none; PartnerOffer only
	Service  string // "*" = any
	SKU      int32  // -1 = any
	Mode     DiscountMode
	Rate     money.Rate      // ModeRate: the share that remains to pay
	Fixed    money.UnitPrice // ModeFixed
	Amount   money.Amount    // ModeFixed (orders) and ModeReduction
	Currency int32           // index in Books.Currencies, for Fixed and Amount
	Valid    period.Span
}

// PackageReset says when a prepaid quota refills (§4.3).
type PackageReset uint8

// The package resets.
const (
	ResetNone PackageReset = iota
	ResetCycle
	ResetAnniversary
)

// Package is one row of packages.csv.
type Package struct {
	ID       string
	Customer int32
	SKUs     []int32 // sorted
	Region   string  // "*" = any
	Quota    money.Quantity
	Reset    PackageReset
	Valid    period.Span
	Place    Pos // of its package_id
}

// Link is one row of links.csv (§3.8).
type Link struct {
	ResourceID string
	Customer   int32
	SKU        int32
	Region     string
	Group      string // "" = billed alone
	SizeMbps   money.Quantity
	CommitMbps money.Quantity
	Valid      period.Span
}

// Term is one row of terms.csv (§3.9).
type Term struct {
	Seller  int32 // -1 = the vendor
	Buyer   int32
	Service string // "*" = any; also "*" if SKU is given
	SKU     int32  // -1 = any
	Payable bool   // basis is payable; otherwise official
	Rate    money.Rate
	Valid   period.Span
}

// Coupon is one row of coupons.csv (§3.10).
type Coupon struct {
	ID             string
	Customer       int32
	Cash           bool // cash_coupon
	Pickup         bool // pickup; if neither, voucher
	Performance    bool
	Amount         money.Amount
	MinConsumption money.Amount
	Service        string // "*" = any
	SKU            int32  // -1 = any
	WithDiscount   bool
	NotCommercial  bool // the coupon pays no line with a commercial discount
	Valid          period.Span
	Since          period.Instant // an issued coupon pays lines from this instant on (§9.2); otherwise 0
}

// Kind is the word of the coupon's kind.
func (c *Coupon) Kind() string {
	switch {
	case c.Pickup:
		return couponWords[2]
	case c.Cash:
		return couponWords[1]
	}
	return couponWords[0]
}

// Method is a percentile method (§4.7).
type Method uint8

// The percentile methods.
const (
	MonthlyP95 Method = iota
	DailyPeakMean
	DailyP95Mean
	Monthly4thPeak
	TransitP95
	EnhancedP95
)

// Series says how the two directions of a sample become one value.
type Series uint8

// The series.
const (
	SeriesMax Series = iota
	SeriesIn
	SeriesOut
	SeriesSum
)

// Duplicates says which sample counts if a link has several in one slot.
type Duplicates uint8

// The duplicate policies.
const (
	DuplicatesMax Duplicates = iota
	DuplicatesLast
	DuplicatesReject
)

// DayShare says over which days a percentile's quantity is spread.
type DayShare uint8

// The day shares.
const (
	DaysAll DayShare = iota
	DaysValid
	DaysInForce
)

// Policy is one percentile policy of policies.yaml (§4.7).
type Policy struct {
	ID            string
	Method        Method
	Series        Series
	Duplicates    Duplicates
	MissingZero   bool // missing: zero; else skip
	ValidDaysOnly bool
	Kilo          int        // 1000 or 1024
	Drop          money.Rate // 0 <= drop < 1
	Days          DayShare
	FloorShare    money.Rate // enhanced_p95 only
}

// Books is the checked reference data of a workspace. All slices are sorted by id (bytewise); codes are indexes.
type Books struct {
	Zone           *period.Zone
	Digits         int // of the workspace's currency
	Currency       string
	Currencies     []money.Currency // the workspace's currency, then those that the books name
	Mixed          bool             // a customer or a partner has another currency than the workspace's
	ListCurrencies map[string]int32 // price lists that are not in the workspace's currency
	Rates          ExchangeRates
	Products       []Product
	Versions       Versions
	Customers      []Customer
	Partners       []Partner
	Associations   Associations
	Discounts      Discounts
	Packages       Packages
	Links          Links
	LinkRows       Links // as links.csv has them: they say whose sample it is that comes after its customer's end
	Terms          Terms
	Coupons        []Coupon
	NonWorking     map[period.Day]bool // calendar.csv: true = NO, false = YES, absent = Monday–Friday work
	Policies       []Policy
	Programmes     []Programme
	Recurring      RecurringCharges
	Commitments    Commitments
	Subscribers    Subscribers
	Budgets        []Budget     // sorted by Customer, Valid.From
	Managers       []Manager    // sorted by ID
	Money          PartnerMoney // §9
	Taxes          []Tax        // sorted by ID, Party, Country, Service, Valid.From
	TaxCountries   bool         // some row of Taxes names a country
	Allocations    []Allocation // in the order of allocation.yaml
	Markups        Markups
	Hash           [32]byte // of all books' bytes, by file name
	Notes          Problems // remarks that are no errors
}

// SKU returns the code of a sku, or -1.
func (b *Books) SKU(sku string) int32 {
	return find(b.Products, sku, func(p *Product) string { return p.SKU })
}

// SKUNames returns the skus of codes.
func (b *Books) SKUNames(codes []int32) []string {
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = b.Products[code].SKU
	}
	return names
}

// MeasureOf returns the common measure of products; "" if they have several or none is in the books.
func (b *Books) MeasureOf(skus []string) (measure string) {
	for _, sku := range skus {
		switch at := b.SKU(sku); {
		case at < 0:
		case measure == "":
			measure = b.Products[at].Measure
		case measure != b.Products[at].Measure:
			return ""
		}
	}
	return measure
}

// Customer returns the code of a customer, or -1.
func (b *Books) Customer(id string) int32 {
	return find(b.Customers, id, func(c *Customer) string { return c.ID })
}

// CustomerFrom is Customer for an id that is probably that of code near or follows it closely. Looking up ids in the
// books' order is then fast.
func (b *Books) CustomerFrom(id string, near int32) int32 {
	if near < 0 || int(near) >= len(b.Customers) || b.Customers[near].ID > id {
		return b.Customer(id)
	}
	from, step := int(near), 1
	for from+step < len(b.Customers) && b.Customers[from+step].ID <= id {
		from, step = from+step, 2*step
	}
	code := find(b.Customers[from:min(from+step, len(b.Customers))], id, func(c *Customer) string { return c.ID })
	if code < 0 {
		return -1
	}
	return int32(from) + code
}

// Partner returns the code of a partner, or -1.
func (b *Books) Partner(id string) int32 {
	return find(b.Partners, id, func(p *Partner) string { return p.ID })
}

// Policy returns the index of a percentile policy, or -1.
func (b *Books) Policy(id string) int32 {
	return find(b.Policies, id, func(p *Policy) string { return p.ID })
}

// find is a binary search by id.
func find[T any](rows []T, id string, key func(*T) string) int32 {
	lo, hi := 0, len(rows)
	for lo < hi {
		mid := (lo + hi) / 2
		if key(&rows[mid]) < id {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(rows) && key(&rows[lo]) == id {
		return int32(lo)
	}
	return -1
}
