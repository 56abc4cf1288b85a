package document

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// parties finds customers and partners, and their names, in the books.
type parties struct {
	books  *books.Books
	vendor PageParty
}

func (s *Sources) parties() parties {
	return parties{s.Books, PageParty{ID: s.Settings.Vendor.ID, Name: s.Settings.Vendor.Name}}
}

// ownID returns the id of a document's party in books and branding. There the vendor has the id of the settings; tables
// may have another one.
func (p parties) ownID(id string) string {
	if id == settlement.VendorID {
		return p.vendor.ID
	}
	return id
}

// before returns the row of a book that was last in force before an instant, or the first one.
func before[T any](rows []T, end period.Instant, valid func(*T) period.Span) *T {
	at := 0
	for i := range rows {
		if valid(&rows[i]).From < end {
			at = i
		}
	}
	return &rows[at]
}

// customer returns a customer with its name at the cycle's end, or without a name if the books no longer have it.
func (p parties) customer(id string, cycle period.Cycle) PageParty {
	party := PageParty{ID: id}
	if code := p.books.Customer(id); code >= 0 {
		row := before(p.books.Customers[code].Rows, p.books.Zone.Bounds(cycle).To,
			func(r *books.CustomerRow) period.Span { return r.Valid })
		party.Name = row.Name
	}
	return party
}

// partnerRow returns a partner's row at the cycle's end.
func (p parties) partnerRow(code int32, cycle period.Cycle) *books.PartnerRow {
	return before(p.books.Partners[code].Rows, p.books.Zone.Bounds(cycle).To, func(r *books.PartnerRow) period.Span {
		return r.Valid
	})
}

// partner returns a partner with its name at the cycle's end, or the vendor; for "" an empty party.
func (p parties) partner(id string, cycle period.Cycle) PageParty {
	if id == settlement.VendorID {
		return PageParty{ID: id, Name: p.vendor.Name}
	}
	party := PageParty{ID: id}
	if code := p.books.Partner(id); code >= 0 {
		party.Name = p.partnerRow(code, cycle).Name
	}
	return party
}

// partnerName returns a function that names partners in a cycle.
func (s *Sources) partnerName(cycle period.Cycle) func(id string) string {
	return func(id string) string { return s.parties().partner(id, cycle).Name }
}

// partnerCode finds the partner of a request. Errors: *rows.NotFoundError.
func (p parties) partnerCode(id string) (int32, error) {
	if code := p.books.Partner(id); code >= 0 {
		return code, nil
	}
	do := "books/partners.csv has no partner at all"
	if n := len(p.books.Partners); n > 0 {
		at, _ := slices.BinarySearchFunc(p.books.Partners, id, func(one books.Partner, id string) int {
			return strings.Compare(one.ID, id)
		})
		from := max(0, min(at-maxNamed/2, n-maxNamed))
		var names []string
		for i := from; i < min(n, from+maxNamed); i++ {
			names = append(names, p.books.Partners[i].ID)
		}
		if do = "partners: "; len(names) < n {
			do = "partners near it: "
		}
		do += strings.Join(names, ", ")
	}
	return 0, &rows.NotFoundError{What: fmt.Sprintf("books/partners.csv has no partner %q", id), Do: do}
}

// code returns the index by which settlement knows a partner's id.
func (p parties) code(id string) (int32, error) {
	switch id {
	case "":
		return settlement.None, nil
	case settlement.VendorID:
		return settlement.Vendor, nil
	}
	code := p.books.Partner(id)
	if code < 0 {
		return 0, books.Missing(books.ByLines, "partners.csv", "partner", id)
	}
	return code, nil
}

// servingPartner returns the partner of the customer at the cycle's end, or its last one within the cycle; empty for a
// customer of the vendor, also if referred.
func (p parties) servingPartner(customer string, cycle period.Cycle) PageParty {
	bounds := p.books.Zone.Bounds(cycle)
	var last *books.Association
	list := p.books.Associations.Of(p.books.Customer(customer))
	for i := range list {
		if a := &list[i]; a.Valid.Overlaps(bounds) && (last == nil || a.Valid.From > last.Valid.From) {
			last = a
		}
	}
	if last == nil || last.Type != books.Resale {
		return PageParty{}
	}
	return p.partner(p.books.Partners[last.Partner].ID, cycle)
}

// serviceName returns the name of a service in products.csv, or "".
func (p parties) serviceName(code string) string {
	if code == "" {
		return ofNoService.English
	}
	for i := range p.books.Products {
		if one := &p.books.Products[i]; one.ServiceTypeCode == code && one.ServiceTypeName != "" {
			return one.ServiceTypeName
		}
	}
	return ""
}

// maxNamed is how many ids a hint names.
const maxNamed = 10
