package settlement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// programme adds a programme with tiers given as "from rate; …".
func (h *house) programme(id, tiers string, change func(*books.Programme)) {
	p := books.Programme{
		ID: id, Valid: h.span("2026-07-01..2027-07-01"), AssociationTypes: []books.AssociationType{referral, resale},
		ProductClasses: []books.Class{books.Ordinary, books.Specific}, ConfirmWithinDays: -1, LapseAfterDays: -1,
	}
	for _, tier := range strings.Split(tiers, ";") {
		if from, share, ok := strings.Cut(strings.TrimSpace(tier), " "); ok {
			p.Tiers = append(p.Tiers, books.IncentiveTier{From: amount(from), Rate: rate(share)})
		}
	}
	if change != nil {
		change(&p)
	}
	h.b.Programmes = append(h.b.Programmes, p)
}

// performances parses performance of a programme, given as "partner cycle own [new]".
func (h *house) performances(programme int32, rows ...string) []settlement.Performance {
	h.t.Helper()
	var out []settlement.Performance
	for _, row := range rows {
		f := append(strings.Fields(row), "0")
		p := settlement.Performance{Programme: programme, Partner: h.b.Partner(f[0]), Cycle: h.cycle(f[1]),
			Own: total(f[2]), New: total(f[3])}
		if p.Partner < 0 {
			h.t.Fatalf("partner %s", f[0])
		}
		out = append(out, p)
	}
	return out
}

// showIncentives returns rows as "partner programme period performance transferred in tier bonus amount out state".
func (h *house) showIncentives(rows []settlement.Incentive) []string {
	var out []string
	for _, r := range rows {
		text := fmt.Sprintf("%s %s %s", h.partner(r.Partner), h.b.Programmes[r.Programme].ID, r.Period)
		for _, a := range []money.Amount{r.Performance, r.Transferred, r.CarriedIn, r.Tier, r.Bonus, r.Amount,
			r.CarriedOut} {
			text += " " + a.Trim()
		}
		out = append(out, text+" "+r.State.String())
	}
	return out
}

// TestTiers checks what the performance of one period earns.
func TestTiers(t *testing.T) {
	t.Parallel()
	capped := func(at string) func(*books.Programme) {
		return func(p *books.Programme) { p.Cap, p.HasCap = amount(at), true }
	}
	graduated := func(p *books.Programme) { p.Graduated = true }
	bonus := func(p *books.Programme) { p.BonusMonths, p.BonusRate = 3, rate("0.05") }
	const tiers = "100 0.01; 1000 0.02; 5000 0.03"
	for _, c := range []struct {
		tiers  string
		change func(*books.Programme)
		lines  string // own performance and that of new customers
		want   string // tier, bonus and amount
	}{
		{tiers, nil, "99.99999999", "0 0 0"},
		{tiers, nil, "100", "1 0 1"},
		{tiers, nil, "999.99", "10 0 10"},    // 9.9999
		{tiers, nil, "1000", "20 0 20"},      // `from` is inclusive
		{tiers, nil, "5000", "150 0 150"},    //
		{tiers, nil, "100.5", "1.01 0 1.01"}, // 1.005 is rounded half away from zero
		{tiers, nil, "0", "0 0 0"},
		{tiers, graduated, "99", "0 0 0"},
		{tiers, graduated, "100", "0 0 0"},           // nothing is above 100
		{tiers, graduated, "1000", "9 0 9"},          // 900 × 0.01
		{tiers, graduated, "1000.49", "9.01 0 9.01"}, // 9 + 0.0098
		{tiers, graduated, "6000", "119 0 119"},      // 9 + 4000 × 0.02 + 1000 × 0.03
		{"0 0.005; 10 0", graduated, "1000", "0.05 0 0.05"},
		{"", bonus, "1000 300", "0 15 15"},
		{tiers, bonus, "1000 300", "20 15 35"},
		{tiers, bonus, "1000 0.1", "20 0.01 20.01"}, // 0.005
		{tiers, bonus, "1000 -300", "20 0 20"},
		{tiers, bonus, "-1 300", "0 0 0"},
		{tiers, bonus, "0 300", "0 0 0"},
		{tiers, capped("19.99"), "1000", "20 0 19.99"},
		{tiers, capped("20"), "1000", "20 0 20"},
		{tiers, capped("0"), "1000", "20 0 0"},
	} {
		h := newHouse(t)
		h.programme("p", c.tiers, c.change)
		rows, err := h.book().Incentives(&settlement.Record{Performances: h.performances(0, "res-2 2026-09 "+c.lines),
			AsOf: h.at("2026-09-15")})
		if err != nil || len(rows) != 1 {
			t.Fatal(rows, err)
		}
		r := rows[0]
		if got := r.Tier.Trim() + " " + r.Bonus.Trim() + " " + r.Amount.Trim(); got != c.want {
			t.Errorf("%s of %s: %s, want %s", c.lines, c.tiers, got, c.want)
		}
	}
}

