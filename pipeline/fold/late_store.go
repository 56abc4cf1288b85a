package fold

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/fold/opening"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// put writes a batch as the file of a key in the next state; an empty batch removes it.
func (w *worker) put(key lake.FileKey, cols *parquet.Columns) error {
	return tablefile.Put(w.Txn, key, cols, nil)
}

// storeRows is the late table of the cycle.
func (s *lateStep) storeRows() *parquet.Columns {
	out := parquet.NewColumns(tables.Late())
	for _, r := range s.rows {
		dead := s.replaced[r.Key()]
		var drawn []byte
		if !dead {
			drawn = late.AppendDraws(nil, s.w.Books, r.Draws, false)
		}
		keep(&s.w.names, out, r.row(), dead, drawn)
		out.C[tables.LateOrigin].AddWord(r.Origin.String())
		out.C[tables.LateAsOf].Ints = append(out.C[tables.LateAsOf].Ints, int64(r.AsOf))
	}
	return out
}

// loadFile reads a late table.
func (s *lateStep) loadFile(e lake.FileEntry, billed period.Cycle) error {
	f, err := tablefile.Open(s.w.Txn, e, tables.Late(), nil)
	if err != nil {
		return err
	}
	defer f.Close()
	t := &tableRecords{Cursor: tablefile.Cursor{Reader: f}, names: &s.w.names}
	var row sorting.Row
	for {
		ok, err := t.Next(&row)
		if err != nil || !ok {
			return err
		}
		c, i := t.Cols.C, t.At
		origin, err := period.ParseCycle(c[tables.LateOrigin].Word(i))
		if err != nil {
			return err
		}
		r := &lateRow{Record: lateRecord(&row, origin, period.Instant(c[tables.LateAsOf].Ints[i])), billed: billed}
		r.drewThen = string(c[tables.UDraws].Text(i))
		if err := r.ReadDraws(s.w.Books, r.drewThen); err != nil {
			return err
		}
		if err := s.redraw(&r.Record); err != nil {
			return err
		}
		s.add(r)
	}
}

// storePositions is the late_positions table of the cycle.
func (s *lateStep) storePositions() *parquet.Columns {
	b := s.w.Books
	slices.SortFunc(s.meters, func(x, y lateMeter) int {
		return cmp.Or(cmp.Compare(x.customer, y.customer), compareMeters(x.Meter, y.Meter))
	})
	slices.SortFunc(s.quotaPeriods, func(x, y lateQuotaPeriod) int {
		// packages are in order of customer
		return cmp.Or(cmp.Compare(x.Package, y.Package), cmp.Compare(x.Start, y.Start))
	})
	out := parquet.NewColumns(tables.LatePositions())
	add := func(customer int32, row *position.Row, origin string) {
		opening.AddRow(out, b.Customers[customer].ID, row)
		out.C[tables.POrigin].AddWord(origin)
	}
	meters, fillings := s.meters, s.quotaPeriods
	for len(meters) > 0 || len(fillings) > 0 {
		if len(fillings) == 0 || len(meters) > 0 && meters[0].customer <= b.Packages[fillings[0].Package].Customer {
			m := &meters[0]
			add(m.customer, &position.Row{Kind: m.Position(), Key: b.Products[m.SKU].SKU, Scope: m.Scope,
				Count: m.count}, m.Origin.String())
			meters = meters[1:]
			continue
		}
		p := &b.Packages[fillings[0].Package]
		row := rating.PackageRow(p, fillings[0].drawn, fillings[0].Start)
		add(p.Customer, &row, "")
		fillings = fillings[1:]
	}
	return out
}

// fromRow is a record of the usage table, with what it drew.
func (w *worker) fromRow(t *tableRecords, row *sorting.Row, origin period.Cycle) (*late.Record, error) {
	r := lateRecord(row, origin, 0)
	return &r, r.ReadDraws(w.Books, string(t.Cols.C[tables.UDraws].Text(t.At)))
}
