package pay

import (
	"github.com/tollbook/tollbook/pipeline/intake/events"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/settlement/verdict"
)

// bucketTask is the payment of one bucket.
type bucketTask struct {
	State *lake.BucketState `json:"state"`
}

// bucketResult is what the payment of one bucket did.
type bucketResult struct {
	Changes  *lake.Changes    `json:"changes"`
	Cycles   []period.Cycle   `json:"cycles"`   // whose lines were paid again
	Refused  []refusedIn      `json:"refused"`  // of the cycles that were replayed
	Reclaims []reclaimVerdict `json:"reclaims"` // of the bucket's customers
	Days     int              `json:"days"`
	Lines    int64            `json:"lines"`
}

// refusedIn are the ids of account events of a cycle that found too little on their balance.
type refusedIn struct {
	Cycle period.Cycle `json:"cycle"`
	IDs   [][]byte     `json:"ids"`
}

// reclaimVerdict is what became of a coupon event.
type reclaimVerdict struct {
	ID     []byte        `json:"id"`
	Why    reason.Reason `json:"why"`
	Column []byte        `json:"column"`
	Value  []byte        `json:"value"`
}

func newResult() bucketResult {
	return bucketResult{Cycles: []period.Cycle{}, Refused: []refusedIn{}, Reclaims: []reclaimVerdict{}}
}

func verdictOf(e *events.MoneyEvent) reclaimVerdict {
	return reclaimVerdict{[]byte(e.ID), e.Verdict.Why, []byte(e.Verdict.Column), []byte(e.Verdict.Value)}
}

func (v *reclaimVerdict) verdict() verdict.Verdict {
	return verdict.Verdict{Why: v.Why, Column: string(v.Column), Value: string(v.Value)}
}

// add adds what was done in a bucket.
func (r *Result) add(one *bucketResult) {
	bucket := one.Changes.Bucket
	for _, c := range one.Cycles {
		r.Places = append(r.Places, place.Place{Cycle: c, Bucket: bucket})
	}
	for _, of := range one.Refused {
		ids := make(map[string]bool, len(of.IDs))
		for _, id := range of.IDs {
			ids[string(id)] = true
		}
		r.Refused[place.Place{Cycle: of.Cycle, Bucket: bucket}] = ids
	}
	r.Days, r.Lines = r.Days+one.Days, r.Lines+one.Lines
}
