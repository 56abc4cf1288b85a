package pay

import (
	"github.com/tollbook/tollbook/pipeline/intake/events"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/settlement/verdict"
)

// Result is what was paid in a bucket.
type Result struct {
	Cycles []period.Cycle `json:"cycles"` // whose lines were paid again: their statements are to be made again
	// Refused are the account events that found too little on their balance, of every cycle that was replayed: all
	// others of such a cycle count (§6.3).
	Refused  []Refused        `json:"refused"`
	Reclaims []reclaimVerdict `json:"reclaims"` // of the bucket's customers
	Days     int              `json:"days"`     // that were paid
	Lines    int64            `json:"lines"`    // in the files that were written
}

// Refused are the ids of account events of a cycle that found too little on their balance.
type Refused struct {
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

func newResult() *Result {
	return &Result{Cycles: []period.Cycle{}, Refused: []Refused{}, Reclaims: []reclaimVerdict{}}
}

func verdictOf(e *events.MoneyEvent) reclaimVerdict {
	return reclaimVerdict{[]byte(e.ID), e.Verdict.Why, []byte(e.Verdict.Column), []byte(e.Verdict.Value)}
}

func (v *reclaimVerdict) verdict() verdict.Verdict {
	return verdict.Verdict{Why: v.Why, Column: string(v.Column), Value: string(v.Value)}
}
