package settlement_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// world has random books and random lines of September.
type world struct {
	*house
	bk    *settlement.Book
	lines []settlement.Line // in the order of customers
}

func drawWorld(outer *testing.T, t *rapid.T) *world {
	w := &world{house: newHouse(outer)}
	w.b.Digits = rapid.SampledFrom([]int{0, 2, 2, 3}).Draw(t, "digits")
	drawPartners(t, w.house)
	w.drawTerms(t)
	w.drawProgrammes(t)
	for customer := ann; customer <= cat; customer++ {
		for _, valid := range drawSpans(t, w.house) {
			w.b.Associations = append(w.b.Associations, books.Association{
				Customer: customer, Partner: rapid.Int32Range(0, 4).Draw(t, "partner"),
				Type:  rapid.SampledFrom([]books.AssociationType{referral, resale, resale}).Draw(t, "type"),
				Valid: valid,
			})
		}
		for range rapid.IntRange(0, 8).Draw(t, "lines") {
			w.lines = append(w.lines, w.drawLine(t, customer))
		}
	}
	w.bk = w.book()
	return w
}

// drawDay returns a midnight in or near September.
func drawDay(t *rapid.T, h *house) period.Instant {
	return h.b.Zone.Start(period.DayOf(2026, 8, 25) + period.Day(rapid.IntRange(0, 45).Draw(t, "day")))
}

