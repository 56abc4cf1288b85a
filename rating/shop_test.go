package rating_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// shop has books that a test assembles, and rates with them. Customer "ann" is 0 and "bob" 1, partner "p1" is 0 and
// "p2" 1. Products must be added in the order of their skus.
type shop struct {
	t     testing.TB
	b     *books.Books
	rules tariff.Rules
}

var regions = []string{"north", "south", "east"}

func newShop(t testing.TB, zone string) *shop {
	t.Helper()
	z, err := period.LoadZone(zone)
	if err != nil {
		t.Fatal(err)
	}
	always := period.Always()
	b := &books.Books{Zone: z, Digits: 2, Currency: "CNY"}
	for _, id := range []string{"ann", "bob"} {
		b.Customers = append(b.Customers, books.Customer{ID: id, Rows: []books.CustomerRow{{Valid: always}}})
	}
	for _, id := range []string{"p1", "p2"} {
		b.Partners = append(b.Partners,
			books.Partner{ID: id, Rows: []books.PartnerRow{{Kind: books.Reseller, Parent: -1, Valid: always}}})
	}
	return &shop{t: t, b: b, rules: tariff.Rules{Grain: tariff.PerCycle, Mode: money.HalfUp, Digits: 2}}
}

// at parses a time in the shop's zone: a date with or without a time of day, or an RFC 3339 timestamp.
func (s *shop) at(text string) period.Instant {
	s.t.Helper()
	if i := strings.IndexByte(text, ' '); i > 0 {
		day := s.at(text[:i])
		var h, m int
		if _, err := fmt.Sscanf(text[i:], " %d:%d", &h, &m); err != nil {
			s.t.Fatal(err)
		}
		return day + period.Instant(int64(h)*period.Hour+int64(m)*period.Minute)
	}
	at, err := period.ParseValidity(text, s.b.Zone)
	if err != nil {
		s.t.Fatal(err)
	}
	return at
}

// span parses `from..to`. An empty side has no bound.
func (s *shop) span(text string) period.Span {
	s.t.Helper()
	from, to, _ := strings.Cut(text, "..")
	span := period.Always()
	if from != "" {
		span.From = s.at(from)
	}
	if to != "" {
		span.To = s.at(to)
	}
	return span
}