// TestCarriedIntoTheNextQuarter checks that negative performance is carried into the next quarter, and through quarters
// without lines.
func TestCarriedIntoTheNextQuarter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	quarterly := func(p *books.Programme) { p.Quarterly, p.CarryNegative = true, true }
	h.programme("carries", "0 0.1", quarterly)
	h.programme("forgives", "0 0.1", func(p *books.Programme) { p.Quarterly = true })
	lines := []string{"res-2 2026-07 100", "res-2 2026-09 -400", "res-2 2027-03 1000", "dist-a 2026-10 5",
		"dist-a 2027-06 -7"}
	record := &settlement.Record{Performances: append(h.performances(0, lines...), h.performances(1, lines...)...),
		AsOf: h.at("2027-12-01")}
	rows := must(h.book().Incentives(record))
	same(t, "incentives", h.showIncentives(rows), []string{
		"dist-a carries 2026-Q4 5 0 0 0.5 0 0.5 0 to_confirm",
		"dist-a carries 2027-Q2 -7 0 0 0 0 0 -7 to_confirm", // the programme then ends
		"dist-a forgives 2026-Q4 5 0 0 0.5 0 0.5 0 to_confirm",
		"dist-a forgives 2027-Q2 -7 0 0 0 0 0 0 to_confirm",
		"res-2 carries 2026-Q3 -300 0 0 0 0 0 -300 to_confirm",
		"res-2 carries 2026-Q4 0 0 -300 0 0 0 -300 to_confirm",
		"res-2 carries 2027-Q1 1000 0 -300 70 0 70 0 to_confirm",
		"res-2 forgives 2026-Q3 -300 0 0 0 0 0 0 to_confirm",
		"res-2 forgives 2027-Q1 1000 0 0 100 0 100 0 to_confirm",
	})

	record = &settlement.Record{
		Performances: h.performances(0, "res-2 2026-07 100", "res-2 2026-09 -400"),
		// a transfer in a future cycle
		Transfers: []settlement.Transfer{{Cycle: h.cycle("2027-01"), From: resTwo, To: resTwo, Amount: amount("1")}},
		AsOf:      h.at("2026-09-30 23:59"),
	}
	same(t, "as of the quarter's last minute", h.showIncentives(must(h.book().Incentives(record))), []string{
		"res-2 carries 2026-Q3 -300 0 0 0 0 0 -300 estimated",
		"res-2 carries 2026-Q4 0 0 -300 0 0 0 -300 estimated",
		"res-2 carries 2027-Q1 0 0 -300 0 0 0 -300 estimated",
		"res-2 forgives 2027-Q1 0 0 0 0 0 0 0 estimated",
	})
	record.Transfers = nil
	same(t, "nothing known ahead", h.showIncentives(must(h.book().Incentives(record))), []string{
		"res-2 carries 2026-Q3 -300 0 0 0 0 0 -300 estimated",
	})
}

// TestTransfers checks a transfer between two distributors, and one to a partner that the programme does not include.
// The bonus is not transferred.
func TestTransfers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.programme("months", "0 0.1", func(p *books.Programme) {
		p.Partners, p.BonusMonths, p.BonusRate = []int32{distA, distB}, 3, rate("0.5")
	})
	h.programme("quarters", "0 0.1", func(p *books.Programme) { p.Quarterly, p.CarryNegative = true, true })
	h.programme("over", "0 0.1", func(p *books.Programme) { p.Valid = h.span("..2026-09-01") })
	record := &settlement.Record{
		Performances: slices.Concat(h.performances(0, "dist-a 2026-09 100 60"), h.performances(1, "dist-a 2026-09 100",
			"dist-b 2026-08 10")),
		Transfers: []settlement.Transfer{
			{Cycle: h.cycle("2026-09"), From: distA, To: distB, Amount: amount("30.5")},
			{Cycle: h.cycle("2026-09"), From: distB, To: resTwo, Amount: amount("0.5")},
			{Cycle: h.cycle("2026-09"), From: referrer, To: referrer, Amount: amount("9")},
		},
		AsOf: h.at("2026-09-30"),
	}
	same(t, "incentives", h.showIncentives(must(h.book().Incentives(record))), []string{
		"dist-a months 2026-07 0 0 0 0 0 0 0 to_confirm",
		"dist-a months 2026-08 0 0 0 0 0 0 0 to_confirm",
		"dist-a months 2026-09 100 -30.5 0 6.95 30 36.95 0 estimated",
		"dist-a quarters 2026-Q3 100 -30.5 0 6.95 0 6.95 0 estimated",
		"dist-b months 2026-07 0 0 0 0 0 0 0 to_confirm",
		"dist-b months 2026-08 0 0 0 0 0 0 0 to_confirm",
		"dist-b months 2026-09 0 30 0 3 0 3 0 estimated",
		"dist-b quarters 2026-Q3 10 30 0 4 0 4 0 estimated",
		"ref quarters 2026-Q3 0 0 0 0 0 0 0 estimated",
		"res-2 quarters 2026-Q3 0 0.5 0 0.05 0 0.05 0 estimated",
	})
}

