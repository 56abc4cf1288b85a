package audit

import (
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// FeedRows counts the rows of a feed's files by outcome: Read = Accepted + Duplicate + Rejected.
type FeedRows struct {
	Feed      string `json:"feed"`
	Read      int64  `json:"read"`
	Accepted  int64  `json:"accepted"`
	Duplicate int64  `json:"duplicate"`
	Rejected  int64  `json:"rejected"`
}

// Feeds counts the rows of feed files by feed.
type Feeds map[string]*FeedRows

// Add adds a feed file's rows.
func (f Feeds) Add(in *lake.Input) {
	r := f[in.Feed]
	if r == nil {
		r = &FeedRows{Feed: in.Feed}
		f[in.Feed] = r
	}
	r.Read, r.Accepted, r.Duplicate, r.Rejected = r.Read+in.Rows, r.Accepted+in.Accepted, r.Duplicate+in.Duplicate,
		r.Rejected+in.Rejected
}

// Rows returns the counts of all feeds, by the feeds' names.
func (f Feeds) Rows() []FeedRows {
	out := []FeedRows{}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		out = append(out, *f[name])
	}
	return out
}
