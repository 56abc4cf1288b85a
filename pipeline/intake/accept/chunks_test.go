package accept

import (
	"slices"
	"testing"
)

// TestChunks checks that scan tasks have the least size, as far as there is that much input.
func TestChunks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sizes []int64
		least int64
		want  []int // parts of each task
	}{
		{nil, 4, nil},
		{[]int64{1}, 4, []int{1}},
		{[]int64{1, 2, 3}, 0, []int{1, 1, 1}},
		{[]int64{1, 2, 3, 4}, 4, []int{3, 1}},
		{[]int64{4, 4, 3}, 4, []int{1, 2}}, // the rest is too small for a task
		{[]int64{9, 1, 1, 1, 1, 9}, 4, []int{1, 4, 1}},
	} {
		var list []*task
		for _, bytes := range c.sizes {
			list = append(list, &task{bytes: bytes})
		}
		var got []int
		for _, several := range chunks(list, c.least) {
			got = append(got, len(several))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("parts of %v bytes, at least %d in a task: %v, want %v", c.sizes, c.least, got, c.want)
		}
	}
}
