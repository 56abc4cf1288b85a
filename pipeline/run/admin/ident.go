package admin

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// divideIdent divides the index of record ids of a day. The index has only hashes, so it is built again from the
// records in lines and usage. The stored index must be equal (REBUCKET-3).
func (d *division) divideIdent(c *cycleFiles, at tableDay, made [][]lake.FileEntry) error {
	hashes := make([][]int64, d.parts())
	if err := d.eachRecord(c, at.day, func(customer string, id []byte) error {
		part, ok := d.part(customer)
		if !ok {
			return fmt.Errorf("customer %q is not of bucket %d", customer, d.bucket)
		}
		hashes[part] = append(hashes[part],
			int64(accept.Identity(accept.Seed(customer), id)>>state.IdentShift))
		return nil
	}); err != nil {
		return err
	}
	for _, part := range hashes {
		d.spare = accept.SortInts(part, 64-state.IdentShift, d.spare)
	}
	if err := d.sameIdent(c.old[at], hashes); err != nil {
		return err
	}
	for part := range hashes {
		out := parquet.NewColumns(tables.Ident())
		out.Col(tables.IdentityHash.Of()).Ints, out.N = hashes[part], len(hashes[part])
		files, err := rows.WriteFile(d.txn, d.key(c, at, part), out, nil)
		if err != nil {
			return err
		}
		made[part] = files
	}
	return nil
}

// sameIdent verifies that the stored index is equal to that of the parts.
func (d *division) sameIdent(old []lake.FileEntry, parts [][]int64) error {
	made := slices.Concat(parts...)
	d.spare = accept.SortInts(made, 64-state.IdentShift, d.spare)
	var stored []int64
	for _, e := range old {
		err := rows.EachRow(d.txn, e, tables.Ident(), nil, func(c *parquet.Columns[tables.Identity], i int) error {
			stored = append(stored, c.Whole(tables.IdentityHash).At(i))
			return nil
		})
		if err != nil {
			return err
		}
	}
	slices.Sort(stored)
	if !slices.Equal(stored, made) {
		return fmt.Errorf("%s: %d records are indexed and %d are in lines and usage, or the records differ: "+
			"`tollbook verify` checks the lake", old[0].Path, len(stored), len(made))
	}
	return nil
}

// recordKey is the sort key of the records of a day.
type recordKey struct {
	customer string
	start    period.Instant
	id       []byte
}

func (k *recordKey) compare(o *recordKey) int {
	return cmp.Or(strings.Compare(k.customer, o.customer), cmp.Compare(k.start, o.start), bytes.Compare(k.id, o.id))
}

// records iterates over the keys of the records of files.
type records struct {
	next func() (key recordKey, ok bool, err error)
	done func()
	key  recordKey
	ok   bool
}

// pass advances to the first record that differs from last; nil = to the first.
func (r *records) pass(last *recordKey) (err error) {
	for last == nil || r.ok && r.key.compare(last) == 0 {
		if r.key, r.ok, err = r.next(); err != nil {
			return err
		}
		if last == nil {
			return nil
		}
	}
	return nil
}

// recordsOf reads the keys of the records of files of a table, which are sorted.
func recordsOf[T any](o rows.FileOpener, files []lake.FileEntry, def tables.Def[T], customer tables.WordColumn[T],
	start tables.TimeColumn[T], id tables.TextColumn[T]) *records {
	var at *rows.Cursor[T] // nil = between files
	next := func() (key recordKey, ok bool, err error) {
		for {
			if at == nil {
				if len(files) == 0 {
					return key, false, nil
				}
				open, err := rows.OpenFile(o, files[0], def, tables.Columns[T](customer, start, id))
				if err != nil {
					return key, false, err
				}
				at, files = &rows.Cursor[T]{Reader: open}, files[1:]
			}
			if ok, _, err = at.Next(); err != nil {
				return key, false, err
			}
			if ok {
				c, i := at.Cols, at.At
				return recordKey{c.Word(customer).At(i), c.Time(start).At(i), c.Text(id).At(i)}, true, nil
			}
			at.Close()
			at = nil
		}
	}
	return &records{next: next, done: func() {
		if at != nil {
			at.Close()
		}
	}}
}

// eachRecord visits the records of a day: those in lines, and those that are only in usage.
func (d *division) eachRecord(c *cycleFiles, day lake.Day, visit func(customer string, id []byte) error) error {
	lines := recordsOf(d.txn, c.old[tableDay{tableLines, day}], tables.Lines(), tables.LineCustomerID,
		tables.LineUsageStart, tables.LineID)
	defer lines.done()
	usage := recordsOf(d.txn, c.old[tableDay{tableUsage, day}], tables.Usage(), tables.RecordCustomerID,
		tables.RecordUsageStart, tables.RecordRecordID)
	defer usage.done()
	if err := errors.Join(lines.pass(nil), usage.pass(nil)); err != nil {
		return err
	}
	var last recordKey
	for lines.ok || usage.ok {
		from := lines
		if !lines.ok || usage.ok && usage.key.compare(&lines.key) < 0 {
			from = usage
		}
		last = recordKey{from.key.customer, from.key.start, append(last.id[:0], from.key.id...)}
		if err := visit(last.customer, last.id); err != nil {
			return err
		}
		if err := errors.Join(lines.pass(&last), usage.pass(&last)); err != nil {
			return err
		}
	}
	return nil
}
