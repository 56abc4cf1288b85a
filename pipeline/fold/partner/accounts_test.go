package partner

import "testing"

// TestGroups checks that partners that are connected by pairs, directly or through others, form one group, and that
// every other partner forms a group of its own. Invariant: PARTNER-8.
func TestGroups(t *testing.T) {
	t.Parallel()
	g := newGroups(8)
	for _, pair := range [][2]int32{{6, 4}, {1, 2}, {4, 1}, {7, 5}, {2, 6}} {
		g.join(pair[0], pair[1])
	}
	for partner, want := range []int32{0, 1, 1, 3, 1, 5, 1, 5} {
		if got := g.of(int32(partner)); got != want {
			t.Errorf("partner %d is in group %d, want %d", partner, got, want)
		}
	}
}
