package load

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
)

// markups reads markups.csv.
func (l *loader) markups() {
	var rows []Entry[books.Markup]
	l.each("markups.csv", func(r *row) {
		m := books.Markup{Customer: books.AnyCode, Source: r.rec.Key("source"), Service: r.rec.Text("service_name"),
			MinMargin: r.rec.Price("min_margin"), HasMin: r.rec.Cell("min_margin").Text != ""}
		if id := r.rec.Key("customer_id"); id != "*" {
			m.Customer, _ = need(r, "customer_id", id, "customers.csv", l.b.Customer)
		}
		if _, known := l.s.Costs.Sources.Of(m.Source); m.Source != "*" && !known {
			r.rec.Fail("source", "list it in costs.sources of "+"tollbook.yaml", "not a source of cost files")
		}
		var ok bool
		if m.SKU, ok = r.needSKU("sku"); ok {
			if why := noCosts(l, m.SKU); why != "" {
				r.rec.Fail("sku", "", "%s", why)
			}
		}
		m.Valid = r.rec.Valid()
		if ok {
			rows = append(rows, Entry[books.Markup]{Row: m, Span: m.Valid, At: r.rec.Mark("sku")})
		}
	})
	rows = SortEntries(rows, books.CompareMarkupKey)
	Overlaps(l.files, "markups.csv", rows, books.CompareMarkupKey, func(m *books.Markup) string {
		who := "*"
		if m.Customer >= 0 {
			who = l.b.Customers[m.Customer].ID
		}
		return "customer_id " + who + ", source " + m.Source + ", service_name " + m.Service
	})
	l.b.Markups = RowsOf(rows)
}

// noCosts says why a product cannot bill rows of cost files; "" = it can.
func noCosts(l *loader, sku int32) string {
	p := &l.b.Products[sku]
	if l.badSKU[p.SKU] {
		return ""
	}
	if !p.Model.TakesCosts() {
		return "a " + p.Model.String() + " product does not bill cost files"
	}
	if p.Aggregation != books.Sum {
		return "a product with aggregation " + p.Aggregation.String() + " does not bill cost files"
	}
	for i := range l.b.Packages {
		pack := &l.b.Packages[i]
		switch {
		case !slices.Contains(pack.SKUs, sku):
		case p.Model == books.PassThrough:
			return "package " + pack.ID + " names the product: a package is of quantities, not of costs"
		case pack.Reset != books.ResetCycle:
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
				l.files.Problems.Add(pack.Place, "make two packages of it",
					"package %s is of %s, which bills cost files, and of %s, which does not", pack.ID,
					l.b.Products[pack.SKUs[slices.IndexFunc(pack.SKUs, costs)]].SKU, p.SKU)
			}
			p.PackagedCosts = true
		}
	}
}
