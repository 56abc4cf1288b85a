package settlement_test

import (
	"fmt"
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/settlement"
)

const (
	referral = books.Referral
	resale   = books.Resale
)

// TestTwoTiers checks a reseller under a distributor. Its terms are vm at 0.9 of the payment, other compute at 0.85 of
// the official amount, all else at 0.95 of the payment. The distributor pays the vendor 0.8 of official.
//
//	compute +: 10.005 × 0.9 + 10.005 × 0.9 + 200 × 0.85 = 188.009; rounded line by line it would be 188.00
//	cost: (12 + 12 + 200) × 0.8 = 179.2
func TestTwoTiers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.term(vendor, distA, "*", all, "official 0.8", "..")
	h.term(distA, resOne, "*", all, "payable 0.95", "..")
	h.term(distA, resOne, "compute", all, "official 0.85", "..")
	h.term(distA, resOne, "*", machine, "payable 0.9", "..")
	order := h.line(ann, resOne, resale, machine, "2026-09-03", "30 25")
	order.ChargingMode, order.Cash, order.Stored, order.CountedCoupon = 1, amount("10"), amount("8"), amount("3")
	refund := h.line(ann, resOne, resale, machine, "2026-09-03", "-25 -20")
	refund.ChargingMode, refund.Cash, refund.Stored = 1, amount("-15"), amount("-5")
	s := h.book().Settler(h.cycle("2026-09"))
	rows := settle(t, s, []settlement.Line{
		h.line(ann, resOne, resale, machine, "2026-09-01", "12 10.005"),
		h.line(ann, resOne, resale, gpu, "2026-09-01", "200 199.99"),
		h.line(ann, resOne, resale, bandwidth, "2026-09-01", "10 8"),
		order,
		h.line(ann, resOne, resale, machine, "2026-09-02", "12 10.005"),
		h.line(ann, -1, books.NoAssociation, machine, "2026-09-02", "77 77"),
		h.line(ann, resOne, resale, support, "2026-09-02", "5 5"),
		refund,
	})
	same(t, "rows", h.showRows(rows), []string{
		"2026-09 dist-a<-vendor[res-1] ann 2 compute 1 + 1 | 30 5 0 25 21 | 0 | 22.5 24 -1.5",
		"2026-09 dist-a<-vendor[res-1] ann 2 compute 1 - 1 | -25 -5 0 -20 -20 | 0 | -18 -20 2",
		"2026-09 dist-a<-vendor[res-1] ann 2 compute 3 + 3 | 224 4 0 220 220 | 0 | 188.01 179.2 8.81",
		"2026-09 dist-a<-vendor[res-1] ann 2 net 3 + 1 | 10 2 0 8 8 | 0 | 7.6 8 -0.4",
		"2026-09 dist-a<-vendor[res-1] ann 2 support 3 + 1 | 5 0 0 5 0 | 0 | 4.75 4 0.75",
		"2026-09 res-1<-dist-a[] ann 2 compute 1 + 1 | 30 5 0 25 21 | 22.5 | 0 0 0",
		"2026-09 res-1<-dist-a[] ann 2 compute 1 - 1 | -25 -5 0 -20 -20 | -18 | 0 0 0",
		"2026-09 res-1<-dist-a[] ann 2 compute 3 + 3 | 224 4 0 220 220 | 188.01 | 0 0 0",
		"2026-09 res-1<-dist-a[] ann 2 net 3 + 1 | 10 2 0 8 8 | 7.6 | 0 0 0",
		"2026-09 res-1<-dist-a[] ann 2 support 3 + 1 | 5 0 0 5 0 | 4.75 | 0 0 0",
	})
}

