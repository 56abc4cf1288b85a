package day

import (
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// booksChanged reports whether the changed books may rate a record of a day otherwise than the books it was rated with.
// If the books alone do not decide it, the customers, skus and regions of the day's rows are read.
func (d *Folder) booksChanged(bucket int, day period.Day, part *state.ChangePart) (bool, error) {
	if !d.refold(day.Cycle()) {
		return false, nil
	}
	touched := part.Day(d.in.Books.Zone.DaySpan(day))
	if touched.All() || touched.None() {
		return touched.All(), nil
	}
	lines := touchable[tables.Line]{tables.Lines(), tables.LineCustomerID, tables.LineSKU, tables.LineRegionCode}
	if holds, err := lines.holds(d, day, bucket, touched); err != nil || holds {
		return holds, err
	}
	usage := touchable[tables.Record]{tables.Usage(), tables.RecordCustomerID, tables.RecordSKU,
		tables.RecordRegionCode}
	return usage.holds(d, day, bucket, touched)
}

// touchable is a table whose rows changed books may touch, and the columns that decide it.
type touchable[T any] struct {
	def                   tables.Def[T]
	customer, sku, region tables.WordColumn[T]
}

// holds reports whether a file of a bucket's day has a row that is touched.
func (t *touchable[T]) holds(d *Folder, day period.Day, bucket int, touched *state.ChangedDay) (bool, error) {
	for _, e := range d.in.Find(state.DayKey(t.def.Name, day, bucket)) {
		if holds, err := t.inFile(d, e, touched); err != nil || holds {
			return holds, err
		}
	}
	return false, nil
}

func (t *touchable[T]) inFile(d *Folder, e lake.FileEntry, touched *state.ChangedDay) (bool, error) {
	f, err := rows.OpenFile(d.in.Txn, e, t.def, tables.Columns(t.customer, t.sku, t.region))
	if err != nil {
		return false, err
	}
	defer f.Close()
	var customers, skus state.CodeList
	for {
		cols, err := f.Next()
		if err != nil || cols == nil {
			return false, err
		}
		if err := skus.Fill(cols.Word(t.sku).Dict(), d.in.Names().SKU); err != nil {
			return false, err
		}
		may := make([]bool, len(skus))
		some := false
		for i, code := range skus {
			may[i] = touched.MayHold(code)
			some = some || may[i]
		}
		if !some {
			continue
		}
		if err := customers.Fill(cols.Word(t.customer).Dict(), d.in.Names().Customer); err != nil {
			return false, err
		}
		for i := range cols.N {
			if of := cols.Word(t.sku).Code(i); may[of] &&
				touched.Holds(customers[cols.Word(t.customer).Code(i)], skus[of], cols.Word(t.region).At(i)) {
				return true, nil
			}
		}
	}
}
