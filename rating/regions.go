package rating

import (
	"github.com/tollbook/tollbook/rating/tariff"
)

// place is a region as a number of the rater and as one of the book; the zero value is one not yet looked up.
type place struct {
	number, book int32
	known        bool
}

// regions numbers the regions that a rater has seen.
type regions struct {
	book    *tariff.Book
	nameOf  func(int32) string // by the caller's number
	places  []place            // by the caller's number
	names   []string           // by the rater's own number
	numbers map[string]int32
}

// place returns the place of a region by the caller's number.
func (rs *regions) place(region int32) place {
	if int(region) < len(rs.places) && rs.places[region].known {
		return rs.places[region]
	}
	for int(region) >= len(rs.places) {
		rs.places = append(rs.places, place{})
	}
	name := rs.nameOf(region)
	p := place{rs.number(name), rs.book.Region(name), true}
	rs.places[region] = p
	return p
}

// number returns the rater's number of a region.
func (rs *regions) number(name string) int32 {
	n, ok := rs.numbers[name]
	if !ok {
		n = int32(len(rs.names))
		rs.numbers[name] = n
		rs.names = append(rs.names, name)
	}
	return n
}
