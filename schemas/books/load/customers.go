package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// customerRow is one row of customers.csv.
type customerRow struct {
	id  string
	row books.CustomerRow
}

// customerRows are the rows of customers.csv, by customer.
type customerRows struct {
	l    *loader
	rows []Entry[customerRow]
}

// customers reads customers.csv (§3.3).
func (l *loader) customers() {
	rows := make([]Entry[customerRow], 0, l.files.MaxRows("customers.csv"))
	unpriced := map[string]bool{}
	var texts Texts
	l.each("customers.csv", func(r *row) {
		c := customerRow{id: texts.Keep(r.rec.Key("customer_id"))}
		r.notAny("customer_id", c.id)
		c.row = books.CustomerRow{Name: texts.Keep(r.rec.Text("name")), PriceList: texts.Word(r.rec.Key("price_list")),
			AccountManager: texts.Word(r.rec.Text("account_manager_id")), Valid: r.rec.Valid()}
		list := c.row.PriceList
		falls := l.b.ListCurrency(list) == l.b.ListCurrency("") // standard is a fallback
		if falls && !l.lists[list] && !unpriced[list] && !l.files.Broken["prices.csv"] {
			unpriced[list] = true
			l.files.Notes.Add(r.rec.Pos(r.rec.Mark("price_list")), "",
				"price_list %q: no price is in it, so standard applies", settings.ShortYAML(list))
		}
		if c.row.PriceList == "standard" {
			c.row.PriceList = ""
		}
		if c.id == "" {
			l.files.Broken["customers.csv"] = true
			return
		}
		rows = append(rows, Entry[customerRow]{Row: c, Span: c.row.Valid, At: r.rec.Mark("customer_id")})
	})
	byID := func(a, b *customerRow) int { return strings.Compare(a.id, b.id) }
	rows = SortEntries(rows, byID)
	Overlaps(l.files, "customers.csv", rows, byID, func(c *customerRow) string { return "customer_id " + c.id })
	all, customers := make([]books.CustomerRow, len(rows)), 0
	for i := range rows {
		all[i] = rows[i].Row.row
		if i == 0 || rows[i].Row.id != rows[i-1].Row.id {
			customers++
		}
	}
	l.b.Customers = slices.Grow(l.b.Customers, customers)
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && rows[to].Row.id == rows[from].Row.id {
			to++
		}
		l.b.Customers = append(l.b.Customers, books.Customer{ID: rows[from].Row.id, Rows: all[from:to:to]})
		from = to
	}
	customerRows{l, rows}.currencies()
}

// partnerRow is one row of partners.csv.
type partnerRow struct {
	id, parent string
	row        books.PartnerRow
	parentAt   Mark
	currency   int32
}

// partnerRows are the rows of partners.csv, in the order of the partners.
type partnerRows struct {
	l    *loader
	rows []Entry[partnerRow]
}

// partners reads partners.csv (§3.4).
func (l *loader) partners() {
	var rows []Entry[partnerRow]
	l.each("partners.csv", func(r *row) {
		p := partnerRow{id: r.rec.Key("partner_id"), parent: r.rec.Key("parent_partner_id"),
			parentAt: r.rec.Mark("parent_partner_id")}
		r.notAny("partner_id", p.id)
		if p.id == "customer" || p.id == "vendor" || p.id == l.s.Vendor.ID {
			r.rec.Fail("partner_id", "", "means somebody else and cannot be a partner's id")
		}
		kind := r.rec.Word("kind")
		p.row = books.PartnerRow{Name: r.rec.Text("name"), Kind: books.PartnerKind(max(kind, 0)), Parent: -1,
			Valid: r.rec.Valid(), LeftOn: period.Forever, SigningEntity: r.rec.Text("signing_entity")}
		p.currency = r.currency("currency")
		if day, ok := r.rec.Date("left_on"); ok {
			p.row.LeftOn = l.s.Zone.Start(day)
		}
		if p.parent != "" && kind >= 0 && p.row.Kind != books.Reseller {
			r.rec.Fail("parent_partner_id", "leave it empty", "only a reseller has one")
			p.parent = ""
		}
		if p.id == "" {
			l.files.Broken["partners.csv"] = true
			return
		}
		rows = append(rows, Entry[partnerRow]{Row: p, Span: p.row.Valid, At: r.rec.Mark("partner_id")})
	})
	byID := func(a, b *partnerRow) int { return strings.Compare(a.id, b.id) }
	rows = SortEntries(rows, byID)
	Overlaps(l.files, "partners.csv", rows, byID, func(p *partnerRow) string { return "partner_id " + p.id })
	for _, e := range rows {
		if n := len(l.b.Partners); n == 0 || l.b.Partners[n-1].ID != e.Row.id {
			l.b.Partners = append(l.b.Partners, books.Partner{ID: e.Row.id, Currency: e.Row.currency})
		}
		last := &l.b.Partners[len(l.b.Partners)-1]
		if last.Currency != e.Row.currency {
			at := books.Pos{File: Dir + "/partners.csv", Line: int(e.At.Line), Column: int(e.At.Column)}
			l.files.Problems.Add(at, "a partner's currency does not change: give it another partner_id",
				"partner_id %s: currency %s, and in its first row %s", e.Row.id,
				l.b.Currencies[e.Row.currency].Code, l.b.Currencies[last.Currency].Code)
		}
		last.Rows = append(last.Rows, e.Row.row)
	}
	partnerRows{l, rows}.parents()
}

// parents looks up the resellers' distributors.
func (p partnerRows) parents() {
	l, rows := p.l, p.rows
	next := map[string]int{}
	for _, e := range rows {
		code := l.b.Partner(e.Row.id)
		own := &l.b.Partners[code].Rows[next[e.Row.id]]
		next[e.Row.id]++
		if e.Row.parent == "" {
			continue
		}
		at := books.Pos{File: Dir + "/partners.csv", Line: int(e.Row.parentAt.Line),
			Column: int(e.Row.parentAt.Column)}
		own.Parent = l.b.Partner(e.Row.parent)
		switch {
		case own.Parent < 0 && l.files.Broken["partners.csv"]:
		case own.Parent < 0:
			l.files.Problems.Add(at, "", "parent_partner_id %q: not in partners.csv", settings.ShortYAML(e.Row.parent))
		case !distributorThroughout(&l.b.Partners[own.Parent], e.Span):
			l.files.Problems.Add(at, "end the row where the parent's ends, or give the parent a row",
				"parent_partner_id %q: no distributor in all of %s", e.Row.parent, e.Span)
		}
	}
}

// distributorThroughout reports whether a partner's rows make it a distributor at every instant of the span.
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
	rows := make([]Entry[books.Association], 0, l.files.MaxRows("associations.csv"))
	l.each("associations.csv", func(r *row) {
		customer, okCustomer := r.needCustomer("customer_id")
		partner, okPartner := r.needPartner("partner_id")
		a := books.Association{Customer: customer, Partner: partner,
			Type:  books.AssociationType(r.rec.Word("association_type") + 1),
			Valid: r.rec.Valid()}
		if okCustomer && okPartner {
			rows = append(rows, Entry[books.Association]{Row: a, Span: a.Valid, At: r.rec.Mark("customer_id")})
		}
	})
	byCustomer := func(a, b *books.Association) int { return cmp.Compare(a.Customer, b.Customer) }
	rows = SortEntries(rows, byCustomer)
	Overlaps(l.files, "associations.csv", rows, byCustomer, func(a *books.Association) string {
		return "customer_id " + l.b.Customers[a.Customer].ID
	})
	l.b.Associations = RowsOf(rows)
}
