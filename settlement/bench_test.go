package settlement_test

import (
	"fmt"
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// benchHouse has 5,000 partners, including 500 distributors, 400 products of 20 services, 20,000 customers, four
// programmes, and terms of every partner for all products, two services and one product, which change in the middle of
// September.
func benchHouse(tb testing.TB) (*settlement.Book, *house) {
	const partners, distributors, customers, products = 5000, 500, 20_000, 400
	h := newHouse(tb)
	h.b.Products, h.b.Partners, h.b.Customers = nil, nil, nil
	always := h.span("..")
	for i := range products {
		h.b.Products = append(h.b.Products, books.Product{SKU: fmt.Sprintf("sku-%03d", i),
			ServiceTypeCode: fmt.Sprintf("service-%02d", i%20)})
	}
	for i := range int32(partners) {
		row := books.PartnerRow{Kind: books.Distributor, Parent: -1, Valid: always, LeftOn: period.Forever}
		seller := vendor
		if i >= distributors {
			row.Kind, row.Parent = books.Reseller, i%distributors
			seller = row.Parent
		}
		h.b.Partners = append(h.b.Partners, books.Partner{ID: fmt.Sprintf("partner-%04d", i),
			Rows: []books.PartnerRow{row}})
		h.term(seller, i, "*", all, "payable 0.95", "..")
		h.term(seller, i, "service-03", all, "official 0.8", "..")
		h.term(seller, i, "service-07", all, "official 0.75", "..2026-09-16")
		h.term(seller, i, "service-07", all, "official 0.7", "2026-09-16..")
		h.term(seller, i, "*", 5, "payable 0.9", "..")
	}
	for i := range int32(customers) {
		h.b.Customers = append(h.b.Customers, books.Customer{ID: fmt.Sprintf("customer-%06d", i)})
		h.associate(i, distributors+i%(partners-distributors), resale, "2026-05-01..")
	}
	h.programme("all", "0 0.1", func(p *books.Programme) { p.BonusMonths, p.RollUp = 6, true })
	h.programme("quarters", "0 0.1", func(p *books.Programme) { p.Quarterly = true })
	h.programme("few", "0 0.1", func(p *books.Programme) {
		p.Partners, p.BonusMonths = []int32{1, 2, 600, 601, 602}, 3
	})
	h.programme("old", "0 0.1", func(p *books.Programme) { p.Valid = h.span("..2026-01-01") })
	return h.book(), h
}

// benchLines returns 20 lines of a customer over a month and ten products.
func benchLines(h *house, customer int32) []settlement.Line {
	lines := make([]settlement.Line, 20)
	start := h.at("2026-09-01")
	for i := range lines {
		l := h.line(customer, h.b.Associations[customer].Partner, resale, (customer*7+int32(i%10)*13)%400, "2026-09-01",
			"12.34567891 11.11")
		l.OwnTime = start + period.Instant(int64(i)*36*period.Hour)
		l.Instant = l.OwnTime
		lines[i] = l
	}
	return lines
}

// BenchmarkSettle settles customers of 20 lines. One operation is one line.
func BenchmarkSettle(b *testing.B) {
	bk, h := benchHouse(b)
	var lines []settlement.Line
	for customer := range int32(len(h.b.Customers)) {
		lines = append(lines, benchLines(h, customer)...)
	}
	s := bk.Settler(h.cycle("2026-09"))
	var rows []settlement.Row
	b.ReportAllocs()
	b.ResetTimer()
	var at, made int
	for range b.N {
		l := &lines[at]
		if err := s.Add(l); err != nil {
			b.Fatal(err)
		}
		if at++; at == len(lines) {
			at = 0
		}
		if lines[at].Customer != l.Customer {
			var err error
			if rows, err = s.Finish(rows[:0]); err != nil {
				b.Fatal(err)
			}
			made += len(rows)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
	b.ReportMetric(float64(made)/float64(b.N), "rows/line")
}

// BenchmarkIncentives calculates two years of 5,000 partners in four programmes.
func BenchmarkIncentives(b *testing.B) {
	bk, h := benchHouse(b)
	r := &settlement.Record{First: h.cycle("2026-01"), AsOf: h.at("2027-12-31")}
	for programme := range int32(3) {
		for partner := range int32(len(h.b.Partners)) {
			for cycle := h.cycle("2026-07"); cycle < h.cycle("2027-07"); cycle++ {
				r.Performances = append(r.Performances, settlement.Performance{Programme: programme, Partner: partner,
					Cycle: cycle, Own: total("1000"), New: total("10")})
			}
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		rows, err := bk.Incentives(r)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(rows)), "rows")
	}
}

// TestSettleAllocatesNothing checks that settling a customer allocates no memory if the settler has settled a similar
// one before. Invariant: SET-12.
func TestSettleAllocatesNothing(t *testing.T) {
	h := newHouse(t)
	h.term(vendor, distA, "*", all, "payable 0.8", "..")
	h.term(distA, resOne, "compute", all, "official 0.85", "2026-09-15..")
	h.associate(ann, resOne, resale, "2026-07-15..")
	h.programme("all", "0 0.1", func(p *books.Programme) { p.BonusMonths, p.RollUp = 6, true })
	var lines []settlement.Line
	for i := range 40 {
		lines = append(lines, h.line(ann, resOne, resale, int32(i)%4, fmt.Sprintf("2026-09-%02d", 1+i%28), "12 10"))
	}
	s := h.book().Settler(h.cycle("2026-09"))
	var rows []settlement.Row
	allocs := testing.AllocsPerRun(100, func() {
		for i := range lines {
			if err := s.Add(&lines[i]); err != nil {
				t.Fatal(err)
			}
		}
		rows = must(s.Finish(rows[:0]))
	})
	if allocs != 0 {
		t.Errorf("%v allocations for %d lines", allocs, len(lines))
	}
}