// TestChangesWithinTheMonth checks a customer that changes partner, whose partner changes distributor, and that changes
// from resale to referral in a month. A refund in October uses its base order's time. Invariant: SET-6.
func TestChangesWithinTheMonth(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.b.Partners[resOne].Rows = []books.PartnerRow{
		{Kind: books.Reseller, Parent: distA, Valid: h.span("..2026-09-10")},
		{Kind: books.Reseller, Parent: distB, Valid: h.span("2026-09-10..2026-09-28")},
	}
	h.term(vendor, distA, "*", all, "payable 0.8", "..")
	h.term(distA, resOne, "*", all, "payable 0.9", "..2026-09-05")
	h.term(distA, resOne, "*", all, "payable 0.85", "2026-09-05..")
	h.term(distB, resOne, "*", all, "payable 0.7", "..")
	h.term(vendor, resTwo, "*", all, "official 0.6", "2026-09-20..")
	bk := h.book()
	september := []settlement.Line{
		h.line(ann, resOne, resale, machine, "2026-09-04 23:59", "100 100"),
		h.line(ann, resOne, resale, machine, "2026-09-05", "100 100"),
		h.line(ann, resOne, resale, machine, "2026-09-09 23:59", "100 100"),
		h.line(ann, resOne, resale, machine, "2026-09-10", "100 100"),
		h.line(ann, resTwo, resale, machine, "2026-09-19 23:59", "100 90"),
		h.line(ann, resTwo, resale, machine, "2026-09-20", "100 90"),
		h.line(ann, referrer, referral, machine, "2026-09-25", "100 100"),
		h.line(bob, resOne, resale, machine, "2026-09-28", "50 50"),
		h.line(bob, distA, resale, machine, "2026-09-28", "50 50"),
	}
	rows := settle(t, bk.Settler(h.cycle("2026-09")), september)
	same(t, "September", h.showRows(rows), []string{
		"2026-09 dist-a<-vendor[res-1] ann 2 compute 3 + 3 | 300 0 0 300 300 | 0 | 260 240 20",
		"2026-09 dist-b<-vendor[res-1] ann 2 compute 3 + 1 | 100 0 0 100 100 | 0 | 70 100 -30",
		"2026-09 ref<-[] ann 1 compute 3 + 1 | 100 0 0 100 100 | 0 | 0 0 0",
		"2026-09 res-1<-dist-a[] ann 2 compute 3 + 3 | 300 0 0 300 300 | 260 | 0 0 0",
		"2026-09 res-1<-dist-b[] ann 2 compute 3 + 1 | 100 0 0 100 100 | 70 | 0 0 0",
		// 90 without terms, then 100 × 0.6
		"2026-09 res-2<-vendor[] ann 2 compute 3 + 2 | 200 20 0 180 180 | 150 | 0 0 0",
		"2026-09 dist-a<-vendor[] bob 2 compute 3 + 1 | 50 0 0 50 50 | 40 | 0 0 0",
		// the reseller's row has ended, so it owes the vendor directly
		"2026-09 res-1<-vendor[] bob 2 compute 3 + 1 | 50 0 0 50 50 | 50 | 0 0 0",
	})
	refund := h.line(ann, resOne, resale, machine, "2026-09-04", "-100 -100")
	refund.Instant = h.at("2026-10-02")
	rows = settle(t, bk.Settler(h.cycle("2026-10")), []settlement.Line{refund})
	same(t, "October", h.showRows(rows), []string{
		"2026-10 dist-a<-vendor[res-1] ann 2 compute 3 - 1 | -100 0 0 -100 -100 | 0 | -90 -80 -10",
		"2026-10 res-1<-dist-a[] ann 2 compute 3 - 1 | -100 0 0 -100 -100 | -90 | 0 0 0",
	})
}

// TestOwedRoundsOnce checks that half cents are rounded away from zero, whatever the sign. Invariant: SET-4.
func TestOwedRoundsOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.term(vendor, resTwo, "*", all, "payable 0.5", "..")
	rows := settle(t, h.book().Settler(h.cycle("2026-09")), []settlement.Line{
		h.line(ann, resTwo, resale, machine, "2026-09-01", "0.01 0.01"),
		h.line(ann, resTwo, resale, machine, "2026-09-01", "-0.01 -0.01"),
		h.line(ann, resTwo, resale, bandwidth, "2026-09-01", "0.00999999 0.00999999"),
		h.line(ann, resTwo, resale, bandwidth, "2026-09-01", "0 0"),
	})
	same(t, "rows", h.showRows(rows), []string{
		"2026-09 res-2<-vendor[] ann 2 compute 3 + 1 | 0.01 0 0 0.01 0.01 | 0.01 | 0 0 0",
		"2026-09 res-2<-vendor[] ann 2 compute 3 - 1 | -0.01 0 0 -0.01 -0.01 | -0.01 | 0 0 0",
		"2026-09 res-2<-vendor[] ann 2 net 3 + 2 | 0.00999999 0 0 0.00999999 0.00999999 | 0 | 0 0 0",
	})
}

// TestForgottenLookups checks more products than a settler has cached lookups for, in the worst order: each product
// keeps its own terms.
func TestForgottenLookups(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.term(vendor, resTwo, "a", all, "payable 0.9", "..")
	h.term(vendor, resTwo, "b", all, "payable 0.5", "..")
	h.b.Products = nil
	var lines []settlement.Line
	for i := range int32(40_000) {
		h.b.Products = append(h.b.Products, books.Product{SKU: fmt.Sprintf("%05d", i),
			ServiceTypeCode: []string{"a", "b", "c"}[i%3]})
		lines = append(lines, h.line(ann, resTwo, resale, i, "2026-09-01", "1 1"))
	}
	rows := settle(t, h.book().Settler(h.cycle("2026-09")), append(lines, lines...))
	same(t, "rows", h.showRows(rows), []string{
		"2026-09 res-2<-vendor[] ann 2 a 3 + 26668 | 26668 0 0 26668 26668 | 24001.2 | 0 0 0",
		"2026-09 res-2<-vendor[] ann 2 b 3 + 26666 | 26666 0 0 26666 26666 | 13333 | 0 0 0",
		"2026-09 res-2<-vendor[] ann 2 c 3 + 26666 | 26666 0 0 26666 26666 | 26666 | 0 0 0",
	})
}

