package query

import (
	"math/big"
	"testing"
)

func TestRatText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		num, den int64
		want     string
	}{{5, 1, "5"}, {1, 8, "0.125"}, {20, 3, "20/3"}, {0, 7, "0"}} {
		if got := ratText(big.NewRat(c.num, c.den)); got != c.want {
			t.Errorf("%d/%d: %q, want %q", c.num, c.den, got, c.want)
		}
	}
	if got := ratText(nil); got != "0" {
		t.Errorf("nil: %q", got)
	}
}
