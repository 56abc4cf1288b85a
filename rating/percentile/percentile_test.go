package percentile_test

import (
	"fmt"
	"testing"

	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func q(text string) money.Quantity { return must(money.ParseQuantity(text)) }
func rate(text string) money.Rate  { return must(money.ParseRate(text)) }

// stage is a zone and a cycle with measurements.
type stage struct {
	t     *testing.T
	zone  *period.Zone
	cycle period.Cycle
	meter *percentile.Meter
}

func newStage(t *testing.T, zone, cycle string) *stage {
	t.Helper()
	z := must(period.LoadZone(zone))
	c := must(period.ParseCycle(cycle))
	return &stage{t, z, c, percentile.NewMeter(z, c)}
}

// day returns the n-th day of the cycle, counted from 1.
func (s *stage) day(n int) period.Span { return s.zone.DaySpan(s.cycle.First() + period.Day(n-1)) }

// slot returns the n-th slot of a day, both counted from 1.
func (s *stage) slot(day, n int) percentile.Slot {
	return percentile.SlotOf(s.day(day).From) + percentile.Slot(n-1)
}

// term returns a term that is in force from the start of one day to the end of another.
func (s *stage) term(from, to int, size, commit string) percentile.Term {
	return percentile.Term{Valid: period.Span{From: s.day(from).From, To: s.day(to).To}, Size: q(size),
		Commit: q(commit)}
}

const mega = 1_000_000

// add adds a sample in Mbps.
func add(l *percentile.Link, slot percentile.Slot, in, out int64) {
	l.Slots = append(l.Slots, slot)
	l.In = append(l.In, in*mega)
	l.Out = append(l.Out, out*mega)
}

func (s *stage) measure(p books.Policy, links ...percentile.Link) percentile.Result {
	s.t.Helper()
	if p.Kilo == 0 {
		p.Kilo = 1000
	}
	res, err := s.meter.Measure(&p, &percentile.Object{Links: links})
	if err != nil {
		s.t.Fatal(err)
	}
	return res
}

// brief returns the parts of a result: N, index, value, slot as day and number, commit, billed value, days, quantity.
func (s *stage) brief(r percentile.Result) string {
	slot := "none"
	if r.HasSlot {
		for d := 1; d <= s.cycle.Days(); d++ {
			if day := s.day(d); day.Holds(r.Slot.Start()) {
				slot = fmt.Sprintf("%d/%d", d, int64(r.Slot.Start()-day.From)/percentile.SlotLength+1)
			}
		}
	}
	return fmt.Sprintf("N %d index %d value %s slot %s commit %s billed %s days %d/%d of %d quantity %s",
		r.Points, r.Index, r.Value.RatString(), slot, r.Commit.Trim(), r.Billed.RatString(), r.ValidDays, r.Days,
		r.MonthDays, r.Quantity.Trim())
}

func (s *stage) want(r percentile.Result, want string) {
	s.t.Helper()
	if got := s.brief(r); got != want {
		s.t.Errorf("got  %s\nwant %s", got, want)
	}
}

// full returns a link that is in force all month, with a sample in every slot that rises by 1 Mbps per slot from 1.
func (s *stage) full() percentile.Link {
	l := percentile.Link{Terms: []percentile.Term{s.term(1, s.cycle.Days(), "0", "0")}}
	n := int64(0)
	for slot := s.slot(1, 1); slot.Start() < s.day(s.cycle.Days()).To; slot++ {
		n++
		add(&l, slot, n, 0)
	}
	return l
}

// TestRankOfFullMonths checks the published ranks: in full months of 31, 30, 29 and 28 days the top 446, 432, 417 and
// 403 points are dropped. Values rise from 1, so the value at an index is N − index.
func TestRankOfFullMonths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ cycle, want string }{
		{"2026-08", "N 8928 index 446 value 8482 slot 30/130 commit 0 billed 8482 days 31/31 of 31 quantity 8482"},
		{"2026-09", "N 8640 index 432 value 8208 slot 29/144 commit 0 billed 8208 days 30/30 of 30 quantity 8208"},
		{"2028-02", "N 8352 index 417 value 7935 slot 28/159 commit 0 billed 7935 days 29/29 of 29 quantity 7935"},
		{"2026-02", "N 8064 index 403 value 7661 slot 27/173 commit 0 billed 7661 days 28/28 of 28 quantity 7661"},
	} {
		s := newStage(t, "Asia/Shanghai", c.cycle)
		s.want(s.measure(books.Policy{Method: books.MonthlyP95, Drop: rate("0.05")}, s.full()), c.want)
	}
}

