package books

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Tax is one row of taxes.csv (§10.6).
type Tax struct {
	ID, Name string
	Rate     money.Rate
	Party    string // customer_id or partner_id; "*" = any
	Country  string // "*" = any
	Service  string // "*" = any
	Valid    period.Span
}

func taxesFormat() Format {
	return Format{
		File:    "taxes.csv",
		Key:     "tax_id, country, customer_id, service_type_code",
		Meaning: "taxes and their rates; of several rows of a tax, the most specific counts (§10.6)",
		Columns: []Column{
			id("tax_id", "the tax"),
			text("name", "its name on bills"),
			number("rate", "rate", "", "share of the payment, such as 0.19"),
			scope("country", "country of the buyer in parties.csv"),
			scope("customer_id", "customer or partner"),
			scope("service_type_code", "service"),
			validFrom(false), validTo(),
		},
	}
}

// Specificity ranks rows by what they name: a party comes before a country, and a country before a service (§10.6).
func (t *Tax) Specificity() int {
	rank := 0
	for i, named := range [...]bool{t.Service != "*", t.Country != "*", t.Party != "*"} {
		if named {
			rank |= 1 << i
		}
	}
	return rank
}

// Fits reports whether a row applies to what a party in a country buys of a service; "" is a party without a country.
func (t *Tax) Fits(party, country, service string) bool {
	return (t.Party == "*" || t.Party == party) && (t.Country == "*" || t.Country == country) &&
		(t.Service == "*" || t.Service == service)
}

// TaxNamed returns the first row of a tax, which has its name; nil if there is none.
func (b *Books) TaxNamed(id string) *Tax {
	at, ok := slices.BinarySearchFunc(b.Taxes, id, func(t Tax, id string) int { return strings.Compare(t.ID, id) })
	if !ok {
		return nil
	}
	return &b.Taxes[at]
}
