package costs

import (
	"fmt"
	"io"

	intake "github.com/tollbook/tollbook/pipeline/intake/costs"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

type cost18 = money.Cost

// DeliveriesKey is the key of the file of all deliveries.
func DeliveriesKey() lake.FileKey {
	return lake.FileKey{Table: tables.CostDeliveries().Name, Bucket: lake.NoBucket}
}

// RejectsKey is the key of the file of rejected rows.
func RejectsKey() lake.FileKey {
	return lake.FileKey{Table: tables.CostRejects().Name, Bucket: lake.NoBucket}
}

// Opener opens the lake's data files.
type Opener func(lake.FileEntry) (storage.ReadFile, error)

// Deliveries reads the deliveries that a state of the lake knows, by source, period and name.
func Deliveries(o Opener, files []lake.FileEntry) ([]*Delivery, error) {
	var out []*Delivery
	err := each(o, files, tables.CostDeliveries(), func(row rows.Row) error {
		d := &Delivery{
			Source: row.Word(tables.CDSource),
			Name:   string(row.Text(tables.CDDelivery)),
			State: row.Word(
				tables.CDState,
			),
			Hash:     string(row.Text(tables.CDHash)),
			Fixed:    row.Small(tables.CDFixed) == 1,
			Rows:     row.Whole(tables.CDRows),
			Rejected: row.Whole(tables.CDRejected),
			Accepted: row.Small(tables.CDAccepted) == 1,
			Currency: row.Word(tables.CDCurrency),
			Tolerant: string(row.Text(tables.CDTolerated)),
			Fault:    string(row.Text(tables.CDFault)),
			Made:     string(row.Text(tables.CDMade)),
		}
		var err error
		if d.Period, err = period.ParseCycle(row.Word(tables.CDPeriod)); err != nil {
			return err
		}
		for c := range d.Values {
			if d.Values[c], err = row.Cost(tables.CDList + c); err != nil {
				return err
			}
		}
		out = append(out, d)
		return nil
	})
	return out, err
}

// each visits the rows of files.
func each(o Opener, files []lake.FileEntry, def *tables.Table, visit func(rows.Row) error) error {
	for _, e := range files {
		if err := eachOf(o, e, def, visit); err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
	}
	return nil
}

func eachOf(o Opener, e lake.FileEntry, def *tables.Table, visit func(rows.Row) error) error {
	f, err := o(e)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := parquet.NewReader(io.NewSectionReader(f, 0, f.Size()), def, nil)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		c, err := r.Next()
		if err != nil || c == nil {
			return err
		}
		for i := range c.N {
			if err := visit(rows.Row{Cols: c, I: i}); err != nil {
				return fmt.Errorf("row %d: %w", i, err)
			}
		}
	}
}

// keep writes the deliveries and the rows that are rejected of those that are held.
func (w *writer) keep(list []*Delivery) error {
	if err := w.oldRejects(list); err != nil {
		return err
	}
	out, rejects := parquet.NewColumns(tables.CostDeliveries()), parquet.NewColumns(tables.CostRejects())
	for _, d := range list {
		storeDelivery(out, d)
		if d.State == Held || d.Accepted {
			storeRejects(rejects, d)
		}
	}
	if err := w.file(DeliveriesKey(), out, nil); err != nil {
		return err
	}
	return w.file(RejectsKey(), rejects, nil)
}

// oldRejects fetches the rejected rows of accepted deliveries that were not read again.
func (w *writer) oldRejects(list []*Delivery) error {
	need := make(map[string]*Delivery)
	for _, d := range list {
		if d.Accepted && d.rejects == nil {
			need[d.Path()] = d
		}
	}
	if len(need) == 0 {
		return nil
	}
	return each(w.txn.Open, w.txn.Next().Find(RejectsKey()), tables.CostRejects(), func(row rows.Row) error {
		path := row.Word(tables.CRSource) + "/" + row.Word(tables.CRPeriod) + "/" + string(row.Text(tables.CRDelivery))
		if d := need[path]; d != nil {
			d.rejects = append(d.rejects, intake.Reject{File: row.Word(tables.CRFile), Row: row.Whole(tables.CRRow),
				Rows:   max(row.Whole(tables.CRRows), 1), // 0: an earlier build wrote it
				Column: row.Word(tables.CRColumn), Reason: row.Word(tables.CRReason),
				Value: string(row.Text(tables.CRValue)), Raw: string(row.Text(tables.CRRaw))})
		}
		return nil
	})
}

func storeDelivery(out *parquet.Columns, d *Delivery) {
	c := out.C
	c[tables.CDSource].AddWord(d.Source)
	c[tables.CDPeriod].AddWord(d.Period.String())
	c[tables.CDDelivery].AddText(d.Name)
	c[tables.CDState].AddWord(d.State)
	c[tables.CDHash].AddText(d.Hash)
	addSmall(&c[tables.CDFixed], d.Fixed)
	addInt(&c[tables.CDRows], d.Rows)
	addInt(&c[tables.CDRejected], d.Rejected)
	addSmall(&c[tables.CDAccepted], d.Accepted)
	c[tables.CDCurrency].AddWord(d.Currency)
	for i := range d.Values {
		c[tables.CDList+i].AddDec(d.Values[i].Raw())
	}
	c[tables.CDTolerated].AddText(d.Tolerant)
	c[tables.CDFault].AddText(d.Fault)
	c[tables.CDMade].AddText(d.Made)
	out.N++
}

func storeRejects(out *parquet.Columns, d *Delivery) {
	for i := range d.rejects {
		r, c := &d.rejects[i], out.C
		c[tables.CRSource].AddWord(d.Source)
		c[tables.CRPeriod].AddWord(d.Period.String())
		c[tables.CRDelivery].AddText(d.Name)
		c[tables.CRFile].AddWord(r.File)
		addInt(&c[tables.CRRow], r.Row)
		addInt(&c[tables.CRRows], r.Rows)
		c[tables.CRColumn].AddWord(r.Column)
		c[tables.CRReason].AddWord(r.Reason)
		c[tables.CRValue].AddText(r.Value)
		c[tables.CRRaw].AddText(r.Raw)
		out.N++
	}
}

// file writes a batch as the one file of its key; an empty batch removes it.
func (w *writer) file(key lake.FileKey, cols *parquet.Columns, sums []lake.Sum) error {
	if cols.N == 0 {
		return w.txn.Next().Replace(key)
	}
	out, err := w.txn.Create(key)
	if err != nil {
		return err
	}
	pq, err := parquet.NewWriter(out, cols.Def)
	if err != nil {
		return err
	}
	if err := pq.Write(cols); err != nil {
		return err
	}
	if err := pq.Close(); err != nil {
		return err
	}
	e, err := out.Finish(int64(cols.N), sums)
	if err != nil {
		return err
	}
	return w.txn.Next().Replace(key, e)
}

func addInt(c *parquet.Col, v int64) { c.Ints = append(c.Ints, v) }

func addSmall(c *parquet.Col, yes bool) {
	n := int32(0)
	if yes {
		n = 1
	}
	c.Codes = append(c.Codes, n)
}