// TestRankWhenClocksChange checks a zone with summer time, in which months can be an hour longer or shorter: 8,940 and
// 8,916 slots.
func TestRankWhenClocksChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ cycle, want string }{
		{"2026-10", "N 8940 index 447 value 8493 slot 30/129 commit 0 billed 8493 days 31/31 of 31 quantity 8493"},
		{"2026-03", "N 8916 index 445 value 8471 slot 30/131 commit 0 billed 8471 days 31/31 of 31 quantity 8471"},
	} {
		s := newStage(t, "Europe/Berlin", c.cycle)
		s.want(s.measure(books.Policy{Method: books.MonthlyP95, Drop: rate("0.05")}, s.full()), c.want)
	}
}

// TestShareOfDays checks the quantities of the published fees: 780 for 900 Mbps over 26 valid days of 30, which at 15
// are 11,700, and 160 for 300 Mbps over 16 days in force of 30, which at 120 are 19,200.
func TestShareOfDays(t *testing.T) {
	t.Parallel()
	s := newStage(t, "Asia/Shanghai", "2026-09")
	l := percentile.Link{Terms: []percentile.Term{s.term(1, 30, "0", "0")}}
	for d := 1; d <= 30; d++ {
		mbps := int64(900)
		if d > 26 {
			mbps = 0
		}
		add(&l, s.slot(d, 1), mbps, 0)
	}
	s.want(s.measure(books.Policy{Method: books.MonthlyP95, Drop: rate("0.05"), Days: books.DaysValid}, l),
		"N 30 index 1 value 900 slot 1/1 commit 0 billed 900 days 26/26 of 30 quantity 780")

	l = percentile.Link{Terms: []percentile.Term{s.term(15, 30, "1000", "0")}}
	for d := 15; d <= 30; d++ {
		add(&l, s.slot(d, 1), 300, 0)
	}
	s.want(s.measure(books.Policy{Method: books.EnhancedP95, FloorShare: rate("0.2"), Days: books.DaysInForce}, l),
		"N 16 index -1 value 300 slot none commit 0 billed 300 days 16/16 of 30 quantity 160")
}

func TestSeriesAndTies(t *testing.T) {
	t.Parallel()
	s := newStage(t, "Asia/Shanghai", "2026-09")
	l := percentile.Link{}
	add(&l, s.slot(1, 1), 5, 9)
	add(&l, s.slot(1, 2), 9, 6)
	add(&l, s.slot(1, 3), 1, 2)
	add(&l, s.slot(2, 1), 7, 9)
	for _, c := range []struct {
		series books.Series
		drop   string
		want   string
	}{
		// max 9 9 2 9 · in 5 9 1 7 · out 9 6 2 9 · sum 14 15 3 16
		{books.SeriesMax, "0.5", "N 4 index 2 value 9 slot 1/1 commit 0 billed 9 days 2/30 of 30 quantity 9"},
		{books.SeriesIn, "0.5", "N 4 index 2 value 5 slot 1/1 commit 0 billed 5 days 2/30 of 30 quantity 5"},
		{books.SeriesOut, "0.49", "N 4 index 1 value 9 slot 1/1 commit 0 billed 9 days 2/30 of 30 quantity 9"},
		{books.SeriesSum, "0.25", "N 4 index 1 value 15 slot 1/2 commit 0 billed 15 days 2/30 of 30 quantity 15"},
		{books.SeriesSum, "0.9999999999", "N 4 index 3 value 3 slot 1/3 commit 0 billed 3 days 2/30 of 30 quantity 3"},
		{books.SeriesSum, "0", "N 4 index 0 value 16 slot 2/1 commit 0 billed 16 days 2/30 of 30 quantity 16"},
	} {
		s.want(s.measure(books.Policy{Method: books.MonthlyP95, Series: c.series, Drop: rate(c.drop)}, l), c.want)
	}
	// in 5 9 1 7: 9 7 5 1; out 9 6 2 9: 9 9 6 2. At index 2: in 5, out 6.
	s.want(s.measure(books.Policy{Method: books.TransitP95, Drop: rate("0.5")}, l),
		"N 4 index 2 value 6 slot 1/2 commit 0 billed 6 days 2/30 of 30 quantity 6")
}

