package state

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Anyone selects the rows of all customers of a bucket.
const Anyone int32 = -1

// PackageShift is the quantity by which re-rating changed a meter or a quota period (§4.12).
type PackageShift struct {
	Customer int32
	Origin   period.Cycle // that was rated again
	Billed   period.Cycle // from which on the shift applies
	Kind     tables.KindOfPosition
	Key      string
	Scope    string
	At       period.Instant
	By       money.SignedQuantity
}

// Row identifies the position that the shift changes.
func (h *PackageShift) Row() tables.PositionRow {
	return tables.PositionRow{Kind: h.Kind, Key: h.Key, Scope: h.Scope, At: h.At}
}

// compare orders shifts as in their table.
func (h *PackageShift) compare(o *PackageShift) int {
	return cmp.Or(cmp.Compare(h.Customer, o.Customer), cmp.Compare(h.Origin, o.Origin), cmp.Compare(h.Kind, o.Kind),
		cmp.Compare(h.Key, o.Key), cmp.Compare(h.Scope, o.Scope), cmp.Compare(h.At, o.At))
}

// ShiftTable returns the table of shifts that apply from one cycle on. It adds up shifts of the same position and omits
// those whose sum is zero.
func ShiftTable(b *books.Books, all []PackageShift) (*parquet.Columns[tables.Shift], error) {
	slices.SortStableFunc(all, func(x, y PackageShift) int { return x.compare(&y) })
	out := parquet.NewColumns(tables.Shifts())
	for len(all) > 0 {
		h, n := all[0], 1
		for ; n < len(all) && h.compare(&all[n]) == 0; n++ {
			var err error
			if h.By, err = h.By.Add(all[n].By); err != nil {
				return nil, err
			}
		}
		all = all[n:]
		if h.By.IsZero() {
			continue
		}
		out.Word(tables.ShiftCustomerID).Add(b.Customers[h.Customer].ID)
		out.Word(tables.ShiftOriginCycle).Add(h.Origin.String())
		out.Small(tables.ShiftKind).Add(int32(h.Kind))
		out.Word(tables.ShiftKey).Add(h.Key)
		out.Word(tables.ShiftScope).Add(h.Scope)
		out.MaybeTime(tables.ShiftAt).Add(h.At)
		out.Quantity(tables.ShiftShift).Add(h.By.Raw())
		out.N++
	}
	return out, nil
}

// LeftOver is a position after late records that were billed in a cycle.
type LeftOver struct {
	tables.PositionRow
	Customer int32
	// for a meter: the closed cycle that it counts for; for a level: the cycle that opens with it
	Origin string
	Billed period.Cycle
}

// Shifts reads the shifts that apply from a cycle on, of one customer or of all customers of a bucket (Anyone).
func (s *Opening) Shifts(bucket int, billed period.Cycle, customer int32) ([]PackageShift, error) {
	var out []PackageShift
	err := eachRow(s, tables.Shifts(), bucket, billed, customer, func(who int32, c *parquet.Columns[tables.Shift],
		i int) error {
		origin, err := period.ParseCycle(c.Word(tables.ShiftOriginCycle).At(i))
		if err != nil {
			return err
		}
		d := c.Quantity(tables.ShiftShift).At(i)
		by, err := money.SignedQuantityFromRaw(d.Hi, d.Lo)
		out = append(out, PackageShift{
			Customer: who,
			Origin:   origin,
			Billed:   billed,
			Kind:     tables.KindOfPosition(c.Small(tables.ShiftKind).At(i)),
			Key:      c.Word(tables.ShiftKey).At(i),
			Scope:    c.Word(tables.ShiftScope).At(i),
			At:       c.MaybeTime(tables.ShiftAt).At(i),
			By:       by,
		})
		return err
	})
	return out, err
}

// LeftIn reads the positions after late records billed in a cycle, of one customer or of all of a bucket (Anyone).
func (s *Opening) LeftIn(bucket int, billed period.Cycle, customer int32) ([]LeftOver, error) {
	var out []LeftOver
	err := eachRow(s, tables.LatePositions(), bucket, billed, customer, func(who int32,
		c *parquet.Columns[tables.Position], i int) error {
		row, err := rowAt(c, i)
		out = append(out, LeftOver{PositionRow: row, Customer: who, Origin: c.Word(tables.PositionOriginCycle).At(i),
			Billed: billed})
		return err
	})
	return out, err
}

// eachRow visits the rows of a table whose first column is the customer and which has one file per cycle and bucket.
func eachRow[T any](s *Opening, def tables.Def[T], bucket int, cycle period.Cycle, customer int32,
	visit func(who int32, c *parquet.Columns[T], i int) error) error {
	files, err := s.Files.Find(lake.FileKey{Table: def.Name, Cycle: lake.CycleOf(cycle), Bucket: bucket})
	if err != nil {
		return err
	}
	const by = 0
	for _, e := range files {
		if customer != Anyone {
			err = rows.EachRowOf(s.Files, e, def, tables.WordColumn[T](by), s.Books.Customers[customer].ID,
				func(c *parquet.Columns[T],
					i int) error {
					return visit(customer, c, i)
				})
		} else {
			err = rows.EachRow(s.Files, e, def, nil, func(c *parquet.Columns[T], i int) error {
				who, err := s.names().Customer(c.Col(by).Word(i))
				if err != nil {
					return err
				}
				return visit(who, c, i)
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// changes returns the changes that were billed in the cycles (after, upTo], by customer, in the order in which they
// apply (OPEN-3).
func (s *Opening) changes(bucket int, after, upTo period.Cycle, customer int32) (map[int32][]PositionChange, error) {
	out := make(map[int32][]PositionChange)
	for _, billed := range s.Cycles(upTo) {
		if billed <= after {
			continue
		}
		start := s.Books.Zone.Bounds(billed).From
		add := func(who int32, c PositionChange) {
			if c.Kind == tables.LevelPosition || rating.Continues(s.Prices, who, &c.PositionRow, start) {
				out[who] = append(out[who], c)
			}
		}
		shifts, err := s.Shifts(bucket, billed, customer)
		if err != nil {
			return nil, err
		}
		for i := range shifts {
			add(shifts[i].Customer, PositionChange{PositionRow: shifts[i].Row(), Moves: true, Delta: shifts[i].By})
		}
		left, err := s.LeftIn(bucket, billed, customer)
		if err != nil {
			return nil, err
		}
		for i := range left {
			if left[i].Kind != tables.LevelPosition || left[i].Origin == billed.String() {
				add(left[i].Customer, PositionChange{PositionRow: left[i].PositionRow})
			}
		}
	}
	return out, nil
}
