package query

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

func zoneOf(name string) *period.Zone {
	z, err := period.LoadZone(name)
	if err != nil {
		panic(err)
	}
	return z
}

func rate(text string) money.Rate {
	r, err := money.ParseRate(text)
	if err != nil {
		panic(err)
	}
	return r
}

func TestAxis(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		top   string
		step  string
		steps int64
		label string // label of the last step
	}{
		{"0", "1/5", 5, "1.0"},
		{"1", "1/5", 5, "1.0"},
		{"20.32", "5", 5, "25"},
		{"7", "1", 7, "7"},
		{"7.01", "2", 4, "8"},
		{"0.0003", "1/20000", 6, "0.00030"},
		{"61234.5", "10000", 7, "70\u202f000"},
		{"1000000", "200000", 5, "1\u202f000\u202f000"},
	} {
		top, _ := new(big.Rat).SetString(c.top)
		x := axisTo(top)
		if x.Step.RatString() != c.step || x.Above != c.steps || label(&x, x.Above) != c.label {
			t.Errorf("axis to %s: %d steps of %s up to %q, want %d of %s up to %q", c.top, x.Above, x.Step.RatString(),
				label(&x, x.Above), c.steps, c.step, c.label)
		}
		if x.At(x.Above).Cmp(top) < 0 {
			t.Errorf("axis to %s ends at %s", c.top, x.At(x.Above).RatString())
		}
	}
}

func TestShort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value  string
		digits int
		want   string
	}{
		{"7.6736", 4, "7.6736"}, {"7.67365", 4, "≈7.6737"}, {"1/3", 10, "≈0.3333333333"}, {"10", 4, "10"},
		{"0", 4, "0"}, {"100", 0, "100"}, {"2.50", 4, "2.5"},
	} {
		if got := short(c.value, c.digits); got != c.want {
			t.Errorf("short(%q, %d) = %q, want %q", c.value, c.digits, got, c.want)
		}
	}
}

// TestPointsAgreeWithMeter checks that the points and the daily values of an annex give the same result as the meter.
// Invariant: ANNEX-1.
func TestPointsAgreeWithMeter(t *testing.T) {
	t.Parallel()
	zones := []*period.Zone{zoneOf("Asia/Shanghai"), zoneOf("Europe/Berlin"), zoneOf("UTC")}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		cycle := period.CycleOf(2026, rapid.IntRange(1, 12).Draw(t, "month"))
		policy := &books.Policy{
			ID: "p", Method: books.Method(rapid.IntRange(0, int(books.EnhancedP95)).Draw(t, "method")),
			Series:        books.Series(rapid.IntRange(0, int(books.SeriesSum)).Draw(t, "series")),
			MissingZero:   rapid.Bool().Draw(t, "zero"),
			ValidDaysOnly: rapid.Bool().Draw(t, "valid only"), Kilo: 1000,
			Drop:       rate(rapid.SampledFrom([]string{"0", "0.05", "0.3", "0.95"}).Draw(t, "drop")),
			FloorShare: rate("0.2"),
		}
		o := drawObject(t, zone.Bounds(cycle))
		r, err := percentile.NewMeter(zone, cycle).Measure(policy, o)
		if err != nil {
			t.Fatal(err)
		}
		a := &Annex{Cycle: cycle.String(), zone: zone, bounds: zone.Bounds(cycle), megabit: megabit(policy),
			value: r.Value}
		if err := a.inspect(cycle, policy, o, &r); err != nil {
			t.Fatal(err)
		}
		if r.Index >= 0 && policy.Method != books.Monthly4thPeak {
			at := downward(a.series)[r.Index]
			if got := new(big.Rat).Quo(at.bps.Rat(), a.megabit); got.Cmp(r.Value) != 0 {
				t.Errorf("the point at index %d has %s, the measurement says %s", r.Index, got.RatString(),
					r.Value.RatString())
			}
			if a.Above > r.Index {
				t.Errorf("%d points above the one at index %d", a.Above, r.Index)
			}
		}
		agreeDaily(t, a, policy, &r)
	})
}