func TestDailyMethods(t *testing.T) {
	t.Parallel()
	s := newStage(t, "Asia/Shanghai", "2026-09")
	l := percentile.Link{Terms: []percentile.Term{s.term(1, 10, "0", "0")}}
	for d, values := range [][]int64{{1, 8, 3}, {5, 5}, {0, 0}, {}, {2, 4, 6, 8}, {10}} {
		for i, v := range values {
			add(&l, s.slot(d+1, i+1), v, 0)
		}
	}
	for _, c := range []struct {
		name   string
		policy books.Policy
		want   string
	}{
		{"peaks 8 5 0 8 10", books.Policy{Method: books.DailyPeakMean},
			"N 12 index -1 value 31/5 slot none commit 0 billed 31/5 days 4/30 of 30 quantity 6.2"},
		{"peaks 8 5 8 10", books.Policy{Method: books.DailyPeakMean, ValidDaysOnly: true},
			"N 10 index -1 value 31/4 slot none commit 0 billed 31/4 days 4/30 of 30 quantity 7.75"},
		{"peaks of ten days in force", books.Policy{Method: books.DailyPeakMean, MissingZero: true,
			Days: books.DaysInForce},
			"N 2880 index -1 value 31/10 slot none commit 0 billed 31/10 days 4/10 of 30 quantity 1.0333333333"},
		{"middles 3 5 0 4 10", books.Policy{Method: books.DailyP95Mean, Drop: rate("0.5")},
			"N 12 index -1 value 22/5 slot none commit 0 billed 22/5 days 4/30 of 30 quantity 4.4"},
		{"peaks 10 8 8 5 0", books.Policy{Method: books.Monthly4thPeak},
			"N 12 index 3 value 5 slot 2/1 commit 0 billed 5 days 4/30 of 30 quantity 5"},
		{"four valid days", books.Policy{Method: books.Monthly4thPeak, ValidDaysOnly: true, Days: books.DaysValid},
			"N 10 index 3 value 5 slot 2/1 commit 0 billed 5 days 4/4 of 30 quantity 0.6666666667"},
		{"monthly with zeros", books.Policy{Method: books.MonthlyP95, Drop: rate("0.004"), MissingZero: true},
			"N 2880 index 11 value 0 slot 1/4 commit 0 billed 0 days 4/30 of 30 quantity 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			s.want(s.measure(c.policy, l), c.want)
		})
	}
	l.Slots, l.In, l.Out = l.Slots[:5], l.In[:5], l.Out[:5]
	s.t = t
	s.want(s.measure(books.Policy{Method: books.Monthly4thPeak}, l),
		"N 5 index -1 value 0 slot none commit 0 billed 0 days 2/30 of 30 quantity 0")
}

// TestFourthPeakOfEqualDays checks that among equal peaks the fourth is that of the earliest day.
func TestFourthPeakOfEqualDays(t *testing.T) {
	t.Parallel()
	s := newStage(t, "Asia/Shanghai", "2026-09")
	l := percentile.Link{}
	for d, v := range []int64{9, 7, 8, 7, 7} {
		add(&l, s.slot(d+1, 1), 7, 0)
		add(&l, s.slot(d+1, 2), v, 0)
	}
	s.want(s.measure(books.Policy{Method: books.Monthly4thPeak}, l),
		"N 10 index 3 value 7 slot 2/1 commit 0 billed 7 days 5/30 of 30 quantity 7")
}

