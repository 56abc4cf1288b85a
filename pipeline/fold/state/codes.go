package state

import "github.com/tollbook/tollbook/schemas/books"

// Names maps words to the codes of the books.
type Names struct {
	Books *books.Books
	Lax   bool // words that the books do not contain become -1 instead of an error
}

// Customer returns the code of a customer_id.
func (n Names) Customer(id string) (int32, error) {
	if code := n.Books.Customer(id); code >= 0 || n.Lax {
		return code, nil
	}
	return 0, UnknownCustomer(id)
}

// UnknownCustomer is the error for a customer whom the books do not contain.
func UnknownCustomer(customer string) error {
	return books.Missing(books.ByRecords, "customers.csv", "customer", customer)
}

// UnknownLink is the error for a link that the books do not contain.
func UnknownLink(link string) error { return books.Missing(books.ByRecords, "links.csv", "link", link) }

// Customers fills a list with the codes of words. It is fast if they are mostly in the order of the books.
func (n Names) Customers(words []string, to *CodeList) error {
	*to = (*to)[:0]
	code := int32(0)
	for _, id := range words {
		if code = n.Books.CustomerFrom(id, code); code < 0 {
			return UnknownCustomer(id)
		}
		*to = append(*to, code)
	}
	return nil
}

// SKU returns the code of a product's sku.
func (n Names) SKU(id string) (int32, error) {
	if code := n.Books.SKU(id); code >= 0 || n.Lax {
		return code, nil
	}
	return 0, books.Missing(books.ByRecords, "products.csv", "sku", id)
}

// CodeList maps the words of a row group's dictionary to codes.
type CodeList []int32

// Fill looks the words up.
func (l *CodeList) Fill(words []string, lookup func(string) (int32, error)) error {
	*l = (*l)[:0]
	for _, w := range words {
		code, err := lookup(w)
		if err != nil {
			return err
		}
		*l = append(*l, code)
	}
	return nil
}
