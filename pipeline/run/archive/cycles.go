package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/lakeerr"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
)

// Run identifies the run that archives, for manifests of the archive.
type Run struct{ AsOf, Command string }

// Write copies closed cycles of a state, completely, to an archive in one transaction, and reads them back (ARCH-4).
// cycles are in order. Of earlier cycles it copies what the state has, unless the archive has the complete cycle. An
// archive that has everything stays unchanged. Errors: *lakeerr.CorruptError for a file, in either lake, that does not
// match its manifest.
func Write(ctx context.Context, to *lake.Lake, from *lake.Snapshot, cycles []manifest.Cycle, by Run) error {
	if err := write(ctx, to, from, cycles[len(cycles)-1], by); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	there, err := to.Head()
	if err != nil {
		return fmt.Errorf("read the archive: %w", err)
	}
	for _, cycle := range append([]manifest.Cycle{{}}, cycles...) {
		found, err := there.CheckCycle(ctx, cycle)
		if err != nil {
			return fmt.Errorf("read the archive back: %w", err)
		}
		for _, f := range found {
			return &lakeerr.CorruptError{Name: f.Name, Detail: "read back from the archive: " + f.Detail,
				Hint: "the disk of the archive does not store what is written: nothing left the lake"}
		}
	}
	for _, cycle := range cycles {
		own, _ := from.Cycle(cycle)
		if has, _ := there.Cycle(cycle); own.Files == nil || has.Files == nil || *has.Files != *own.Files {
			return fmt.Errorf("cycle %s in the archive is not the one of the lake", cycle)
		}
	}
	return nil
}

// write commits the archive's next state.
func write(ctx context.Context, to *lake.Lake, from *lake.Snapshot, last manifest.Cycle, by Run) (err error) {
	txn, err := to.Begin()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, txn.Close()) }()
	next := txn.Next()
	origin, err := from.Origin()
	if err != nil {
		return err
	}
	if err := errors.Join(next.ArchiveFor(origin), next.SetUnits(from.Manifest.Units),
		next.SetBuckets(from.Manifest.Buckets)); err != nil {
		return err
	}
	for _, e := range txn.SubTxn.Base().Manifest.Loose {
		next.RemoveTable(e.Table, manifest.Cycle{})
	}
	if err := take(ctx, txn, from, manifest.Cycle{}); err != nil {
		return err
	}
	for _, ref := range from.Manifest.Cycles {
		if _, has := txn.SubTxn.Base().Cycle(ref.Cycle); has || ref.Cycle.Compare(last) > 0 {
			continue
		}
		if err := next.Adopt(ref); err != nil {
			return err
		}
		if err := take(ctx, txn, from, ref.Cycle); err != nil {
			return err
		}
	}
	if closed := txn.SubTxn.Base().Manifest.ClosedThrough; closed.Compare(last) > 0 {
		last = closed
	}
	totals := slices.DeleteFunc(slices.Clone(from.Manifest.Totals), func(t manifest.Total) bool {
		cycle, _, of := strings.Cut(t.Name, "/")
		return of && cycle > last.String()
	})
	if err := errors.Join(next.CloseThrough(last), next.SetTotals(totals)); err != nil {
		return err
	}
	next.SetRun(by.AsOf, by.Command)
	_, err = txn.Commit(ctx)
	return err
}

// take copies the files of a cycle; the zero cycle is that of files of no cycle.
func take(ctx context.Context, txn *lake.Txn, from *lake.Snapshot, cycle manifest.Cycle) error {
	files, err := from.Files(cycle)
	if err != nil {
		return err
	}
	for _, e := range files {
		if err := txn.Import(ctx, from, e); err != nil {
			return err
		}
	}
	return txn.Next().Entries.Add(files...)
}

// Fits returns an error if an archive that has cycles has another number of buckets than the lake: it keeps its number.
func Fits(there, from *lake.Snapshot) error {
	if has, wanted := there.Manifest.Buckets, from.Manifest.Buckets; there.Manifest.Number > 0 && has != wanted {
		return &bucketsError{has, wanted}
	}
	return nil
}

// bucketsError reports that an archive has another number of buckets than the lake.
type bucketsError struct{ archive, lake int }

func (e *bucketsError) Error() string {
	return fmt.Sprintf("the archive has %d buckets, and the lake %d", e.archive, e.lake)
}

// Hint says what to do about it.
func (e *bucketsError) Hint() string {
	return "archive into another folder: `tollbook prune --archive DIR`"
}
