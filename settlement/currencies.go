package settlement

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// MissingRateError reports that rates.csv has no rate for a pair of currencies that a cycle converts (§10.7).
type MissingRateError struct {
	Cycle    period.Cycle
	From, To string
}

func (e *MissingRateError) Error() string {
	return fmt.Sprintf("cycle %s: no rate from %s to %s up to %s", e.Cycle, e.From, e.To, e.Cycle.Last())
}

// Diagnosis implements problem.Diagnosed.
func (e *MissingRateError) Diagnosis() (problem.Class, string) {
	return problem.Refused, "add a row with this from and to: a rate is neither inverted nor crossed"
}

// exchange holds the rates by which a cycle is converted (§10.7). A closed cycle keeps the rates of its close.
type exchange struct {
	books *books.Books
	cycle period.Cycle
	kept  []books.ExchangeRate
	known []*books.ExchangeRate // by from and to; nil = not looked up yet
}

func newExchange(b *books.Books, cycle period.Cycle, kept []books.ExchangeRate) *exchange {
	n := len(b.Currencies)
	return &exchange{books: b, cycle: cycle, kept: kept, known: make([]*books.ExchangeRate, n*n)}
}

// rate returns the rate from one currency to another, both indexes in the books; nil = the currencies are equal.
func (x *exchange) rate(from, to int32) (*books.ExchangeRate, error) {
	if from == to {
		return nil, nil
	}
	at := int(from)*len(x.books.Currencies) + int(to)
	if x.known[at] == nil {
		source, target := x.books.Currencies[from].Code, x.books.Currencies[to].Code
		for i := range x.kept {
			if x.kept[i].From == source && x.kept[i].To == target {
				x.known[at] = &x.kept[i]
				return x.known[at], nil
			}
		}
		if x.known[at] = x.books.Rates.On(source, target, x.cycle.Last()); x.known[at] == nil {
			return nil, &MissingRateError{x.cycle, source, target}
		}
	}
	return x.known[at], nil
}

// Rates are the exchange rates of a cycle.
type Rates struct{ x *exchange }

// RatesOf returns the rates by which a cycle is converted: those of its close, else those of rates.csv.
func (bk *Book) RatesOf(cycle period.Cycle, kept []books.ExchangeRate) Rates {
	return Rates{newExchange(bk.books, cycle, kept)}
}

// Of returns the rate from one currency to another, both indexes in Currencies of the books; nil = the currencies are
// equal. Errors: *MissingRateError.
func (r Rates) Of(from, to int32) (*books.ExchangeRate, error) { return r.x.rate(from, to) }

// InPartners returns Rd(a × x), an amount converted to the currency of a partner; for the partner's own currency Rd(a).
// If the books do not contain the partner, it returns the amount unchanged. Errors: *MissingRateError.
func (r Rates) InPartners(a money.Amount, currency, partner string) (money.Amount, error) {
	b := r.x.books
	at := b.Partner(partner)
	from := slices.IndexFunc(b.Currencies, func(c money.Currency) bool { return c.Code == currency })
	if at < 0 || from < 0 {
		return a, nil
	}
	digits := b.PartnerCurrency(at).Digits
	x, err := r.x.rate(int32(from), b.Partners[at].Currency)
	if err != nil || x == nil {
		return a.Rd(digits), err
	}
	return money.RoundRat(new(big.Rat).Mul(a.Rat(), x.Rate.Rat()), digits)
}

// convert returns R8(a × x), an amount of a line in another currency; nil means the same currency.
func convert(a money.Amount, x *books.ExchangeRate) (money.Amount, error) {
	if x == nil {
		return a, nil
	}
	return a.MulPriceR8(x.Rate)
}

// in returns Rd of the sum in another currency: converted exactly, rounded once. nil means the same currency.
func (p products) in(x *books.ExchangeRate, digits int) (money.Amount, error) {
	if x == nil {
		return p.rd(digits)
	}
	return money.RoundRat(new(big.Rat).Mul(p.rat(), x.Rate.Rat()), digits)
}

// Conversions lists the rates by which the books convert a cycle, by pair of currencies, and the pairs without a rate.
// The pairs are of customers and their partners, and of customers and the distributors of these partners.
func (bk *Book) Conversions(cycle period.Cycle) (rates []books.ExchangeRate, missing []*MissingRateError) {
	if !bk.books.Mixed {
		return nil, nil
	}
	x := newExchange(bk.books, cycle, nil)
	bounds := bk.books.Zone.Bounds(cycle)
	for i := range bk.books.Associations {
		a := &bk.books.Associations[i]
		if !a.Valid.Overlaps(bounds) {
			continue
		}
		for _, partner := range bk.sellersOf(a, bounds) {
			rate, err := x.rate(bk.books.Customers[a.Customer].Currency, bk.books.Partners[partner].Currency)
			var none *MissingRateError
			switch {
			case errors.As(err, &none):
				missing = append(missing, none)
			case rate != nil:
				rates = append(rates, *rate)
			}
		}
	}
	slices.SortFunc(rates, books.ExchangeRate.ComparePair)
	slices.SortFunc(missing, func(a, b *MissingRateError) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To))
	})
	return slices.Compact(rates), slices.CompactFunc(missing, func(a, b *MissingRateError) bool { return *a == *b })
}

// sellersOf returns the partner of an association and the distributors that have rows about it or count its
// performance.
func (bk *Book) sellersOf(a *books.Association, bounds period.Span) []int32 {
	list := []int32{a.Partner}
	counts := a.Type == books.Resale || bk.rollsUp
	for _, row := range bk.books.Partners[a.Partner].Rows {
		if counts && row.Parent >= 0 && row.Valid.Overlaps(bounds) && row.Valid.Overlaps(a.Valid) {
			list = append(list, row.Parent)
		}
	}
	return list
}
