package sorting

// The bulk of what a night sorts is hashes, spread evenly: a radix sort takes a fifth of what comparing takes (docs/performance.md).

const (
	digitBits = 11
	digits    = 1 << digitBits
)

// SortMarks sorts by identity. tmp is memory of at least the same length; the sorted marks are in the slice returned, which is one of
// the two.
func SortMarks(a, tmp []Marks) []Marks {
	return radix(a, tmp[:len(a)], 64, func(m *Marks) uint64 { return m.Identity })
}

// SortInts sorts non-negative numbers below 2^bits in place. It returns tmp, grown as needed, for the next time.
func SortInts(a []int64, bits int, tmp []int64) []int64 {
	if cap(tmp) < len(a) {
		tmp = make([]int64, len(a))
	}
	sorted := radix(a, tmp[:len(a)], bits, func(v *int64) uint64 { return uint64(*v) })
	if len(a) > 0 && &sorted[0] != &a[0] {
		copy(a, sorted)
	}
	return tmp
}

// radix sorts by the lowest bits of key, least significant digit first, which keeps the order of equal keys.
func radix[T any](a, tmp []T, bits int, key func(*T) uint64) []T {
	for shift := 0; shift < bits; shift += digitBits {
		var at [digits]int
		for i := range a {
			at[key(&a[i])>>shift%digits]++
		}
		sum := 0
		for d := range at {
			at[d], sum = sum, sum+at[d]
		}
		for i := range a {
			d := key(&a[i]) >> shift % digits
			tmp[at[d]] = a[i]
			at[d]++
		}
		a, tmp = tmp, a
	}
	return a
}
