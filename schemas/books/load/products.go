package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

// products reads products.csv (§3.1).
func (l *loader) products() {
	var rows []entry[books.Product]
	l.each("products.csv", func(r *row) {
		p := books.Product{
			SKU: r.key("sku"), Name: r.text("name"),
			ServiceTypeCode: r.key("service_type_code"), ServiceTypeName: r.text("service_type_name"),
			ResourceTypeCode: r.text("resource_type_code"), ResourceTypeName: r.text("resource_type_name"),
			UsageType: r.text("usage_type"), Measure: r.key("measure"),
			Model: books.Model(r.word("pricing_model")), Meter: books.Meter(r.word("meter")), Policy: r.text("policy"),
			AllowDiscount: r.flag("allow_discount"), Class: books.Class(r.word("performance_class")),
			FocusServiceCategory: r.text("focus_service_category"),
		}
		r.notAny("sku", p.SKU)
		r.notAny("service_type_code", p.ServiceTypeCode)
		modelKnown := p.Model.Known()
		switch {
		case !modelKnown:
		case p.Model == books.Percentile && p.Policy == "":
			r.fail("policy", "name one of policies.yaml", "a percentile product needs one")
		case p.Model != books.Percentile && p.Policy != "":
			r.fail("policy", "leave it empty", "only a percentile product has one")
		case p.Policy != "" && !l.broken["policies.yaml"] && l.b.Policy(p.Policy) < 0:
			r.fail("policy", "", "not in policies.yaml")
		}
		r.counting(&p, modelKnown)
		r.costBasis(&p, modelKnown)
		if !modelKnown {
			l.badSKU[p.SKU] = true
		}
		l.services[p.ServiceTypeCode] = true
		if p.SKU != "" {
			rows = append(rows, entry[books.Product]{row: p, at: r.mark("sku")})
		} else {
			l.broken["products.csv"] = true
		}
	})
	bySKU := func(a, b *books.Product) int { return strings.Compare(a.SKU, b.SKU) }
	rows = sortEntries(rows, bySKU)
	for _, e := range once(l.files, "products.csv", rows, bySKU,
		func(p *books.Product) string { return "sku " + p.SKU }) {
		l.b.Products = append(l.b.Products, e.row)
	}
}

// notAny refuses * as a name, since it stands for anything.
func (r *row) notAny(name, text string) {
	if text == "*" {
		r.fail(name, "", "means any and cannot be a name")
	}
}

// priceRow is one row of prices.csv.
type priceRow struct {
	sku                      int32
	list, region, periodType string
	number                   int
	tier                     books.Tier
	model                    books.Model
	checked                  bool // its product is known and right
	upTo                     mark
}

// priceRows are rows of prices.csv, to be checked against each other.
type priceRows struct {
	l    *loader
	rows []entry[priceRow]
}

func (p *priceRow) describe(l *loader) string {
	text := "sku " + l.b.Products[p.sku].SKU + ", price_list " + p.list + ", region_code " + p.region
	if p.periodType != "" {
		text += ", period_type " + p.periodType
	}
	return text
}

func comparePriceKey(a, b *priceRow) int {
	return cmp.Or(
		cmp.Compare(a.sku, b.sku), strings.Compare(a.list, b.list), strings.Compare(a.region, b.region),
		strings.Compare(a.periodType, b.periodType),
	)
}

// prices reads prices.csv (§3.2).
func (l *loader) prices() {
	var rows []entry[priceRow]
	l.each("prices.csv", func(r *row) {
		p := priceRow{
			list: r.key("price_list"), region: r.key("region_code"), number: r.whole("tier"), upTo: r.mark("up_to"),
		}
		r.notAny("price_list", p.list)
		var known bool
		p.sku, known = r.needSKU("sku")
		p.tier.UpTo, p.tier.Open = r.quantity("up_to"), r.cell("up_to").text == ""
		if !p.tier.Open && !r.bad && p.tier.UpTo.IsZero() {
			r.fail("up_to", "", "not above 0")
		}
		if i := r.word("period_type"); i >= 0 {
			p.periodType = r.column("period_type").Words[i]
		}
		priceCells(r, &p, known)
		span := r.valid()
		l.lists[p.list] = true
		if known && p.number > 0 {
			p.checked = !r.bad
			rows = append(rows, entry[priceRow]{row: p, span: span, at: r.mark("valid_from")})
		}
	})
	priceRows{l, rows}.versions()
}

