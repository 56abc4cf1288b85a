package day

import (
	"github.com/tollbook/tollbook/pipeline/fold/change"
	"github.com/tollbook/tollbook/pipeline/fold/codes"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// booksChanged reports whether other books than those a day was rated with may rate one of its records otherwise. Of a
// day for which the books alone do not say so, the words of customer, sku and region are read.
func (d *Folder) booksChanged(bucket int, day period.Day, part *change.Part) (bool, error) {
	if !d.refold(day.Cycle()) {
		return false, nil
	}
	touched := part.Day(d.Books.Zone.DaySpan(day))
	if touched.All() || touched.None() {
		return touched.All(), nil
	}
	if holds, err := holdsTouched(d, state.DayKey(tables.Lines().Name, day, bucket), tables.Lines(),
		tables.LineCustomerID, tables.LineSKU, tables.LineRegionCode, touched); err != nil || holds {
		return holds, err
	}
	return holdsTouched(d, state.DayKey(tables.Usage().Name, day, bucket), tables.Usage(), tables.RecordCustomerID,
		tables.RecordSKU, tables.RecordRegionCode, touched)
}

// holdsTouched reports whether a file of a key has a row that is touched.
func holdsTouched[T any](d *Folder, key manifest.FileKey, def tables.Def[T],
	customer, sku, region tables.WordColumn[T], touched *change.Day) (bool, error) {
	for _, e := range d.Find(key) {
		if holds, err := fileHoldsTouched(d, e, def, customer, sku, region, touched); err != nil || holds {
			return holds, err
		}
	}
	return false, nil
}

func fileHoldsTouched[T any](d *Folder, e manifest.FileEntry, def tables.Def[T],
	customer, sku, region tables.WordColumn[T], touched *change.Day) (bool, error) {
	f, err := tablefile.Open(d.Txn, e, def, tables.Columns(customer, sku, region))
	if err != nil {
		return false, err
	}
	defer f.Close()
	var customers, skus codes.List
	for {
		cols, err := f.Next()
		if err != nil || cols == nil {
			return false, err
		}
		if err := skus.Fill(cols.Word(sku).Dict(), d.Names().SKU); err != nil {
			return false, err
		}
		may := make([]bool, len(skus))
		any := false
		for i, code := range skus {
			may[i] = touched.MayHold(code)
			any = any || may[i]
		}
		if !any {
			continue
		}
		if err := customers.Fill(cols.Word(customer).Dict(), d.Names().Customer); err != nil {
			return false, err
		}
		for i := range cols.N {
			if of := cols.Word(sku).Code(i); may[of] &&
				touched.Holds(customers[cols.Word(customer).Code(i)], skus[of], cols.Word(region).At(i)) {
				return true, nil
			}
		}
	}
}
