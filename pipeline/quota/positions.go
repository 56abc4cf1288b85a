package quota

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/ingest"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/query"
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

// Before are a customer's positions at a day's start: the closing ones of the last day before it with records in the
// customer's bucket; of an earlier cycle than the day's, as far as they go on into it. No such day: none.
func (s *Sources) Before(customer int32, day period.Day) ([]position.Row, error) {
	id := s.Books.Customers[customer].ID
	bucket := ingest.Bucket(id, max(1, s.Snap.Manifest.Buckets))
	cycle := day.Cycle()
	for _, ref := range slices.Backward(s.Snap.Manifest.Cycles) {
		if ref.Cycle > cycle.String() {
			continue
		}
		files, err := s.Snap.Files(ref.Cycle)
		if err != nil {
			return nil, err
		}
		last := lastDay(files, func(e lake.FileEntry, d period.Day) bool { return e.Bucket == bucket && d < day })
		if last == "" {
			continue
		}
		rows, err := s.positions(files, last, bucket, id)
		if err != nil || ref.Cycle == cycle.String() {
			return rows, err
		}
		return s.Prices.NextCycle(nil, rows, customer, cycle), nil
	}
	return nil, nil
}

// Closing are a customer's positions as the cycle stands: after the last day that was folded.
func (s *Sources) Closing(customer int32, cycle period.Cycle) ([]position.Row, error) {
	next := cycle.Last() + 1
	id := s.Books.Customers[customer].ID
	bucket := ingest.Bucket(id, max(1, s.Snap.Manifest.Buckets))
	if _, ok := s.Snap.Cycle(cycle.String()); ok {
		files, err := s.Snap.Files(cycle.String())
		if err != nil {
			return nil, err
		}
		if last := lastDay(files, func(e lake.FileEntry, d period.Day) bool { return e.Bucket == bucket && d < next }); last != "" {
			return s.positions(files, last, bucket, id)
		}
	}
	return s.Before(customer, cycle.First())
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

func (s *Sources) positions(files []lake.FileEntry, day string, bucket int, customer string) (out []position.Row, err error) {
	for _, e := range files {
		if e.Table != tables.Positions().Name || e.Day != day || e.Bucket != bucket {
			continue
		}
		rows, err := query.File(s.Snap, e, tables.Positions(), nil)
		if err != nil {
			return nil, err
		}
		err = rows.Each(func(row query.Row) error {
			if row.Word(tables.PCustomerID) != customer {
				return nil
			}
			p, err := positionOf(row)
			out = append(out, p)
			return err
		})
		if err := errors.Join(err, rows.Close()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func positionOf(row query.Row) (position.Row, error) {
	p := position.Row{
		Kind: position.Kind(row.Small(tables.PKind)), Key: row.Word(tables.PKey), Scope: row.Word(tables.PScope), Resource: string(row.Text(tables.PResource)),
		Region: row.Word(tables.PRegion), Name: string(row.Text(tables.PName)), Tag: string(row.Text(tables.PTag)), Order: row.Whole(tables.POrder),
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
