package rating

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// level is a level of a time-weighted product for one region and resource. It holds until the next record of the same
// region and resource, across cycles (§10.1).
type level struct {
	meter     int32 // index in meters.list
	next      int32 // 1 + index of another level of the same gathered meter; 0 = none
	now       money.SignedQuantity
	since     period.Instant
	area      money.Area // in the cycle, up to since
	name, tag string     // of the last record
}

// levels are the levels of the open customer.
type levels struct {
	c        *tariff.Client
	regions  *regions
	meters   *meters
	gathered *gathered
	list     []level
	scratch  []byte
}

// of returns the level of a region and a resource, and creates a new one at zero; row is its gathered meter.
func (ls *levels) of(row, sku, region int32, resource []byte) (*level, bool) {
	i, isNew := ls.meters.find(levelMeter, sku, region, resource)
	if isNew {
		g := &ls.gathered.list[ls.meters.list[row].gather]
		ls.meters.list[i].gather = int32(len(ls.list))
		ls.list = append(ls.list, level{meter: i, next: g.levels})
		g.levels = int32(len(ls.list))
	}
	return &ls.list[ls.meters.list[i].gather], isNew
}

// set applies a record as the level from its usage_start on, or as a change of it. A retraction does not count.
func (ls *levels) set(u *usage) error {
	if u.Retracted {
		return nil
	}
	row, isNew := ls.gathered.row(u.product, u.SKU, u.place.number, ls.regions.names[u.place.number], u.Resource)
	m := &ls.meters.list[row]
	g := &ls.gathered.list[m.gather]
	if g.recorded = true; isNew && m.resource != "" {
		g.name, g.tag = string(u.Name), string(u.Tag)
	}
	l, _ := ls.of(row, u.SKU, u.place.number, u.Resource)
	before, err := l.now, error(nil)
	if l.area, err = ls.areaUntil(l, u.Start); err != nil {
		return err
	}
	l.since, l.now = u.Start, u.Signed()
	if u.product.Delta {
		if l.now, err = before.Add(u.Signed()); err != nil {
			return fmt.Errorf("level: %w", err)
		}
	}
	if u.product.Meter == books.PerResource && (l.name != string(u.Name) || l.tag != string(u.Tag)) {
		l.name, l.tag = string(u.Name), string(u.Tag)
	}
	if ls.c.Trace != nil {
		ls.c.Trace(tariff.DerivationStep{Kind: tariff.StepLevel, SKU: u.product.SKU, At: u.Start, Change: u.Signed(),
			Scope: ls.regions.names[u.place.number] + "/" + string(u.Resource),
			Moved: [2]money.SignedQuantity{before, l.now}})
	}
	return nil
}

// areaUntil returns the area of a level in the open cycle up to an instant. A negative level counts as zero, and the
// level counts only while a row of the customer is in force.
func (ls *levels) areaUntil(l *level, until period.Instant) (money.Area, error) {
	area, from := l.area, max(l.since, ls.c.Bounds.From)
	if l.now.Sign() <= 0 {
		return area, nil
	}
	for _, row := range ls.c.Book.Books.Customers[ls.c.Customer].Rows {
		low, high := max(from, row.Valid.From), min(until, row.Valid.To)
		if low >= high {
			continue
		}
		var err error
		if area, err = area.Add(l.now.Abs(), int64(high-low)); err != nil {
			return area, fmt.Errorf("level: %w", err)
		}
	}
	return area, nil
}

// mean returns Σ level × time / time of the cycle, over all levels of a meter, exactly.
func (ls *levels) mean(row int32) (*big.Rat, error) {
	m := &ls.meters.list[row]
	var sum money.Area
	n := int64(0)
	for i := ls.gathered.list[m.gather].levels; i != 0; i = ls.list[i-1].next {
		area, err := ls.areaUntil(&ls.list[i-1], ls.c.Bounds.To)
		if err == nil {
			sum, err = sum.Plus(area)
		}
		if err != nil {
			return nil, err
		}
		n++
	}
	mean := sum.Over(int64(ls.c.Bounds.To - ls.c.Bounds.From))
	if ls.c.Trace != nil {
		ls.c.Trace(tariff.DerivationStep{Kind: tariff.StepMean, SKU: ls.c.Book.Books.Products[m.sku].SKU,
			Scope:  ls.meters.scopeText(m),
			Period: ls.c.Bounds, Number: n, Ratio: mean.FloatString(money.QuantityScale)})
	}
	return mean, nil
}

// onlyHolds reports whether a meter has only levels of earlier cycles and no record of this one.
func (gs *gathered) onlyHolds(m *meter) bool {
	return gs.c.Book.Books.Products[m.sku].Aggregation == books.TimeWeighted && !gs.list[m.gather].recorded
}

// open restores a level.
func (ls *levels) open(sku int32, row *table.PositionRow) error {
	p := &ls.c.Book.Books.Products[sku]
	region := ls.regions.number(row.Scope)
	ls.scratch = append(ls.scratch[:0], row.Resource...)
	at, isNew := ls.gathered.row(p, sku, region, row.Scope, ls.scratch)
	if m := &ls.meters.list[at]; isNew && m.resource != "" {
		ls.gathered.list[m.gather].name, ls.gathered.list[m.gather].tag = row.Name, row.Tag
	}
	l, isNew := ls.of(at, sku, region, ls.scratch)
	if !isNew {
		return fmt.Errorf("level of region %q and resource %q given twice", row.Scope, row.Resource)
	}
	l.now, l.since, l.name, l.tag = row.Count.Signed(), row.At, row.Name, row.Tag
	if !row.Free.IsZero() {
		l.now = row.Free.Signed().Neg()
	}
	if row.Draws == "" {
		return nil
	}
	var err error
	l.area, err = money.ParseArea(row.Draws)
	return err
}

// positions appends the positions of levels, in order. Levels that ended before the cycle are dropped.
func (ls *levels) positions(dst []table.PositionRow) []table.PositionRow {
	start := len(dst)
	for i := range ls.list {
		l := &ls.list[i]
		if l.now.IsZero() && l.area.IsZero() {
			continue
		}
		m := &ls.meters.list[l.meter]
		row := table.PositionRow{Kind: table.LevelPosition, Key: ls.c.Book.Books.Products[m.sku].SKU,
			Scope: ls.regions.names[m.region], Resource: m.resource, Name: l.name, Tag: l.tag, At: l.since}
		if l.now.Sign() < 0 {
			row.Free = l.now.Abs()
		} else {
			row.Count = l.now.Abs()
		}
		if !l.area.IsZero() {
			row.Draws = l.area.String()
		}
		dst = append(dst, row)
	}
	slices.SortFunc(dst[start:], table.ComparePositions)
	return dst
}

// nextLevel appends a level with which a new cycle opens, at zero area, unless it has ended.
func nextLevel(bk *tariff.Book, dst []table.PositionRow, row *table.PositionRow) []table.PositionRow {
	sku, known := bk.SKUs[row.Key]
	if !known || bk.Books.Products[sku].Aggregation != books.TimeWeighted || row.Count.IsZero() && row.Free.IsZero() {
		return dst
	}
	next := *row
	next.Draws = ""
	return append(dst, next)
}