// TestWhichPeriods checks which rows exist. A partner that a programme lists has each period in which it was a partner;
// with all partners, a row exists only for periods that have something to show.
func TestWhichPeriods(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.b.Partners[resOne].Rows[0].Valid = h.span("2026-08-31..2026-09-02")
	h.programme("listed", "0 0.1", func(p *books.Programme) {
		p.Valid, p.Partners = h.span(".."), []int32{distA, resOne}
	})
	h.programme("all", "0 0.1", func(p *books.Programme) { p.Valid = h.span("2026-08-15..2026-09-15") })
	confirm := func(partner, programme int32, month, at string) settlement.Event {
		return settlement.Event{
			ID: month, Partner: partner, Programme: programme, Period: settlement.Period{First: h.cycle(month)},
			Kind: settlement.Confirm, Time: h.at(at),
		}
	}
	record := &settlement.Record{
		Performances: slices.Concat(h.performances(0, "res-1 2026-10 5", "res-2 2026-10 5"),
			h.performances(1, "ref 2026-09 0")),
		Events: []settlement.Event{
			// the second is confirmed too early
			confirm(distB, 1, "2026-08", "2026-09-10"), confirm(distB, 1, "2026-09", "2026-09-10"),
			// the last lies in the future
			confirm(resTwo, 1, "2026-09", "2026-11-01"), confirm(referrer, 1, "2026-09", "2026-11-01 00:01"),
			confirm(distB, 0, "2026-09", "2026-11-01"), // not a partner of the programme
		},
		First: h.cycle("2026-08"), AsOf: h.at("2026-11-01"),
	}
	same(t, "incentives", h.showIncentives(must(h.book().Incentives(record))), []string{
		"dist-a listed 2026-08 0 0 0 0 0 0 0 to_confirm",
		"dist-a listed 2026-09 0 0 0 0 0 0 0 to_confirm",
		"dist-a listed 2026-10 0 0 0 0 0 0 0 estimated",
		"dist-a listed 2026-11 0 0 0 0 0 0 0 estimated",
		"dist-b all 2026-08 0 0 0 0 0 0 0 payable",
		"ref all 2026-09 0 0 0 0 0 0 0 to_confirm",
		"res-1 listed 2026-08 0 0 0 0 0 0 0 to_confirm",
		"res-1 listed 2026-09 0 0 0 0 0 0 0 to_confirm",
		"res-1 listed 2026-10 5 0 0 0.5 0 0.5 0 estimated", // from a late line
		"res-2 all 2026-09 0 0 0 0 0 0 0 payable",
	})
	record.First, record.Performances, record.Events = 0, nil, nil
	same(t, "nothing known", h.showIncentives(must(h.book().Incentives(record))),
		[]string{"dist-a listed 2026-11 0 0 0 0 0 0 0 estimated"})
}

// TestClosedPeriodsStay checks that closed periods do not change with the books, that their state advances, and that
// their carried amounts are included. Invariant: SET-11.
func TestClosedPeriodsStay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.programme("p", "0 0.5", func(p *books.Programme) { p.CarryNegative = true })
	h.programme("short", "0 0.5", func(p *books.Programme) { p.Valid = h.span("2026-10-01..") })
	august := settlement.Period{First: h.cycle("2026-08")}
	record := &settlement.Record{
		Performances: h.performances(0, "res-2 2026-08 1000", "res-2 2026-09 100", "res-2 2026-10 40",
			"dist-a 2026-09 1"),
		Closed: []settlement.Incentive{
			{Partner: resTwo, Period: august, Performance: amount("-30"), CarriedOut: amount("-30"),
				State: settlement.Estimated},
			{Partner: resTwo, Programme: 1, Period: august, Amount: amount("7"), State: settlement.Confirmed},
		},
		Events: []settlement.Event{
			{ID: "c", Partner: resTwo, Programme: 1, Period: august, Kind: settlement.Confirm,
				Time: h.at("2026-09-06")},
			{ID: "d", Partner: resTwo, Programme: 1, Period: august, Kind: settlement.ApplyPayment,
				Time: h.at("2026-10-19")},
		},
		ClosedThrough: h.cycle("2026-08"),
		AsOf:          h.at("2026-10-20"),
	}
	want := []string{
		"dist-a p 2026-09 1 0 0 0.5 0 0.5 0 to_confirm",
		"res-2 p 2026-08 -30 0 0 0 0 0 -30 to_confirm",
		"res-2 p 2026-09 100 0 -30 35 0 35 0 to_confirm",
		"res-2 p 2026-10 40 0 0 20 0 20 0 estimated",
		"res-2 short 2026-08 0 0 0 0 0 7 0 paying", // the programme is not valid at that time any more
	}
	same(t, "incentives", h.showIncentives(must(h.book().Incentives(record))), want)

	record.ClosedThrough = h.cycle("2026-09")
	record.Events = append(record.Events, settlement.Event{ID: "e", Partner: distB,
		Period: settlement.Period{First: h.cycle("2026-09")}, Kind: settlement.Confirm, Time: h.at("2026-10-06")})
	same(t, "with September closed without a row", h.showIncentives(must(h.book().Incentives(record))), []string{
		"dist-b p 2026-09 0 0 0 0 0 0 0 payable", want[1], want[3], want[4],
	})
}

