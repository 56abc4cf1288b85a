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
	var rows []Entry[books.Product]
	l.each("products.csv", func(r *row) {
		p := books.Product{
			SKU: r.rec.Key("sku"), Name: r.rec.Text("name"),
			ServiceTypeCode: r.rec.Key("service_type_code"), ServiceTypeName: r.rec.Text("service_type_name"),
			ResourceTypeCode: r.rec.Text("resource_type_code"), ResourceTypeName: r.rec.Text("resource_type_name"),
			UsageType: r.rec.Text("usage_type"), Measure: r.rec.Key("measure"),
			Model: books.Model(r.rec.Word("pricing_model")), Meter: books.Meter(r.rec.Word("meter")),
			Policy: r.rec.Text("policy"), AllowDiscount: r.rec.Flag("allow_discount"),
			Class:                books.Class(r.rec.Word("performance_class")),
			FocusServiceCategory: r.rec.Text("focus_service_category"),
		}
		r.notAny("sku", p.SKU)
		r.notAny("service_type_code", p.ServiceTypeCode)
		modelKnown := p.Model.Known()
		l.builtIn(p.Policy)
		switch {
		case !modelKnown:
		case p.Model == books.Percentile && p.Policy == "":
			r.rec.Fail("policy", "name one of policies.yaml", "a percentile product needs one")
		case p.Model != books.Percentile && p.Policy != "":
			r.rec.Fail("policy", "leave it empty", "only a percentile product has one")
		case p.Policy != "" && !l.files.Broken["policies.yaml"] && l.b.Policy(p.Policy) < 0:
			r.rec.Fail("policy", "built in: p95, p95-max-in-out", "not in policies.yaml")
		}
		r.counting(&p, modelKnown)
		r.costBasis(&p, modelKnown)
		if !modelKnown {
			l.badSKU[p.SKU] = true
		}
		l.services[p.ServiceTypeCode] = true
		if p.SKU != "" {
			rows = append(rows, Entry[books.Product]{Row: p, At: r.rec.Mark("sku")})
		} else {
			l.files.Broken["products.csv"] = true
		}
	})
	bySKU := func(a, b *books.Product) int { return strings.Compare(a.SKU, b.SKU) }
	rows = SortEntries(rows, bySKU)
	for _, e := range Once(l.files, "products.csv", rows, bySKU,
		func(p *books.Product) string { return "sku " + p.SKU }) {
		l.b.Products = append(l.b.Products, e.Row)
	}
}

// notAny refuses * as a name, since it stands for anything.
func (r *row) notAny(name, text string) {
	if text == "*" {
		r.rec.Fail(name, "", "means any and cannot be a name")
	}
}

// priceRow is one row of prices.csv.
type priceRow struct {
	sku                      int32
	list, region, periodType string
	number                   int
	tier                     books.Tier
	model                    books.Model
	checked                  bool // the product exists and has no problem
	upTo                     Mark
}

// priceRows are rows of prices.csv, to be checked against each other.
type priceRows struct {
	l    *loader
	rows []Entry[priceRow]
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
	var rows []Entry[priceRow]
	l.each("prices.csv", func(r *row) {
		p := priceRow{
			list: r.rec.Key("price_list"), region: r.rec.Key("region_code"), number: r.rec.Whole("tier"),
			upTo: r.rec.Mark("up_to"),
		}
		r.notAny("price_list", p.list)
		var known bool
		p.sku, known = r.needSKU("sku")
		p.tier.UpTo, p.tier.Open = r.rec.Quantity("up_to"), r.rec.Cell("up_to").Text == ""
		if !p.tier.Open && !r.rec.Bad && p.tier.UpTo.IsZero() {
			r.rec.Fail("up_to", "", "not above 0")
		}
		if i := r.rec.Word("period_type"); i >= 0 {
			p.periodType = r.rec.Column("period_type").Words[i]
		}
		priceCells(r, &p, known)
		span := r.rec.Valid()
		l.lists[p.list] = true
		if known && p.number > 0 {
			p.checked = !r.rec.Bad
			rows = append(rows, Entry[priceRow]{Row: p, Span: span, At: r.rec.Mark("valid_from")})
		}
	})
	priceRows{l, rows}.versions()
}