// drawSpans returns spans in order that do not overlap but are often adjacent.
func drawSpans(t *rapid.T, h *house) []period.Span {
	var cuts []period.Instant
	for range rapid.IntRange(0, 3).Draw(t, "cuts") {
		cuts = append(cuts, drawDay(t, h))
	}
	if rapid.Bool().Draw(t, "from the start") {
		cuts = append(cuts, period.Past)
	}
	if rapid.Bool().Draw(t, "to the end") {
		cuts = append(cuts, period.Forever)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var spans []period.Span
	for i := 1; i < len(cuts); i++ {
		if rapid.IntRange(0, 3).Draw(t, "gap") > 0 {
			spans = append(spans, period.Span{From: cuts[i-1], To: cuts[i]})
		}
	}
	return spans
}

func drawPartners(t *rapid.T, h *house) {
	for _, reseller := range []int32{resOne, resTwo} {
		h.b.Partners[reseller].Rows = nil
		for _, valid := range drawSpans(t, h) {
			h.b.Partners[reseller].Rows = append(h.b.Partners[reseller].Rows, books.PartnerRow{
				Kind: books.Reseller, Parent: rapid.Int32Range(-1, distB).Draw(t, "parent"), Valid: valid,
				LeftOn: period.Forever,
			})
		}
	}
}

func (w *world) drawTerms(t *rapid.T) {
	for _, deal := range [][2]int32{{vendor, distA}, {vendor, distB}, {vendor, resOne}, {vendor, resTwo},
		{distA, resOne}, {distB, resOne}, {distA, resTwo}} {
		for _, scope := range []struct {
			service string
			sku     int32
		}{{"*", all}, {"compute", all}, {"net", all}, {"*", machine}, {"*", bandwidth}} {
			if !rapid.Bool().Draw(t, "a term") {
				continue
			}
			for _, valid := range drawSpans(t, w.house) {
				w.b.Terms = append(w.b.Terms, books.Term{
					Seller: deal[0], Buyer: deal[1], Service: scope.service, SKU: scope.sku,
					Payable: rapid.Bool().Draw(t, "payable"),
					Rate: rapid.SampledFrom([]money.Rate{rate("0"), rate("0.5"), rate("0.333"), rate("0.8675"),
						rate("1")}).Draw(t, "rate"), Valid: valid,
				})
			}
		}
	}
}

func (w *world) drawProgrammes(t *rapid.T) {
	for i := range rapid.IntRange(0, 3).Draw(t, "programmes") {
		p := books.Programme{
			ID: fmt.Sprint("p", i), Valid: w.span("2026-09-05.."), AssociationTypes: []books.AssociationType{resale},
			ProductClasses: []books.Class{books.Ordinary}, RollUp: rapid.Bool().Draw(t, "roll up"),
			BonusMonths: rapid.IntRange(0, 2).Draw(t, "months"),
		}
		if rapid.Bool().Draw(t, "more") {
			p.Valid, p.ProductClasses = w.span(".."), []books.Class{books.Ordinary, books.Specific, books.NoRebate}
			p.AssociationTypes = append([]books.AssociationType{referral}, p.AssociationTypes...)
		}
		if rapid.Bool().Draw(t, "listed") {
			p.Partners = []int32{distA, resOne}
		}
		w.b.Programmes = append(w.b.Programmes, p)
	}
}

func (w *world) drawLine(t *rapid.T, customer int32) settlement.Line {
	l := settlement.Line{
		Customer: customer, Partner: rapid.Int32Range(-1, 4).Draw(t, "line's partner"),
		SKU:          rapid.Int32Range(0, 3).Draw(t, "sku"),
		ChargingMode: rapid.SampledFrom([]uint8{1, 3}).Draw(t, "mode"), OwnTime: drawDay(t, w.house),
		Instant: drawDay(t, w.house),
	}
	if l.Partner >= 0 {
		l.Association = rapid.SampledFrom([]books.AssociationType{referral, resale, resale}).Draw(t, "line's type")
	}
	cent := rapid.Int64Range(-1_000_000, 1_000_000)
	part := func(name string) money.Amount { // down to a hundredth of a cent
		return amount(big.NewRat(cent.Draw(t, name), 10_000).FloatString(4))
	}
	l.Discount, l.Truncated, l.Payment = part("discount"), part("truncated"), part("payment")
	l.Official = must(must(l.Discount.Add(l.Truncated)).Add(l.Payment))
	l.Cash, l.Stored, l.CountedCoupon = part("cash"), part("stored"), part("coupon")
	return l
}

// TestRowsAgreeWithTheRules compares rows with those from applying the rules one by one with rationals and direct
// lookups in the books. Invariants: SET-2, SET-3.
func TestRowsAgreeWithTheRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(t, rt)
		s := w.bk.Settler(w.cycle("2026-09"))
		rows := settle(t, s, w.lines)
		want := map[string]*slow{}
		for i := range w.lines {
			w.slowly(want, &w.lines[i])
		}
		var lines int64
		for i := range rows {
			r := &rows[i]
			x := want[slowKey(w.house, r.Partner, r.Seller, r.Reseller, r.Customer, r.Association, r.Service,
				r.ChargingMode, r.Negative)]
			if x == nil || x.lines != r.Lines {
				rt.Fatalf("row %s: %+v", w.showRows(rows[i:i+1]), x)
			}
			for k, a := range []money.Amount{r.Official, r.Discount, r.Truncated, r.Payment, r.Performance} {
				if a.Rat().Cmp(&x.sums[k]) != 0 {
					rt.Fatalf("row %s: sum %d is %s", w.showRows(rows[i:i+1]), k, x.sums[k].FloatString(8))
				}
			}
			owed, revenue, cost := rounded(&x.owed, w.b.Digits), rounded(&x.revenue, w.b.Digits),
				rounded(&x.cost, w.b.Digits)
			if r.Owed != owed || r.Revenue != revenue || r.Cost != cost || must(revenue.Sub(cost)) != r.Margin {
				rt.Fatalf("row %s: owed %s, revenue %s, cost %s", w.showRows(rows[i:i+1]), owed, revenue, cost)
			}
			if r.Reseller == settlement.None {
				lines += r.Lines
			}
		}
		if len(rows) != len(want) {
			rt.Fatalf("%d rows, want %d", len(rows), len(want))
		}
		for _, l := range w.lines {
			if l.Partner >= 0 {
				lines--
			}
		}
		if lines != 0 {
			rt.Fatalf("%d lines too many", lines)
		}
	})
}

// slow is a row that is calculated by the rules.
type slow struct {
	lines               int64
	sums                [5]big.Rat
	owed, revenue, cost big.Rat
}

func slowKey(h *house, partner, seller, reseller, customer int32, kind books.AssociationType, service string,
	mode uint8, negative bool) string {
	return fmt.Sprint(h.partner(partner), "/", h.partner(seller), "/", h.partner(reseller), "/", customer, "/", kind,
		"/", service, "/", mode, "/", negative)
}

func rounded(x *big.Rat, digits int) money.Amount { return amount(x.FloatString(digits)) }

