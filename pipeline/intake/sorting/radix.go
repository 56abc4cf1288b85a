package sorting

import (
	"cmp"
	"slices"
)

// The bulk of what a night sorts is hashes, spread evenly: a radix sort takes a fifth of what comparing takes
// (docs/performance.md).

const (
	digitBits = 11
	digits    = 1 << digitBits
)

// SortMarks sorts by identity. tmp is memory of at least the same length; the sorted marks are in the slice returned,
// which is one of the two.
func SortMarks(a, tmp []Marks) []Marks {
	return hashes(a, tmp[:len(a)], 64, func(m *Marks) uint64 { return m.Identity })
}

// SortInts sorts non-negative numbers below 2^bits, best hashes, in place. It returns tmp, grown as needed, for the
// next time.
func SortInts(a []int64, bits int, tmp []int64) []int64 {
	if cap(tmp) < len(a) {
		tmp = make([]int64, len(a))
	}
	sorted := hashes(a, tmp[:len(a)], bits, func(v *int64) uint64 { return uint64(*v) })
	if len(a) > 0 && &sorted[0] != &a[0] {
		copy(a, sorted)
	}
	return tmp
}

// hashes sorts keys of some bits that are spread evenly, and keeps the order of equal ones: by the highest bits alone,
// and the few that share these by comparing.
func hashes[T any](a, tmp []T, bits int, key func(*T) uint64) []T {
	const telling = 3 * digitBits // of a million hashes a hundred share them
	rest := max(0, bits-telling)
	a = radixFrom(a, tmp, rest, bits, key)
	if rest == 0 {
		return a
	}
	for i := 1; i < len(a); i++ {
		if key(&a[i])>>rest != key(&a[i-1])>>rest {
			continue
		}
		from := i - 1
		for i < len(a) && key(&a[i])>>rest == key(&a[from])>>rest {
			i++
		}
		slices.SortStableFunc(a[from:i], func(x, y T) int { return cmp.Compare(key(&x), key(&y)) })
	}
	return a
}

// radix sorts by the lowest bits of key.
func radix[T any](a, tmp []T, bits int, key func(*T) uint64) []T {
	return radixFrom(a, tmp, 0, bits, key)
}

// radixFrom sorts by the bits [from, to) of key, least significant digit first, which keeps the order of keys that are
// equal in them. The bits above must be zero.
func radixFrom[T any](a, tmp []T, from, to int, key func(*T) uint64) []T {
	for shift := from; shift < to; shift += digitBits {
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
