package quota

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Sources is what positions are read with. Prices are those of Books.
type Sources struct {
	Snap   *lake.Snapshot
	Books  *books.Books
	Prices *rating.Book
}

// left are a customer's closing positions of the last day before the given one with records in the bucket, and the
// cycle of that day: none and "" where there is no such day.
func (s *Sources) left(customer int32, day period.Day) (rows []position.Row, from string, err error) {
	bucket, cycle := s.bucket(customer), day.Cycle().String()
	for _, ref := range slices.Backward(s.Snap.Manifest.Cycles) {
		if ref.Cycle > cycle {
			continue
		}
		files, err := s.Snap.Files(ref.Cycle)
		if err != nil {
			return nil, "", err
		}
		last := lastDay(files, func(e lake.FileEntry, d period.Day) bool { return e.Bucket == bucket && d < day })
		if last == "" {
			continue
		}
		rows, err := s.positions(files, last, bucket, s.Books.Customers[customer].ID)
		return rows, ref.Cycle, err
	}
	return nil, "", nil
}

// opened is what a cycle opens with, of the closing positions of an earlier one and of what was billed late up to a
// third.
func (s *Sources) opened(rows []position.Row, customer int32, from, upTo string, cycle period.Cycle) ([]position.Row,
	error) {
	rows, err := s.overlay(rows, customer, from, upTo)
	if err != nil {
		return nil, err
	}
	return s.Prices.NextCycle(nil, rows, customer, cycle), nil
}

// Opening are a customer's positions at a cycle's start: as the cycles before left them, and as its own records found
// them, after what was billed late in it.
func (s *Sources) Opening(customer int32, cycle period.Cycle) (before, found []position.Row, err error) {
	rows, from, err := s.left(customer, cycle.First())
	if err != nil {
		return nil, nil, err
	}
	if before, err = s.opened(slices.Clone(rows), customer, from, (cycle - 1).String(), cycle); err != nil {
		return nil, nil, err
	}
	found, err = s.opened(rows, customer, from, cycle.String(), cycle)
	return before, found, err
}

// Closing are a customer's positions as the cycle stands: after the last day that was folded; where none was, what it
// opens with.
func (s *Sources) Closing(customer int32, cycle period.Cycle) ([]position.Row, error) {
	rows, _, err := s.closing(customer, cycle)
	return rows, err
}

// closing is Closing; own says that they are those of a day of the cycle.
func (s *Sources) closing(customer int32, cycle period.Cycle) (rows []position.Row, own bool, err error) {
	rows, from, err := s.left(customer, cycle.Last()+1)
	if err != nil || from == cycle.String() {
		return rows, true, err
	}
	rows, err = s.opened(rows, customer, from, cycle.String(), cycle)
	return rows, false, err
}

func (s *Sources) bucket(customer int32) int {
	return place.Bucket(s.Books.Customers[customer].ID, max(1, s.Snap.Manifest.Buckets))
}

// LastDay is the last day of the cycle that was folded in any bucket; "" = none.
func (s *Sources) LastDay(cycle period.Cycle) (string, error) {
	files, err := s.Snap.Files(cycle.String())
	if err != nil {
		return "", err
	}
	return lastDay(files, func(lake.FileEntry, period.Day) bool { return true }), nil
}

// lastDay is the last day with accepted records among the files that are wanted.
func lastDay(files []lake.FileEntry, wanted func(lake.FileEntry, period.Day) bool) string {
	last := ""
	for _, e := range files {
		if e.Table != tables.Ident().Name {
			continue
		}
		if d, err := period.ParseDay(e.Day); err == nil && wanted(e, d) {
			last = max(last, e.Day)
		}
	}
	return last
}

func (s *Sources) positions(files []lake.FileEntry, day string, bucket int, customer string) (out []position.Row,
	err error) {
	for _, e := range files {
		if e.Table != tables.Positions().Name || e.Day != day || e.Bucket != bucket {
			continue
		}
		list, err := rows.File(s.Snap, e, tables.Positions(), nil)
		if err != nil {
			return nil, err
		}
		err = list.Each(func(row rows.Row) error {
			if row.Word(tables.PCustomerID) != customer {
				return nil
			}
			p, err := positionOf(row)
			out = append(out, p)
			return err
		})
		if err := errors.Join(err, list.Close()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func positionOf(row rows.Row) (position.Row, error) {
	p := position.Row{
		Kind: position.Kind(row.Small(tables.PKind)), Key: row.Word(tables.PKey), Scope: row.Word(tables.PScope),
		Resource: string(row.Text(tables.PResource)),
		Region:   row.Word(tables.PRegion), Name: string(row.Text(tables.PName)), Tag: string(row.Text(tables.PTag)),
		Order: row.Whole(tables.POrder),
		Draws: string(row.Text(tables.PDraws)), At: row.Time(tables.PAt),
	}
	for _, q := range []struct {
		col int
		to  *money.Quantity
	}{{tables.PCount, &p.Count}, {tables.PUsage, &p.Usage}, {tables.PFree, &p.Free}} {
		v, err := row.Quantity(q.col)
		if err != nil {
			return p, err
		}
		if v.Cmp(money.SignedQuantity{}) < 0 {
			return p, fmt.Errorf("position of %s: %s is below zero", p.Key, v)
		}
		*q.to = v.Abs()
	}
	return p, nil
}