func drawObject(t *rapid.T, bounds period.Span) *percentile.Object {
	o := &percentile.Object{}
	first, last := percentile.SlotOf(bounds.From), percentile.SlotOf(bounds.To)
	for range rapid.IntRange(1, 3).Draw(t, "links") {
		l := percentile.Link{Terms: []percentile.Term{{Valid: bounds}}}
		exact := rapid.Bool().Draw(t, "exact")
		for s := first + percentile.Slot(rapid.IntRange(0, 300).Draw(t, "start")); s < last; s += percentile.Slot(
			rapid.IntRange(1, 700).Draw(t, "gap")) {
			in, out := rapid.Int64Range(0, 30_000_000).Draw(t, "in"), rapid.Int64Range(0, 30_000_000).Draw(t, "out")
			if rapid.IntRange(0, 4).Draw(t, "idle") == 0 {
				in, out = 0, 0
			}
			l.Slots = append(l.Slots, s)
			if !exact {
				l.In, l.Out = append(l.In, in), append(l.Out, out)
				continue
			}
			qi, _ := money.ParseQuantity(fmt.Sprintf("%d.5", in))
			qo, _ := money.ParseQuantity(fmt.Sprintf("%d.25", out))
			l.InExact, l.OutExact = append(l.InExact, qi), append(l.OutExact, qo)
		}
		o.Links = append(o.Links, l)
	}
	return o
}

// agreeDaily checks that the daily values of an annex give the month's value.
func agreeDaily(t *rapid.T, a *Annex, policy *books.Policy, r *percentile.Result) {
	sum, taken := new(big.Rat), int64(0)
	for _, d := range a.Daily {
		if v, _ := new(big.Rat).SetString(d.Mbps); d.Taken {
			sum.Add(sum, v)
			taken++
		}
	}
	if taken > 0 {
		sum.Quo(sum, big.NewRat(taken, 1))
	}
	want := r.Value
	switch policy.Method {
	case books.MonthlyP95, books.TransitP95:
		if a.Daily != nil {
			t.Errorf("days of a method that looks at none: %v", a.Daily)
		}
		return
	case books.EnhancedP95:
		sum.SetInt(new(big.Int).Quo(sum.Num(), sum.Denom()))
		want = r.Month
	}
	if sum.Cmp(want) != 0 {
		t.Errorf("%s: the days taken give %s, the measurement says %s", policy.Method, sum.RatString(),
			want.RatString())
	}
}

// drawn returns an annex with a series in bit/s, given by slot of the cycle.
func drawn(t *testing.T, values map[int]int64, value string) *Annex {
	t.Helper()
	zone := zoneOf("Asia/Shanghai")
	cycle := period.CycleOf(2026, 9)
	v, _ := new(big.Rat).SetString(value)
	commit, err := money.ParseQuantity("3")
	if err != nil {
		t.Fatal(err)
	}
	policy := &books.Policy{ID: "p<95>", Method: books.MonthlyP95, Kilo: 1000, Drop: rate("0.05")}
	a := &Annex{
		Cycle: "2026-09", Zone: zone.Name(), State: lake.CycleOpen, CustomerID: "ash",
		CustomerName: `Ash & "Sons" <Ltd>`, SKU: "line", Product: "A <line>",
		Measure: "Mbps", Region: "east", Object: "lab & co", Policy: shownPolicy(policy), Value: value, Commit: commit,
		Billed: value, Currency: "CNY",
		MonthDays: 30, Days: 30, zone: zone, bounds: zone.Bounds(cycle), digits: 2, megabit: megabit(policy), value: v,
	}
	first := percentile.SlotOf(a.bounds.From)
	for slot := range 8640 {
		bps, there := values[slot]
		if !there {
			continue
		}
		q, err := money.QuantityFromInt(bps)
		if err != nil {
			t.Fatal(err)
		}
		s := sample{slot: first + percentile.Slot(slot)}
		if err := s.bps.Add(q); err != nil {
			t.Fatal(err)
		}
		a.series = append(a.series, s)
	}
	return a
}

// TestDrawDay checks a day of 288 slots on a plot of 840 columns: slot i covers the columns from ⌊i × 840 / 288⌋ up to,
// but not including, the first column of slot i + 1.
func TestDrawDay(t *testing.T) {
	t.Parallel()
	values := make(map[int]int64)
	for i := range 8640 {
		values[i] = 1_000_000
	}
	values[288*4+12] = 9_000_000 // 01:00 on the 5th: ⌊12 × 840 / 288⌋ = 35, ⌊13 × 840 / 288⌋ = 37
	values[288*5] = 50_000_000   // belongs to the next day
	delete(values, 288*4+287)    // 23:55: ⌊287 × 840 / 288⌋ = 837
	a := drawn(t, values, "2")
	svg := string(a.DrawDay(period.CycleOf(2026, 9).First() + 4))
	for _, want := range []string{
		"bandwidth of lab &amp; co on 2026-09-05</title>", "2026-09-05 to 2026-09-06 (not included)",
		"hour of 2026-09-05, ", `class="mid small">00</text>`, `class="mid small">23</text>`, ">10</text>",
		// The axis of 10 Mbps has 350 units above y = 468: 1 Mbps is at 433, 9 at 153, the value of 2 at 398.
		`<path class="series" d="M92 433H93`, "H127V153H128H129V433H130", `H929"/>`,
		`<path class="above" d="M127 398V153H128H129V398Z"/>`,
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("the drawing lacks %q:\n%s", want, svg)
		}
	}
	if strings.Contains(svg, ">24</text>") || strings.Contains(svg, ">50</text>") {
		t.Error("the drawing shows another day")
	}
}