// slowly adds a line to its rows by the rules.
func (w *world) slowly(rows map[string]*slow, l *settlement.Line) {
	if l.Partner < 0 {
		return
	}
	seller := settlement.None
	if l.Association == resale {
		seller = w.slowSeller(l)
	}
	row := w.slowRow(rows, l, l.Partner, seller, settlement.None)
	if l.Association != resale {
		return
	}
	owed := w.slowTerm(l, seller, l.Partner)
	row.owed.Add(&row.owed, owed)
	if seller >= 0 {
		about := w.slowRow(rows, l, seller, settlement.Vendor, l.Partner)
		about.revenue.Add(&about.revenue, owed)
		about.cost.Add(&about.cost, w.slowTerm(l, settlement.Vendor, seller))
	}
}

func (w *world) slowSeller(l *settlement.Line) int32 {
	if row, inForce := w.b.PartnerRowAt(l.Partner, l.OwnTime); inForce && row.Kind == books.Reseller {
		return row.Parent
	}
	return settlement.Vendor
}

func (w *world) slowRow(rows map[string]*slow, l *settlement.Line, partner, seller, reseller int32) *slow {
	product := w.b.Products[l.SKU]
	key := slowKey(w.house, partner, seller, reseller, l.Customer, l.Association, product.ServiceTypeCode,
		l.ChargingMode, l.Payment.Sign() < 0)
	if rows[key] == nil {
		rows[key] = &slow{}
	}
	row := rows[key]
	row.lines++
	performance := new(big.Rat)
	if product.Class == books.Ordinary || product.Class == books.Specific {
		for _, a := range []money.Amount{l.Cash, l.Stored, l.CountedCoupon} {
			performance.Add(performance, a.Rat())
		}
	}
	for i, x := range []*big.Rat{l.Official.Rat(), l.Discount.Rat(), l.Truncated.Rat(), l.Payment.Rat(), performance} {
		row.sums[i].Add(&row.sums[i], x)
	}
	return row
}

func (w *world) slowTerm(l *settlement.Line, seller, buyer int32) *big.Rat {
	term, inForce := w.b.Terms.At(seller, buyer, w.b.Products[l.SKU].ServiceTypeCode, l.SKU, l.OwnTime)
	if !inForce {
		return l.Payment.Rat()
	}
	if term.Payable {
		return new(big.Rat).Mul(l.Payment.Rat(), term.Rate.Rat())
	}
	return new(big.Rat).Mul(l.Official.Rat(), term.Rate.Rat())
}

// TestRevenueIsWhatIsOwed checks that a distributor's revenue from a reseller equals what the reseller owes it, and
// that both rows have the same lines. Invariant: SET-5.
func TestRevenueIsWhatIsOwed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(t, rt)
		rows := settle(t, w.bk.Settler(w.cycle("2026-09")), w.lines)
		type deal struct{ seller, reseller int32 }
		owed, revenue := map[deal]*big.Rat{}, map[deal]*big.Rat{}
		add := func(to map[deal]*big.Rat, d deal, a money.Amount) {
			if to[d] == nil {
				to[d] = new(big.Rat)
			}
			to[d].Add(to[d], a.Rat())
		}
		n := w.bk.Nets(w.cycle("2026-09"))
		sum := new(big.Rat)
		for i := range rows {
			r := &rows[i]
			if err := n.AddRow(r); err != nil {
				rt.Fatal(err)
			}
			switch {
			case r.Reseller >= 0:
				add(revenue, deal{r.Partner, r.Reseller}, r.Revenue)
			case r.Seller >= 0:
				add(owed, deal{r.Seller, r.Partner}, r.Owed)
			}
			if r.Seller == settlement.Vendor { // everything that the vendor receives
				sum.Add(sum, new(big.Rat).Add(r.Owed.Rat(), r.Cost.Rat()))
			}
		}
		if len(owed) != len(revenue) {
			rt.Fatalf("%d deals, %d seen from above", len(owed), len(revenue))
		}
		for d, x := range owed {
			if revenue[d] == nil || revenue[d].Cmp(x) != 0 {
				rt.Fatalf("%s owes %s %s, which has %v", w.partner(d.reseller), w.partner(d.seller), x.FloatString(2),
					revenue[d])
			}
		}
		for _, net := range must(n.List()) { // payments between partners cancel out
			sum.Sub(sum, must(net.Net.Amount()).Rat())
		}
		if sum.Sign() != 0 {
			rt.Fatalf("the nets differ from what the vendor gets by %s", sum.FloatString(8))
		}
	})
}

