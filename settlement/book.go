package settlement

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Rules holds the settings that settlement needs (§2.1, close).
type Rules struct {
	CloseDay    int // 1 to 28, of the month after the cycle
	CloseMinute int // minutes since that day's midnight, 0 to 1440
}

// Book is the compiled partner side of the books. It is immutable and shared by all workers.
type Book struct {
	books *books.Books
	rules Rules
	one   money.Rate // the share that a partner pays of a line without a term

	services []string // all service_type_codes and "", sorted
	service  []int32  // by product, then by service of lines without a product: index in services

	terms map[pair]stretch // by seller and buyer: their rows in books.Terms

	programmes []programme
	every      []int32   // programmes of all partners
	rollsUp    bool      // whether a programme rolls up
	named      [][]place // by partner: programmes that name it
	places     int32     // number of (programme, partner) pairs
	months     []int     // the different lengths of new_customer_bonus

	associationsFrom []int32 // by customer: start of its rows in books.Associations; empty if no programme needs it
}

type pair struct{ seller, buyer int32 }

type stretch struct{ from, to int32 }

// Compile builds the lookups for settlement from checked books. b must not change afterwards.
func Compile(b *books.Books, rules Rules) (*Book, error) {
	one, err := money.ParseRate("1")
	if err != nil {
		return nil, fmt.Errorf("compile the partners' books: %w", err)
	}
	bk := &Book{books: b, rules: rules, one: one, services: []string{""}, terms: map[pair]stretch{}}
	for i := range b.Products {
		bk.services = append(bk.services, b.Products[i].ServiceTypeCode)
	}
	slices.Sort(bk.services)
	bk.services = slices.Compact(bk.services)
	for i := range b.Products {
		bk.service = append(bk.service, bk.serviceAt(b.Products[i].ServiceTypeCode))
	}
	for i := range bk.services {
		bk.service = append(bk.service, int32(i))
	}
	for i := range b.Terms {
		key := pair{b.Terms[i].Seller, b.Terms[i].Buyer}
		rows, seen := bk.terms[key]
		if !seen {
			rows.from = int32(i)
		}
		rows.to = int32(i + 1)
		bk.terms[key] = rows
	}
	bk.compileProgrammes()
	if len(bk.months) > 0 {
		bk.associationsFrom = make([]int32, len(b.Customers)+1)
		at := 0
		for customer := range b.Customers {
			for at < len(b.Associations) && int(b.Associations[at].Customer) < customer {
				at++
			}
			bk.associationsFrom[customer] = int32(at)
		}
		bk.associationsFrom[len(b.Customers)] = int32(len(b.Associations))
	}
	return bk, nil
}

// serviceAt returns the index of a service_type_code in services; for one that no product has, that of "".
func (bk *Book) serviceAt(code string) int32 {
	at, ok := slices.BinarySearch(bk.services, code)
	if !ok {
		return 0
	}
	return int32(at)
}

// product returns the number of a line's product. Lines without a product have a number per service, after all
// products.
func (bk *Book) product(l *Line) (number int32, class books.Class) {
	if l.SKU >= 0 {
		return l.SKU, bk.books.Products[l.SKU].Class
	}
	return bk.NoProduct(l.Service), books.Ordinary
}

// NoProduct returns the number, for Deal, of lines of a service without a product.
func (bk *Book) NoProduct(service string) int32 {
	return int32(len(bk.books.Products)) + bk.serviceAt(service)
}

// narrow finds the row in force at t among rows of one key, sorted by the start of validity. It reduces span to the
// time in which that row, or no row, is in force.
func narrow[T any](rows []T, t period.Instant, valid func(*T) period.Span, span *period.Span) *T {
	i := sort.Search(len(rows), func(i int) bool { return valid(&rows[i]).From > t })
	if i < len(rows) {
		span.To = min(span.To, valid(&rows[i]).From)
	}
	if i == 0 {
		return nil
	}
	v := valid(&rows[i-1])
	if !v.Holds(t) {
		span.From = max(span.From, v.To)
		return nil
	}
	span.From, span.To = max(span.From, v.From), min(span.To, v.To)
	return &rows[i-1]
}

