package runcmd

import "testing"

func TestRanges(t *testing.T) {
	t.Parallel()
	many := make([]int, 0, 60)
	for i := range 30 {
		many = append(many, 4*i, 4*i+1)
	}
	for _, c := range []struct {
		numbers []int
		want    string
	}{
		{[]int{0, 1, 2}, "from 0 to 2"},
		{[]int{8, 9}, "from 8 to 9"},
		{[]int{3, 7, 8, 9}, "of 3, 7 to 9"},
		{[]int{0, 1, 5}, "of 0 to 1, 5"},
		{many, "of 0 to 1, 4 to 5, 8 to 9, 12 to 13, 16 to 17, 20 to 21, 24 to 25, 28 to 29, 32 to 33, 36 to 37, " +
			"40 to 41, 44 to 45, 48 to 49, 52 to 53, 56 to 57, 60 to 61, 64 to 65, 68 to 69, 72 to 73, 76 to 77, " +
			"… (60 in all, `--json` lists them)"},
	} {
		if got := ranges(c.numbers); got != c.want {
			t.Errorf("ranges(%v) = %q, want %q", c.numbers, got, c.want)
		}
	}
}
