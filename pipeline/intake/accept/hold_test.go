package accept

import "testing"

// TestRunsInMemoryHaveALimit checks that a run that does not fit reserves nothing, so that a smaller one still fits.
func TestRunsInMemoryHaveALimit(t *testing.T) {
	t.Parallel()
	const limit = 100
	var s Scanned
	for i, c := range []struct {
		size int64
		want bool
	}{{60, true}, {41, false}, {40, true}, {1, false}, {0, true}} {
		if got := s.hold(c.size, limit); got != c.want {
			t.Errorf("step %d: hold of %d bytes = %v, want %v", i, c.size, got, c.want)
		}
	}
}
