package load

import (
	"cmp"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
)

// compareTaxKey orders the rows by tax and by what they fit.
func compareTaxKey(a, b *books.Tax) int {
	return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Party, b.Party), strings.Compare(a.Country, b.Country),
		strings.Compare(a.Service, b.Service))
}

// taxes reads taxes.csv. Customers, partners, products and parties are read before.
func (l *loader) taxes() {
	var rows []entry[books.Tax]
	countries := false
	l.each("taxes.csv", func(r *row) {
		t := books.Tax{
			ID: r.key("tax_id"), Name: r.text("name"), Rate: r.rate("rate"), Party: r.key("customer_id"),
			Country: r.key("country"), Service: r.key("service_type_code"),
		}
		if t.Service != "*" && !l.services[t.Service] && !l.broken["products.csv"] {
			r.fail("service_type_code", "", "of no product in products.csv")
		}
		known := l.broken["customers.csv"] || l.broken["partners.csv"] || l.b.Customer(t.Party) >= 0 ||
			l.b.Partner(t.Party) >= 0
		if t.Party != "*" && !known {
			r.fail("customer_id", "", "neither in customers.csv nor in partners.csv")
		}
		countries = countries || t.Country != "*"
		t.Valid = r.valid()
		if t.ID != "" {
			rows = append(rows, entry[books.Tax]{row: t, span: t.Valid, at: r.mark("tax_id")})
		}
	})
	rows = sortEntries(rows, compareTaxKey)
	overlaps(l.files, "taxes.csv", rows, compareTaxKey, func(t *books.Tax) string {
		return "tax_id " + t.ID + ", country " + t.Country + ", customer_id " + t.Party + ", service_type_code " +
			t.Service
	})
	l.b.Taxes, l.b.TaxCountries = rowsOf(rows), countries
}
