package document

import "testing"

// A figure with its kind keeps the number out of the kind: patterns are tried in their order.
func TestChineseFigures(t *testing.T) {
	t.Parallel()
	d := newDictionary(chinese)
	for _, c := range []struct{ english, want string }{
		{"6.48 Mbps, 95th percentile", "6.48 Mbps，第95百分位"},
		{"6.48 Mbps, 95th percentile of in and out", "6.48 Mbps，出入向第95百分位"},
		{"6.48 Mbps, mean of daily peaks", "6.48 Mbps，日峰值均值"},
		{"10 Mbps, the larger of value and commit", "10 Mbps，测量值与保底带宽的较大者"},
		{"6.48 Mbps", "6.48 Mbps"},
	} {
		if got := d.say(figures, c.english); got != c.want {
			t.Errorf("%q: %q, want %q", c.english, got, c.want)
		}
	}
}
