package opening

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Certain reports whether a position of a package is certainly of the quota period of today's books that begins at the
// same time. It is not certain if the books have no such period, because valid_from or reset changed, or if the period
// begins with the package, because the stored period may have begun earlier without a refill, or if the books end the
// package within the period, because the stored period may have lasted longer. If it is not certain, the records give
// what was drawn (OPEN-6).
func (s *Source) Certain(customer int32, row *position.Row) bool {
	code := PackageOf(s.Books, customer, row)
	if code < 0 {
		return false
	}
	p := &s.Books.Packages[code]
	span := s.Prices.QuotaPeriod(p, row.At)
	return row.At != p.Valid.From && span.From == row.At && span.To <= p.Valid.To
}

// reaches reports whether a position of a package may hold draws of a span. It cannot if today's books have a quota
// period that begins at the same time and has ended before the span, also if it ended with the row of the package.
func (s *Source) reaches(customer int32, row *position.Row, span period.Span) bool {
	code := PackageOf(s.Books, customer, row)
	if code < 0 {
		return true
	}
	p := &s.Books.Packages[code]
	own := s.Prices.QuotaPeriod(p, row.At)
	return own.From != row.At || min(own.To, p.Valid.To) > span.From
}

// reopened is a quota period that continues into a cycle and differs from that of the stored position.
type reopened struct {
	code   int32
	span   period.Span    // up to the start of the cycle
	stored money.Quantity // quantity drawn, from the positions that reach into the span
}

// moved finds the packages whose position may not give what was drawn in the quota period that continues into a cycle.
type moved struct {
	*Source
	start period.Instant // of the cycle
	found map[int32][]reopened
}

// moved returns a finder for the positions that pass to a cycle.
func (s *Source) moved(cycle period.Cycle) *moved {
	return &moved{s, s.Books.Zone.Bounds(cycle).From, make(map[int32][]reopened)}
}

// note examines a stored position or a later change of one.
func (m *moved) note(customer int32, c *Change) error {
	row := &c.Row
	if row.Kind != position.Package || m.Certain(customer, row) {
		return nil
	}
	from, to := m.Books.Packages.Range(customer)
	for code := from; code < to; code++ {
		p := &m.Books.Packages[code]
		if p.ID != row.Key || p.Reset == books.ResetCycle || !p.Valid.Holds(m.start) {
			continue
		}
		span := m.Prices.QuotaPeriod(p, m.start)
		if span.From >= m.start || span.From == row.At {
			continue
		}
		list := m.found[customer]
		at := slices.IndexFunc(list, func(o reopened) bool { return o.code == int32(code) })
		if at < 0 {
			at = len(list)
			list = append(list, reopened{code: int32(code), span: period.Span{From: span.From, To: m.start}})
			m.found[customer] = list
		}
		var err error
		switch {
		case !m.reaches(customer, row, span):
		case c.Moves:
			list[at].stored, err = Moved(list[at].stored, c.Delta)
		default:
			list[at].stored, err = rating.DrawnOf(p, row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// file examines the positions of a file, of all customers or of one.
func (m *moved) file(files []manifest.FileEntry) error {
	if len(m.Books.Packages) == 0 {
		return nil
	}
	columns := tables.Columns(tables.PositionCustomerID, tables.PositionKind, tables.PositionKey, tables.PositionAt,
		tables.PositionCount, tables.PositionUsage)
	for _, e := range files {
		err := tablefile.Each(m.Files, e, tables.Positions(), columns, func(c *parquet.Columns[tables.Position],
			i int) error {
			if position.Kind(c.Small(tables.PositionKind).At(i)) != position.Package {
				return nil
			}
			row := position.Row{Kind: position.Package, Key: c.Word(tables.PositionKey).At(i),
				At: c.MaybeTime(tables.PositionAt).At(i)}
			var err error
			if row.Count, err = quantityAt(c, tables.PositionCount, i); err != nil {
				return err
			}
			if row.Usage, err = quantityAt(c, tables.PositionUsage, i); err != nil {
				return err
			}
			customer, err := m.names().Customer(c.Word(tables.PositionCustomerID).At(i))
			if err != nil {
				return err
			}
			return m.note(customer, &Change{Row: row})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// changes adds what the billed records of a bucket drew in the quota periods found.
func (m *moved) changes(bucket int, cycle, upTo period.Cycle, to map[int32][]Change) error {
	if len(m.found) == 0 {
		return nil
	}
	var customers []int32
	from := m.start
	for who, list := range m.found {
		customers = append(customers, who)
		for i := range list {
			from = min(from, list[i].span.From)
		}
	}
	span := period.Span{From: from, To: m.start}
	d, err := m.readDraws(bucket, customers, span, Billed{Before: cycle, Late: upTo, Reposted: upTo})
	if err != nil {
		return err
	}
	for who, list := range m.found {
		for _, one := range list {
			p := &m.Books.Packages[one.code]
			drawn, err := d.of(p, one.span)
			if err != nil {
				return err
			}
			complete := d.complete(one.span)
			if !complete && drawn.Cmp(one.stored) < 0 { // the position includes draws of records of archived cycles
				drawn = one.stored
			}
			to[who] = append(to[who], Change{Row: rating.PackageRow(p, drawn, one.span.From), Counted: true,
				AtLeast: !complete})
		}
	}
	return nil
}

// counted replaces a package's positions by the one calculated from its records.
func (c *Change) counted(p *books.Package, rows []position.Row) ([]position.Row, error) {
	drawn, err := rating.DrawnOf(p, &c.Row)
	if err != nil {
		return nil, err
	}
	to := c.Row
	for i := range rows {
		if old := &rows[i]; c.AtLeast && old.Kind == position.Package && old.Key == p.ID && old.At == c.At {
			stored, err := rating.DrawnOf(p, old)
			if err != nil {
				return nil, err
			}
			if drawn.Cmp(stored) < 0 {
				drawn, to = stored, *old
			}
		}
	}
	rows = slices.DeleteFunc(rows, func(old position.Row) bool {
		return old.Kind == position.Package && old.Key == p.ID && p.Valid.Holds(old.At) &&
			(old.At >= c.At || !drawn.IsZero())
	})
	if drawn.IsZero() {
		return rows, nil
	}
	return append(rows, to), nil
}
