package rating_test

import (
	"fmt"
	"testing"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// benchSKUs is the number of skus in the books of the benchmarks.
const benchSKUs = 400

// benchShop has 400 skus of one model, with prices in eight regions, two versions each, a discount for all customers
// and one for the customer, as in the generator's books.
func benchShop(tb testing.TB, c *benchModel) (*tariff.Book, *shop) {
	model, meter, packages := c.model, c.meter, c.packages
	s := newShop(tb, "Asia/Shanghai")
	var skus []int32
	for i := range benchSKUs {
		sku := s.product(fmt.Sprintf("sku%03d", i), model, meter)
		skus = append(skus, sku)
		s.b.Products[sku].Counting = c.counting
		for _, region := range []string{"*", "north", "south", "east"} {
			for _, valid := range []string{"..2026-09-10", "2026-09-10.."} {
				tiers := []string{"100 0.24 0 5", "10000 0.23 0 5", "- 0.2 0 5"}
				if model == books.Flat {
					tiers = tiers[2:]
				}
				s.price(sku, "standard", region, valid, tiers...)
			}
		}
	}
	s.discount("all", books.Commercial, all, all, all, "0.95", "..")
	s.discount("own", books.Channel, 0, all, 7, "0.9", "..")
	for i := range packages {
		s.pack(fmt.Sprint("p", i), skus[:200], "*", "1000000000", books.ResetCycle, "..")
	}
	return s.compile(), s
}

// benchRecords returns n records of a customer on one day, over all skus, three regions and twenty resources.
func benchRecords(s *shop, n int) []rating.Record {
	records := make([]rating.Record, n)
	start := s.at("2026-09-12")
	for i := range records {
		records[i] = rating.Record{
			SKU: int32(i*7919) % benchSKUs, Region: int32(i % len(regions)),
			Resource: []byte(fmt.Sprint("resource-", i%20)),
			ID:       []byte(fmt.Sprint("record-", i)), Name: []byte("name"), Tag: []byte("tag"),
			Start: start + period.Instant(int64(i)*period.Second), End: start + period.Instant(30*period.Hour),
			Quantity: q("12.3456789"),
		}
	}
	return records
}

func benchRater(tb testing.TB, c *benchModel) (*rating.Rater, []rating.Record) {
	book, s := benchShop(tb, c)
	r := rating.NewRater(book, func(i int32) string { return regions[i] })
	if err := r.Open(0, must(period.ParseCycle(month)), nil); err != nil {
		tb.Fatal(err)
	}
	return r, benchRecords(s, 4096)
}

// benchModel is a kind of product to measure.
type benchModel struct {
	name     string
	model    books.Model
	meter    books.Meter
	packages int
	counting books.Counting
}

var benchModels = []benchModel{
	{name: "flat", model: books.Flat},
	{name: "flat/packages=3", model: books.Flat, packages: 3},
	{name: "graduated", model: books.Graduated},
	{name: "graduated/meter=resource", model: books.Graduated, meter: books.PerResource},
	{name: "volume", model: books.Volume},
	{name: "block", model: books.Block},
	{name: "stairstep", model: books.Stairstep, meter: books.PerCustomer},
	{name: "graduated/fee_at_zero", model: books.Graduated, counting: books.Counting{FeeAtZero: true}},
	{name: "graduated/prorate", model: books.Graduated, counting: books.Counting{Prorate: true}},
	{name: "volume/prorate", model: books.Volume, counting: books.Counting{Prorate: true}},
	{name: "flat/time_weighted", model: books.Flat, counting: books.Counting{Aggregation: books.TimeWeighted}},
	{name: "flat/time_weighted/delta", model: books.Flat, meter: books.PerResource,
		counting: books.Counting{Aggregation: books.TimeWeighted, Delta: true}},
}

// TestUsageAllocatesNothing checks that rating a record whose meter is known allocates nothing.
func TestUsageAllocatesNothing(t *testing.T) {
	for _, c := range benchModels {
		r, records := benchRater(t, &c)
		var out table.LineCharges
		all := func() {
			out.Reset()
			for i := range records {
				if err := r.Usage(&records[i], int32(i), &out); err != nil {
					t.Fatal(err)
				}
			}
		}
		all()
		if n := testing.AllocsPerRun(10, all); n != 0 {
			t.Errorf("%s: %v allocations in %d records", c.name, n, len(records))
		}
	}
}

// BenchmarkUsage measures rating one record: its price, meter, offers and rounding.
func BenchmarkUsage(b *testing.B) {
	for _, c := range benchModels {
		b.Run("model="+c.name, func(b *testing.B) {
			r, records := benchRater(b, &c)
			var out table.LineCharges
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if i == len(records) {
					i = 0
					out.Reset()
				}
				if err := r.Usage(&records[i], int32(i), &out); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

// BenchmarkOpenPositions measures opening a customer with ten meters and reading the positions.
func BenchmarkOpenPositions(b *testing.B) {
	r, records := benchRater(b, &benchModel{model: books.Graduated})
	var out table.LineCharges
	for i := range records[:10] {
		if err := r.Usage(&records[i], int32(i), &out); err != nil {
			b.Fatal(err)
		}
	}
	cycle := must(period.ParseCycle(month))
	rows := r.Positions(nil)
	var closing []table.PositionRow
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Open(0, cycle, rows); err != nil {
			b.Fatal(err)
		}
		closing = r.Positions(closing[:0])
	}
}

// BenchmarkCustomers measures a day of customers with twenty records each, half of which are opened with meters. This
// is most of the work of a night. One op is a record.
func BenchmarkCustomers(b *testing.B) {
	r, records := benchRater(b, &benchModel{model: books.Graduated})
	cycle := must(period.ParseCycle(month))
	var out table.LineCharges
	var opening, closing []table.PositionRow
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		n := i % 20
		if n == 0 {
			closing = r.Positions(closing[:0])
			opening = append(opening[:0], closing[:len(closing)/2]...)
			out.Reset()
			if err := r.Open(int32(i/20%2), cycle, opening); err != nil {
				b.Fatal(err)
			}
		}
		if err := r.Usage(&records[i%len(records)], int32(n), &out); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkPriced measures the check that a product has a price, which is made when a record is accepted.
func BenchmarkPriced(b *testing.B) {
	for _, c := range benchModels[:5] {
		b.Run("model="+c.name, func(b *testing.B) {
			book, s := benchShop(b, &c)
			bounds, north := s.span("2026-09-01..2026-10-01"), book.Region("north")
			i := int32(0)
			for b.Loop() {
				if !book.Priced(0, i%benchSKUs, north, bounds.From, bounds) {
					b.Fatal("no price")
				}
				i++
			}
		})
	}
}
