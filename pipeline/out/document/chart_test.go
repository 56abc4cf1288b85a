package document

import (
	"encoding/xml"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// september returns a chart of consumption in 2026-09.
func september(t fataler, usage []ChartUsage) *Chart {
	t.Helper()
	return ByDay(period.CycleOf(2026, 9), "CNY", 2, usage)
}

// fataler is a test or a property check.
type fataler interface {
	Helper()
	Fatal(...any)
}

func totalOf(t testing.TB, text string) (s money.AmountTotal) {
	t.Helper()
	if err := s.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return s
}

func dayOf(t testing.TB, text string) period.Day {
	t.Helper()
	d, err := period.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAxis(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ bottom, top, want string }{
		{"0", "0", "1/5 0 5 1"}, // an empty axis ends at 1
		{"0", "480", "100 0 5 0"},
		{"0", "500", "100 0 5 0"},
		{"0", "501", "100 0 6 0"},
		{"-20", "454.93827156", "100 1 5 0"},
		{"-1000", "10", "200 5 1 0"},
		{"0", "0.00000001", "1/100000000 0 1 8"},
		{"0", "999999999999999999999999999999", "200000000000000000000000000000 0 5 0"},
	} {
		bottom, _ := new(big.Rat).SetString(tt.bottom)
		top, _ := new(big.Rat).SetString(tt.top)
		x := axisOf(bottom, top)
		if got := fmt.Sprintf("%s %d %d %d", x.Step.RatString(), x.Below, x.Above, x.Digits); got != tt.want {
			t.Errorf("%s to %s: %s, want %s", tt.bottom, tt.top, got, tt.want)
		}
	}
}

// TestChart checks ten services: seven have a colour each, and three share the last one. A refund is below the axis.
func TestChart(t *testing.T) {
	t.Parallel()
	var usage []ChartUsage
	for n := range 10 {
		usage = append(usage, ChartUsage{dayOf(t, "2026-09-10"), fmt.Sprintf("s%d", n), "",
			totalOf(t, fmt.Sprintf("%d", 1000-100*n)), false})
	}
	usage = append(usage, ChartUsage{dayOf(t, "2026-09-30"), "s0", "", totalOf(t, "-450"), false})
	c := september(t, usage)
	got := ""
	for _, s := range c.services {
		got += fmt.Sprintf("%s:%d ", s.Code, s.colour)
	}
	if got != "s0:0 s1:1 s2:2 s3:3 s4:4 s5:5 s6:6 s7:7 s8:7 s9:7 " {
		t.Errorf("colours %s", got)
	}
	svg := c.SVG()
	for _, want := range []string{
		"<title>2026-09-10, s0: 1,000.00</title>", "<title>2026-09-10, 3 other services: 600.00</title>",
		"<title>2026-09-30, s0: −450.00</title>",
		"The largest day is 2026-09-10 with 5,500.00.", ">−2,000</text>", ">6,000</text>",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s in\n%s", want, svg)
		}
	}
	if !strings.Contains(c.Caption(), "The 3 smallest services share one colour.") {
		t.Errorf("caption %q", c.Caption())
	}
	if september(t, nil) != nil {
		t.Error("a chart of nothing")
	}
}

// TestChartProperty checks that any consumption gives a valid XML drawing with every bar inside the plot and every
// label of the axis beside it.
func TestChartProperty(t *testing.T) {
	t.Parallel()
	cycle := period.CycleOf(2026, 9)
	rapid.Check(t, func(t *rapid.T) {
		var usage []ChartUsage
		for range rapid.IntRange(1, 60).Draw(t, "entries") {
			a, err := money.AmountTotalFromRaw(rapid.Int64Range(-1<<20, 1<<20).Draw(t, "high"),
				rapid.Uint64().Draw(t, "low"))
			if err != nil {
				t.Fatal(err)
			}
			usage = append(usage, ChartUsage{cycle.First() + period.Day(rapid.IntRange(-40, 29).Draw(t, "day")),
				rapid.String().Draw(t, "service"), rapid.String().Draw(t, "name"), a,
				rapid.Bool().Draw(t, "month end")})
		}
		c := september(t, usage)
		for i := -c.axis.Below; i <= c.axis.Above; i++ {
			width := utf8.RuneCountInString(label(&c.axis, i)) * 56 / 10 // of digits in Helvetica, 10 pixels high
			if right := c.left - labelGap; width > right || c.left > plotRight/2 {
				t.Fatalf("the label %s ends at %d, the plot begins at %d", label(&c.axis, i), right, c.left)
			}
		}
		for d := xml.NewDecoder(strings.NewReader(c.SVG())); ; {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if start, ok := token.(xml.StartElement); ok && start.Name.Local == "rect" && len(start.Attr) == 5 {
				inside(t, start.Attr)
			}
		}
	})
}

func inside(t *rapid.T, attrs []xml.Attr) {
	at := map[string]*big.Rat{}
	for _, a := range attrs[:4] {
		v, ok := new(big.Rat).SetString(a.Value)
		if !ok {
			t.Fatalf("%s=%q", a.Name.Local, a.Value)
		}
		at[a.Name.Local] = v
	}
	bottom := new(big.Rat).Add(at["y"], at["height"])
	if at["y"].Cmp(big.NewRat(plotTop, 1)) < 0 || bottom.Cmp(big.NewRat(plotBottom, 1)) > 0 || at["height"].Sign() < 0 {
		t.Fatalf("a bar from %s to %s", at["y"].FloatString(2), bottom.FloatString(2))
	}
}

// TestSpread checks that a month-end amount is divided evenly and that its parts add up to it. Invariant: COMPOSE-4.
func TestSpread(t *testing.T) {
	t.Parallel()
	c := september(t, []ChartUsage{
		{Day: dayOf(t, "2026-09-01"), Service: "cdn", Amount: totalOf(t, "30"), MonthEnd: true},
		{Day: dayOf(t, "2026-09-01"), Service: "oss", Amount: totalOf(t, "5")},
		{Day: dayOf(t, "2026-08-20"), Service: "oss", Amount: totalOf(t, "-2"), MonthEnd: true},
	})
	want := []string{"-2", "6", "1", "1"} // the bar before the cycle, then those of three days
	for i, w := range want {
		if got := c.bars[i].total; got != totalOf(t, w) {
			t.Errorf("%s: %s, want %s", c.bars[i].day, got, w)
		}
	}
	for _, text := range []string{"100", "-0.00000007", "0.00000031"} {
		var all money.AmountTotal
		for _, part := range spread(totalOf(t, text), 31) {
			if err := all.AddTotal(part); err != nil {
				t.Fatal(err)
			}
		}
		if all != totalOf(t, text) {
			t.Errorf("the parts of %s add up to %s", text, all)
		}
	}
	if got := spread(totalOf(t, "0.00000031"), 31)[30]; got != totalOf(t, "0.00000001") {
		t.Errorf("the last part is %s", got)
	}
}
