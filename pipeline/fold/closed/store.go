package closed

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// storeRows returns the late table of the cycle.
func (s *Step) storeRows() *parquet.Columns[tables.Record] {
	out := parquet.NewColumns(tables.Late())
	for _, r := range s.rows {
		dead := s.replaced[r.Key()]
		var drawn []byte
		if !dead {
			drawn = tables.AppendDraws(nil, s.Folder.Books.Packages, r.Draws)
		}
		state.KeepRecord(s.Folder.State, out, r.row(), dead, drawn)
		out.Word(tables.RecordOriginCycle).Add(r.Origin.String())
		out.Time(tables.RecordAsOf).Add(r.AsOf)
	}
	return out
}

// loadFile reads a late table.
func (s *Step) loadFile(e lake.FileEntry, billed period.Cycle) error {
	f, err := rows.OpenFile(s.Folder.Txn, e, tables.Late(), nil)
	if err != nil {
		return err
	}
	defer f.Close()
	t := &state.FromTable{Cursor: rows.Cursor[tables.Record]{Reader: f}, State: s.Folder.State}
	var row accept.Record
	for {
		ok, err := t.Next(&row)
		if err != nil || !ok {
			return err
		}
		if row.Customer < 0 || row.SKU < 0 { // the books lack them
			continue
		}
		c, i := t.Cols, t.At
		origin, err := period.ParseCycle(c.Word(tables.RecordOriginCycle).At(i))
		if err != nil {
			return err
		}
		r := &Row{Record: NewRecord(&row, origin, c.Time(tables.RecordAsOf).At(i)), Billed: billed}
		r.DrewThen = string(c.Text(tables.RecordDraws).At(i))
		if err := r.ReadDraws(s.Folder.Books, r.DrewThen); err != nil {
			return err
		}
		if err := s.redraw(&r.Record); err != nil {
			return err
		}
		s.add(r)
	}
}

// storePositions returns the late_positions table of the cycle.
func (s *Step) storePositions() *parquet.Columns[tables.Position] {
	b := s.Folder.Books
	slices.SortFunc(s.meters, func(x, y lateMeter) int {
		return cmp.Or(cmp.Compare(x.customer, y.customer), CompareMeters(x.Meter, y.Meter))
	})
	slices.SortFunc(s.quotaPeriods, func(x, y lateQuotaPeriod) int {
		// packages are in order of customer
		return cmp.Or(cmp.Compare(x.Package, y.Package), cmp.Compare(x.Start, y.Start))
	})
	var list []state.LeftOver
	for i := range s.meters {
		m := &s.meters[i]
		list = append(list, state.LeftOver{Customer: m.customer, Origin: m.Origin.String(),
			PositionRow: tables.PositionRow{
				Kind: m.Position(), Key: b.Products[m.SKU].SKU, Scope: m.Scope, Count: m.count}})
	}
	for i := range s.quotaPeriods {
		f := &s.quotaPeriods[i]
		p := &b.Packages[f.Package]
		list = append(list, state.LeftOver{Customer: p.Customer, PositionRow: rating.PackageRow(p, f.drawn, f.Start)})
	}
	list = append(list, s.left...)
	slices.SortStableFunc(list, func(x, y state.LeftOver) int { return cmp.Compare(x.Customer, y.Customer) })
	out := parquet.NewColumns(tables.LatePositions())
	for i := range list {
		state.AddRow(out, b.Customers[list[i].Customer].ID, &list[i].PositionRow)
		out.Word(tables.PositionOriginCycle).Add(list[i].Origin)
	}
	return out
}

// fromRow converts a row of the usage table into a record, with what it drew.
func fromRow(b *books.Books, t *state.FromTable, row *accept.Record, origin period.Cycle) (*Record, error) {
	r := NewRecord(row, origin, 0)
	return &r, r.ReadDraws(b, string(t.Cols.Text(tables.RecordDraws).At(t.At)))
}