// TestSettlerRefuses tests SET-13.
func TestSettlerRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bk := h.book()
	s := bk.Settler(h.cycle("2026-09"))
	a, b := h.line(ann, resTwo, resale, machine, "2026-09-01", "1 1"), h.line(bob, resTwo, resale, machine,
		"2026-09-01", "1 1")
	if err := s.Add(&a); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(&b); err == nil || err.Error() != "settle 2026-09: a line of customer bob among those of ann" {
		t.Error(err)
	}
	s = bk.Settler(h.cycle("2026-09"))
	huge := h.line(ann, resTwo, resale, machine, "2026-09-01", "999999999999999999 999999999999999999")
	for range 2 {
		if err := s.Add(&huge); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := s.Finish(nil)
	want := "settle 2026-09: customer ann: partner res-2: amount total 1999999999999999998.00000000: not between " +
		"−10^18 and 10^18"
	if err == nil || err.Error() != want || len(rows) != 0 {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestPerformances checks the performance of September per programme: filters, validity, new customers, and the
// performance of resellers that counts for their distributor.
func TestPerformances(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.associate(ann, resOne, resale, "2026-07-15..")
	h.associate(bob, referrer, referral, "..")
	h.associate(cat, distA, resale, "2026-03-31..2026-09-20")
	h.associate(cat, distA, resale, "2026-09-20..")
	ordinary, both := []books.Class{books.Ordinary}, []books.Class{books.Ordinary, books.Specific, books.NoRebate}
	h.b.Programmes = []books.Programme{
		{ID: "all", Valid: h.span("2026-01-01.."), AssociationTypes: []books.AssociationType{referral, resale},
			ProductClasses: both, BonusMonths: 2, RollUp: true},
		{
			ID: "half", Valid: h.span("2026-09-16.."), AssociationTypes: []books.AssociationType{resale},
			ProductClasses: ordinary, BonusMonths: 6,
			Partners: []int32{distA, resOne},
		},
		{ID: "none", Valid: h.span("..2026-09-01"), AssociationTypes: []books.AssociationType{resale},
			ProductClasses: both},
	}
	late := h.line(cat, distA, resale, machine, "2026-06-01", "32 32")
	late.Instant = h.at("2026-09-17")
	lines := []settlement.Line{
		h.line(ann, resOne, resale, machine, "2026-09-14 23:59", "1 1"),
		h.line(ann, resOne, resale, gpu, "2026-09-15", "2 2"),
		h.line(ann, resOne, resale, machine, "2026-09-16", "4 4"),
		h.line(ann, resOne, resale, support, "2026-09-16", "8 8"),
		h.line(bob, referrer, referral, machine, "2026-09-16", "16 16"),
		late, // new by the association of June, which started on 31 March: until 30 September with six months
		h.line(cat, distA, resale, machine, "2026-09-15", "64 64"),
		h.line(cat, distA, resale, machine, "2026-09-20", "128 -128"),
	}
	bk := h.book()
	s := bk.Settler(h.cycle("2026-09"))
	settle(t, s, lines)
	want := []settlement.Performance{
		// ann: 1 + 2 + 4, which also counts for the distributor; she is new until 15 September, and cat's second
		// association until November: 7 + 32 + 64 − 128; 1 − 128
		{Programme: 0, Partner: distA, Cycle: h.cycle("2026-09"), Own: total("-25"), New: total("-127")},
		{Programme: 0, Partner: referrer, Cycle: h.cycle("2026-09"), Own: total("16")},
		{Programme: 0, Partner: resOne, Cycle: h.cycle("2026-09"), Own: total("7"), New: total("1")},
		{Programme: 1, Partner: distA, Cycle: h.cycle("2026-09"), Own: total("-96"), New: total("-96")}, // 32 − 128
		{Programme: 1, Partner: resOne, Cycle: h.cycle("2026-09"), Own: total("4"), New: total("4")},
	}
	sameTotals(t, h, s.Performances(), want)

	// Two workers settle the customers; their results are added up in either order.
	one, two := bk.Settler(h.cycle("2026-09")), bk.Settler(h.cycle("2026-09"))
	settle(t, one, lines[:5])
	settle(t, two, lines[5:])
	sameTotals(t, h, must(settlement.MergePerformances(one.Performances(), two.Performances())), want)
	sameTotals(t, h, must(settlement.MergePerformances(two.Performances(), nil, one.Performances())), want)
}

func sameTotals(t *testing.T, h *house, got, want []settlement.Performance) {
	t.Helper()
	show := func(rows []settlement.Performance) []string {
		var out []string
		for _, p := range rows {
			out = append(out, h.b.Programmes[p.Programme].ID+" "+h.partner(p.Partner)+" "+p.Cycle.String()+" "+
				p.Own.String()+" "+p.New.String())
		}
		return out
	}
	same(t, "performances", show(got), show(want))
}

func TestMergePerformancesOutOfRange(t *testing.T) {
	t.Parallel()
	huge := must(money.AmountTotalFromRaw(1<<62, 0))
	row := []settlement.Performance{{Own: huge}}
	if _, err := settlement.MergePerformances(row, row); err == nil {
		t.Error("more than 38 digits went through")
	}
}