func q(text string) money.Quantity      { return must(money.ParseQuantity(text)) }
func price(text string) money.UnitPrice { return must(money.ParseUnitPrice(text)) }
func rate(text string) money.Rate       { return must(money.ParseRate(text)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (s *shop) product(sku string, model books.Model, meter books.Meter) int32 {
	s.b.Products = append(s.b.Products, books.Product{
		SKU: sku, Name: sku, ServiceTypeCode: "svc-" + sku[:1], Measure: "GB", Model: model, Meter: meter,
		AllowDiscount: true,
	})
	return int32(len(s.b.Products) - 1)
}

// price adds a version. Each tier is `up_to unit_price flat_fee block_size`, with "-" as up_to of the last tier;
// omitted values are 0.
func (s *shop) price(sku int32, list, region, valid string, tiers ...string) {
	s.t.Helper()
	v := books.Version{SKU: sku, PriceList: list, Region: region, Valid: s.span(valid)}
	for _, text := range tiers {
		f := append(strings.Fields(text), "0", "0", "0")
		tier := books.Tier{Open: f[0] == "-", UnitPrice: price(f[1]), FlatFee: price(f[2]), BlockSize: q(f[3])}
		if !tier.Open {
			tier.UpTo = q(f[0])
		}
		v.Tiers = append(v.Tiers, tier)
	}
	s.b.Versions = append(s.b.Versions, v)
}

// discount adds a discount for any service. value is a rate, or a fixed unit price after "=".
func (s *shop) discount(id string, kind books.DiscountKind, customer, partner, sku int32, value, valid string) {
	s.t.Helper()
	d := books.Discount{ID: id, Kind: kind, Customer: customer, Partner: partner, Service: "*", SKU: sku,
		Valid: s.span(valid)}
	if fixed, ok := strings.CutPrefix(value, "="); ok {
		d.Mode, d.Fixed = books.ModeFixed, price(fixed)
	} else {
		d.Rate = rate(value)
	}
	s.b.Discounts = append(s.b.Discounts, d)
}

func (s *shop) pack(id string, skus []int32, region, quota string, reset books.PackageReset, valid string) {
	s.t.Helper()
	s.b.Packages = append(s.b.Packages, books.Package{
		ID: id, SKUs: skus, Region: region, Quota: q(quota), Reset: reset, Valid: s.span(valid),
	})
}

func (s *shop) compile() *tariff.Book { return tariff.Compile(s.b, s.rules) }

// bill is a customer's cycle during rating.
type bill struct {
	shop  *shop
	book  *tariff.Book
	rater *rating.Rater
	out   table.LineCharges
	objs  []rating.Object
	n     int32
}

// open opens the first customer's cycle without positions.
func (s *shop) open(cycle string) *bill {
	s.t.Helper()
	book := s.compile()
	b := &bill{shop: s, book: book, rater: rating.NewRater(book, func(i int32) string { return regions[i] })}
	b.reopen(0, cycle, nil)
	return b
}

func (b *bill) reopen(customer int32, cycle string, rows []table.PositionRow) {
	b.shop.t.Helper()
	if err := b.rater.Open(customer, must(period.ParseCycle(cycle)), rows); err != nil {
		b.shop.t.Fatal(err)
	}
}

// use rates one record, given by time, index of the region, resource and quantity.
func (b *bill) use(sku int32, when string, region int32, resource, quantity string) {
	b.shop.t.Helper()
	at := b.shop.at(when)
	rec := rating.Record{
		SKU: sku, Region: region, Resource: []byte(resource), ID: []byte(fmt.Sprint("r", b.n)),
		Name: []byte("name of " + resource), Tag: []byte("tag of " + resource), Start: at, End: at,
		Quantity: q(quantity),
	}
	if err := b.rater.Usage(&rec, b.n, &b.out); err != nil {
		b.shop.t.Fatal(err)
	}
	b.n++
}

// end rates the end of the cycle.
func (b *bill) end() {
	b.shop.t.Helper()
	if err := b.rater.CycleEnd(&b.out, &b.objs); err != nil {
		b.shop.t.Fatal(err)
	}
}

// lines returns the lines since the last call.
func (b *bill) lines() []string {
	var lines []string
	for i := range b.out.List {
		lines = append(lines, b.show(&b.out.List[i]))
	}
	b.out.Reset()
	b.objs = b.objs[:0]
	return lines
}

// show returns a line as `record kind tier: quantity × price = official [− discount id] [− truncated] → payment (used …
// free …)`. Values of 0 are left out.
func (b *bill) show(c *table.Charge) string {
	text := fmt.Sprintf("%d %s t%d: %s × %s = %s", c.Record, c.Kind, c.Tier, c.Quantity.Trim(), c.UnitPrice.Trim(),
		c.Official.Trim())
	if c.DiscountID >= 0 {
		text += fmt.Sprintf(" − %s %s", c.Discount.Trim(), b.shop.b.Discounts[c.DiscountID].ID)
	} else if !c.Discount.IsZero() {
		text += " − " + c.Discount.Trim() + " of nobody"
	}
	if !c.Truncated.IsZero() {
		text += " − " + c.Truncated.Trim()
	}
	text += " → " + c.Payment.Trim()
	if c.UsageAmount != c.Quantity {
		text += " used " + c.UsageAmount.Trim()
	}
	if !c.Free.IsZero() {
		text += " free " + c.Free.Trim()
	}
	for _, d := range b.out.Draws[c.DrawsFrom:c.DrawsTo] {
		text += fmt.Sprintf(" %s:%s", b.shop.b.Packages[d.Package].ID, d.Quantity.Trim())
	}
	return text
}

func (b *bill) want(lines ...string) {
	b.shop.t.Helper()
	if diff := cmp.Diff(lines, b.lines()); diff != "" {
		b.shop.t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// positions returns the closing positions as text.
func (b *bill) positions() []string {
	var lines []string
	for _, p := range b.rater.Positions(nil) {
		lines = append(lines, showPosition(p))
	}
	return lines
}

func showPosition(p table.PositionRow) string {
	switch p.Kind {
	case table.MeterPosition:
		return fmt.Sprintf("meter %s/%s: %s", p.Key, p.Scope, p.Count.Trim())
	case table.PackagePosition:
		return fmt.Sprintf("package %s: %s since %s", p.Key, p.Count.Trim(), p.At)
	case table.MeasurePosition, table.EventsPosition:
		return fmt.Sprintf("counter %d %s/%s: %s", p.Kind, p.Key, p.Scope, p.Count.Trim())
	case table.SeenPosition:
		return fmt.Sprintf("seen %s/%s: %s", p.Key, p.Scope, p.Resource)
	default:
		return fmt.Sprintf("gather %s/%s %q in %s (%s, %s) #%d: %s of %s free %s %s", p.Key, p.Scope, p.Resource,
			p.Region, p.Name, p.Tag, p.Order, p.Count.Trim(), p.Usage.Trim(), p.Free.Trim(), p.Draws)
	}
}

func (b *bill) wantPositions(lines ...string) {
	b.shop.t.Helper()
	if got := b.positions(); !slices.Equal(got, lines) {
		b.shop.t.Errorf("positions:\n%s", cmp.Diff(lines, got))
	}
}

func (s *shop) associate(customer, partner int32, kind books.AssociationType, valid string) {
	s.t.Helper()
	s.b.Associations = append(s.b.Associations, books.Association{
		Customer: customer, Partner: partner, Type: kind, Valid: s.span(valid),
	})
}
