package lake

import (
	"context"
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// UpgradePlan is what an upgrade finds, and what it will do.
type UpgradePlan struct {
	Manifest int64    // the live one; 0 = the lake is empty
	Format   int      // of the lake
	Program  int      // the format that this program writes
	Steps    []string // what changes, in order; none = the lake has the program's format
	Lists    int      // to write again, with a manifest
	Files    int      // data files, which stay as they are
	Bytes    int64    // of them
}

// PlanUpgrade reads the format of a lake and says what Upgrade would do. It writes nothing. Errors:
// *lakeerr.CorruptError for a format that this program cannot convert, and those of Head.
func PlanUpgrade(st storage.Storage, o Options) (*UpgradePlan, error) {
	snap, err := upgrading(st, o).Head()
	if err != nil {
		return nil, err
	}
	return snap.planUpgrade()
}

// Upgrade has the live state copied by backup, as it is, and then commits it in this program's format: new lists and a
// new manifest, by the write order of any commit. Killed at any point, it leaves the lake in one of the two formats,
// and can be run again. A lake in the program's format is neither copied nor changed (LAKE-16). The clock of the lake
// stays. Errors are those of Begin, backup and Commit.
func Upgrade(ctx context.Context, st storage.Storage, backup func(*Snapshot) error, o Options) (changed bool,
	err error) {
	txn, err := upgrading(st, o).Begin()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, txn.Close()) }()
	if len(txn.base.lists.Steps()) == 0 {
		return false, nil
	}
	if err := backup(txn.base); err != nil {
		return false, fmt.Errorf("back up the lake before its upgrade: %w", err)
	}
	txn.Next().SetRun(txn.base.Manifest.AsOf, "upgrade")
	return txn.Commit(ctx)
}

// upgrading is a lake that may have an earlier format.
func upgrading(st storage.Storage, o Options) *Lake {
	l := newLake(st, o)
	l.upgrades = true
	return l
}

func (s *Snapshot) planUpgrade() (*UpgradePlan, error) {
	files, lists, err := s.All()
	if err != nil {
		return nil, err
	}
	p := &UpgradePlan{Manifest: s.Manifest.Number, Format: manifest.Format, Program: manifest.Format, Files: len(files)}
	for _, e := range files {
		p.Bytes += e.Bytes
	}
	for _, step := range s.lists.Steps() {
		p.Steps = append(p.Steps, step.Text)
	}
	if len(s.lists.Steps()) > 0 {
		p.Format, p.Lists = s.lists.Steps()[0].From, len(lists)
	}
	return p, nil
}

// listsAgain gives a closed cycle of an earlier format the list that an upgrade writes, if it has as many files as the
// list before. Which files they are is what check compares.
func listsAgain(ref, old manifest.CycleRef) manifest.CycleRef {
	if ref.Files != nil && old.Files != nil && ref.Files.Count == old.Files.Count {
		old.Files = ref.Files
	}
	return old
}