// term returns the most specific term in force at t, or the whole payment if there is none (§3.9, §6.4). It reduces
// span to the time in which the result is the same.
func (bk *Book) term(seller, buyer, sku int32, t period.Instant, span *period.Span) Share {
	at := bk.terms[pair{seller, buyer}]
	rows := bk.books.Terms[at.from:at.to]
	if len(rows) == 0 {
		return Share{Rate: bk.one, Payable: true}
	}
	service := bk.services[bk.service[sku]]
	for level := range 3 {
		name, code := "*", sku
		if level > 0 {
			code = -1
		}
		if level == 1 {
			name = service
		}
		order := func(r *books.Term) int { return cmp.Or(strings.Compare(r.Service, name), cmp.Compare(r.SKU, code)) }
		from := sort.Search(len(rows), func(i int) bool { return order(&rows[i]) >= 0 })
		to := from + sort.Search(len(rows)-from, func(i int) bool { return order(&rows[from+i]) > 0 })
		if r := narrow(rows[from:to], t, termValid, span); r != nil {
			return Share{Rate: r.Rate, Payable: r.Payable}
		}
	}
	return Share{Rate: bk.one, Payable: true}
}

func termValid(r *books.Term) period.Span { return r.Valid }

func partnerValid(r *books.PartnerRow) period.Span { return r.Valid }

// Seller returns from whom a partner, an index in the books, buys at t: its distributor, or Vendor (§6.4).
func (bk *Book) Seller(partner int32, t period.Instant) int32 {
	span := period.Always()
	return bk.seller(partner, t, &span)
}

// SellersUpTo returns from whom a partner buys before an instant, each once, the last in time first.
func (bk *Book) SellersUpTo(partner int32, end period.Instant) (sellers []int32) {
	for t := end; t > period.Past; {
		span := period.Always()
		if seller := bk.seller(partner, t-1, &span); !slices.Contains(sellers, seller) {
			sellers = append(sellers, seller)
		}
		t = span.From
	}
	return sellers
}

// seller returns from whom a partner buys at t: its distributor, or the vendor (§6.4). It reduces span to the time in
// which the result is the same.
func (bk *Book) seller(partner int32, t period.Instant, span *period.Span) int32 {
	r := narrow(bk.books.Partners[partner].Rows, t, partnerValid, span)
	if r == nil || r.Parent < 0 { // only a reseller's row has a parent
		return Vendor
	}
	return r.Parent
}

// Share is what a partner pays of a line: a rate of one of its amounts (§3.9).
type Share struct {
	Rate    money.Rate
	Payable bool // of the payment; else of the official amount
}

// basis returns the amount of a line to which the rate applies.
func (s Share) basis(l *Line) money.Amount {
	if s.Payable {
		return l.Payment
	}
	return l.Official
}

// Deal holds the terms of a partner for a product at an instant: from whom it buys and at which rate and, if the seller
// is a distributor, at which rate the distributor buys from the vendor (§6.4).
type Deal struct {
	Seller     int32 // index in the books, or Vendor
	Owed, Cost Share // Cost is meaningless if the seller is the vendor
}

// Deal looks up the terms of a partner for a product at t; both are indexes in the books, or the product is a number of
// NoProduct.
func (bk *Book) Deal(partner, sku int32, t period.Instant) Deal {
	span := period.Always()
	d := Deal{Seller: bk.seller(partner, t, &span)}
	d.Owed = bk.term(d.Seller, partner, sku, t, &span)
	if d.Seller >= 0 {
		d.Cost = bk.term(Vendor, d.Seller, sku, t, &span)
	}
	return d
}