// TestOrderAndSharesDoNotMatter checks that the result depends neither on the order of lines, nor on which worker
// settles a customer, nor on the order in which workers are added up. Invariant: SET-1.
func TestOrderAndSharesDoNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(t, rt)
		whole := w.bk.Settler(w.cycle("2026-09"))
		rows := settle(t, whole, w.lines)
		order := func(a, b settlement.Row) int { return settlement.CompareRows(w.b, &a, &b) }
		slices.SortFunc(rows, order)

		shares := make([][]settlement.Line, 3)
		for customer := ann; customer <= cat; customer++ {
			var own []settlement.Line
			for _, l := range w.lines {
				if l.Customer == customer {
					own = append(own, l)
				}
			}
			worker := rapid.IntRange(0, 2).Draw(rt, "worker")
			shares[worker] = append(shares[worker], rapid.Permutation(own).Draw(rt, "order")...)
		}
		var again []settlement.Row
		var parts [][]settlement.Performance
		for _, share := range shares {
			s := w.bk.Settler(w.cycle("2026-09"))
			again = append(again, settle(t, s, share)...)
			parts = append(parts, s.Performances())
		}
		slices.SortFunc(again, order)
		same(t, "rows", w.showRows(again), w.showRows(rows))
		merged := must(settlement.MergePerformances(rapid.Permutation(parts).Draw(rt, "parts")...))
		sameTotals(t, w.house, merged, whole.Performances())
	})
}

// TestPerformancesAgreeWithTheRules checks that the performance of each programme and partner is the sum over the lines
// that pass the filters. Invariant: SET-7.
func TestPerformancesAgreeWithTheRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(t, rt)
		s := w.bk.Settler(w.cycle("2026-09"))
		settle(t, s, w.lines)
		var want []settlement.Performance
		for code := range w.b.Programmes {
			for partner := range int32(len(w.b.Partners)) {
				p, counted := w.slowPerformance(int32(code), partner)
				if counted {
					want = append(want, p)
				}
			}
		}
		sameTotals(t, w.house, s.Performances(), want)
	})
}

func (w *world) slowPerformance(code, partner int32) (settlement.Performance, bool) {
	p, out, counted := &w.b.Programmes[code], settlement.Performance{Programme: code, Partner: partner,
		Cycle: w.cycle("2026-09")}, false
	if p.Partners != nil && !slices.Contains(p.Partners, partner) {
		return out, false
	}
	for i := range w.lines {
		l := &w.lines[i]
		class := w.b.Products[l.SKU].Class
		own := l.Partner == partner || l.Partner >= 0 && p.RollUp && w.slowSeller(l) == partner
		if !own || class > books.Specific || !slices.Contains(p.ProductClasses, class) ||
			!slices.Contains(p.AssociationTypes, l.Association) || !p.Valid.Holds(l.Instant) {
			continue
		}
		a := must(must(l.Cash.Add(l.Stored)).Add(l.CountedCoupon))
		if a.IsZero() {
			continue
		}
		counted = true
		if err := out.Own.Add(a); err != nil {
			w.t.Fatal(err)
		}
		tie, tied := w.b.Associations.At(l.Customer, l.OwnTime)
		if p.BonusMonths > 0 && tied && tie.Valid.From != period.Past && l.Instant < w.b.Zone.AddMonths(tie.Valid.From,
			p.BonusMonths) {
			if err := out.New.Add(a); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return out, counted
}

// TestIncentivesHoldTogether checks for any performance, transfers and events that the amount carried out of a period
// is carried into the next, that a period either carries or earns, that transfers sum to zero, and that the order of
// inputs does not matter. Invariant: SET-10.
func TestIncentivesHoldTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := newHouse(t)
		h.programme("p", "0 0.01; 50 0.02", func(p *books.Programme) {
			p.Quarterly, p.CarryNegative, p.ConfirmWithinDays = rapid.Bool().Draw(rt, "quarterly"), true, 15
			p.Graduated, p.BonusMonths, p.BonusRate = rapid.Bool().Draw(rt, "graduated"), 3, rate("0.05")
		})
		r := drawRecord(rt, h)
		rows := must(h.book().Incentives(r))
		moved := new(big.Rat)
		for i, row := range rows {
			moved.Add(moved, row.Transferred.Rat())
			before := money.Amount{}
			if i > 0 && rows[i-1].Partner == row.Partner && rows[i-1].Period.Next() == row.Period {
				before = rows[i-1].CarriedOut
			}
			if row.CarriedIn != before || row.CarriedIn.Sign() > 0 || row.CarriedOut.Sign() > 0 ||
				row.Amount.Sign() < 0 {
				rt.Fatalf("%s after %s", h.showIncentives(rows[i:i+1]), before)
			}
			base := must(must(row.Performance.Add(row.Transferred)).Add(row.CarriedIn))
			if base.Sign() <= 0 && (row.CarriedOut != base || !row.Amount.IsZero()) || base.Sign() > 0 &&
				!row.CarriedOut.IsZero() {
				rt.Fatalf("%s: base %s", h.showIncentives(rows[i:i+1]), base)
			}
		}
		if moved.Sign() != 0 {
			rt.Fatalf("transfers made %s", moved.FloatString(8))
		}
		again := *r
		again.Performances = rapid.Permutation(r.Performances).Draw(rt, "performances")
		again.Transfers = rapid.Permutation(r.Transfers).Draw(rt, "transfers")
		again.Events = rapid.Permutation(r.Events).Draw(rt, "events")
		same(t, "shuffled", h.showIncentives(must(h.book().Incentives(&again))), h.showIncentives(rows))
	})
}