// priceCells reads the money of a price row and checks it against the product's model.
func priceCells(r *row, p *priceRow, known bool) {
	p.tier.FlatFee, p.tier.UnitPrice, p.tier.BlockSize = r.price("flat_fee"), r.price("unit_price"),
		r.quantity("block_size")
	if !known {
		return
	}
	p.model = r.l.b.Products[p.sku].Model // unknown of a product that is refused: it has no rule for tiers
	if r.l.badSKU[r.l.b.Products[p.sku].SKU] {
		return
	}
	model := p.model.String()
	of := p.model.Traits()
	switch {
	case of.OnlyFee && p.tier.UnitPrice != (money.UnitPrice{}):
		r.fail("unit_price", "leave it empty", "a %s price has only flat_fee", model)
	case !of.OnlyFee && !of.OwnPrice && r.cell("unit_price").text == "":
		r.fail("unit_price", "", "empty")
	}
	r.percentage(p)
	r.markUp(p)
	if of.NoFee && !p.tier.FlatFee.IsZero() {
		r.fail("flat_fee", "leave it empty", "a %s price has none", model)
	}
	size := r.cell("block_size").text
	switch {
	case p.model == books.Block && size == "":
		r.fail("block_size", "", "a block price needs one")
	case p.model == books.Block && !r.bad && p.tier.BlockSize.IsZero():
		r.fail("block_size", "", "not above 0")
	case p.model != books.Block && size != "":
		r.fail("block_size", "leave it empty", "only a block price has one")
	}
	kind := r.cell("period_type").text
	switch {
	case p.model == books.Subscription && kind == "":
		r.fail("period_type", "one of "+strings.Join(r.column("period_type").Words, ", "), "a period price needs one")
	case p.model != books.Subscription && kind != "":
		r.fail("period_type", "leave it empty", "only a period price has one")
	}
}

// versions groups the rows into price versions and checks their tiers and that no two are in force at once.
func (p priceRows) versions() {
	l, rows := p.l, p.rows
	slices.SortFunc(rows, func(a, b entry[priceRow]) int {
		return cmp.Or(
			comparePriceKey(&a.row, &b.row), cmp.Compare(a.span.From, b.span.From), cmp.Compare(a.span.To, b.span.To),
			cmp.Compare(a.row.number, b.row.number), cmp.Compare(a.at.line, b.at.line),
		)
	})
	var firsts []entry[priceRow]
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].span == rows[0].span && comparePriceKey(&rows[n].row, &rows[0].row) == 0 {
			n++
		}
		priceRows{l, rows[:n]}.tiers()
		first := rows[0]
		version := books.Version{
			SKU: first.row.sku, PriceList: first.row.list, Region: first.row.region, PeriodType: first.row.periodType,
			Valid: first.span,
		}
		for _, e := range rows[:n] {
			version.Tiers = append(version.Tiers, e.row.tier)
			if e.at.line < first.at.line {
				first.at = e.at
			}
		}
		version.At = books.Pos{File: dir + "/prices.csv", Line: int(first.at.line), Column: int(first.at.column)}
		l.b.Versions = append(l.b.Versions, version)
		firsts = append(firsts, first)
		rows = rows[n:]
	}
	overlaps(l.files, "prices.csv", firsts, comparePriceKey, func(p *priceRow) string { return p.describe(l) })
}

// tiers checks that the tiers of a version, whose rows these are, sorted by tier, are 1..n, that up_to rises and that
// the last one, and only it, is open. Nothing is checked where a row has a problem of its own.
func (p priceRows) tiers() {
	l, rows := p.l, p.rows
	for _, e := range rows {
		if !e.row.checked {
			return
		}
	}
	fail := func(at mark, hint, format string, args ...any) {
		l.c.Add(books.Pos{File: dir + "/prices.csv", Line: int(at.line), Column: int(at.column)}, hint, format, args...)
	}
	p.percentage()
	model := rows[0].row.model
	for i, e := range rows {
		at := mark{e.at.line, e.row.upTo.column}
		last := i == len(rows)-1
		switch {
		case i > 0 && e.row.number == rows[i-1].row.number:
			fail(e.at, "", "tier %d of %s is duplicate: also %s/prices.csv:%d", e.row.number, e.row.describe(l), dir,
				rows[i-1].at.line)
			return
		case e.row.number != i+1:
			fail(e.at, "tiers are 1, 2, … without gaps", "tier %d of %s where tier %d is missing", e.row.number,
				e.row.describe(l), i+1)
			return
		case i > 0 && model.Traits().OneTier:
			fail(e.at, "", "tier %d: a %s price has one tier", e.row.number, model)
			return
		case last && !e.row.tier.Open:
			fail(at, "leave up_to empty on the last tier", "up_to %q: the last tier must be open",
				e.row.tier.UpTo.Trim())
		case !last && e.row.tier.Open:
			fail(at, "", "up_to: empty on tier %d of %d; only the last tier is open", e.row.number, len(rows))
		case i > 0 && !e.row.tier.Open && e.row.tier.UpTo.Cmp(rows[i-1].row.tier.UpTo) <= 0:
			fail(at, "", "up_to %q: not above that of the tier before, %s", e.row.tier.UpTo.Trim(),
				rows[i-1].row.tier.UpTo.Trim())
		}
	}
}

// once notes every row whose key an earlier row has, and gives the others. rows are sorted.
func once[T any](f *files, file string, rows []entry[T], key func(a, b *T) int, what func(*T) string) []entry[T] {
	out := rows[:0:0]
	for i, e := range rows {
		if i > 0 && key(&rows[i-1].row, &e.row) == 0 {
			first := out[len(out)-1]
			at := books.Pos{File: dir + "/" + file, Line: int(e.at.line), Column: int(e.at.column)}
			f.c.Add(at, "keep one of the two", "%s is duplicate: also %s/%s:%d", what(&e.row), dir, file, first.at.line)
			continue
		}
		out = append(out, e)
	}
	return out
}
