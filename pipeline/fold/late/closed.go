package late

import (
	"github.com/tollbook/tollbook/pipeline/fold/records"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// ClosedRecords returns the records of some customers that the close of a cycle billed and that want selects, with what
// they drew then. The model of the product at the close determines where they are stored: the lines hold records that
// were billed one by one; the usage table holds the others, and records whose lines lack some of their content.
func ClosedRecords(s *state.State, bucket int, origin period.Cycle, customers map[int32]bool,
	want func(*sorting.Row) bool) (map[Key]*Record, error) {
	out := make(map[Key]*Record)
	var line sorting.Row
	err := records.EachLine(s, origin, bucket, customers, func(l *records.FromLines) error {
		if err := l.Take(&line); err != nil || !want(&line) {
			return err
		}
		key := Key{Customer: line.Customer, Origin: origin, ID: string(line.ID)}
		if r := out[key]; r != nil { // a further line of the record
			var err error
			r.Quantity, err = r.Quantity.Add(line.Quantity)
			return err
		}
		r := NewRecord(&line, origin, 0)
		r.Lines = true
		out[key] = &r
		return r.ReadDraws(s.Books, string(l.Cols.Text(tables.LinePackageDraws).At(l.At)))
	})
	if err != nil {
		return nil, err
	}
	err = records.EachUsage(s, origin, bucket, customers, func(t *records.FromTable, row *sorting.Row) error {
		if row.Number != tables.Counted || !want(row) {
			return nil
		}
		r, err := fromRow(s.Books, t, row, origin)
		key := Key{Customer: row.Customer, Origin: origin, ID: string(row.ID)}
		r.Lines, out[key] = out[key] != nil, r
		return err
	})
	return out, err
}

// gathered are the records of a period-level meter of a closed cycle.
type gathered struct {
	records []*Record // that count, including late ones
	lines   bool      // the close billed records of the meter one by one
}

// isGathered reports whether late records are billed from all records of their meter or product.
func (s *Sources) isGathered(of productOf) bool {
	return s.Step.Folder.Books.Products[of.SKU].MonthEnd() || s.otherwise(of)
}

// gather finds the records of a customer's month-end meters of a closed cycle, and of the products that count otherwise:
// late records, and those that the close billed under any model.
func (s *Sources) gather(set MeterSet) (map[Meter]*gathered, error) {
	if s.gathers[set] != nil {
		return s.gathers[set], nil
	}
	closed, err := ClosedRecords(s.Step.Folder.State, s.Step.Bucket, set.Origin, map[int32]bool{set.Customer: true},
		func(row *sorting.Row) bool { return row.SKU >= 0 && s.isGathered(productOf{set, row.SKU}) })
	if err != nil {
		return nil, err
	}
	out := make(map[Meter]*gathered)
	add := func(r *Record) {
		m := MeterOf(s.Step.Folder.Books, r, s.Step.Folder.Regions.Name)
		if out[m] == nil {
			out[m] = &gathered{}
		}
		out[m].lines = out[m].lines || r.Lines
		if !s.Step.replaced[r.Key()] {
			out[m].records = append(out[m].records, r)
		}
	}
	for _, r := range closed {
		if err := s.Step.redraw(r); err != nil {
			return nil, err
		}
		add(r)
	}
	for key, r := range s.Step.All {
		if key.Customer == set.Customer && key.Origin == set.Origin && s.isGathered(productOf{set, r.SKU}) {
			add(&r.Record)
		}
	}
	s.gathers[set] = out
	return out, nil
}

// counted returns the records of a period-level meter that count, including late ones.
func (s *Sources) counted(customer int32, m Meter) ([]*Record, error) {
	all, err := s.gather(MeterSet{customer, m.Origin})
	if err != nil || all[m] == nil {
		return nil, err
	}
	return all[m].records, nil
}