// TestNets checks the net of September: the amounts owed to each seller, less what resellers owe and what was earned.
func TestNets(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.term(vendor, distA, "*", all, "payable 0.8", "..")
	h.term(distA, resOne, "*", all, "payable 0.9", "..")
	h.programme("p", "0 0.1", nil)
	bk := h.book()
	rows := settle(t, bk.Settler(h.cycle("2026-09")), []settlement.Line{
		h.line(ann, resOne, resale, machine, "2026-09-01", "100 100"),
		h.line(bob, distA, resale, machine, "2026-09-01", "10 10"),
		h.line(bob, referrer, referral, machine, "2026-09-02", "50 50"),
		h.line(cat, resOne, resale, machine, "2026-09-02", "20 20"),
		h.line(cat, resTwo, resale, machine, "2026-09-03", "5 5"),
	})
	n := bk.Nets(h.cycle("2026-09"))
	for i := range rows {
		if err := n.AddRow(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	september, august := settlement.Period{First: h.cycle("2026-09")}, settlement.Period{First: h.cycle("2026-08")}
	for _, i := range []settlement.Incentive{
		{Partner: referrer, Period: september, Amount: amount("5"), State: settlement.Estimated},
		{Partner: distA, Period: september, Amount: amount("1"), State: settlement.Paid},
		{Partner: distA, Period: september, Amount: amount("77"), State: settlement.Void},
		{Partner: distB, Period: settlement.PeriodOf(h.cycle("2026-08"), true), Amount: amount("3"),
			State: settlement.Payable},
		{Partner: distB, Period: august, Amount: amount("4"), State: settlement.Payable},
	} {
		if err := n.AddIncentive(&i); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, net := range must(n.List()) {
		text := fmt.Sprintf("%s %d: owed %s + cost %s - revenue %s - incentives %s = %s; payment %s performance %s",
			h.partner(net.Partner), net.Lines, net.Owed.StringFixed(2), net.Cost.StringFixed(2),
			net.Revenue.StringFixed(2), net.Incentives.StringFixed(2), net.Net.StringFixed(2),
			net.Payment.Of("CNY").StringFixed(2), net.Performance.StringFixed(2))
		for _, d := range net.ToSellers {
			text += " to " + h.partner(d.Party) + " " + d.Amount.StringFixed(2)
		}
		for _, d := range net.FromResellers {
			text += " from " + h.partner(d.Party) + " " + d.Amount.StringFixed(2)
		}
		got = append(got, text)
	}
	same(t, "nets", got, []string{
		"dist-a 1: owed 8.00 + cost 96.00 - revenue 108.00 - incentives 1.00 = -5.00; payment 10.00 performance " +
			"10.00 to vendor 104.00 from res-1 108.00",
		"dist-b 0: owed 0.00 + cost 0.00 - revenue 0.00 - incentives 3.00 = -3.00; payment 0.00 performance 0.00",
		"ref 1: owed 0.00 + cost 0.00 - revenue 0.00 - incentives 5.00 = -5.00; payment 50.00 performance 50.00",
		"res-1 2: owed 108.00 + cost 0.00 - revenue 0.00 - incentives 0.00 = 108.00; payment 120.00 performance " +
			"120.00 to dist-a 108.00",
		"res-2 1: owed 5.00 + cost 0.00 - revenue 0.00 - incentives 0.00 = 5.00; payment 5.00 performance 5.00 to " +
			"vendor 5.00",
	})
	if err := n.AddRow(&settlement.Row{Cycle: period.Cycle(1)}); err == nil {
		t.Error("a row of another cycle was taken")
	}
}
