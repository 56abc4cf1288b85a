package place

import (
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/tollbook/tollbook/schemas/period"
)

// NoCycle means "no cycle": none is closed, none is archived, or no cycle in particular.
const NoCycle = period.Cycle(math.MinInt32)

// Bucket returns the bucket that stores a customer's records and lines.
func Bucket(customer string, buckets int) int {
	return int(xxhash.Sum64String(customer) >> 32 % uint64(buckets))
}

// Place is a bucket of a cycle.
type Place struct {
	Cycle  period.Cycle
	Bucket int
}