// priceCells reads the money of a price row and checks it against the product's model.
func priceCells(r *row, p *priceRow, known bool) {
	p.tier.FlatFee, p.tier.UnitPrice, p.tier.BlockSize = r.rec.Price("flat_fee"), r.rec.Price("unit_price"),
		r.rec.Quantity("block_size")
	if !known {
		return
	}
	p.model = r.l.b.Products[p.sku].Model // not Known for a rejected product: no tier rule applies then
	if r.l.badSKU[r.l.b.Products[p.sku].SKU] {
		return
	}
	model := p.model.String()
	of := p.model.Traits()
	switch {
	case of.OnlyFee && p.tier.UnitPrice != (money.UnitPrice{}):
		r.rec.Fail("unit_price", "leave it empty", "a %s price has only flat_fee", model)
	case !of.OnlyFee && !of.OwnPrice && r.rec.Cell("unit_price").Text == "":
		r.rec.Fail("unit_price", "", "empty")
	}
	r.percentage(p)
	r.markUp(p)
	if of.NoFee && !p.tier.FlatFee.IsZero() {
		r.rec.Fail("flat_fee", "leave it empty", "a %s price has none", model)
	}
	size := r.rec.Cell("block_size").Text
	switch {
	case p.model == books.Block && size == "":
		r.rec.Fail("block_size", "", "a block price needs one")
	case p.model == books.Block && !r.rec.Bad && p.tier.BlockSize.IsZero():
		r.rec.Fail("block_size", "", "not above 0")
	case p.model != books.Block && size != "":
		r.rec.Fail("block_size", "leave it empty", "only a block price has one")
	}
	kind := r.rec.Cell("period_type").Text
	switch {
	case p.model == books.Subscription && kind == "":
		r.rec.Fail("period_type", "one of "+strings.Join(r.rec.Column("period_type").Words, ", "),
			"a period price needs one")
	case p.model != books.Subscription && kind != "":
		r.rec.Fail("period_type", "leave it empty", "only a period price has one")
	}
}

// versions groups the rows into price versions and checks their tiers and that no two are in force at once.
func (p priceRows) versions() {
	l, rows := p.l, p.rows
	slices.SortFunc(rows, func(a, b Entry[priceRow]) int {
		return cmp.Or(
			comparePriceKey(&a.Row, &b.Row), cmp.Compare(a.Span.From, b.Span.From), cmp.Compare(a.Span.To, b.Span.To),
			cmp.Compare(a.Row.number, b.Row.number), cmp.Compare(a.At.Line, b.At.Line),
		)
	})
	var firsts []Entry[priceRow]
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].Span == rows[0].Span && comparePriceKey(&rows[n].Row, &rows[0].Row) == 0 {
			n++
		}
		priceRows{l, rows[:n]}.tiers()
		first := rows[0]
		version := books.Version{
			SKU: first.Row.sku, PriceList: first.Row.list, Region: first.Row.region, PeriodType: first.Row.periodType,
			Valid: first.Span,
		}
		for _, e := range rows[:n] {
			version.Tiers = append(version.Tiers, e.Row.tier)
			if e.At.Line < first.At.Line {
				first.At = e.At
			}
		}
		version.At = books.Pos{File: Dir + "/prices.csv", Line: int(first.At.Line), Column: int(first.At.Column)}
		l.b.Versions = append(l.b.Versions, version)
		firsts = append(firsts, first)
		rows = rows[n:]
	}
	Overlaps(l.files, "prices.csv", firsts, comparePriceKey, func(p *priceRow) string { return p.describe(l) })
}

// tiers checks the rows of a version, sorted by tier: tiers are 1..n, up_to rises, and only the last tier is open. It
// checks nothing if a row has a problem of its own.
func (p priceRows) tiers() {
	l, rows := p.l, p.rows
	for _, e := range rows {
		if !e.Row.checked {
			return
		}
	}
	fail := func(at Mark, hint, format string, args ...any) {
		l.files.Problems.Add(books.Pos{File: Dir + "/prices.csv", Line: int(at.Line), Column: int(at.Column)},
			hint, format, args...)
	}
	p.percentage()
	model := rows[0].Row.model
	for i, e := range rows {
		at := Mark{Line: e.At.Line, Column: e.Row.upTo.Column}
		last := i == len(rows)-1
		switch {
		case i > 0 && e.Row.number == rows[i-1].Row.number:
			fail(e.At, "", "tier %d of %s is duplicate: also %s/prices.csv:%d", e.Row.number, e.Row.describe(l),
				Dir,
				rows[i-1].At.Line)
			return
		case e.Row.number != i+1:
			fail(e.At, "tiers are 1, 2, … without gaps", "tier %d of %s where tier %d is missing", e.Row.number,
				e.Row.describe(l), i+1)
			return
		case i > 0 && model.Traits().OneTier:
			fail(e.At, "", "tier %d: a %s price has one tier", e.Row.number, model)
			return
		case last && !e.Row.tier.Open:
			fail(at, "leave up_to empty on the last tier", "up_to %q: the last tier must be open",
				e.Row.tier.UpTo.Trim())
		case !last && e.Row.tier.Open:
			fail(at, "", "up_to: empty on tier %d of %d; only the last tier is open", e.Row.number, len(rows))
		case i > 0 && !e.Row.tier.Open && e.Row.tier.UpTo.Cmp(rows[i-1].Row.tier.UpTo) <= 0:
			fail(at, "", "up_to %q: not above that of the tier before, %s", e.Row.tier.UpTo.Trim(),
				rows[i-1].Row.tier.UpTo.Trim())
		}
	}
}
