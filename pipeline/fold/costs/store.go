package costs

import (
	intake "github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// DeliveriesKey is the key of the file of all deliveries.
func DeliveriesKey() lake.FileKey {
	return lake.FileKey{Table: tables.CostDeliveries().Name, Bucket: lake.NoBucket}
}

// RejectsKey is the key of the file of rejected rows.
func RejectsKey() lake.FileKey {
	return lake.FileKey{Table: tables.CostRejects().Name, Bucket: lake.NoBucket}
}

// Deliveries reads the deliveries from a state of the lake, by source, period and name.
func Deliveries(o rows.FileOpener, files []lake.FileEntry) ([]*Delivery, error) {
	var out []*Delivery
	err := EachMargin(o, files, tables.CostDeliveries(), func(row rows.Row[tables.CostDelivery]) error {
		d := &Delivery{
			Source:   row.Word(tables.CostDeliverySource),
			Name:     string(row.Text(tables.CostDeliveryDelivery)),
			State:    row.Word(tables.CostDeliveryState),
			Hash:     string(row.Text(tables.CostDeliveryHash)),
			Fixed:    row.Small(tables.CostDeliveryFixed) == 1,
			Rows:     row.Whole(tables.CostDeliveryRows),
			Rejected: row.Whole(tables.CostDeliveryRejected),
			Accepted: row.Small(tables.CostDeliveryAcceptedRejects) == 1,
			Currency: row.Word(tables.CostDeliveryCurrency),
			Tolerant: string(row.Text(tables.CostDeliveryTolerated)),
			Fault:    string(row.Text(tables.CostDeliveryFault)),
			Inputs:   string(row.Text(tables.CostDeliveryMade)),
		}
		var err error
		if d.Period, err = period.ParseCycle(row.Word(tables.CostDeliveryPeriod)); err != nil {
			return err
		}
		if d.Reading, err = books.ParseCostReading(string(row.Text(tables.CostDeliveryReading))); err != nil {
			return err
		}
		for c := range d.Values {
			if d.Values[c], err = row.Cost(tables.CostDeliveryCosts()[c]); err != nil {
				return err
			}
		}
		out = append(out, d)
		return nil
	})
	return out, err
}

// keep writes the deliveries, and the rejected rows of deliveries that are held.
func (w *writer) keep(list []*Delivery) error {
	if err := w.oldRejects(list); err != nil {
		return err
	}
	out, rejects := parquet.NewColumns(tables.CostDeliveries()), rows.NewFileWriter(w.txn, tables.CostRejects())
	rejects.Restart(RejectsKey())
	for _, d := range list {
		storeDelivery(out, d)
		if d.State != Held && !d.Accepted {
			continue
		}
		for i := range d.rejects {
			storeReject(rejects.Cols, d, &d.rejects[i])
			if err := rejects.Added(); err != nil {
				return err
			}
		}
	}
	if err := rows.PutFile(w.txn, DeliveriesKey(), out, nil); err != nil {
		return err
	}
	files, err := rejects.Finish(nil)
	if err != nil {
		return err
	}
	return w.txn.Next().Replace(RejectsKey(), files...)
}

// oldRejects reads the rejected rows of accepted deliveries that were not read again.
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
	return EachMargin(w.txn, w.txn.Next().Find(RejectsKey()), tables.CostRejects(),
		func(row rows.Row[tables.CostReject]) error {
			path := row.Word(tables.CostRejectSource) + "/" + row.Word(tables.CostRejectPeriod) + "/" + string(
				row.Text(tables.CostRejectDelivery))
			if d := need[path]; d != nil {
				d.rejects = append(d.rejects, intake.CostReject{File: row.Word(tables.CostRejectFile),
					Row:    row.Whole(tables.CostRejectRow),
					Rows:   row.Whole(tables.CostRejectRows),
					Column: row.Word(tables.CostRejectColumn), Reason: row.Word(tables.CostRejectReason),
					Value: string(row.Text(tables.CostRejectValue)), Raw: string(row.Text(tables.CostRejectRaw))})
			}
			return nil
		})
}

func storeDelivery(out *parquet.Columns[tables.CostDelivery], d *Delivery) {
	out.Word(tables.CostDeliverySource).Add(d.Source)
	out.Word(tables.CostDeliveryPeriod).Add(d.Period.String())
	out.Text(tables.CostDeliveryDelivery).Add(d.Name)
	out.Word(tables.CostDeliveryState).Add(d.State)
	out.Text(tables.CostDeliveryHash).Add(d.Hash)
	addFlag(out.Small(tables.CostDeliveryFixed), d.Fixed)
	out.Whole(tables.CostDeliveryRows).Add(d.Rows)
	out.Whole(tables.CostDeliveryRejected).Add(d.Rejected)
	addFlag(out.Small(tables.CostDeliveryAcceptedRejects), d.Accepted)
	out.Word(tables.CostDeliveryCurrency).Add(d.Currency)
	for i := range d.Values {
		out.Cost(tables.CostDeliveryCosts()[i]).Add(d.Values[i].Raw())
	}
	out.Text(tables.CostDeliveryTolerated).Add(d.Tolerant)
	out.Text(tables.CostDeliveryFault).Add(d.Fault)
	out.Text(tables.CostDeliveryMade).Add(d.Inputs)
	out.Text(tables.CostDeliveryReading).Add(d.Reading.String())
	out.N++
}

func storeReject(out *parquet.Columns[tables.CostReject], d *Delivery, r *intake.CostReject) {
	out.Word(tables.CostRejectSource).Add(d.Source)
	out.Word(tables.CostRejectPeriod).Add(d.Period.String())
	out.Text(tables.CostRejectDelivery).Add(d.Name)
	out.Word(tables.CostRejectFile).Add(r.File)
	out.Whole(tables.CostRejectRow).Add(r.Row)
	out.Whole(tables.CostRejectRows).Add(r.Rows)
	out.Word(tables.CostRejectColumn).Add(r.Column)
	out.Word(tables.CostRejectReason).Add(r.Reason)
	out.Text(tables.CostRejectValue).Add(r.Value)
	out.Text(tables.CostRejectRaw).Add(r.Raw)
	out.N++
}

func addFlag(c parquet.Smalls, yes bool) {
	n := int32(0)
	if yes {
		n = 1
	}
	c.Add(n)
}
