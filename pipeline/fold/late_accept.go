package fold

import (
	"bytes"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// accept decides the new late rows, one cycle of origin after the other (§3.20).
func (s *lateStep) accept() error {
	for _, origin := range slices.Sorted(maps.Keys(s.days)) {
		days := s.days[origin]
		slices.Sort(days)
		v, err := s.verdicts(origin, days)
		if err != nil {
			return err
		}
		for _, day := range days {
			if err := s.acceptDay(origin, day, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// verdicts decides the new rows of a closed cycle against each other, the cycle's own records and the late ones known
// so far.
func (s *lateStep) verdicts(origin period.Cycle, days []period.Day) (*verdicts, error) {
	w := s.w
	found := newLookup(w.Folder, &w.names, w.filesOf(origin.String(), s.bucket, "lines", "usage"))
	found.late, found.replaced = make(map[identity]int64), make(map[identity]bool)
	r := &w.resolver
	r.bucket, r.cycle, r.days = s.bucket, origin, days
	r.idents = w.filesOf(origin.String(), s.bucket, "ident")
	r.late = r.late[:0]
	for key := range s.all {
		if key.Origin == origin {
			found.late[identity{key.Customer, key.ID}] = tables.Counted
			r.late = append(r.late, sorting.Identity(r.seed(key.Customer), []byte(key.ID)))
		}
	}
	for key := range s.replaced {
		if key.Origin == origin {
			found.replaced[identity{key.Customer, key.ID}] = true
		}
	}
	v, err := r.resolve(s.fresh, found)
	r.late = r.late[:0]
	return v, err
}

// acceptDay goes through a day's new rows beside the records that the closed day has.
func (s *lateStep) acceptDay(origin period.Cycle, day period.Day, v *verdicts) error {
	w := s.w
	accepted, err := openAccepted(w.Txn, &w.names, w.find(dayKey("lines", day, s.bucket)),
		w.find(dayKey("usage", day, s.bucket)))
	if err != nil {
		return err
	}
	defer accepted.close()
	merged, err := sorting.Merge(w.Scanned.Usage, w.Scanned.Parts.Of(s.bucket, day), &w.buffers)
	if err != nil {
		return err
	}
	old, fresh := stream{Source: accepted}, stream{Source: &takenRows{merged, w.Scanned}}
	if err := old.next(); err != nil {
		return err
	}
	var last duplicates
	for {
		if err := fresh.next(); err != nil || !fresh.ok {
			return err
		}
		for old.ok && old.row.Compare(&fresh.row) < 0 {
			if err := old.next(); err != nil {
				return err
			}
		}
		same := old.ok && old.row.Compare(&fresh.row) == 0
		if same {
			old.row.Seal(nil)
		}
		if err := s.decide(&fresh.row, &old.row, same, origin, v, &last); err != nil {
			return err
		}
	}
}

// decide settles one new row. old is the closed cycle's record of its identity and start, if there is one.
func (s *lateStep) decide(r, old *sorting.Row, known bool, origin period.Cycle, v *verdicts, last *duplicates) error {
	w := s.w
	key := late.Key{Customer: r.Customer, Origin: origin, ID: string(r.ID)}
	if last.match(r) {
		w.counts[r.File].Duplicate++
		return nil
	}
	if known || s.all[key] != nil {
		same := known && bytes.Equal(old.Content(), r.Content())
		if before := s.all[key]; before != nil {
			same = before.Start == r.Start && bytes.Equal(before.content(), r.Content())
		}
		if same {
			w.counts[r.File].Duplicate++
		} else {
			w.reject(r, reason.Conflict, "record_id", key.ID)
		}
		return nil
	}
	conflict, err := v.conflicts(w.resolver.seed(r.Customer), r)
	if err != nil {
		return err
	}
	if conflict {
		w.reject(r, reason.Conflict, "record_id", key.ID)
		return nil
	}
	if len(r.Replaces) > 0 {
		if why := v.replaces[identity{r.Customer, key.ID}]; why != reason.None {
			w.reject(r, why, "replaces", string(r.Replaces))
			return nil
		}
	}
	w.accept(r, origin)
	last.remember(r)
	s.add(&lateRow{Record: lateRecord(r, origin, w.AsOf), billed: s.cycle})
	return nil
}

// lateRecord copies a row out of the merger.
func lateRecord(r *sorting.Row, origin period.Cycle, asOf period.Instant) late.Record {
	return late.Record{Customer: r.Customer, Origin: origin, Replaces: string(r.Replaces), AsOf: asOf,
		Record: rating.Record{SKU: r.SKU, Region: r.Region, Resource: slices.Clone(r.Resource), ID: slices.Clone(r.ID),
			Name: slices.Clone(r.Name), Tag: slices.Clone(r.Tag), Start: r.Start, End: r.End, Quantity: r.Quantity,
			Withdrawn: r.Withdrawn()}}
}

// row is the record as it travels.
func (r *lateRow) row() *sorting.Row {
	return &sorting.Row{Customer: r.Customer, SKU: r.SKU, Region: r.Region, Start: r.Start, End: r.End,
		Quantity: r.Quantity, ID: r.ID,
		Resource: r.Resource, Name: r.Name, Tag: r.Tag, Replaces: []byte(r.Replaces), File: sorting.FromLake}
}

// content is the record's packed content.
func (r *lateRow) content() []byte { return r.row().Seal(nil) }
