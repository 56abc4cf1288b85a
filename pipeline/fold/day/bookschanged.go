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
	for _, from := range [...]struct {
		def                   *tables.Table
		customer, sku, region int
	}{
		{tables.Lines().Table, int(tables.LineCustomerID), int(tables.LineSKU), int(tables.LineRegionCode)},
		{tables.Usage().Table, int(tables.RecordCustomerID), int(tables.RecordSKU), int(tables.RecordRegionCode)},
	} {
		for _, e := range d.Find(state.DayKey(from.def.Name, day, bucket)) {
			if holds, err := d.holdsTouched(e, from.def, from.customer, from.sku, from.region, touched); err != nil ||
				holds {
				return holds, err
			}
		}
	}
	return false, nil
}

// holdsTouched reports whether a file has a row that is touched.
func (d *Folder) holdsTouched(e manifest.FileEntry, def *tables.Table, customer, sku, region int,
	touched *change.Day) (bool, error) {
	f, err := tablefile.Open(d.Txn, e, tables.Untyped(def), []int{customer, sku, region})
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
		c := cols.C
		if err := skus.Fill(c[sku].Dict, d.Names().SKU); err != nil {
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
		if err := customers.Fill(c[customer].Dict, d.Names().Customer); err != nil {
			return false, err
		}
		for i := range cols.N {
			if of := c[sku].Codes[i]; may[of] &&
				touched.Holds(customers[c[customer].Codes[i]], skus[of], c[region].Word(i)) {
				return true, nil
			}
		}
	}
}
