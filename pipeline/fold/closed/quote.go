package closed

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/period"
)

// Quote is what the billing of one customer's late records depends on.
type Quote struct {
	State    *state.State // of a committed state of the lake
	Rater    *rating.Rater
	Customer int32
	In       period.Cycle // in which the late records are billed
	// Moves reports whether a record of a product can move the price of the others. Late records of other products are
	// not rated, except those that replace a record.
	Moves func(sku int32) bool
}

// Lines returns the lines of the customer's late records: those that the lake has in the open cycle, and others, whose
// Region is a number of the state's regions (LATE-8). It writes nothing.
func (q *Quote) Lines(others []*Record) ([]*rows.Line, error) {
	f := &Folder{Incoming: &state.Incoming{State: q.State}, Terms: Terms{LateIn: q.In}, Rater: q.Rater,
		owners: owners{books: q.State.Books}}
	s := &Step{Folder: f, Bucket: q.State.Bucket(q.Customer), Cycle: q.In}
	if err := s.Load(); err != nil {
		return nil, err
	}
	s.sources.one = &q.Customer
	s.rows = slices.DeleteFunc(s.rows, func(r *Row) bool {
		return r.Customer != q.Customer || r.Replaces == "" && !q.Moves(r.SKU)
	})
	for _, r := range others {
		s.add(&Row{Record: *r, Billed: q.In})
	}
	err := s.rateRecords()
	return s.lines, err
}