// TestEnhanced checks the published floor: sizes of 100, 300 and 200 within a day with a floor share of 0.2 give 60.
func TestEnhanced(t *testing.T) {
	t.Parallel()
	s := newStage(t, "Asia/Shanghai", "2026-09")
	day := s.day(3)
	at := func(hour int64) period.Instant { return day.From + period.Instant(hour*period.Hour) }
	l := percentile.Link{Terms: []percentile.Term{
		{Valid: period.Span{From: at(1), To: at(8)}, Size: q("100")},
		{Valid: period.Span{From: at(8), To: at(9)}, Size: q("300")},
		{Valid: period.Span{From: at(9), To: at(24)}, Size: q("200")},
	}}
	add(&l, s.slot(3, 20), 59, 1)
	policy := books.Policy{Method: books.EnhancedP95, FloorShare: rate("0.2"), Days: books.DaysInForce}
	res := s.measure(policy, l)
	s.want(res, "N 1 index -1 value 60 slot none commit 0 billed 60 days 1/1 of 30 quantity 2")
	if res.Floor.RatString() != "60" || res.Month.RatString() != "59" {
		t.Errorf("floor %s, month %s; want 60, 59", res.Floor, res.Month)
	}
	// A second day in force, with size 200: the mean is 250 and the floor 50.
	l.Terms[2].Valid.To++
	s.want(s.measure(policy, l),
		"N 1 index -1 value 59 slot none commit 0 billed 59 days 1/2 of 30 quantity 3.9333333333")
	// Without any point the floor is billed: 50 for 2 of 30 days.
	l.Slots, l.In, l.Out = nil, nil, nil
	s.want(s.measure(policy, l),
		"N 0 index -1 value 50 slot none commit 0 billed 50 days 0/2 of 30 quantity 3.3333333333")
	l.Terms[0].Commit = q("51")
	s.want(s.measure(policy, l), "N 0 index -1 value 50 slot none commit 51 billed 51 days 0/2 of 30 quantity 3.4")
	policy.Days = books.DaysValid
	s.want(s.measure(policy, l), "N 0 index -1 value 50 slot none commit 51 billed 51 days 0/0 of 30 quantity 0")
}

// TestEnhancedCuts checks the daily values: the fifth largest point of a day, or the smallest if there are fewer,
// truncated. Of 5, 7, 20, 1, 30 and 40 the five largest have the mean 20.4, truncated 20.
func TestEnhancedCuts(t *testing.T) {
	t.Parallel()
	s := newStage(t, "Asia/Shanghai", "2026-09")
	l := percentile.Link{}
	for d, values := range [][]int64{
		{9, 8, 7, 6, 5, 4}, {8, 7}, {20}, {1, 2, 3, 4, 5}, {30}, {40},
	} {
		for i, v := range values {
			l.Slots = append(l.Slots, s.slot(d+1, i+1))
			l.In = append(l.In, v*mega+999_999)
			l.Out = append(l.Out, 0)
		}
	}
	s.want(s.measure(books.Policy{Method: books.EnhancedP95}, l),
		"N 16 index -1 value 20 slot none commit 0 billed 20 days 6/30 of 30 quantity 20")
}

// TestGroup checks a group: per slot the sums over all links, in and out separately, then the series, and the sums of
// the links' commits and sizes.
func TestGroup(t *testing.T) {
	t.Parallel()
	s := newStage(t, "Asia/Shanghai", "2026-09")
	a := percentile.Link{Terms: []percentile.Term{s.term(1, 10, "100", "3"), s.term(11, 20, "50", "2")}}
	b := percentile.Link{Terms: []percentile.Term{s.term(5, 6, "1000", "0.5")}}
	add(&a, s.slot(1, 1), 5, 1)
	add(&a, s.slot(1, 2), 5, 1)
	add(&b, s.slot(1, 2), 1, 6)
	add(&b, s.slot(5, 1), 2, 2)
	// max of sums: 5, max(6, 7) = 7, 2
	s.want(s.measure(books.Policy{Method: books.MonthlyP95, Drop: rate("0")}, a, b),
		"N 3 index 0 value 7 slot 1/2 commit 3.5 billed 7 days 2/30 of 30 quantity 7")
	s.want(s.measure(books.Policy{Method: books.MonthlyP95, Drop: rate("0.9"), Days: books.DaysInForce}, a, b),
		"N 3 index 2 value 2 slot 5/1 commit 3.5 billed 7/2 days 2/20 of 30 quantity 2.3333333333")
	// Sizes over 20 days in force: 10 × 100, 10 × 50 and 2 × 1000 are 3,500; mean 175, a tenth truncated is 17.
	s.want(s.measure(books.Policy{Method: books.EnhancedP95, FloorShare: rate("0.1")}, a, b),
		"N 3 index -1 value 17 slot none commit 3.5 billed 17 days 2/30 of 30 quantity 17")
	if one, two := s.brief(s.measure(books.Policy{Method: books.DailyPeakMean}, a, b)),
		s.brief(s.measure(books.Policy{Method: books.DailyPeakMean}, b, a)); one != two {
		t.Errorf("links in another order: %s, %s", one, two)
	}
}

