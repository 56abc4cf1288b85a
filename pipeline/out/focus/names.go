package focus

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// product has the values of a product in rows.
type product struct {
	code                              int32 // in the books; -1 = not in them any more
	name, service, category, resource string
	model                             books.Model
}

// categories are the service categories of FOCUS 1.2.
var categories = []string{"AI and Machine Learning", "Analytics", "Business Applications", "Compute", "Databases",
	"Developer Tools", "Identity",
	"Integration", "Internet of Things", "Management and Governance", "Media", "Migration", "Mobile", "Multicloud",
	"Networking", "Other", "Security",
	"Storage", "Web"}

// dictionary has the products by sku, and the services. FOCUS allows a service one name and one category: those of its
// first product by sku that has one. A category that FOCUS does not define is dropped.
type dictionary struct {
	products map[string]*product
	names    map[string]string // of services, by code
	kinds    map[string]string // categories, by name of a service: for FOCUS, services of one name are one service
}

func newDictionary(b *books.Books) *dictionary {
	d := &dictionary{map[string]*product{}, map[string]string{}, map[string]string{}}
	kinds := map[string]string{}
	for i := range b.Products {
		p := &b.Products[i]
		if d.names[p.ServiceTypeCode] == "" {
			d.names[p.ServiceTypeCode] = p.ServiceTypeName
		}
		if kinds[p.ServiceTypeCode] == "" && slices.Contains(categories, p.FocusServiceCategory) {
			kinds[p.ServiceTypeCode] = p.FocusServiceCategory
		}
	}
	for i := range b.Products {
		code := b.Products[i].ServiceTypeCode
		if name := or(d.names[code], code); d.kinds[name] == "" {
			d.kinds[name] = or(kinds[code], "Other")
		}
	}
	for i := range b.Products {
		p := &b.Products[i]
		one := d.of(p.ServiceTypeCode, or(p.Name, p.SKU), or(p.ResourceTypeName, p.ResourceTypeCode))
		one.code, one.model = int32(i), p.Model
		d.products[p.SKU] = one
	}
	return d
}

// of returns the product of a service, or a substitute for rows of a service without a product.
func (d *dictionary) of(service, name, resource string) *product {
	called := or(d.names[service], service)
	return &product{code: -1, name: name, service: called, category: or(d.kinds[called], "Other"),
		resource: or(resource, called)}
}

// product returns the product of a line. For a commitment on several products, and for a sku that the books no longer
// have, it returns only the service.
func (d *dictionary) product(row rows.Row[tables.Line]) *product {
	sku, service := row.Word(tables.LineSKU), row.Word(tables.LineServiceTypeCode)
	if sku == "" {
		return d.of(or(service, unbound), unbound, "")
	}
	p := d.products[sku]
	if p == nil {
		p = d.of(service, sku, row.Word(tables.LineResourceTypeCode))
		d.products[sku] = p
	}
	return p
}

// or returns a text, or another one if it is empty.
func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// customerParty returns a customer with its last name before the end of a cycle.
func customerParty(b *books.Books, id string, end period.Instant) Party {
	p := Party{ID: id, Name: id, Type: "Customer", Currency: b.CustomerCurrencyOf(id).Code}
	if code := b.Customer(id); code >= 0 {
		for _, row := range b.Customers[code].Rows {
			if row.Valid.From < end && row.Name != "" {
				p.Name = row.Name
			}
		}
	}
	return p
}

// partnerParty returns a partner with its last name before the end of a cycle.
func partnerParty(b *books.Books, code int32, end period.Instant) Party {
	p := Party{ID: b.Partners[code].ID, Name: b.Partners[code].ID, Type: ofPartner,
		Currency: b.PartnerCurrency(code).Code}
	for _, row := range b.Partners[code].Rows {
		if row.Valid.From < end && row.Name != "" {
			p.Name = row.Name
		}
	}
	return p
}
