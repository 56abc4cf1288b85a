package load

import (
	"cmp"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
)

// compareTaxKey orders rows by tax and by what they apply to.
func compareTaxKey(a, b *books.Tax) int {
	return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Party, b.Party), strings.Compare(a.Country, b.Country),
		strings.Compare(a.Service, b.Service))
}

// taxes reads taxes.csv. It needs customers, partners, products and parties.
func (l *loader) taxes() {
	var rows []Entry[books.Tax]
	countries := false
	l.each("taxes.csv", func(r *row) {
		t := books.Tax{
			ID: r.rec.Key("tax_id"), Name: r.rec.Text("name"), Rate: r.rec.Rate("rate"),
			Party: r.rec.Key("customer_id"), Country: r.rec.Key("country"), Service: r.rec.Key("service_type_code"),
		}
		if t.Service != "*" && !l.services[t.Service] && !l.files.Broken["products.csv"] {
			r.rec.Fail("service_type_code", "", "of no product in products.csv")
		}
		known := l.files.Broken["customers.csv"] || l.files.Broken["partners.csv"] || l.b.Customer(t.Party) >= 0 ||
			l.b.Partner(t.Party) >= 0
		if t.Party != "*" && !known {
			r.rec.Fail("customer_id", "", "neither in customers.csv nor in partners.csv")
		}
		countries = countries || t.Country != "*"
		t.Valid = r.rec.Valid()
		if t.ID != "" {
			rows = append(rows, Entry[books.Tax]{Row: t, Span: t.Valid, At: r.rec.Mark("tax_id")})
		}
	})
	rows = SortEntries(rows, compareTaxKey)
	Overlaps(l.files, "taxes.csv", rows, compareTaxKey, func(t *books.Tax) string {
		return "tax_id " + t.ID + ", country " + t.Country + ", customer_id " + t.Party + ", service_type_code " +
			t.Service
	})
	l.b.Taxes, l.b.TaxCountries = RowsOf(rows), countries
}
