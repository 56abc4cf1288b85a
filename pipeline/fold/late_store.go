package fold

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/position"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// put writes a batch as the file of a key in the next state; an empty batch removes it.
func (w *worker) put(key lake.FileKey, def *tables.Table, cols *parquet.Columns) error {
	files, err := w.writeTable(key, def, cols, nil)
	if err != nil {
		return err
	}
	return w.replace(key, files)
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
	f, err := openTable(s.w.Txn, e, tables.Late(), nil)
	if err != nil {
		return err
	}
	defer f.close()
	t := &tableRecords{cursor: cursor{tableFile: f}, names: &s.w.names}
	var row sorting.Row
	for {
		ok, err := t.Next(&row)
		if err != nil || !ok {
			return err
		}
		c, i := t.cols.C, t.at
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
		addPosition(out, b.Customers[customer].ID, row)
		out.C[tables.POrigin].AddWord(origin)
	}
	meters, fillings := s.meters, s.quotaPeriods
	for len(meters) > 0 || len(fillings) > 0 {
		if len(fillings) == 0 || len(meters) > 0 && meters[0].customer <= b.Packages[fillings[0].Package].Customer {
			m := &meters[0]
			add(m.customer, &position.Row{Kind: position.Meter, Key: b.Products[m.SKU].SKU, Scope: m.Scope,
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

// latePosition is a row of a late_positions table.
type latePosition struct {
	position.Row
	customer int32
	origin   string
	billed   period.Cycle
}

// latePositions reads what late records billed in a cycle left behind.
func (w *worker) latePositions(bucket int, billed period.Cycle) ([]latePosition, error) {
	var out []latePosition
	for _, e := range w.find(lake.FileKey{Table: "late_positions", Cycle: billed.String(), Bucket: bucket}) {
		f, err := openTable(w.Txn, e, tables.LatePositions(), nil)
		if err != nil {
			return nil, err
		}
		p := &opening{names: &w.names, cursor: cursor{tableFile: f}, inFile: -1}
		err = p.advance()
		for err == nil && p.inFile >= 0 {
			one := latePosition{customer: p.inFile, origin: p.cols.C[tables.POrigin].Word(p.at), billed: billed}
			if one.Row, err = p.row(); err != nil {
				break
			}
			out = append(out, one)
			err = p.advance()
		}
		f.close()
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fromRow is a record of the usage table, with what it drew.
func (w *worker) fromRow(t *tableRecords, row *sorting.Row, origin period.Cycle) (*late.Record, error) {
	r := lateRecord(row, origin, 0)
	return &r, r.ReadDraws(w.Books, string(t.cols.C[tables.UDraws].Text(t.at)))
}
