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

// firstRow is a customer's first row, often the only one. First rows are contiguous in memory, as lookups are random.
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

// named returns the number of a customer's price list. It is noList if the list falls back to standard, and standard is
// in another currency than the customer.
func (l *customerLists) named(customer int32, name string) int32 {
	n := l.prices.list(name)
	if n == standardList && l.books.Customers[customer].Currency != l.books.ListCurrency(StandardName) {
		return noList
	}
	return n
}

// at returns the customer's price list at t, and the time span around t for which it holds. Without a row in force it
// is standard, for t only.
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

// ofCycle returns the customer's price list for period-level models: the one at the cycle's first instant, or that of
// the first row that begins in the cycle (§4.6).
func (l *customerLists) ofCycle(customer int32, bounds period.Span) int32 {
	rows := l.books.Customers[customer].Rows
	for i := range rows {
		if rows[i].Valid.Overlaps(bounds) {
			return l.list[l.from[customer]+int32(i)]
		}
	}
	return l.named(customer, StandardName)
}
