package quote

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// record is one accepted record of the customer.
type record struct {
	rating.Record
	region   string
	replaced bool
}

// records are the customer's accepted records of a cycle that count, in the order of §4.1. It counts those that do
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
	list, err := j.fromLines(ctx, snap, cycle, have)
	if err != nil {
		return nil, err
	}
	list = append(list, kept...)
	slices.SortFunc(list, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), bytes.Compare(a.ID, b.ID))
	})
	j.out.Others -= int64(len(list))
	all := len(list)
	list = slices.DeleteFunc(list, func(r record) bool { return r.replaced })
	j.out.Replaced += int64(all - len(list))
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

// regionName is the region of a number that records gave out.
func (j *job) regionName(records []record, n int32) string {
	for i := range records {
		if records[i].Region == n {
			return records[i].region
		}
	}
	return ""
}

// fromUsage reads the records of the usage table: those that lines do not hold, or not all of.
func (j *job) fromUsage(snap *lake.Snapshot, cycle period.Cycle) (out []record, err error) {
	files, err := snap.Files(manifest.CycleOf(cycle))
	if err != nil {
		return nil, err
	}
	for _, e := range files {
		if e.Table != tables.Usage().Name {
			continue
		}
		list, err := rows.File(snap, e, tables.Usage(), nil)
		if err != nil {
			return nil, err
		}
		err = list.Each(func(row rows.Row[tables.Record]) error {
			if row.Word(tables.RecordCustomerID) != j.Customer {
				return nil
			}
			r := record{region: row.Word(tables.RecordRegionCode),
				replaced: row.Small(tables.RecordStatus) == tables.Replaced}
			r.ID, r.Resource = bytes.Clone(row.Text(tables.RecordRecordID)),
				bytes.Clone(row.Text(tables.RecordResourceID))
			r.Name, r.Tag = bytes.Clone(row.Text(tables.RecordResourceName)),
				bytes.Clone(row.Text(tables.RecordResourceTag))
			r.Start, r.End = row.Time(tables.RecordUsageStart), row.Time(tables.RecordUsageEnd)
			q, err := row.Quantity(tables.RecordQuantity)
			if err != nil {
				return err
			}
			r.Quantity, r.Negative = q.Abs(), q.Sign() < 0
			r.Withdrawn = len(row.Text(tables.RecordReplaces)) > 0 && q.IsZero()
			if r.SKU, err = j.sku(row.Word(tables.RecordSKU)); err != nil {
				return err
			}
			out = append(out, r)
			return nil
		})
		if err := errors.Join(err, list.Close()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fromLines reads the other records back from their lines: the lines of kind usage of one record are one.
func (j *job) fromLines(ctx context.Context, snap *lake.Snapshot, cycle period.Cycle,
	have map[string]bool) (out []record, err error) {
	cols := tables.Columns(tables.LineRegionCode, tables.LineResourceID, tables.LineResourceName,
		tables.LineResourceTag, tables.LineSKU,
		tables.LineUsageAmount, tables.LineUsageEnd)
	list, err := rows.Lines(ctx, snap, manifest.CycleOf(cycle), j.Customer, cols, rows.Limits{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	err = list.Each(func(row rows.Row[tables.Line]) error {
		id, start := row.Text(tables.LineID), row.Time(tables.LineUsageStart)
		if row.Word(tables.LineKind) != line.Usage.String() || have[string(id)] {
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
		if r.SKU, err = j.sku(row.Word(tables.LineSKU)); err != nil {
			return err
		}
		out = append(out, r)
		return nil
	})
	return out, err
}

func (j *job) sku(word string) (int32, error) {
	if code := j.trial.Books.SKU(word); code >= 0 {
		return code, nil
	}
	return 0, fmt.Errorf("accepted records name sku %q, which the books do not have", word)
}
