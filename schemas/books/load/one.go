package load

import (
	"io/fs"
	"maps"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/settings"
)

// One is Books for a reader that asks about one customer. Of the books that have a row for each customer, it reads only
// the rows of this one, of customers that other books name, and of no certain customer. It does so only if sound
// reports that books of this hash were read before without a problem, and else reads all. The Hash is that of all rows.
// texts are those of all books, by file.
func One(fsys fs.FS, s settings.Settings, customer string, sound func(hash [32]byte) bool) (
	b *books.Books, texts map[string]string, err error) {
	l, err := newLoader(fsys, s)
	if err != nil {
		return nil, nil, err
	}
	texts = maps.Clone(l.Data)
	if sound(l.b.Hash) && !severalCurrencies(texts) {
		l.KeepCustomer(customer, PerCustomer())
		if b, err := l.load(); err == nil {
			return b, texts, nil
		}
		if l, err = newLoader(fsys, s); err != nil { // a book names a customer in another way: all rows are needed
			return nil, nil, err
		}
		texts = maps.Clone(l.Data)
	}
	b, err = l.load()
	return b, texts, err
}

// OneOf is One of texts that package packed returned for the customer, of sound books. The books have no Hash, and
// without links no prices: how a link was measured is all that a bill needs them for. ok is false if these texts do not
// suffice: One reads the books then.
func OneOf(texts map[string]string, s settings.Settings) (b *books.Books, ok bool) {
	if s.Zone == nil || severalCurrencies(texts) {
		return nil, false
	}
	l := emptyLoader(s)
	l.Data, l.unpriced = texts, !hasRows(texts["links.csv"])
	b, err := l.load()
	return b, err == nil
}

// hasRows reports whether a CSV file has anything after its header.
func hasRows(text string) bool {
	_, rows, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(rows) != ""
}

// severalCurrencies reports whether books can have customers of several currencies, which follows from all customers.
func severalCurrencies(texts map[string]string) bool {
	_, ok := texts["price_lists.csv"]
	return ok
}

// PerCustomer are the books that have a row for each customer. Nothing but rows of the same customer depends on them.
func PerCustomer() []string {
	return []string{"customers.csv", "associations.csv", "discounts.csv", "packages.csv"}
}
