package load

import (
	"io/fs"
	"maps"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/settings"
)

// One is Books for a reader that needs one customer. Of the books that have a row for each customer, it reads only the
// rows of this customer, of customers that other books name, and of no particular customer. It does so only if sound
// reports that books with this hash were loaded before without a problem; otherwise it reads all rows. Hash covers all
// rows. texts has all books, by file name.
func One(fsys fs.FS, s settings.Settings, customer string, sound func(hash [32]byte) bool) (
	b *books.Books, texts map[string]string, err error) {
	l, err := newLoader(fsys, s)
	if err != nil {
		return nil, nil, err
	}
	texts = maps.Clone(l.files.Data)
	if sound(l.b.Hash) && !severalCurrencies(texts) {
		l.files.KeepCustomer(customer, PerCustomer())
		if b, err := l.load(); err == nil {
			return b, texts, nil
		}
		if l, err = newLoader(fsys, s); err != nil { // a book names a missing customer: all rows are needed
			return nil, nil, err
		}
		texts = maps.Clone(l.files.Data)
	}
	b, err = l.load()
	return b, texts, err
}

// OneOf is One for the texts of sound books that package load returned for the customer. The books have no Hash, and
// no prices unless there are links: a bill needs prices only to show how a link was measured. ok is false if the texts
// are not sufficient; the caller then uses One.
func OneOf(texts map[string]string, s settings.Settings) (b *books.Books, ok bool) {
	if s.Zone == nil || severalCurrencies(texts) {
		return nil, false
	}
	l := emptyLoader(s)
	l.files.Data, l.unpriced = texts, !hasRows(texts["links.csv"])
	b, err := l.load()
	return b, err == nil
}

// hasRows reports whether a CSV file has anything after its header.
func hasRows(text string) bool {
	_, rows, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(rows) != ""
}

// severalCurrencies reports whether the books can have customers of several currencies. That needs all customers.
func severalCurrencies(texts map[string]string) bool {
	_, ok := texts["price_lists.csv"]
	return ok
}

// PerCustomer lists the books that have a row for each customer. Only rows of the same customer depend on such a row.
func PerCustomer() []string {
	return []string{"customers.csv", "associations.csv", "discounts.csv", "packages.csv"}
}
