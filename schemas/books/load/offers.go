package load

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/settings"
)

// discounts reads discounts.csv (§3.6).
func (l *loader) discounts() {
	rows := make([]Entry[books.Discount], 0, l.files.MaxRows("discounts.csv"))
	var texts Texts
	l.each("discounts.csv", func(r *row) {
		d := books.Discount{ID: texts.Keep(r.rec.Key("discount_id")), Customer: books.AnyCode, Partner: books.AnyCode}
		kind := r.rec.Word("kind")
		d.Kind = books.DiscountKind(max(kind, 0))
		if id := r.rec.Key("customer_id"); id != "*" {
			d.Customer, _ = need(r, "customer_id", id, "customers.csv", l.b.Customer)
		}
		partner := r.rec.Key("partner_id")
		switch {
		case kind >= 0 && d.Kind == books.PartnerOffer && partner == "":
			r.rec.Fail("partner_id", "", "a partner's discount needs one")
		case kind >= 0 && d.Kind != books.PartnerOffer && partner != "":
			r.rec.Fail("partner_id", "leave it empty", "only kind partner has one")
		case partner != "":
			d.Partner, _ = need(r, "partner_id", partner, "partners.csv", l.b.Partner)
		}
		d.Service, d.SKU = r.scope()
		d.Service = texts.Word(d.Service)
		if mode := r.rec.Word("mode"); mode >= 0 {
			d.Mode = books.DiscountMode(mode)
			r.discountValue(&d)
		}
		d.Valid, d.Currency = r.rec.Valid(), r.currency("currency")
		if d.Currency > 0 && d.Mode == books.ModeRate && !r.rec.Bad {
			r.rec.Fail("currency", "leave it empty", "a rate is a share and has no currency")
		}
		if d.ID != "" {
			rows = append(rows, Entry[books.Discount]{Row: d, Span: d.Valid, At: r.rec.Mark("discount_id")})
		}
	})
	byID := func(a, b *books.Discount) int { return strings.Compare(a.ID, b.ID) }
	rows = SortEntries(rows, byID)
	Overlaps(l.files, "discounts.csv", rows, byID, func(d *books.Discount) string {
		return "discount_id " +
			d.ID
	})
	l.b.Discounts = RowsOf(rows)
}

// discountValue reads a discount's value by its mode. A fixed value is the unit price of usage and the amount of an
// order; if the products are not stated, it is both.
func (r *row) discountValue(d *books.Discount) {
	l := r.l
	usage, orders := true, true
	if d.SKU >= 0 && !l.badSKU[l.b.Products[d.SKU].SKU] {
		model := l.b.Products[d.SKU].Model
		usage, orders = model != books.Subscription, model == books.Subscription
		if d.Mode == books.ModeFixed && model.NoFixed() {
			l.files.Notes.Add(r.rec.Pos(r.rec.Mark("mode")), "",
				"discount_id %s: a fixed price does not fit a %s product, so it never applies", d.ID, model)
		}
	}
	if d.Kind == books.OrderOffer {
		usage = false
	}
	switch d.Mode {
	case books.ModeRate:
		d.Rate = r.rec.Rate("value")
	case books.ModeReduction:
		if !orders {
			r.rec.Fail("mode", "", "a reduction is for orders, and the product is %s", l.b.Products[d.SKU].Model)
		}
		d.Amount = r.rec.Amount("value")
	case books.ModeFixed:
		var ok bool
		if orders && !usage {
			d.Amount = r.rec.Amount("value")
		} else if d.Fixed, ok = Decimal(r.rec, "value", money.ParseUnitPrice[string]); ok && orders {
			d.Amount = r.rec.Amount("value")
		}
	}
}

