package state

import (
	"bytes"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/period"
)

// Incoming holds the new rows of a run. One worker decides and counts them.
type Incoming struct {
	*State
	Scanned *accept.Scanned
	Tally   *Tally

	buffers  accept.Buffers
	resolver resolver
}

// NewIncoming returns the new rows of a scan.
func NewIncoming(s *State, scanned *accept.Scanned, t *Tally) *Incoming {
	n := &Incoming{State: s, Scanned: scanned, Tally: t, buffers: accept.Buffers{Temp: s.Txn}}
	n.resolver = resolver{State: s, scanned: scanned, buffers: &n.buffers}
	return n
}

// Drop deletes the temporary copies of rows that were read for a task.
func (n *Incoming) Drop() error { return n.buffers.Drop() }

// Usage returns the new usage rows of a bucket's day, in order.
func (n *Incoming) Usage(bucket int, day period.Day) (accept.RunSource, error) {
	return n.UsageRange(bucket, day, accept.All)
}

// Samples returns the new bandwidth samples of a bucket's day, in order.
func (n *Incoming) Samples(bucket int, day period.Day) (*accept.Samples, error) {
	m, err := accept.Merge(n.Scanned.Bandwidth, n.Scanned.Parts.Of(bucket, day), &n.buffers)
	return accept.NewSamples(&takenRows{m, n.Scanned}), err
}

// Seed returns the seed of the hash of a customer's identities.
func (n *Incoming) Seed(customer int32) uint64 { return n.resolver.seed(customer) }

// LateKnown is the records of a closed cycle that were accepted after the close.
type LateKnown struct {
	Status   map[Identity]int64
	Replaced map[Identity]bool // records that a late record replaces, including records billed by the close
}

// Decide decides the new rows of a cycle against each other and against the lake; late is nil for an open cycle.
func (n *Incoming) Decide(bucket int, cycle period.Cycle, days []period.Day, rows int64, late *LateKnown) (
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
			r.late = append(r.late, accept.Identity(r.seed(id.Customer), []byte(id.ID)))
		}
	}
	return r.resolve(rows, found)
}

// IncomingStream is a source with one row of lookahead.
type IncomingStream struct {
	accept.RunSource
	Row accept.Record
	Ok  bool
}

// Next reads the next row; Ok is false at the end.
func (s *IncomingStream) Next() (err error) {
	if s.RunSource == nil {
		s.Ok = false
		return nil
	}
	s.Ok, err = s.RunSource.Next(&s.Row)
	return err
}

// takenRows skips the rows of files that failed completely (INGEST-3).
type takenRows struct {
	accept.RunSource
	scanned *accept.Scanned
}

func (t *takenRows) Next(r *accept.Record) (bool, error) {
	for {
		ok, err := t.RunSource.Next(r)
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
func (t *Duplicates) Remember(r *accept.Record) {
	t.customer, t.start, t.set = r.Customer, r.Start, true
	t.id, t.content = append(t.id[:0], r.ID...), append(t.content[:0], r.Content()...)
}

// Match reports whether a row equals the remembered one.
func (t *Duplicates) Match(r *accept.Record) bool {
	return t.Same(r) && bytes.Equal(t.content, r.Content())
}

// Same reports whether a row has the identity and start of the remembered one.
func (t *Duplicates) Same(r *accept.Record) bool {
	return t.set && t.customer == r.Customer && t.start == r.Start && bytes.Equal(t.id, r.ID)
}
