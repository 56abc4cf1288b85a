package load

import (
	"cmp"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// customerRow is one row of customers.csv.
type customerRow struct {
	id  string
	row books.CustomerRow
}

// customerRows are the rows of customers.csv, by customer.
type customerRows struct {
	l    *loader
	rows []entry[customerRow]
}

// customers reads customers.csv (§3.3).
func (l *loader) customers() {
	var rows []entry[customerRow]
	unpriced := map[string]bool{}
	l.each("customers.csv", func(r *row) {
		c := customerRow{id: r.key("customer_id")}
		r.notAny("customer_id", c.id)
		c.row = books.CustomerRow{Name: r.text("name"), PriceList: r.key("price_list"),
			AccountManager: r.text("account_manager_id"), Valid: r.valid()}
		list := c.row.PriceList
		falls := l.b.ListCurrency(list) == l.b.ListCurrency("") // standard is a fallback
		if falls && !l.lists[list] && !unpriced[list] && !l.broken["prices.csv"] {
			unpriced[list] = true
			l.notes.Add(r.pos(r.mark("price_list")), "", "price_list %q: no price is in it, so standard applies",
				shorten(list))
		}
		if c.row.PriceList == "standard" {
			c.row.PriceList = ""
		}
		if c.id == "" {
			l.broken["customers.csv"] = true
			return
		}
		rows = append(rows, entry[customerRow]{row: c, span: c.row.Valid, at: r.mark("customer_id")})
	})
	byID := func(a, b *customerRow) int { return strings.Compare(a.id, b.id) }
	rows = sortEntries(rows, byID)
	overlaps(l.files, "customers.csv", rows, byID, func(c *customerRow) string { return "customer_id " + c.id })
	all := make([]books.CustomerRow, len(rows))
	for i := range rows {
		all[i] = rows[i].row.row
	}
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && rows[to].row.id == rows[from].row.id {
			to++
		}
		l.b.Customers = append(l.b.Customers, books.Customer{ID: rows[from].row.id, Rows: all[from:to:to]})
		from = to
	}
	customerRows{l, rows}.currencies()
}

// partnerRow is one row of partners.csv.
type partnerRow struct {
	id, parent string
	row        books.PartnerRow
	parentAt   mark
	currency   int32
}

// partnerRows are the rows of partners.csv, in the order of the partners.
type partnerRows struct {
	l    *loader
	rows []entry[partnerRow]
}

// partners reads partners.csv (§3.4).
func (l *loader) partners() {
	var rows []entry[partnerRow]
	l.each("partners.csv", func(r *row) {
		p := partnerRow{id: r.key("partner_id"), parent: r.key("parent_partner_id"),
			parentAt: r.mark("parent_partner_id")}
		r.notAny("partner_id", p.id)
		if p.id == "customer" || p.id == "vendor" || p.id == l.s.Vendor.ID {
			r.fail("partner_id", "", "means somebody else and cannot be a partner's id")
		}
		kind := r.word("kind")
		p.row = books.PartnerRow{Name: r.text("name"), Kind: books.PartnerKind(max(kind, 0)), Parent: -1,
			Valid:  r.valid(),
			LeftOn: period.Forever, SigningEntity: r.text("signing_entity")}
		p.currency = r.currency("currency")
		if day, ok := r.date("left_on"); ok {
			p.row.LeftOn = l.s.Zone.Start(day)
		}
		if p.parent != "" && kind >= 0 && p.row.Kind != books.Reseller {
			r.fail("parent_partner_id", "leave it empty", "only a reseller has one")
			p.parent = ""
		}
		if p.id == "" {
			l.broken["partners.csv"] = true
			return
		}
		rows = append(rows, entry[partnerRow]{row: p, span: p.row.Valid, at: r.mark("partner_id")})
	})
	byID := func(a, b *partnerRow) int { return strings.Compare(a.id, b.id) }
	rows = sortEntries(rows, byID)
	overlaps(l.files, "partners.csv", rows, byID, func(p *partnerRow) string { return "partner_id " + p.id })
	for _, e := range rows {
		if n := len(l.b.Partners); n == 0 || l.b.Partners[n-1].ID != e.row.id {
			l.b.Partners = append(l.b.Partners, books.Partner{ID: e.row.id, Currency: e.row.currency})
		}
		last := &l.b.Partners[len(l.b.Partners)-1]
		if last.Currency != e.row.currency {
			l.c.Add(books.Pos{File: dir + "/partners.csv", Line: int(e.at.line), Column: int(e.at.column)},
				"a partner's currency does not change: give it another partner_id",
				"partner_id %s: currency %s, and in its first row %s", e.row.id,
				l.b.Currencies[e.row.currency].Code, l.b.Currencies[last.Currency].Code)
		}
		last.Rows = append(last.Rows, e.row.row)
	}
	partnerRows{l, rows}.parents()
}

// parents looks up the resellers' distributors.
func (p partnerRows) parents() {
	l, rows := p.l, p.rows
	next := map[string]int{}
	for _, e := range rows {
		code := l.b.Partner(e.row.id)
		own := &l.b.Partners[code].Rows[next[e.row.id]]
		next[e.row.id]++
		if e.row.parent == "" {
			continue
		}
		at := books.Pos{File: dir + "/partners.csv", Line: int(e.row.parentAt.line), Column: int(e.row.parentAt.column)}
		own.Parent = l.b.Partner(e.row.parent)
		switch {
		case own.Parent < 0 && l.broken["partners.csv"]:
		case own.Parent < 0:
			l.c.Add(at, "", "parent_partner_id %q: not in partners.csv", shorten(e.row.parent))
		case !distributorThroughout(&l.b.Partners[own.Parent], e.span):
			l.c.Add(at, "end the row where the parent's ends, or give the parent a row",
				"parent_partner_id %q: no distributor in all of %s", e.row.parent, e.span)
		}
	}
}

// distributorThroughout reports whether a partner's rows make it a distributor in every instant of the span.
func distributorThroughout(p *books.Partner, span period.Span) bool {
	at := span.From
	for _, r := range p.Rows {
		if r.Valid.From <= at && at < r.Valid.To && r.Kind == books.Distributor {
			at = r.Valid.To
		}
		if at >= span.To {
			return true
		}
	}
	return false
}

// associations reads associations.csv (§3.5).
func (l *loader) associations() {
	var rows []entry[books.Association]
	l.each("associations.csv", func(r *row) {
		customer, okCustomer := r.needCustomer("customer_id")
		partner, okPartner := r.needPartner("partner_id")
		a := books.Association{Customer: customer, Partner: partner,
			Type:  books.AssociationType(r.word("association_type") + 1),
			Valid: r.valid()}
		if okCustomer && okPartner {
			rows = append(rows, entry[books.Association]{row: a, span: a.Valid, at: r.mark("customer_id")})
		}
	})
	byCustomer := func(a, b *books.Association) int { return cmp.Compare(a.Customer, b.Customer) }
	rows = sortEntries(rows, byCustomer)
	overlaps(l.files, "associations.csv", rows, byCustomer, func(a *books.Association) string {
		return "customer_id " + l.b.Customers[a.Customer].ID
	})
	l.b.Associations = rowsOf(rows)
}

func rowsOf[T any](rows []entry[T]) []T {
	out := make([]T, len(rows))
	for i := range rows {
		out[i] = rows[i].row
	}
	return out
}