func drawRecord(t *rapid.T, h *house) *settlement.Record {
	r := &settlement.Record{AsOf: h.at("2027-08-01")}
	cycle := rapid.Custom(func(t *rapid.T) period.Cycle {
		return h.cycle("2026-07").Add(rapid.IntRange(0, 11).Draw(t, "cycle"))
	})
	partner := rapid.Int32Range(0, 4)
	whole := rapid.Int64Range(-100, 100)
	for range rapid.IntRange(0, 12).Draw(t, "performances") {
		r.Performances = append(r.Performances, settlement.Performance{
			Partner: partner.Draw(t, "partner"), Cycle: cycle.Draw(t, "cycle"),
			Own: total(fmt.Sprint(whole.Draw(t, "own"))), New: total(fmt.Sprint(whole.Draw(t, "new"))),
		})
	}
	for range rapid.IntRange(0, 4).Draw(t, "transfers") {
		r.Transfers = append(r.Transfers, settlement.Transfer{
			Cycle: cycle.Draw(t, "cycle"), From: partner.Draw(t, "from"), To: partner.Draw(t, "to"),
			Amount: amount(fmt.Sprint(rapid.Int64Range(1, 100).Draw(t, "amount"))),
		})
	}
	for i := range rapid.IntRange(0, 6).Draw(t, "events") {
		r.Events = append(r.Events, settlement.Event{
			ID: fmt.Sprint(i), Partner: partner.Draw(t, "partner"),
			Kind:   settlement.EventKind(rapid.IntRange(0, 4).Draw(t, "event")),
			Period: settlement.PeriodOf(cycle.Draw(t, "cycle"), h.b.Programmes[0].Quarterly),
			Time:   h.b.Zone.Start(period.DayOf(2026, 8, 1) + period.Day(rapid.IntRange(0, 365).Draw(t, "day"))),
		})
	}
	return r
}

// TestRejectedEventsChangeNothing checks that without the rejected events the other events have the same result, in any
// order of arrival. Invariant: SET-8.
func TestRejectedEventsChangeNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := newHouse(t)
		h.programme("p", "0 0.01", func(p *books.Programme) { p.ConfirmWithinDays = 15 })
		bk := h.book()
		var events []settlement.Event
		for i := range rapid.IntRange(0, 12).Draw(rt, "events") {
			events = append(events, settlement.Event{
				ID: fmt.Sprintf("%02d", i), Partner: resTwo, Period: settlement.Period{First: h.cycle("2026-09")},
				Kind: settlement.EventKind(rapid.IntRange(0, 4).Draw(rt, "event")),
				Time: h.at("2026-10-03") +
					period.Instant(int64(rapid.IntRange(0, 40).Draw(rt, "hours"))*12*period.Hour),
			})
		}
		verdicts := bk.Decide(events, nil)
		byID := map[string]settlement.Verdict{}
		var accepted []settlement.Event
		for i, v := range verdicts {
			byID[events[i].ID] = v
			if v.Accepted {
				accepted = append(accepted, events[i])
			}
		}
		shuffled := rapid.Permutation(accepted).Draw(rt, "order")
		for i, v := range bk.Decide(shuffled, nil) {
			if v != byID[shuffled[i].ID] {
				rt.Fatalf("%s: %v, was %v", shuffled[i].ID, v, byID[shuffled[i].ID])
			}
		}
	})
}
