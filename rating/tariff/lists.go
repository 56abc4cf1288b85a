package tariff

import (
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// customerLists are the price lists of the customers.
type customerLists struct {
	books  *books.Books
	prices *prices
	list   []int32    // of every customer row, customer after customer
	first  []firstRow // by customer
	from   []int32    // by customer: where its rows begin in list
}

// firstRow is what most customers have only one of, next to each other in memory: a night looks up customers at random.
type firstRow struct {
	valid period.Span
	list  int32
}

func newCustomerLists(b *books.Books, p *prices) customerLists {
	rows := 0
	for i := range b.Customers {
		rows += len(b.Customers[i].Rows)
	}
	l := customerLists{books: b, prices: p, list: make([]int32, 0, rows), first: make([]firstRow, 0, len(b.Customers)),
		from: make([]int32, 0, len(b.Customers)+1)}
	for i := range b.Customers {
		l.from = append(l.from, int32(len(l.list)))
		for j := range b.Customers[i].Rows {
			l.list = append(l.list, l.named(int32(i), b.Customers[i].Rows[j].PriceList))
		}
		l.first = append(l.first, firstRow{b.Customers[i].Rows[0].Valid, l.list[l.from[i]]})
	}
	l.from = append(l.from, int32(len(l.list)))
	return l
}

// named is the number of a customer's price list: list, or noList where that is in the customer's currency only by
// falling back to standard.
func (l *customerLists) named(customer int32, name string) int32 {
	n := l.prices.list(name)
	if n == standardList && l.books.Customers[customer].Currency != l.books.ListCurrency(StandardName) {
		return noList
	}
	return n
}

// at is the customer's price list at t, and the stretch of time around t for which that holds; without a row in
// force it is standard, for t alone.
func (l *customerLists) at(customer int32, t period.Instant) (int32, period.Span) {
	if first := &l.first[customer]; first.valid.Holds(t) {
		return first.list, first.valid
	}
	rows := l.books.Customers[customer].Rows
	for i := range rows {
		if rows[i].Valid.Holds(t) {
			return l.list[l.from[customer]+int32(i)], rows[i].Valid
		}
	}
	return l.named(customer, StandardName), period.Span{From: t, To: t}
}

// ofCycle is the customer's price list for period-level models: at the cycle's first instant, or of the first row
// that begins in the cycle (§4.6).
func (l *customerLists) ofCycle(customer int32, bounds period.Span) int32 {
	rows := l.books.Customers[customer].Rows
	for i := range rows {
		if rows[i].Valid.Overlaps(bounds) {
			return l.list[l.from[customer]+int32(i)]
		}
	}
	return l.named(customer, StandardName)
}
