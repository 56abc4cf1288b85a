package closed

import (
	"bytes"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// accept decides which new late rows are accepted, one cycle of origin after the other (§3.20).
func (s *Step) accept() error {
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

// verdicts compares the new rows of a closed cycle with each other, with the cycle's own records and with the late
// records known so far.
func (s *Step) verdicts(origin period.Cycle, days []period.Day) (*state.Verdicts, error) {
	known := &state.LateKnown{Status: make(map[state.Identity]int64), Replaced: make(map[state.Identity]bool)}
	for key := range s.All {
		if key.Origin == origin {
			known.Status[state.Identity{Customer: key.Customer, ID: key.ID}] = tables.Counted
		}
	}
	for key := range s.replaced {
		if key.Origin == origin {
			known.Replaced[state.Identity{Customer: key.Customer, ID: key.ID}] = true
		}
	}
	return s.Folder.Decide(s.Bucket, origin, days, s.fresh, known)
}

// acceptDay decides a day's new rows. It reads them in step with the accepted records of the closed day.
func (s *Step) acceptDay(origin period.Cycle, day period.Day, v *state.Verdicts) error {
	accepted, err := state.OpenRecords(s.Folder.State, s.Folder.Find(state.DayKey("lines", day, s.Bucket)),
		s.Folder.Find(state.DayKey("usage", day, s.Bucket)))
	if err != nil {
		return err
	}
	defer accepted.Close()
	rows, err := s.Folder.Usage(s.Bucket, day)
	if err != nil {
		return err
	}
	old, fresh := state.IncomingStream{RunSource: accepted}, state.IncomingStream{RunSource: rows}
	if err := old.Next(); err != nil {
		return err
	}
	var last state.Duplicates
	for {
		if err := fresh.Next(); err != nil || !fresh.Ok {
			return err
		}
		for old.Ok && old.Row.Compare(&fresh.Row) < 0 {
			if err := old.Next(); err != nil {
				return err
			}
		}
		same := old.Ok && old.Row.Compare(&fresh.Row) == 0
		if same {
			old.Row.Seal(nil)
		}
		if err := s.decide(&fresh.Row, &old.Row, same, origin, v, &last); err != nil {
			return err
		}
	}
}

// decide decides one new row. old is the closed cycle's record of its identity and start, if known is true.
func (s *Step) decide(r, old *accept.Record, known bool, origin period.Cycle, v *state.Verdicts,
	last *state.Duplicates) error {
	key := Key{Customer: r.Customer, Origin: origin, ID: string(r.ID)}
	if last.Match(r) {
		s.Folder.Tally.Duplicate(r.File)
		return nil
	}
	if known || s.All[key] != nil {
		same := known && bytes.Equal(old.Content(), r.Content())
		if before := s.All[key]; before != nil {
			same = before.Start == r.Start && bytes.Equal(before.content(), r.Content())
		}
		if same {
			s.Folder.Tally.Duplicate(r.File)
		} else {
			s.Folder.Tally.Reject(r, reason.Conflict, "record_id", key.ID)
		}
		return nil
	}
	conflict, err := v.Conflicts(s.Folder.Seed(r.Customer), r)
	if err != nil {
		return err
	}
	if conflict {
		s.Folder.Tally.Reject(r, reason.Conflict, "record_id", key.ID)
		return nil
	}
	if len(r.Replaces) > 0 {
		if why := v.Replaces[state.Identity{Customer: r.Customer, ID: key.ID}]; why != reason.None {
			s.Folder.Tally.Reject(r, why, "replaces", string(r.Replaces))
			return nil
		}
	}
	s.Folder.Tally.Accept(r, origin)
	last.Remember(r)
	s.add(&Row{Record: NewRecord(r, origin, s.Folder.AsOf), Billed: s.Cycle})
	return nil
}

// NewRecord copies a row out of the merger.
func NewRecord(r *accept.Record, origin period.Cycle, asOf period.Instant) Record {
	return Record{Customer: r.Customer, Origin: origin, Replaces: string(r.Replaces), AsOf: asOf,
		Record: rating.Record{SKU: r.SKU, Region: r.Region, Resource: slices.Clone(r.Resource), ID: slices.Clone(r.ID),
			Name: slices.Clone(r.Name), Tag: slices.Clone(r.Tag), Start: r.Start, End: r.End, Quantity: r.Quantity,
			Negative:  r.Negative,
			Retracted: r.Retracted()}}
}

// row returns the record as a row of the merger.
func (r *Row) row() *accept.Record {
	return &accept.Record{Customer: r.Customer, SKU: r.SKU, Region: r.Region, Start: r.Start, End: r.End,
		Quantity: r.Quantity, Negative: r.Negative, ID: r.ID,
		Resource: r.Resource, Name: r.Name, Tag: r.Tag, Replaces: []byte(r.Replaces), File: accept.FromLake}
}

// content is the record's packed content.
func (r *Row) content() []byte { return r.row().Seal(nil) }
