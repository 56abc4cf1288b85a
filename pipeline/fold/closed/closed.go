package closed

import (
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// ClosedRecords returns the records of some customers that the close of a cycle billed and that want selects, with what
// they drew then. The model of the product at the close determines where they are stored: the lines hold records that
// were billed one by one; the usage table holds the others, and records whose lines lack some of their content.
func ClosedRecords(s *state.State, bucket int, origin period.Cycle, customers map[int32]bool,
	want func(*accept.Record) bool) (map[Key]*Record, error) {
	out := make(map[Key]*Record)
	var line accept.Record
	err := state.EachLine(s, origin, bucket, customers, func(l *state.FromLines) error {
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
	err = state.EachUsage(s, origin, bucket, customers, func(t *state.FromTable, row *accept.Record) error {
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

// gather finds the records of a customer's month-end meters of a closed cycle, and of the products that count
// otherwise: late records, and those that the close billed under any model.
func (s *Sources) gather(set MeterSet) (map[Meter]*gathered, error) {
	if s.gathers[set] != nil {
		return s.gathers[set], nil
	}
	customers := s.gatheredWith(set)
	wanted := func(row *accept.Record) bool {
		return row.SKU >= 0 && s.isGathered(productOf{MeterSet{row.Customer, set.Origin}, row.SKU})
	}
	closed, err := ClosedRecords(s.Step.Folder.State, s.Step.Bucket, set.Origin, customers, wanted)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(s.gathers, func(of MeterSet, _ map[Meter]*gathered) bool { return of.Origin == set.Origin })
	for c := range customers {
		s.gathers[MeterSet{c, set.Origin}] = make(map[Meter]*gathered)
	}
	add := func(r *Record) {
		out := s.gathers[MeterSet{r.Customer, set.Origin}]
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
		if key.Origin == set.Origin && customers[key.Customer] &&
			s.isGathered(productOf{MeterSet{key.Customer, key.Origin}, r.SKU}) {
			add(&r.Record)
		}
	}
	return s.gathers[set], nil
}

// gatheredAtOnce is the largest number of customers whose records are read together and held in memory.
const gatheredAtOnce = 256

// gatheredWith returns the customers whose records are read with those of one: the next ones with late records of the
// cycle, because customers are billed in their order.
func (s *Sources) gatheredWith(set MeterSet) map[int32]bool {
	var next []int32
	for _, r := range s.Step.rows {
		if s.one == nil && r.Origin == set.Origin && r.Customer > set.Customer {
			next = append(next, r.Customer)
		}
	}
	slices.Sort(next)
	next = slices.Compact(next)
	customers := map[int32]bool{set.Customer: true}
	for _, c := range next[:min(len(next), gatheredAtOnce-1)] {
		customers[c] = true
	}
	return customers
}

// counted returns the records of a period-level meter that count, including late ones.
func (s *Sources) counted(customer int32, m Meter) ([]*Record, error) {
	all, err := s.gather(MeterSet{customer, m.Origin})
	if err != nil || all[m] == nil {
		return nil, err
	}
	return all[m].records, nil
}