// TestCommitWithoutPoints checks that the commit is billed without any sample, and is spread over days like any value.
// Invariant: PCT-4.
func TestCommitWithoutPoints(t *testing.T) {
	t.Parallel()
	s := newStage(t, "Asia/Shanghai", "2026-09")
	l := percentile.Link{Terms: []percentile.Term{s.term(1, 10, "0", "30"), s.term(11, 15, "0", "60")}}
	s.want(s.measure(books.Policy{Method: books.MonthlyP95, Days: books.DaysInForce}, l),
		"N 0 index -1 value 0 slot none commit 60 billed 60 days 0/15 of 30 quantity 30")
	s.want(s.measure(books.Policy{Method: books.TransitP95, Days: books.DaysValid}, l),
		"N 0 index -1 value 0 slot none commit 60 billed 60 days 0/0 of 30 quantity 0")
}

// TestExactValues checks that values with decimals, which are calculated separately, give the same results. kilo 1024
// makes any value a rational. Invariant: PCT-2.
func TestExactValues(t *testing.T) {
	t.Parallel()
	s := newStage(t, "Asia/Shanghai", "2026-09")
	a := percentile.Link{
		Slots:    []percentile.Slot{s.slot(1, 1), s.slot(1, 2), s.slot(2, 1)},
		InExact:  []money.Quantity{q("1000000.5"), q("0.0000000001"), q("1000000000000000")},
		OutExact: []money.Quantity{q("0"), q("0"), q("1000000000000000")},
	}
	b := percentile.Link{}
	add(&b, s.slot(1, 1), 1, 0)
	s.want(s.measure(books.Policy{Method: books.MonthlyP95, Drop: rate("0.4"), Kilo: 1024}, a, b),
		"N 3 index 1 value 4000001/2097152 slot 1/1 commit 0 billed 4000001/2097152 days 2/30 of 30 quantity "+
			"1.9073491096")
	s.want(s.measure(books.Policy{Method: books.MonthlyP95, Drop: rate("0.7"), ValidDaysOnly: true}, a, b),
		"N 3 index 2 value 1/10000000000000000 slot 1/2 commit 0 billed 1/10000000000000000 days 2/30 of 30 quantity 0")
	s.want(s.measure(books.Policy{Method: books.MonthlyP95, Series: books.SeriesSum}, a, b),
		"N 3 index 0 value 2000000000 slot 2/1 commit 0 billed 2000000000 days 2/30 of 30 quantity 2000000000")
}

