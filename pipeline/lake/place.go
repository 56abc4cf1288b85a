package lake

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// NoCycle means "no cycle": none is closed, none is archived, or no cycle in particular.
const NoCycle = period.Cycle(math.MinInt32)

// BucketOf returns the bucket that stores a customer's records and lines.
func BucketOf(customer string, buckets int) int {
	return int(xxhash.Sum64String(customer) >> 32 % uint64(buckets))
}

// PlaceOf returns the bucket of a customer of the books, by its code.
func PlaceOf(b *books.Books, customer int32, buckets int) int {
	return BucketOf(b.Customers[customer].ID, buckets)
}

// ByBucket lists the customers of rows of a book by bucket, each once. The rows are sorted by customer.
func ByBucket[T any](b *books.Books, buckets int, rows []T, customer func(*T) int32) [][]int32 {
	out := make([][]int32, buckets)
	last := int32(-1)
	for i := range rows {
		if c := customer(&rows[i]); c != last {
			at := PlaceOf(b, c, buckets)
			out[at], last = append(out[at], c), c
		}
	}
	return out
}

// Place is a bucket of a cycle.
type Place struct {
	Cycle  period.Cycle
	Bucket int
}

// PlacesInOrder lists places by cycle and bucket.
func PlacesInOrder[V any](places map[Place]V) []Place {
	return slices.SortedFunc(maps.Keys(places), func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.Cycle, b.Cycle), cmp.Compare(a.Bucket, b.Bucket))
	})
}
