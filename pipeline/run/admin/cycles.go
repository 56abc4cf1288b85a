package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/problem"
)

// ArchiveRun identifies the run that archives, for manifests of the archive.
type ArchiveRun struct {
	AsOf, Command string
	Where         string // the archive, as given to the run
}

// placed describes a damaged file of the archive, not of the lake.
func (r *ArchiveRun) placed(err error) error { return lake.Placed(err, r.Where, lake.HintOther) }

// WriteArchive copies closed cycles of a state, completely, to an archive in one transaction, and reads them back
// (ARCH-4). cycles are in order. Of earlier cycles it copies what the state has, unless the archive has the complete
// cycle. An archive that has everything stays unchanged. Errors: *lake.CorruptError for a file, in either lake, that
// does not match its manifest.
func WriteArchive(ctx context.Context, to *lake.Lake, from *lake.Snapshot, cycles []lake.Cycle, by ArchiveRun) error {
	if err := write(ctx, to, from, cycles[len(cycles)-1], by); err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	there, err := to.Head()
	if err != nil {
		return fmt.Errorf("read the archive: %w", by.placed(err))
	}
	for _, cycle := range append([]lake.Cycle{{}}, cycles...) {
		found, err := there.CheckCycle(ctx, cycle)
		if err != nil {
			return fmt.Errorf("read the archive back: %w", by.placed(err))
		}
		for _, f := range found {
			return &lake.CorruptError{Name: f.Name, Detail: "read back from the archive: " + f.Detail,
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
func write(ctx context.Context, to *lake.Lake, from *lake.Snapshot, last lake.Cycle, by ArchiveRun) (err error) {
	txn, err := to.Begin()
	if err != nil {
		return by.placed(err)
	}
	defer func() { err = txn.End(err) }()
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
		next.RemoveTable(e.Table, lake.Cycle{})
	}
	if err := take(ctx, txn, from, lake.Cycle{}); err != nil {
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
	totals := slices.DeleteFunc(slices.Clone(from.Manifest.Totals), func(t lake.TableTotal) bool {
		cycle, _, of := strings.Cut(t.Name, "/")
		return of && cycle > last.String()
	})
	if err := errors.Join(next.CloseThrough(last), next.SetTotals(totals)); err != nil {
		return err
	}
	next.SetRun(by.AsOf, by.Command)
	_, err = txn.Commit(ctx)
	return by.placed(err)
}

// take copies the files of a cycle; the zero cycle is that of files of no cycle.
func take(ctx context.Context, txn *lake.Txn, from *lake.Snapshot, cycle lake.Cycle) error {
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

// FitsArchive returns an error if a lake cannot archive cycles to an archive that has some: the archive keeps its
// number of buckets, and must not be older than the lake's cycles that were archived to it, at where.
func FitsArchive(there, from *lake.Snapshot, where string) error {
	if has, wanted := there.Manifest.Buckets, from.Manifest.Buckets; there.Manifest.Number > 0 && has != wanted {
		return &bucketsError{has, wanted}
	}
	for _, ref := range from.Manifest.Cycles {
		if ref.Archived != nil && ref.Archived.Where == where && OlderInArchive(there, ref) {
			return &olderError{where, ref.Cycle.String()}
		}
	}
	return nil
}

// OlderInArchive reports whether an archive is older than a cycle that a lake archived to its place: it has no entry
// for the cycle. A new archive that was begun later in the same place has an entry for each cycle that left before,
// without its files.
func OlderInArchive(there *lake.Snapshot, ref lake.CycleRef) bool {
	_, found := there.Cycle(ref.Cycle)
	return !found
}

// HasArchived reports whether an archive has all files of a cycle that a lake archived.
func HasArchived(there *lake.Snapshot, ref lake.CycleRef) bool {
	has, found := there.Cycle(ref.Cycle)
	return found && has.Archived == nil && has.Files != nil && has.Files.Count == ref.Archived.Files.Count
}

// bucketsError reports that an archive has another number of buckets than the lake.
type bucketsError struct{ archive, lake int }

func (e *bucketsError) Error() string {
	return fmt.Sprintf("the archive has %d buckets, and the lake %d", e.archive, e.lake)
}

// Diagnosis implements problem.Diagnosed.
func (e *bucketsError) Diagnosis() (problem.Class, string) {
	return problem.Refused, "archive into another folder: `tollbook prune --archive DIR`"
}

// olderError reports that an archive lacks a cycle that the lake archived to it.
type olderError struct{ where, cycle string }

func (e *olderError) Error() string {
	return fmt.Sprintf("the archive %s does not know cycle %s, which the lake archived to it: it is an older copy, "+
		"or of another lake", e.where, e.cycle)
}

// Diagnosis implements problem.Diagnosed.
func (e *olderError) Diagnosis() (problem.Class, string) {
	return problem.Refused,
		"put the newer archive back; if it is kept elsewhere, archive into another folder: `tollbook prune " +
			"--archive DIR`"
}