func TestMeasureErrors(t *testing.T) {
	t.Parallel()
	s := newStage(t, "Asia/Shanghai", "2026-09")
	for _, c := range []struct {
		name   string
		policy books.Policy
		link   percentile.Link
		want   string
	}{
		{"before the cycle", books.Policy{Kilo: 1000}, percentile.Link{Slots: []percentile.Slot{s.slot(1, 1) - 1},
			In: []int64{0}, Out: []int64{0}},
			"link 1 of 1: slot at 2026-08-31T15:55:00Z: before the cycle, or not after the slot before it"},
		{"after the cycle", books.Policy{Kilo: 1000}, percentile.Link{Slots: []percentile.Slot{s.slot(30, 289)},
			In: []int64{0}, Out: []int64{0}},
			"link 1 of 1: slot at 2026-09-30T16:00:00Z: after the cycle"},
		{"twice", books.Policy{Kilo: 1000}, percentile.Link{Slots: []percentile.Slot{s.slot(1, 1), s.slot(1, 1)},
			In: []int64{0, 0}, Out: []int64{0, 0}},
			"link 1 of 1: slot at 2026-08-31T16:00:00Z: before the cycle, or not after the slot before it"},
		{"short", books.Policy{Kilo: 1000}, percentile.Link{Slots: []percentile.Slot{s.slot(1, 1)}, In: []int64{0}},
			"link 1 of 1: 1 slots with 1 values in and 0 out"},
		{"negative", books.Policy{Kilo: 1000}, percentile.Link{Slots: []percentile.Slot{s.slot(1, 1)}, In: []int64{-1},
			Out: []int64{0}},
			"link 1 of 1: slot at 2026-08-31T16:00:00Z: -1 in and 0 out bits per second: outside 0 to 10^15"},
		{"no kilo", books.Policy{ID: "x"}, percentile.Link{}, "policy x: kilo 0, drop 0: out of range"},
		{"drop of all", books.Policy{ID: "x", Kilo: 1000, Drop: rate("1")}, percentile.Link{},
			"policy x: kilo 1000, drop 1: out of range"},
	} {
		_, err := s.meter.Measure(&c.policy, &percentile.Object{Links: []percentile.Link{c.link}})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: error %v, want %s", c.name, err, c.want)
		}
	}
}

func TestWinner(t *testing.T) {
	t.Parallel()
	sample := func(at int64, in, out string) percentile.Sample {
		return percentile.Sample{Time: period.Instant(at), In: q(in), Out: q(out)}
	}
	for _, c := range []struct {
		name       string
		policy     books.Policy
		a, b, want percentile.Sample
	}{
		{"max by the larger direction", books.Policy{}, sample(1, "5", "1"), sample(2, "3", "4"), sample(1, "5", "1")},
		{"max by the sum", books.Policy{Series: books.SeriesSum}, sample(1, "5", "1"), sample(2, "3", "4"),
			sample(2, "3", "4")},
		{"max by out", books.Policy{Series: books.SeriesOut}, sample(1, "5", "1"), sample(2, "0", "1.5"),
			sample(2, "0", "1.5")},
		{"max, equal values: in decides", books.Policy{}, sample(1, "5", "1"), sample(2, "1", "5"),
			sample(1, "5", "1")},
		{"last", books.Policy{Duplicates: books.DuplicatesLast}, sample(1, "5", "1"), sample(2, "3", "4"),
			sample(2, "3", "4")},
		{"last at one time", books.Policy{Duplicates: books.DuplicatesLast}, sample(2, "5", "1"), sample(2, "3", "4"),
			sample(2, "5", "1")},
		{"transit max", books.Policy{Method: books.TransitP95}, sample(1, "5", "1"), sample(2, "3", "4"),
			sample(2, "5", "4")},
		{"transit last", books.Policy{Method: books.TransitP95, Duplicates: books.DuplicatesLast},
			sample(1, "5", "1"), sample(2, "3", "4"), sample(2, "3", "4")},
		{"transit last at one time", books.Policy{Method: books.TransitP95, Duplicates: books.DuplicatesLast},
			sample(2, "5", "1"), sample(2, "3", "4"), sample(2, "5", "4")},
	} {
		if got := percentile.Winner(&c.policy, c.a, c.b); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if got := percentile.Winner(&c.policy, c.b, c.a); got != c.want {
			t.Errorf("%s, the other way round: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSlotOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at   int64
		want percentile.Slot
	}{{0, 0}, {299_999_999, 0}, {300_000_000, 1}, {-1, -1}, {-300_000_000, -1}, {-300_000_001, -2}} {
		if got := percentile.SlotOf(period.Instant(c.at)); got != c.want {
			t.Errorf("slot of %d: %d, want %d", c.at, got, c.want)
		}
	}
	if got := percentile.Slot(-2).Start(); got != -600_000_000 {
		t.Errorf("start of slot -2: %d", got)
	}
}
