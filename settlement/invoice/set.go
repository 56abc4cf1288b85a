package invoice

import (
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// TaxSet holds the taxes of what a party buys of a service in a span within which no row begins or ends.
type TaxSet struct {
	Valid period.Span
	Taxes []*books.Tax    // by ID; none = no tax
	Rates money.UnitPrice // Σ of their rates
}

// TaxBook finds the taxes of parties. It caches them, so it is not safe for concurrent use.
type TaxBook struct {
	books    *books.Books
	named    map[string][]*books.Tax // rows that name a party
	open     []*books.Tax            // rows that name no party
	sets     map[setKey][]*TaxSet
	none     *TaxSet // of exempt parties
	party    string  // to which the following fields apply
	known    bool
	country  string
	exempt   bool
	byItself bool // whether rows name the party
}

// setKey is the key of cached sets; party is empty for parties that no row names.
type setKey struct{ party, country, service string }

// NewTaxBook returns a Book of the taxes of books.
func NewTaxBook(b *books.Books) *TaxBook {
	bk := &TaxBook{books: b, named: make(map[string][]*books.Tax), sets: make(map[setKey][]*TaxSet),
		none: &TaxSet{Valid: period.Always()}}
	for i := range b.Taxes {
		if t := &b.Taxes[i]; t.Party == "*" {
			bk.open = append(bk.open, t)
		} else {
			bk.named[t.Party] = append(bk.named[t.Party], t)
		}
	}
	return bk
}

// At returns the taxes of what a party buys of a service at an instant (TAX-1).
func (b *TaxBook) At(party, service string, t period.Instant) (*TaxSet, error) {
	b.choose(party)
	key := setKey{country: b.country, service: service}
	switch {
	case b.exempt:
		return b.none, nil
	case b.byItself:
		key.party = party
	}
	for _, s := range b.sets[key] {
		if s.Valid.Holds(t) {
			return s, nil
		}
	}
	s, err := b.find(party, service, t)
	if err == nil {
		b.sets[key] = append(b.sets[key], s)
	}
	return s, err
}

// choose looks up a party, unless it is that of the last call.
func (b *TaxBook) choose(party string) {
	if b.known && b.party == party {
		return
	}
	b.party, b.known, b.country, b.exempt = party, true, "", false
	if at := b.books.Money.PartyNamed(party); at >= 0 {
		row := &b.books.Money.Parties[at]
		b.country, b.exempt = row.Country, row.TaxExempt
	}
	_, b.byItself = b.named[party]
}

// find calculates the set of a party that is not exempt.
func (b *TaxBook) find(party, service string, t period.Instant) (*TaxSet, error) {
	s := &TaxSet{Valid: period.Always()}
	best := make(map[string]*books.Tax)
	var ids []string
	for _, list := range [...][]*books.Tax{b.named[party], b.open} {
		for _, row := range list {
			if !row.Fits(party, b.country, service) {
				continue
			}
			s.narrow(row.Valid, t)
			if !row.Valid.Holds(t) {
				continue
			}
			if old := best[row.ID]; old == nil {
				ids = append(ids, row.ID)
			} else if old.Specificity() > row.Specificity() {
				continue
			}
			best[row.ID] = row
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		s.Taxes = append(s.Taxes, best[id])
		hi, lo := best[id].Rate.Raw()
		one, err := money.UnitPriceFromRaw(hi, lo)
		if err != nil {
			return nil, err
		}
		if s.Rates, err = s.Rates.Add(one); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// narrow reduces the set's span to the time around t in which the row neither begins nor ends.
func (s *TaxSet) narrow(valid period.Span, t period.Instant) {
	for _, at := range [...]period.Instant{valid.From, valid.To} {
		if at <= t {
			s.Valid.From = max(s.Valid.From, at)
		} else {
			s.Valid.To = min(s.Valid.To, at)
		}
	}
}

// base returns the amount to which rates are applied: a payment without the tax that it includes.
func base(payment *big.Rat, rates money.UnitPrice, inclusive bool) *big.Rat {
	if inclusive {
		all := new(big.Rat).Add(big.NewRat(1, 1), rates.Rat())
		payment.Quo(payment, all)
	}
	return payment
}
