package query

import (
	"fmt"
	"math/big"
	"testing"
)

// TestAxisOf tests DRAW-1.
func TestAxisOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bottom, top string
		digits      int
		maxSteps    int64
		want        string // step, steps below and above 0, text of the last step
	}{
		{"0", "0", 10, 7, "1/5 0 5 1.0"},
		{"0", "7", 10, 7, "1 0 7 7"},
		{"0", "7", 10, 6, "2 0 4 8"},
		{"-20", "454.93827156", 8, 6, "100 1 5 500"},
		{"-1000", "10", 8, 6, "200 5 1 200"},
		{"-3", "0", 8, 6, "1/2 6 0 0.0"},
		{"0", "0.00000001", 8, 6, "1/100000000 0 1 0.00000001"},
	} {
		bottom, _ := new(big.Rat).SetString(c.bottom)
		top, _ := new(big.Rat).SetString(c.top)
		x := AxisOf(bottom, top, c.digits, c.maxSteps)
		if got := fmt.Sprintf("%s %d %d %s", x.Step.RatString(), x.Below, x.Above, x.Text(x.Above)); got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.bottom, c.top, got, c.want)
		}
		if x.At(-x.Below).Cmp(bottom) > 0 || x.At(x.Above).Cmp(top) < 0 {
			t.Errorf("%s to %s: the axis ends at %s and %s", c.bottom, c.top, x.Text(-x.Below), x.Text(x.Above))
		}
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	if got, want := EscapeXML(`a<b> & "c"`), "a&lt;b&gt; &amp; &#34;c&#34;"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
