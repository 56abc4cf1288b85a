package fold

import (
	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// redrawn reads what records draw since re-rating, of the cycles up to the step's; the last one counts.
func (s *lateStep) redrawn() error {
	s.reratedDraws = make(map[late.Key]string)
	for _, c := range s.w.opening.Cycles(s.cycle) {
		if err := s.redrawnIn(c, s.reratedDraws); err != nil {
			return err
		}
	}
	return nil
}

// redrawnIn reads what records draw since re-rating in one cycle.
func (s *lateStep) redrawnIn(cycle period.Cycle, to map[late.Key]string) error {
	for _, e := range s.w.find(lake.FileKey{Table: "redraws", Cycle: cycle.String(), Bucket: s.bucket}) {
		err := tablefile.Each(s.w.Txn, e, tables.Redraws(), nil, func(cols *parquet.Columns, i int) error {
			c := cols.C
			customer, err := s.w.names.Customer(c[tables.WCustomerID].Word(i))
			if err != nil {
				return err
			}
			origin, err := period.ParseCycle(c[tables.WOriginCycle].Word(i))
			to[late.Key{Customer: customer, Origin: origin, ID: string(c[tables.WRecordID].Text(i))}] = string(
				c[tables.WDraws].Text(i),
			)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// redraw gives a billed record what it draws since re-rating.
func (s *lateStep) redraw(r *late.Record) error {
	if text, ok := s.reratedDraws[r.Key()]; ok {
		return r.ReadDraws(s.w.Books, text)
	}
	return nil
}
