package export

import (
	"errors"
	"fmt"
	"io"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// partnerTable is a table of partners' money, or of the states of orders, which the lake does not divide by cycle.
type partnerTable struct {
	def     *tables.Table
	instant tables.TimeColumn[tables.Any] // column of the instant that determines a row's cycle; -1 = none
	cycle   tables.WordColumn[tables.Any] // column of the cycle; -1 = none
	partner tables.WordColumn[tables.Any] // column of the partner; -1 = rows do not belong to one partner
}

// partnerTables returns the tables of partners' money (§8) and of the states of orders.
func partnerTables() []partnerTable {
	return []partnerTable{
		{tables.PartnerAccounts().Table, tables.PartnerAccountTime.Any(), -1, tables.PartnerAccountPartnerID.Any()},
		{tables.Receivables().Table, -1, tables.ReceivableCycle.Any(), tables.ReceivablePartnerID.Any()},
		{tables.Coupons().Table, -1, -1, tables.CouponPartnerID.Any()},
		{tables.CouponRecords().Table, tables.CouponRecordTime.Any(), -1, -1},
		{tables.Funds().Table, -1, -1, tables.FundPartnerID.Any()},
		{tables.Withdrawals().Table, -1, -1, tables.WithdrawalPartnerID.Any()},
		{tables.Invoices().Table, -1, tables.InvoiceCycle.Any(), -1},
		{tables.InvoiceRecords().Table, tables.InvoiceRecordInstant.Any(), -1, -1},
		{tables.OrderStatus().Table, -1, -1, -1},
	}
}

// partnerTableOf returns the table with a name.
func partnerTableOf(name string) (partnerTable, bool) {
	for _, t := range partnerTables() {
		if t.def.Name == name {
			return t, true
		}
	}
	return partnerTable{}, false
}

// OfNoCycle reports whether an export of a table ignores the cycle.
func OfNoCycle(name string) bool {
	t, is := partnerTableOf(name)
	return name == "rejects" || is && t.instant < 0 && t.cycle < 0
}

// keep returns which rows of a batch are exported.
func (t *partnerTable) keep(r *Request, cols *parquet.Columns[tables.Any]) (func(i int) bool, error) {
	bounds := period.Always()
	of := r.Cycle.String()
	if c, ok := r.Cycle.Period(); ok && t.instant >= 0 {
		bounds = r.Partners.Books.Zone.Bounds(c)
	}
	return func(i int) bool {
		switch {
		case t.instant >= 0 && !bounds.Holds(cols.Time(t.instant).At(i)):
			return false
		case t.cycle >= 0 && of != "" && cols.Word(t.cycle).At(i) != of:
			return false
		}
		return r.Scope.Partner == "" || cols.Word(t.partner).At(i) == r.Scope.Partner
	}, nil
}

// write writes the requested rows of the table.
func (t *partnerTable) write(snap *lake.Snapshot, r *Request, w io.Writer) (n int64, err error) {
	out, err := newSheet(r, leaving(t.def), w)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, closeSheet(out)) }()
	files, err := snap.Find(lake.FileKey{Table: t.def.Name, Bucket: lake.NoBucket})
	for _, e := range files {
		if err == nil {
			err = t.writeFile(snap, e, r, out, &n)
		}
	}
	if err == nil {
		err = out.end()
	}
	if err != nil {
		return n, fmt.Errorf("export %s: %w", t.def.Name, err)
	}
	return n, nil
}

// writeFile writes the rows of a file, and counts them.
func (t *partnerTable) writeFile(snap *lake.Snapshot, e lake.FileEntry, r *Request, out sheet,
	n *int64) (err error) {
	reader, err := rows.OpenFile(snap, e, tables.Untyped(t.def), nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	batch, words := parquet.NewColumns(tables.Untyped(leaving(t.def))), parquet.Recode{}
	for {
		cols, err := reader.Next()
		if err != nil || cols == nil {
			return err
		}
		keep, err := t.keep(r, cols)
		if err != nil {
			return err
		}
		batch.Reset()
		words.Reset(cols)
		for i := range cols.N {
			if keep(i) {
				batch.AppendRun(cols, i, i+1, nil, &words)
			}
		}
		if batch.N == 0 {
			continue
		}
		*n += int64(batch.N)
		if err := out.write(batch); err != nil {
			return err
		}
	}
}
