package fold

import (
	"fmt"

	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// shift is by how much re-rating moved a meter or a filling (§4.12).
type shift struct {
	customer int32
	origin   period.Cycle // that was rated again
	billed   period.Cycle // from which on it holds
	kind     position.Kind
	key      string
	scope    string
	at       period.Instant
	by       money.SignedQuantity
}

// shiftsIn reads the shifts that hold from a cycle on.
func (w *worker) shiftsIn(bucket int, billed period.Cycle) ([]shift, error) {
	var out []shift
	for _, e := range w.find(lake.FileKey{Table: "shifts", Cycle: billed.String(), Bucket: bucket}) {
		err := w.eachRow(e, tables.Shifts(), func(c []parquet.Col, i int) error {
			customer, err := w.names.customer(c[tables.HCustomerID].Word(i))
			if err != nil {
				return err
			}
			origin, err := period.ParseCycle(c[tables.HOriginCycle].Word(i))
			if err != nil {
				return err
			}
			d := c[tables.HShift].Decs[i]
			by, err := money.SignedQuantityFromRaw(d.Hi, d.Lo)
			out = append(out, shift{customer, origin, billed, position.Kind(c[tables.HKind].Codes[i]),
				c[tables.HKey].Word(i),
				c[tables.HScope].Word(i), period.Instant(c[tables.HAt].Ints[i]), by})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// eachRow visits every row of a table file.
func (w *worker) eachRow(e lake.FileEntry, def *tables.Table, visit func([]parquet.Col, int) error) error {
	f, err := openTable(w.Txn, e, def, nil)
	if err != nil {
		return err
	}
	defer f.close()
	for {
		cols, err := f.reader.Next()
		if err != nil || cols == nil {
			return err
		}
		for i := range cols.N {
			if err := visit(cols.C, i); err != nil {
				return fmt.Errorf("%s: %w", e.Path, err)
			}
		}
	}
}

// row is the position that a shift moves.
func (h *shift) row() position.Row {
	return position.Row{Kind: h.kind, Key: h.key, Scope: h.scope, At: h.at}
}

// change is the shift as it is laid over positions.
func (h *shift) change() late.Change { return late.Change{Row: h.row(), Moves: true, Delta: h.by} }

// redrawn reads what records draw since re-rating, of the cycles up to the step's; the last one counts.
func (s *lateStep) redrawn() error {
	s.reratedDraws = make(map[late.Key]string)
	for _, c := range s.w.lateCycles(s.cycle) {
		if err := s.redrawnIn(c, s.reratedDraws); err != nil {
			return err
		}
	}
	return nil
}

// redrawnIn reads what records draw since re-rating in one cycle.
func (s *lateStep) redrawnIn(cycle period.Cycle, to map[late.Key]string) error {
	for _, e := range s.w.find(lake.FileKey{Table: "redraws", Cycle: cycle.String(), Bucket: s.bucket}) {
		err := s.w.eachRow(e, tables.Redraws(), func(c []parquet.Col, i int) error {
			customer, err := s.w.names.customer(c[tables.WCustomerID].Word(i))
			if err != nil {
				return err
			}
			origin, err := period.ParseCycle(c[tables.WOriginCycle].Word(i))
			to[late.Key{Customer: customer, Origin: origin, ID: string(c[tables.WRecordID].Text(i))}] =
				string(c[tables.WDraws].Text(i))
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
