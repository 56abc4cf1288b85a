package quote

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// record is one accepted record of the customer.
type record struct {
	rating.Record
	sku      string // SKU is −1 if the quote's books do not have it
	region   string
	replaces string // record_id of the replaced record; "" = none
	replaced bool
	old      bool // it counts in the lake (QUOTE-7)
}

// records returns the customer's accepted records of a cycle that count, in the order of §4.1. It counts those that do
// not.
func (j *job) records(ctx context.Context, snap *lake.Snapshot, cycle period.Cycle) ([]record, error) {
	kept, err := j.fromUsage(snap, cycle)
	if err != nil {
		return nil, err
	}
	have := make(map[string]bool, len(kept))
	for i := range kept {
		have[string(kept[i].ID)] = true
	}
	list, err := j.fromLines(ctx, snap, cycle, have, nil)
	if err != nil {
		return nil, err
	}
	list = append(list, kept...)
	list, gone := j.added(cycle, list)
	j.out.Others -= int64(len(list))
	all := len(list)
	list = slices.DeleteFunc(list, func(r record) bool { return r.replaced })
	j.out.Replaced += int64(all - len(list))
	if p := j.present[cycle]; len(gone) > 0 || p != nil && p.whole && len(list) > 0 {
		if list, err = j.withOld(cycle, list, gone); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(list, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), bytes.Compare(a.ID, b.ID))
	})
	numbers := make(map[string]int32)
	for i := range list {
		n, known := numbers[list[i].region]
		if !known {
			n = int32(len(numbers))
			numbers[list[i].region] = n
		}
		list[i].Region = n
	}
	return list, nil
}

// regionName is the name of a region by its number in records.
func (j *job) regionName(records []record, n int32) string {
	for i := range records {
		if records[i].Region == n {
			return records[i].region
		}
	}
	return ""
}

// fromUsage reads the records of the usage table, which cannot be read back from lines alone.
func (j *job) fromUsage(snap *lake.Snapshot, cycle period.Cycle) (out []record, err error) {
	bucket := lake.BucketOf(j.Customer, max(1, snap.Manifest.Buckets))
	files, err := snap.Select(lake.CycleOf(cycle), func(k lake.FileKey) bool {
		return k.Table == tables.Usage().Name && k.Bucket == bucket
	})
	if err != nil {
		return nil, err
	}
	for _, e := range files {
		list, err := j.fromTable(snap, e, tables.Usage(), "")
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// fromTable reads the customer's records of a table of records. If origin is not empty, it reads only records of that
// cycle.
func (j *job) fromTable(snap *lake.Snapshot, e lake.FileEntry, def tables.Def[tables.Record], origin string) (
	out []record, err error) {
	list, err := rows.File(snap, e, def, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	err = list.Each(func(row rows.Row[tables.Record]) error {
		if row.Word(tables.RecordCustomerID) != j.Customer ||
			origin != "" && row.Word(tables.RecordOriginCycle) != origin {
			return nil
		}
		r := record{region: row.Word(tables.RecordRegionCode), replaces: string(row.Text(tables.RecordReplaces)),
			replaced: row.Small(tables.RecordStatus) == tables.Replaced}
		r.ID = bytes.Clone(row.Text(tables.RecordRecordID))
		r.Resource = bytes.Clone(row.Text(tables.RecordResourceID))
		r.Name = bytes.Clone(row.Text(tables.RecordResourceName))
		r.Tag = bytes.Clone(row.Text(tables.RecordResourceTag))
		r.Start, r.End = row.Time(tables.RecordUsageStart), row.Time(tables.RecordUsageEnd)
		q, err := row.Quantity(tables.RecordQuantity)
		if err != nil {
			return err
		}
		r.Quantity, r.Negative = q.Abs(), q.Sign() < 0
		r.Retracted = r.replaces != "" && q.IsZero()
		r.sku = row.Word(tables.RecordSKU)
		r.SKU = j.trial.Books.SKU(r.sku)
		out = append(out, r)
		return nil
	})
	return out, err
}

// fromLines reads the other records back from their lines: all usage lines of a record make one record. It omits
// records that are not wanted; if wanted is nil, it returns all.
func (j *job) fromLines(ctx context.Context, snap *lake.Snapshot, cycle period.Cycle, have map[string]bool,
	wanted func(id []byte, start period.Instant) bool) (out []record, err error) {
	cols := tables.Columns(tables.LineRegionCode, tables.LineResourceID, tables.LineResourceName,
		tables.LineResourceTag, tables.LineSKU,
		tables.LineUsageAmount, tables.LineUsageEnd)
	list, err := rows.Lines(ctx, snap, lake.CycleOf(cycle), j.Customer, cols, rows.Limits{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	err = list.Each(func(row rows.Row[tables.Line]) error {
		id, start := row.Text(tables.LineID), row.Time(tables.LineUsageStart)
		if row.Word(tables.LineKind) != tables.UsageLine.String() || have[string(id)] ||
			wanted != nil && !wanted(id, start) {
			return nil
		}
		q, err := row.Quantity(tables.LineUsageAmount)
		if err != nil {
			return err
		}
		if n := len(out); n > 0 && out[n-1].Start == start && bytes.Equal(out[n-1].ID, id) {
			out[n-1].Quantity, err = out[n-1].Quantity.Add(q.Abs())
			return err
		}
		r := record{region: row.Word(tables.LineRegionCode)}
		r.ID, r.Resource = bytes.Clone(id), bytes.Clone(row.Text(tables.LineResourceID))
		r.Name, r.Tag = bytes.Clone(row.Text(tables.LineResourceName)), bytes.Clone(row.Text(tables.LineResourceTag))
		r.Start, r.End, r.Quantity = start, row.MaybeTime(tables.LineUsageEnd), q.Abs()
		r.sku = row.Word(tables.LineSKU)
		r.SKU = j.trial.Books.SKU(r.sku)
		out = append(out, r)
		return nil
	})
	return out, err
}
