package percentile

import (
	"cmp"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Sample is one sample of one link's slot.
type Sample struct {
	Time    period.Instant // sample_time
	In, Out money.Quantity // bits per second
}

// Winner returns the sample that counts of two samples of one link's slot under duplicates max or last; the other is a
// duplicate (§4.7). Under transit_p95 each direction is chosen separately, so the result can combine both. The result
// for several samples does not depend on their order. Winner is not used under duplicates reject, where differing
// samples are conflicts and none counts.
func Winner(policy *books.Policy, a, b Sample) Sample {
	byTime := 0
	if policy.Duplicates == books.DuplicatesLast {
		byTime = cmp.Compare(a.Time, b.Time)
	}
	if byTime == 0 && policy.Method == books.TransitP95 {
		return Sample{max(a.Time, b.Time), larger(a.In, b.In), larger(a.Out, b.Out)}
	}
	// If the rule does not decide, the other values of the sample do, so that the order of samples has no effect.
	if cmp.Or(byTime, a.value(policy.Series).cmp(b.value(policy.Series)), a.In.Cmp(b.In), a.Out.Cmp(b.Out),
		cmp.Compare(a.Time, b.Time)) >= 0 {
		return a
	}
	return b
}

func larger(a, b money.Quantity) money.Quantity {
	if a.Cmp(b) >= 0 {
		return a
	}
	return b
}

// value returns the sample's value in a series.
func (s Sample) value(which books.Series) wide { return pickWide(which, wideOf(s.In), wideOf(s.Out)) }
