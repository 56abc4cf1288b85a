package document

import (
	"strings"
	"testing"

	"github.com/tollbook/tollbook/schemas/money"
)

// TestMonthDrawing checks that each month has a bar in the colour of its state, and that texts are escaped.
func TestMonthDrawing(t *testing.T) {
	t.Parallel()
	amount := func(text string) (a money.AmountTotal) {
		if err := a.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		return a
	}
	d := MonthDrawing("CNY", 2, "<b>Months</b>", "closed", "provisional & open", []ChartMonth{
		{Cycle: "2026-07", Closed: true, Amount: amount("1250.5")},
		{Cycle: "2026-08", Closed: true, Amount: amount("-40")},
		{Cycle: "2026-09", Amount: amount("2000")}})
	for _, want := range []string{"&lt;b&gt;Months&lt;/b&gt;", "2026-07, closed: 1,250.50", "2026-08, closed: −40.00",
		"2026-09, provisional &amp; open: 2,000.00", "The largest month is 2026-09 with 2,000.00"} {
		if !strings.Contains(d.SVG, want) {
			t.Errorf("the drawing lacks %s:\n%s", want, d.SVG)
		}
	}
	if len(d.Legend) != 2 || d.Legend[0].Name != "closed" || strings.Contains(d.SVG, "<b>") {
		t.Errorf("legend %v\n%s", d.Legend, d.SVG)
	}
	if MonthDrawing("CNY", 2, "", "", "", nil) != nil {
		t.Error("a drawing of no months")
	}
}