// packages reads packages.csv (§3.7).
func (l *loader) packages() {
	var rows []Entry[books.Package]
	l.each("packages.csv", func(r *row) {
		p := books.Package{ID: r.rec.Key("package_id"), Region: r.rec.Key("region_code"),
			Quota: r.rec.Quantity("quota"), Place: r.rec.Pos(r.rec.Mark("package_id"))}
		if strings.Contains(p.ID, ":") {
			r.rec.Fail("package_id", "", "an id of a package may not contain %q", ":")
		}
		var ok bool
		p.Customer, ok = r.needCustomer("customer_id")
		p.SKUs = r.skuList()
		p.Reset = books.PackageReset(max(r.rec.Word("reset"), 0))
		p.Valid = r.rec.Valid()
		if ok && p.ID != "" {
			rows = append(rows, Entry[books.Package]{Row: p, Span: p.Valid, At: r.rec.Mark("package_id")})
		}
	})
	byKey := func(a, b *books.Package) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), strings.Compare(a.ID, b.ID))
	}
	rows = SortEntries(rows, byKey)
	Overlaps(l.files, "packages.csv", rows, byKey, func(p *books.Package) string {
		return "customer_id " + l.b.Customers[p.Customer].ID + ", package_id " + p.ID
	})
	l.b.Packages = RowsOf(rows)
}

// skuList reads the products of a package.
func (r *row) skuList() []int32 {
	text := r.rec.Text("skus")
	if text == "" {
		return nil
	}
	var codes []int32
	for _, sku := range strings.Split(text, ";") {
		code := r.l.b.SKU(sku)
		switch {
		case sku == "":
			r.rec.Fail("skus", "join products by one ;", "an empty sku in the list")
		case code < 0 && !r.l.files.Broken["products.csv"]:
			r.rec.Fail("skus", "", "%q is not in products.csv", settings.ShortYAML(sku))
		case code >= 0 && slices.Contains(codes, code):
			r.rec.Fail("skus", "", "%q is duplicate", settings.ShortYAML(sku))
		case code >= 0:
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

// couponTerms reads the kind of a coupon and which lines it pays.
func (r *row) couponTerms(c *books.Coupon) {
	kind, beside := r.rec.Word("kind"), r.rec.Word("with_discount")
	c.Cash, c.Pickup, c.Performance = kind == 1, kind == 2, r.rec.Flag("counts_as_performance")
	c.NotCommercial = beside == 2
	c.WithDiscount = beside == 0 || c.NotCommercial
}

// neverPerforms adds a note if a voucher is marked to count as performance, and removes the mark (§3.10).
func (r *row) neverPerforms(c *books.Coupon, id string) {
	if !r.rec.Bad && c.Performance && !c.Cash {
		r.l.files.Notes.Add(r.rec.Pos(r.rec.Mark("counts_as_performance")), "",
			"%s %s: a %s never counts as performance", id, c.ID, c.Kind())
		c.Performance = false
	}
}

// coupons reads coupons.csv (§3.10).
func (l *loader) coupons() {
	var rows []Entry[books.Coupon]
	l.each("coupons.csv", func(r *row) {
		c := books.Coupon{
			ID:     r.rec.Key("coupon_id"),
			Amount: r.rec.Amount("amount"), MinConsumption: r.rec.Amount("min_consumption"),
		}
		r.couponTerms(&c)
		c.Customer, _ = r.needCustomer("customer_id")
		if !r.rec.Bad && c.Amount.IsZero() {
			r.rec.Fail("amount", "", "not above 0")
		}
		r.neverPerforms(&c, "coupon_id")
		c.Service, c.SKU = r.scope()
		c.Valid = r.rec.Valid()
		if c.ID != "" {
			rows = append(rows, Entry[books.Coupon]{Row: c, Span: c.Valid, At: r.rec.Mark("coupon_id")})
		}
	})
	byID := func(a, b *books.Coupon) int { return strings.Compare(a.ID, b.ID) }
	rows = SortEntries(rows, byID)
	Overlaps(l.files, "coupons.csv", rows, byID, func(c *books.Coupon) string { return "coupon_id " + c.ID })
	l.b.Coupons = RowsOf(rows)
}
