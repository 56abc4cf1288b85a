package document

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/settings"
)

// OpenTaxNotes returns the sentences below the bill of an open cycle (TAXNOTE-1).
func OpenTaxNotes(b *books.Books, s *settings.Settings, customer string) []string {
	if text := exempt(b, customer); text != "" {
		return []string{text}
	}
	text := "Tax is added to prices"
	if s.Tax.Inclusive {
		text = "Prices include tax"
	}
	if s.Tax.PerLine {
		text += "; the tax of each line is rounded half up."
	} else {
		text += "; each tax of the cycle is rounded half up once."
	}
	notes := []string{text}
	if b.TaxCountries && b.Money.NoCountry(customer) {
		notes = append(notes, noCountry)
	}
	return notes
}

// ClosedTaxNotes returns the sentences below the bill of a closed cycle with the taxes that the close stored
// (TAXNOTE-2).
func ClosedTaxNotes(b *books.Books, customer string, list []rows.Tax) []string {
	if len(list) == 0 {
		if text := exempt(b, customer); text != "" && len(b.Taxes) > 0 {
			return []string{text}
		}
		return nil
	}
	notes := []string{"Tax is added to prices."}
	if list[0].Prices == "inclusive" {
		notes = []string{"Prices include tax."}
	}
	if b.TaxCountries && b.Money.NoCountry(customer) && !slices.ContainsFunc(list, func(t rows.Tax) bool {
		return !ofAnyCountry(b, t.TaxID)
	}) {
		notes = append(notes, noCountry)
	}
	return notes
}

const noCountry = "books/parties.csv has no country for the customer, so only taxes of any country apply."

// exempt says that a customer is exempt, and why; "" = it is not.
func exempt(b *books.Books, customer string) string {
	at := b.Money.PartyNamed(customer)
	if at < 0 || !b.Money.Parties[at].TaxExempt {
		return ""
	}
	if reason := b.Money.Parties[at].ExemptReason; reason != "" {
		return "The customer is exempt from tax: " + reason + "."
	}
	return "The customer is exempt from tax."
}

// ofAnyCountry reports whether a tax has rows of any country.
func ofAnyCountry(b *books.Books, id string) bool {
	return slices.ContainsFunc(b.Taxes, func(t books.Tax) bool { return t.ID == id && t.Country == "*" })
}
