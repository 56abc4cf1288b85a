package state

import (
	"math"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Opening reads positions from one state of the lake. It is not safe for concurrent use.
type Opening struct {
	Files   lake.FileSet
	Books   *books.Books
	Prices  *tariff.Book // of Books
	Buckets int

	decoder *parquet.Decoder
}

// OpeningOf returns a source of a committed state.
func OpeningOf(snap *lake.Snapshot, b *books.Books, prices *tariff.Book) *Opening {
	return &Opening{Files: snap, Books: b, Prices: prices, Buckets: max(1, snap.Manifest.Buckets)}
}

// LastPosition is the last day before another that has accepted records in a bucket.
type LastPosition struct {
	Day   period.Day
	Known bool // false: there is no such day
}

// In reports whether the day is one of a cycle.
func (l LastPosition) In(c period.Cycle) bool { return l.Known && l.Day.Cycle() == c }

// cycle returns the day's cycle; if no day is known, a cycle before all others.
func (l LastPosition) cycle() period.Cycle {
	if !l.Known {
		return math.MinInt32
	}
	return l.Day.Cycle()
}

// LastBefore finds the last day before another with records in the bucket (OPEN-1). If an archived cycle's buckets were
// divided later, the index of its last day was not divided, and the positions determine the day.
func (s *Opening) LastBefore(bucket int, day period.Day) (last LastPosition, err error) {
	for _, c := range slices.Backward(s.Cycles((day - 1).Cycle())) {
		files, err := s.Files.Select(lake.CycleOf(c), func(k lake.FileKey) bool {
			return k.Bucket == bucket && (k.Table == tables.Ident().Name || k.Table == tables.Positions().Name)
		})
		if err != nil {
			return last, err
		}
		for _, e := range files {
			if d, ok := e.Day.Calendar(); ok && d < day && (!last.Known || d > last.Day) {
				last = LastPosition{Day: d, Known: true}
			}
		}
		if last.Known {
			return last, nil
		}
	}
	return last, nil
}

// Cycles are the cycles up to one that may have files, ascending.
func (s *Opening) Cycles(upTo period.Cycle) []period.Cycle {
	var out []period.Cycle
	for _, c := range s.Files.Cycles() {
		if c <= upTo {
			out = append(out, c)
		}
	}
	return out
}

// closing returns the files of the closing positions of a day.
func (s *Opening) closing(bucket int, last LastPosition) ([]lake.FileEntry, error) {
	if !last.Known {
		return nil, nil
	}
	return s.Files.Find(lake.FileKey{
		Table:  tables.Positions().Name,
		Cycle:  lake.CycleOf(last.Day.Cycle()),
		Day:    lake.DayOf(last.Day),
		Bucket: bucket,
	})
}

// Day opens the positions of all customers of a bucket with which a day opens. If they are of an earlier cycle, earlier
// is true and the caller passes them to the day's cycle with rating.NextCycle.
func (s *Opening) Day(bucket int, day period.Day) (r *PositionReader, earlier bool, err error) {
	last, err := s.LastBefore(bucket, day)
	if err != nil {
		return nil, false, err
	}
	files, err := s.closing(bucket, last)
	if err != nil {
		return nil, false, err
	}
	if last.In(day.Cycle()) {
		r, err = s.read(files, true)
		return r, false, err
	}
	if r, err = s.read(files, false); err != nil {
		return nil, true, err
	}
	changes, err := s.changes(bucket, last.cycle(), day.Cycle(), Anyone)
	if err != nil {
		r.Close()
		return nil, true, err
	}
	r.change(changes)
	return r, true, nil
}

// CycleEnd opens the closing positions of all customers of a bucket after the last day of a cycle with records. It has
// no rows if no day has records.
func (s *Opening) CycleEnd(bucket int, cycle period.Cycle) (*PositionReader, error) {
	last, err := s.LastBefore(bucket, cycle.Last()+1)
	if err != nil {
		return nil, err
	}
	if !last.In(cycle) {
		return s.read(nil, false)
	}
	files, err := s.closing(bucket, last)
	if err != nil {
		return nil, err
	}
	return s.read(files, false)
}

// Ending is CycleEnd for books with levels, which continue in cycles without records: if no day of the cycle has
// records, the positions are of an earlier cycle, and the caller passes them to the cycle with rating.NextCycle.
func (s *Opening) Ending(bucket int, cycle period.Cycle) (r *PositionReader, earlier bool, err error) {
	last, err := s.LastBefore(bucket, cycle.Last()+1)
	if err != nil {
		return nil, false, err
	}
	if last.In(cycle) {
		r, err = s.CycleEnd(bucket, cycle)
		return r, false, err
	}
	files, err := s.closing(bucket, last)
	if err != nil {
		return nil, true, err
	}
	changes, err := s.changes(bucket, last.cycle(), cycle, Anyone)
	if err != nil {
		return nil, true, err
	}
	if r, err = s.read(files, false); err != nil {
		return nil, true, err
	}
	r.change(changes)
	return r, true, nil
}

// bucket is the bucket of a customer.
func (s *Opening) bucket(customer int32) int {
	return lake.PlaceOf(s.Books, customer, s.Buckets)
}

// Before returns a customer's closing positions of the last day before another, and that day. Positions of an earlier
// cycle include the changes that were billed up to upTo, but are not passed to the day's cycle.
func (s *Opening) Before(customer int32, day period.Day, upTo period.Cycle) (rows []tables.PositionRow,
	last LastPosition, err error) {
	all, last, err := s.BeforeOf(s.bucket(customer), map[int32]bool{customer: true}, day, upTo)
	return all[customer], last, err
}

// BeforeOf is Before for customers of one bucket, whose positions it reads at once.
func (s *Opening) BeforeOf(bucket int, customers map[int32]bool, day period.Day, upTo period.Cycle) (
	batch map[int32][]tables.PositionRow, last LastPosition, err error) {
	if last, err = s.LastBefore(bucket, day); err != nil {
		return nil, last, err
	}
	files, err := s.closing(bucket, last)
	if err != nil {
		return nil, last, err
	}
	batch, ids := make(map[int32][]tables.PositionRow), make(map[string]bool, len(customers))
	for c := range customers {
		ids[s.Books.Customers[c].ID] = true
	}
	for _, e := range files {
		err := rows.EachRowAmong(s.Files, e, tables.Positions(), tables.PositionCustomerID, ids,
			func(c *parquet.Columns[tables.Position], i int) error {
				row, err := rowAt(c, i)
				who := s.Books.Customer(c.Word(tables.PositionCustomerID).At(i))
				batch[who] = append(batch[who], row)
				return err
			})
		if err != nil {
			return nil, last, err
		}
	}
	who := Anyone
	for c := range customers {
		if len(customers) == 1 {
			who = c
		}
	}
	changes, err := s.changes(bucket, last.cycle(), upTo, who)
	for c := range customers {
		if err == nil {
			batch[c], err = ApplyChanges(s.Books, c, batch[c], changes[c])
		}
	}
	return batch, last, err
}

// at returns a customer's positions before a day, in a cycle: positions of an earlier cycle are passed to it. The day
// is one of the cycle or the day after its last one.
func (s *Opening) at(customer int32, day period.Day, cycle, upTo period.Cycle) (rows []tables.PositionRow, own bool,
	err error) {
	rows, last, err := s.Before(customer, day, upTo)
	if err != nil || last.In(cycle) {
		return rows, true, err
	}
	return rating.NextCycle(s.Prices, nil, rows, customer, cycle), false, nil
}

// OfDay returns the positions with which the records of a customer's day are rated.
func (s *Opening) OfDay(customer int32, day period.Day) ([]tables.PositionRow, error) {
	rows, _, err := s.at(customer, day, day.Cycle(), day.Cycle())
	return rows, err
}

// OfCycle returns a customer's positions at the start of a cycle: before late billing in it, and after, as its own
// records use them.
func (s *Opening) OfCycle(customer int32, cycle period.Cycle) (before, found []tables.PositionRow, err error) {
	if before, _, err = s.at(customer, cycle.First(), cycle, cycle-1); err != nil {
		return nil, nil, err
	}
	found, err = s.OfDay(customer, cycle.First())
	return before, found, err
}

// Closing returns a customer's positions after the last day of a cycle with records in the bucket. If no day has
// records, they are the cycle's opening positions and own is false.
func (s *Opening) Closing(customer int32, cycle period.Cycle) (rows []tables.PositionRow, own bool, err error) {
	return s.at(customer, cycle.Last()+1, cycle, cycle)
}

// names looks customers up.
func (s *Opening) names() Names { return Names{Books: s.Books} }
