package books

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Markup is one row of markups.csv: the product that rows of cost files are billed by (§11.3).
type Markup struct {
	Customer  int32  // -1 = any
	Source    string // "*" = any
	Service   string // ServiceName; "*" = any
	SKU       int32
	MinMargin money.UnitPrice // share of the effective cost that a line must bring above it
	HasMin    bool
	Valid     period.Span
}

func markupsFormat() Format {
	return Format{File: "markups.csv", Key: "customer_id, source, service_name",
		Meaning: "the products that customers' parts of cost files are billed by (§11.3)", Columns: []Column{
			scope("customer_id", "customer"),
			scope("source", "source of cost files"),
			{Name: "service_name", Type: "text", Default: "*", Meaning: "ServiceName; * = any"},
			id("sku", "the product"),
			{Name: "min_margin", Type: "unit price",
				Meaning: "lines below effective cost × (1 + min_margin) are reported; empty = none is"},
			validFrom(false), validTo(),
		}}
}

func compareMarkupKey(a, b *Markup) int {
	return cmp.Or(cmp.Compare(a.Customer, b.Customer), strings.Compare(a.Service, b.Service),
		strings.Compare(a.Source, b.Source))
}

// markups reads markups.csv.
func (l *loader) markups() {
	var rows []entry[Markup]
	l.each("markups.csv", func(r *row) {
		m := Markup{Customer: anyCode, Source: r.key("source"), Service: r.text("service_name"),
			MinMargin: r.price("min_margin"), HasMin: r.cell("min_margin").text != ""}
		if id := r.key("customer_id"); id != "*" {
			m.Customer, _ = need(r, "customer_id", id, "customers.csv", l.b.Customer)
		}
		if _, known := l.s.Costs.Sources.Of(m.Source); m.Source != "*" && !known {
			r.fail("source", "list it in costs.sources of "+"tollbook.yaml", "not a source of cost files")
		}
		var ok bool
		if m.SKU, ok = r.needSKU("sku"); ok {
			if why := l.noCosts(m.SKU); why != "" {
				r.fail("sku", "", "%s", why)
			}
		}
		m.Valid = r.valid()
		if ok {
			rows = append(rows, entry[Markup]{row: m, span: m.Valid, at: r.mark("sku")})
		}
	})
	rows = sortEntries(rows, compareMarkupKey)
	overlaps(l.files, "markups.csv", rows, compareMarkupKey, func(m *Markup) string {
		who := "*"
		if m.Customer >= 0 {
			who = l.b.Customers[m.Customer].ID
		}
		return "customer_id " + who + ", source " + m.Source + ", service_name " + m.Service
	})
	l.b.Markups = rowsOf(rows)
}

// noCosts says why rows of cost files cannot be billed by a product; "" = they can.
func (l *loader) noCosts(sku int32) string {
	p := &l.b.Products[sku]
	if l.badSKU[p.SKU] {
		return ""
	}
	if !p.Model.TakesCosts() {
		return "a " + p.Model.String() + " product does not bill cost files"
	}
	if p.Aggregation != Sum {
		return "a product with aggregation " + p.Aggregation.String() + " does not bill cost files"
	}
	for i := range l.b.Packages {
		pack := &l.b.Packages[i]
		switch {
		case !slices.Contains(pack.SKUs, sku):
		case p.Model == PassThrough:
			return "package " + pack.ID + " names the product: a package is of quantities, not of costs"
		case pack.Reset != ResetCycle:
			return "package " + pack.ID + " names the product: packages that cover cost files have reset cycle"
		}
	}
	p.BillsCosts = true
	return ""
}

// costPackages checks that a package covers either cost files or the usage feed.
func (l *loader) costPackages() {
	costs := func(sku int32) bool { return l.b.Products[sku].BillsCosts }
	for i := range l.b.Packages {
		pack := &l.b.Packages[i]
		if !slices.ContainsFunc(pack.SKUs, costs) {
			continue
		}
		for _, sku := range pack.SKUs {
			p := &l.b.Products[sku]
			if !p.BillsCosts {
				l.c.Add(Pos{File: "books/packages.csv"}, "make two packages of it",
					"package %s is of %s, which bills cost files, and of %s, which does not", pack.ID,
					l.b.Products[pack.SKUs[slices.IndexFunc(pack.SKUs, costs)]].SKU, p.SKU)
			}
			p.PackagedCosts = true
		}
	}
}

// Markups are the rows of markups.csv, sorted by Customer, Service, Source, Valid.From.
type Markups []Markup

// At is the row of markups.csv for a customer's part of a row at an instant: the exact customer before *, then
// the exact service, then the exact source; nil = none.
func (ms Markups) At(customer int32, source, service string, t period.Instant) *Markup {
	for _, who := range [...]int32{customer, anyCode} {
		for _, what := range [...]string{service, "*"} {
			for _, from := range [...]string{source, "*"} {
				key := Markup{Customer: who, Source: from, Service: what}
				rows := run(ms, func(m *Markup) int { return compareMarkupKey(m, &key) })
				if m := inForce(rows, t, func(m *Markup) period.Span { return m.Valid }); m != nil {
					return m
				}
			}
		}
	}
	return nil
}
