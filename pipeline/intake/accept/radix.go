package accept

import (
	"cmp"
	"slices"
)

// Most of what a nightly run sorts is hashes, which are evenly distributed. A radix sort of them takes a fifth of the
// time of a comparison sort.

const (
	digitBits = 11
	digits    = 1 << digitBits
)

// SortMarks sorts by identity. tmp must have at least the same length. The sorted marks are in the returned slice,
// which is either a or tmp.
func SortMarks(a, tmp []Marks) []Marks {
	return sortHashes(a, tmp[:len(a)], 64, 3*digitBits, func(m *Marks) uint64 { return m.Identity })
}

// manyInts is the count from which SortInts sorts in place: it saves a second array and takes about 10 % more time.
const manyInts = 1 << 21

// SortInts sorts non-negative numbers below 2^bits in place; it is fastest for hashes. Many numbers are sorted by their
// highest digit first, then each group that shares it. It returns tmp, grown as needed, for reuse; many numbers need
// only a group's length.
func SortInts(a []int64, bits int, tmp []int64) []int64 {
	const few = 1 << 10 // smaller groups are sorted as fast by comparing
	if len(a) < manyInts || bits <= digitBits {
		return sortInts(a, bits, 3*digitBits, tmp)
	}
	shift := bits - digitBits
	start := 0
	for _, end := range byDigit(a, shift) {
		if group := a[start:end]; len(group) < few {
			slices.Sort(group)
		} else {
			tmp = sortInts(group, shift, 2*digitBits, tmp)
		}
		start = end
	}
	return tmp
}

// sortInts sorts numbers that are equal in all bits above the lowest ones.
func sortInts(a []int64, bits, telling int, tmp []int64) []int64 {
	if cap(tmp) < len(a) {
		tmp = make([]int64, len(a))
	}
	sorted := sortHashes(a, tmp[:len(a)], bits, telling, func(v *int64) uint64 { return uint64(*v) & (1<<bits - 1) })
	if len(a) > 0 && &sorted[0] != &a[0] {
		copy(a, sorted)
	}
	return tmp
}

// byDigit moves numbers below 2^(shift+digitBits) in place into the order of their highest digit. It returns the end of
// eachRecord digit's numbers.
func byDigit(a []int64, shift int) *[digits]int {
	ends := new([digits]int)
	for _, v := range a {
		ends[v>>shift]++
	}
	var at [digits]int // the next place of each digit
	sum := 0
	for d, n := range ends {
		at[d] = sum
		sum += n
		ends[d] = sum
	}
	for d := range at {
		for at[d] < ends[d] {
			v := a[at[d]]
			for int(v>>shift) != d { // swap it into its place and continue with the number that was there
				to := &at[v>>shift]
				v, a[*to] = a[*to], v
				*to++
			}
			a[at[d]] = v
			at[d]++
		}
	}
	return ends
}

// sortHashes is a stable sort of evenly distributed keys. It sorts by some of the highest bits, and compares the few
// keys that share these bits. In a million hashes about a hundred share 33 bits.
func sortHashes[T any](a, tmp []T, bits, highest int, key func(*T) uint64) []T {
	rest := max(0, bits-highest)
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

// radixFrom sorts by the bits [from, to) of key, least significant digit first, so keys that are equal in these bits
// keep their order. The bits above must be zero.
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