// TestColumnsKeepPeaks checks a month of 8,640 slots on a plot of 840 columns: slot i is in column ⌊i × 840 / 8640⌋ =
// ⌊i × 7 / 72⌋.
func TestColumnsKeepPeaks(t *testing.T) {
	t.Parallel()
	values := make(map[int]int64)
	for i := range 8640 {
		values[i] = 1_000_000
	}
	values[5000] = 9_000_000 // ⌊5000 × 7 / 72⌋ = 486
	values[5001] = 8_000_000
	delete(values, 0)
	a := drawn(t, values, "2")
	d := &drawing{a: a, span: a.bounds, series: a.series}
	d.scale()
	columns := d.columns()
	if len(columns) != 840 {
		t.Fatalf("%d columns, want 840", len(columns))
	}
	// The axis of 10 Mbps has 350 units above y = 468: 9 Mbps is 315 units above the bottom, 1 Mbps 35.
	if got := columns[486]; got.at != 486 || got.y != (468-315)*10 {
		t.Errorf("column 486: at %d, %d tenths", got.at, got.y)
	}
	if got := columns[0]; got.at != 0 || got.y != (468-35)*10 {
		t.Errorf("column 0: at %d, %d tenths", got.at, got.y)
	}
}

// TestSVG tests ANNEX-3, ANNEX-4.
func TestSVG(t *testing.T) {
	t.Parallel()
	for name, values := range map[string]map[int]int64{
		"nothing": {},
		"one":     {17: 2_500_000},
		"gap":     {0: 1_000_000, 1: 4_000_000, 4000: 2_000_000, 8639: 5_000_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := drawn(t, values, "2").SVG()
			if err != nil {
				t.Fatal(err)
			}
			again, err := drawn(t, values, "2").SVG()
			if err != nil || !bytes.Equal(got, again) {
				t.Errorf("the same annex drawn twice differs, error %v", err)
			}
			texts := wellFormed(t, got)
			for _, want := range []string{`Ash & "Sons" <Ltd>: bandwidth of lab & co in 2026-09`,
				"customer ash, A <line> (line), region east", "2 Mbps", "3 Mbps", "95th percentile", "commit"} {
				if !strings.Contains(texts, want+"\n") {
					t.Errorf("no text %q in:\n%s", want, texts)
				}
			}
		})
	}
}

// wellFormed parses the drawing as XML and returns its texts, one per line. It checks that the drawing has no script
// and loads nothing.
func wellFormed(t *testing.T, svg []byte) string {
	t.Helper()
	var texts strings.Builder
	dec := xml.NewDecoder(bytes.NewReader(svg))
	allowed := map[string]bool{"svg": true, "title": true, "style": true, "rect": true, "path": true, "text": true}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return texts.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if !allowed[e.Name.Local] {
				t.Errorf("element %s", e.Name.Local)
			}
			for _, at := range e.Attr {
				if strings.HasPrefix(at.Name.Local, "on") || at.Name.Local == "href" ||
					strings.Contains(at.Value, "url(") {
					t.Errorf("attribute %s=%q of %s", at.Name.Local, at.Value, e.Name.Local)
				}
			}
		case xml.CharData:
			if text := strings.TrimSpace(string(e)); text != "" {
				fmt.Fprintln(&texts, text)
			}
		}
	}
}

func TestTimesTellTheOffsetWhereItChanges(t *testing.T) {
	t.Parallel()
	berlin := zoneOf("Europe/Berlin")
	for _, c := range []struct {
		month int
		want  string
	}{{9, "2026-09-25 02:30"}, {10, "2026-10-25 02:30 +02:00"}} {
		bounds := berlin.Bounds(period.CycleOf(2026, c.month))
		a := &Annex{zone: berlin, bounds: bounds}
		if got := a.Time(fmt.Sprintf("2026-%02d-25T02:30:00+02:00", c.month)); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if diff := cmp.Diff("not a time", (&Annex{zone: berlin}).Time("not a time")); diff != "" {
		t.Error(diff)
	}
}
