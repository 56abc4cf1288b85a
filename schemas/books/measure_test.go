package books

import "testing"

// TestMeasureOf checks that products with different measures have no common one.
func TestMeasureOf(t *testing.T) {
	t.Parallel()
	b := &Books{Products: []Product{{SKU: "disk", Measure: "GB"}, {SKU: "image", Measure: "GB"},
		{SKU: "vm", Measure: "hour"}}}
	for _, c := range []struct {
		skus []string
		want string
	}{{[]string{"disk", "image"}, "GB"}, {[]string{"none", "vm"}, "hour"}, {[]string{"disk", "vm"}, ""}, {nil, ""}} {
		if got := b.MeasureOf(c.skus); got != c.want {
			t.Errorf("%v: %q, want %q", c.skus, got, c.want)
		}
	}
}
