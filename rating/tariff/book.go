package tariff

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Grain is what is cut to the currency's digits: each line, or the cycle's total on the statement (§4.2).
type Grain uint8

// The grains.
const (
	PerLine Grain = iota
	PerCycle
)

// Rules are the settings about amounts (§2.1, rounding).
type Rules struct {
	Grain  Grain
	Mode   money.Mode // how a line's payment is cut; only for PerLine
	Digits int        // of the workspace's currency
}

// AnyRegion is the region `*` of the books. It is also used for every region that the books do not name.
const AnyRegion int32 = -1

// Book is the compiled price side of the books. It is immutable and shared by all workers (TARIFF-2).
type Book struct {
	Books *books.Books
	Rules Rules
	One   money.SignedQuantity // the quantity of a flat fee

	regions map[string]int32 // regions that a price or a package names
	SKUs    map[string]int32 // index in books.Products
	service []int32          // by product: number of its service_type_code

	prices        prices
	Subscriptions map[Subscription][]int32 // versions for orders, by valid_from
	offers        offers                   // of usage
	orderOffers   offers                   // of orders, without those of kind order
	lists         customerLists
	associations  associations
	Packages      drawOrder
}

// Measured returns the book for a quantity that a product's records add up to: it counts as it is, without the
// aggregation and proration of records (§10.1, §10.3).
func (bk *Book) Measured(sku int32) *Book {
	p := &bk.Books.Products[sku]
	if p.Aggregation == books.Sum && !p.Prorate {
		return bk
	}
	own, b := *bk, *bk.Books
	own.Books, b.Products = &b, slices.Clone(b.Products)
	p = &b.Products[sku]
	p.Aggregation, p.Prorate = books.Sum, false
	return &own
}

// Compile builds the lookup tables of rating from checked books. b must not change afterwards.
func Compile(b *books.Books, rules Rules) *Book {
	bk := &Book{Books: b, Rules: rules, regions: map[string]int32{}, SKUs: make(map[string]int32, len(b.Products))}
	if one, err := money.QuantityFromInt(1); err == nil { // 1 is in range
		bk.One = one.Signed()
	}
	services := map[string]int32{}
	for i := range b.Products {
		p := &b.Products[i]
		bk.SKUs[p.SKU] = int32(i)
		bk.service = append(bk.service, number(services, p.ServiceTypeCode))
	}
	bk.compilePrices()
	bk.lists = newCustomerLists(b, &bk.prices)
	bk.associations = newAssociations(b)
	bk.Packages = newDrawOrder(b, bk.region)
	bk.Subscriptions = newSubscriptions(b)
	bk.offers = compileOffers(b, services, forUsage)
	bk.orderOffers = bk.offers
	if slices.ContainsFunc(b.Discounts, func(d books.Discount) bool { return forUsage(&d) != forOrders(&d) }) {
		bk.orderOffers = compileOffers(b, services, forOrders)
	}
	return bk
}

// Digits returns the digits of a customer's currency (§10.7).
func (bk *Book) Digits(customer int32) int {
	if own := bk.Books.Customers[customer].Currency; own > 0 {
		return bk.Books.Currencies[own].Digits
	}
	return bk.Rules.Digits
}

// number returns the number of a name; a new name gets the next number.
func number(names map[string]int32, name string) int32 {
	n, ok := names[name]
	if !ok {
		n = int32(len(names))
		names[name] = n
	}
	return n
}

// Region returns the book's number of a region, for Priced. All regions that the books do not name share one number.
func (bk *Book) Region(name string) int32 {
	if n, ok := bk.regions[name]; ok {
		return n
	}
	return AnyRegion
}

// region is Region for names in the books; a new name gets a new number.
func (bk *Book) region(name string) int32 {
	if name == "*" {
		return AnyRegion
	}
	return number(bk.regions, name)
}

// offsets returns, for each of n keys, where its rows begin among rows sorted by key. The last element is the end of
// all rows.
func offsets(n, rows int, key func(int) int32) []int32 {
	from := make([]int32, n+1)
	row := 0
	for k := range from {
		for row < rows && key(row) < int32(k) {
			row++
		}
		from[k] = int32(row)
	}
	return from
}

// VersionOfCycle returns the price version of a period-level model for the customer's cycle (§4.6).
func (c *Client) VersionOfCycle(sku int32, region string, bounds period.Span) (int32, error) {
	list, place := c.Book.lists.ofCycle(c.Customer, bounds), c.Book.Region(region)
	v := c.Book.prices.line(list, sku, place).ofCycle(bounds)
	if v == NoVersion {
		return v, NoPrice(region, bounds.From)
	}
	if c.Trace != nil {
		c.TracePrice(sku, list, place, region, bounds.From, v)
	}
	return v, nil
}
