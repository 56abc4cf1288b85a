package percentile

import (
	"slices"
	"testing"
)

// BenchmarkSelect selects the billed value of a link's month from 8,928 points: rank 446 from the top, index 445.
func BenchmarkSelect(b *testing.B) {
	const points, index = 8928, 445
	month := make([]int64, points)
	seed := uint64(1)
	for i := range month {
		seed = seed*6364136223846793005 + 1442695040888963407
		month[i] = int64(seed >> 34)
	}
	sorted := slices.Sorted(slices.Values(month))
	want := sorted[points-1-index]
	list := make([]int64, points)
	for _, by := range []struct {
		name string
		find func() int64
	}{
		{"selection", func() int64 { return nthLargest(list, index) }},
		{"sorting", func() int64 { slices.Sort(list); return list[points-1-index] }},
	} {
		b.Run("by="+by.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				copy(list, month)
				if got := by.find(); got != want {
					b.Fatalf("got %d, want %d", got, want)
				}
			}
			b.ReportMetric(points*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}
