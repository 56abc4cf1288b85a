package accept

import (
	"cmp"
	"math"
	"slices"

	"github.com/tollbook/tollbook/schemas/period"
)

// RecordKey is the part of a row by which the rows of a part are divided: all rows of one key are in one range.
type RecordKey struct {
	Customer int32          `json:"customer"` // index in books.Customers
	Start    period.Instant `json:"start"`
}

// Compare orders keys as rows are ordered.
func (k RecordKey) Compare(o RecordKey) int {
	return cmp.Or(cmp.Compare(k.Customer, o.Customer), cmp.Compare(k.Start, o.Start))
}

// Range is the rows from one key up to another, without those of the other.
type Range struct {
	From RecordKey `json:"from"`
	To   RecordKey `json:"to"`
}

// All is the range of all rows.
var All = Range{RecordKey{math.MinInt32, math.MinInt64}, RecordKey{math.MaxInt32, math.MaxInt64}}

// Weight is an estimate of where rows are: about Rows rows follow Key, most of them before the next key of the same
// run.
type Weight struct {
	RecordKey
	Rows int64
}

// Weights returns the weights of a part of runs, in order of key. They come from the indexes of the runs; no row is
// read.
func Weights(runs []*Run, part RunPart) []Weight {
	var list []Weight
	for _, r := range runs {
		i, _ := r.find(part)
		for ; i < len(r.segments) && r.segments[i].part == part; i++ {
			list = append(list, Weight{r.segments[i].first, r.segments[i].rows})
		}
	}
	slices.SortFunc(list, func(a, b Weight) int { return cmp.Or(a.Compare(b.RecordKey), cmp.Compare(a.Rows, b.Rows)) })
	return list
}
