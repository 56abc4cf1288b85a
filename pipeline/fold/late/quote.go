package late

import (
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/incoming"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/period"
)

// Quote prices records of one customer as late records that follow everything in the lake (LATE-6). It writes nothing.
// It is not safe for concurrent use.
type Quote struct {
	step     *Step
	customer int32
	added    map[Meter][]*Record // of month-end meters
}

// NewQuote reads what is billed of a customer, as billing of late records in the cycle lateIn finds it. s is a
// committed state of the lake.
func NewQuote(s *state.State, rater *rating.Rater, customer int32, lateIn period.Cycle) (*Quote, error) {
	f := &Folder{Rows: &incoming.Rows{State: s}, Terms: Terms{LateIn: lateIn}, Rater: rater}
	step := &Step{Folder: f, Bucket: s.Bucket(customer), Cycle: lateIn}
	if err := step.Load(); err != nil {
		return nil, err
	}
	step.sources.after, step.sources.customer = true, customer
	if err := step.sources.Prepare(nil); err != nil {
		return nil, err
	}
	step.openState()
	step.state.Open(customer)
	return &Quote{step: step, customer: customer, added: make(map[Meter][]*Record)}, nil
}

// Take rates a record and appends its lines. Records must come in the order of §4.1. Their Region is a number of the
// state's regions.
func (q *Quote) Take(r *rating.Record, origin period.Cycle, out *line.Charges) error {
	one := &Record{Record: *r, Customer: q.customer, Origin: origin}
	if err := q.step.state.Take(&Entry{Record: one}, out); err != nil {
		return err
	}
	if q.step.Books.Products[r.SKU].MonthEnd() {
		m := MeterOf(q.step.Books, one, q.step.Regions.Name)
		q.added[m] = append(q.added[m], one)
	}
	return nil
}

// Ends visits the month-end lines of the meters of the records taken: those without these records (before is true), and
// those with them.
func (q *Quote) Ends(visit func(before bool, charges *line.Charges, about []rating.Object)) error {
	for _, m := range slices.SortedFunc(maps.Keys(q.added), CompareMeters) {
		records, err := q.step.sources.counted(q.customer, m)
		if err != nil {
			return err
		}
		levels, err := q.step.sources.Levels(q.customer, m.Origin)
		if err != nil {
			return err
		}
		c := Closing{Books: q.step.Books, Rater: q.step.Rater, Region: q.step.Regions.Name, Customer: q.customer,
			Counts: q.step.state.Meters(), Levels: levelMeter{m.SKU, m.Scope}.of(q.step.Books, levels)}
		for _, list := range [...][]*Record{records, slices.Concat(records, q.added[m])} {
			charges, about, err := c.Ends(m, list)
			if err != nil {
				return err
			}
			visit(len(list) == len(records), charges, about)
		}
	}
	return nil
}
