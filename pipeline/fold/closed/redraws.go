package closed

import (
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// redrawn reads what records draw since re-rating, from the cycles up to the step's. The last cycle counts.
func (s *Step) redrawn() error {
	s.ReratedDraws = make(map[Key]string)
	for _, c := range s.Folder.Opening.Cycles(s.Cycle) {
		if err := s.RedrawnIn(c, s.ReratedDraws); err != nil {
			return err
		}
	}
	return nil
}

// RedrawnIn reads what records draw since re-rating in one cycle.
func (s *Step) RedrawnIn(cycle period.Cycle, to map[Key]string) error {
	for _, e := range s.Folder.Find(state.CycleKey("redraws", cycle, s.Bucket)) {
		err := rows.EachRow(s.Folder.Txn, e, tables.Redraws(), nil,
			func(cols *parquet.Columns[tables.Redraw], i int) error {
				customer, err := s.Folder.Names().Customer(cols.Word(tables.RedrawCustomerID).At(i))
				if err != nil {
					return err
				}
				origin, err := period.ParseCycle(cols.Word(tables.RedrawOriginCycle).At(i))
				key := Key{Customer: customer, Origin: origin, ID: string(cols.Text(tables.RedrawRecordID).At(i))}
				to[key] = string(cols.Text(tables.RedrawDraws).At(i))
				return err
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// redraw sets the draws of a billed record to those of its last re-rating, if there is one.
func (s *Step) redraw(r *Record) error {
	if text, ok := s.ReratedDraws[r.Key()]; ok {
		return r.ReadDraws(s.Folder.Books, text)
	}
	return nil
}
