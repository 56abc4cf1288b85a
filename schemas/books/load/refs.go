package load

import (
	"github.com/tollbook/tollbook/schemas/books"
)

// row is one row of a book, with the books that its cells refer to.
type row struct {
	rec *Record
	l   *loader
}

// each reads a book row by row.
func (l *loader) each(file string, f func(*row)) {
	one := row{l: l}
	l.files.Each(file, func(r *Record) {
		one.rec = r
		f(&one)
	})
}

// needSKU is the code of the product that a cell names. ok is false when there is none.
func (r *row) needSKU(name string) (code int32, ok bool) {
	return need(r, name, r.rec.Key(name), "products.csv", r.l.b.SKU)
}

// needCustomer is the code of the customer that a cell names.
func (r *row) needCustomer(name string) (code int32, ok bool) {
	return need(r, name, r.rec.Key(name), "customers.csv", r.l.b.Customer)
}

// needPartner is the code of the partner that a cell names.
func (r *row) needPartner(name string) (code int32, ok bool) {
	return need(r, name, r.rec.Key(name), "partners.csv", r.l.b.Partner)
}

// need looks up the code of an id; an empty id was reported already.
func need(r *row, name, id, book string, find func(string) int32) (code int32, ok bool) {
	if id == "" {
		return books.AnyCode, false
	}
	code = find(id)
	if code < 0 && !r.l.files.Broken[book] {
		r.rec.Fail(name, "", "not in %s", book)
	}
	return code, code >= 0
}

// scope reads service_type_code and sku, which together say what a row applies to.
func (r *row) scope() (service string, sku int32) {
	l := r.l
	service, sku = r.rec.Key("service_type_code"), books.AnyCode
	if service != "*" && !l.services[service] && !l.files.Broken["products.csv"] {
		r.rec.Fail("service_type_code", "", "of no product in products.csv")
	}
	if id := r.rec.Key("sku"); id != "*" {
		sku, _ = need(r, "sku", id, "products.csv", l.b.SKU)
	}
	if sku >= 0 && service != "*" && l.services[service] && l.b.Products[sku].ServiceTypeCode != service {
		r.rec.Fail("sku", "", "of service %q, not %q", l.b.Products[sku].ServiceTypeCode, service)
	}
	return service, sku
}

// scopeText describes a scope.
func scopeText(l *loader, service string, sku int32) string {
	text := "service_type_code " + service + ", sku "
	if sku < 0 {
		return text + "*"
	}
	return text + l.b.Products[sku].SKU
}
