package load

import (
	"io/fs"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/settings"
)

// One is Books for a reader that asks about one customer. Of the books that have a row for each customer, it reads only
// the rows of this one, of customers that other books name, and of no certain customer. It does so only if sound
// reports that books of this hash were read before without a problem, and else reads all. The Hash is that of all rows.
func One(fsys fs.FS, s settings.Settings, customer string, sound func(hash [32]byte) bool) (*books.Books, error) {
	l, err := newLoader(fsys, s)
	if err != nil {
		return nil, err
	}
	_, currencies := l.Data["price_lists.csv"] // whether there are several follows from all customers
	if sound(l.b.Hash) && !currencies {
		l.KeepCustomer(customer, perCustomer())
		if b, err := l.load(); err == nil {
			return b, nil
		}
		if l, err = newLoader(fsys, s); err != nil { // a book names a customer in another way: all rows are needed
			return nil, err
		}
	}
	return l.load()
}

// perCustomer are the books that have a row for each customer. Nothing but rows of the same customer depends on them.
func perCustomer() []string {
	return []string{"customers.csv", "associations.csv", "discounts.csv", "packages.csv"}
}
