package incoming

import (
	"bytes"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/schemas/period"
)

// Rows holds the new rows of a run. One worker decides and counts them.
type Rows struct {
	*state.State
	Scanned *accept.Scanned
	Tally   *Tally

	buffers  sorting.Buffers
	resolver resolver
}

// New returns the new rows of a scan.
func New(s *state.State, scanned *accept.Scanned, t *Tally) *Rows {
	n := &Rows{State: s, Scanned: scanned, Tally: t, buffers: sorting.Buffers{Temp: s.Txn}}
	n.resolver = resolver{State: s, scanned: scanned, buffers: &n.buffers}
	return n
}

// Drop deletes the temporary copies of rows that were read for a task.
func (n *Rows) Drop() error { return n.buffers.Drop() }

// Usage returns the new usage rows of a bucket's day, in order.
func (n *Rows) Usage(bucket int, day period.Day) (sorting.Source, error) {
	return n.UsageRange(bucket, day, sorting.All)
}

// Samples returns the new bandwidth samples of a bucket's day, in order.
func (n *Rows) Samples(bucket int, day period.Day) (*sorting.Samples, error) {
	m, err := sorting.Merge(n.Scanned.Bandwidth, n.Scanned.Parts.Of(bucket, day), &n.buffers)
	return sorting.NewSamples(&takenRows{m, n.Scanned}), err
}

// Seed returns the seed of the hash of a customer's identities.
func (n *Rows) Seed(customer int32) uint64 { return n.resolver.seed(customer) }

// LateKnown is the records of a closed cycle that were accepted after the close.
type LateKnown struct {
	Status   map[Identity]int64
	Replaced map[Identity]bool // records that a late record replaces, including records billed by the close
}

// Decide decides the new rows of a cycle against each other and against the lake; late is nil for an open cycle.
func (n *Rows) Decide(bucket int, cycle period.Cycle, days []period.Day, rows int64, late *LateKnown) (
	*Verdicts, error) {
	found := newLookup(n.State, n.FilesOf(cycle, bucket, "lines", "usage"))
	if rows == 0 {
		return &Verdicts{lookup: found}, nil
	}
	r := &n.resolver
	r.bucket, r.days, r.idents, r.late = bucket, days, n.FilesOf(cycle, bucket, "ident"), r.late[:0]
	if late != nil {
		found.late, found.replaced = late.Status, late.Replaced
		for id := range late.Status {
			r.late = append(r.late, sorting.Identity(r.seed(id.Customer), []byte(id.ID)))
		}
	}
	return r.resolve(rows, found)
}

// Stream is a source with one row of lookahead.
type Stream struct {
	sorting.Source
	Row sorting.Row
	Ok  bool
}

// Next reads the next row; Ok is false at the end.
func (s *Stream) Next() (err error) {
	if s.Source == nil {
		s.Ok = false
		return nil
	}
	s.Ok, err = s.Source.Next(&s.Row)
	return err
}

// takenRows skips the rows of files that failed completely (INGEST-3).
type takenRows struct {
	sorting.Source
	scanned *accept.Scanned
}

func (t *takenRows) Next(r *sorting.Row) (bool, error) {
	for {
		ok, err := t.Source.Next(r)
		if err != nil || !ok || t.scanned.Taken(r.File) {
			return ok, err
		}
	}
}

// Duplicates holds the content of the record that was decided last, to compare it with the following rows of the same
// identity and start.
type Duplicates struct {
	customer int32
	start    period.Instant
	id       []byte
	content  []byte
	set      bool
}

// Remember stores the content of a row that was decided.
func (t *Duplicates) Remember(r *sorting.Row) {
	t.customer, t.start, t.set = r.Customer, r.Start, true
	t.id, t.content = append(t.id[:0], r.ID...), append(t.content[:0], r.Content()...)
}

// Match reports whether a row equals the remembered one.
func (t *Duplicates) Match(r *sorting.Row) bool {
	return t.Same(r) && bytes.Equal(t.content, r.Content())
}

// Same reports whether a row has the identity and start of the remembered one.
func (t *Duplicates) Same(r *sorting.Row) bool {
	return t.set && t.customer == r.Customer && t.start == r.Start && bytes.Equal(t.id, r.ID)
}
