package lake

import (
	"context"
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// UpgradePlan describes what an upgrade finds and does.
type UpgradePlan struct {
	Manifest int64    // the live one; 0 = the lake is empty
	Format   int      // of the lake
	Program  int      // the format that this program writes
	Steps    []string // what changes, in order; none = the lake has the program's format
	Lists    int      // number of lists to write again, with a manifest
	Files    int      // data files, which do not change
	Bytes    int64    // their bytes
}

// PlanUpgrade reads the format of a lake and returns what Upgrade would do. It writes nothing. Errors:
// *lakeerr.CorruptError for a format that this program cannot convert, and those of Head.
func PlanUpgrade(st storage.Storage, o Options) (*UpgradePlan, error) {
	snap, err := upgrading(st, o).Head()
	if err != nil {
		return nil, err
	}
	return snap.planUpgrade()
}

// Upgrade first lets backup copy the unchanged live state, and then commits it in this program's format: new lists and
// a new manifest, in the usual write order. If it is killed, the lake has one of the two formats, and Upgrade can be
// repeated. A lake in the program's format is neither copied nor changed (LAKE-16). The clock of the lake does not
// change. Errors are those of Begin, backup and Commit.
func Upgrade(ctx context.Context, st storage.Storage, backup func(*Snapshot) error, o Options) (changed bool,
	err error) {
	txn, err := upgrading(st, o).Begin()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, txn.Close()) }()
	if len(txn.SubTxn.base.lists.Steps()) == 0 {
		return false, nil
	}
	if err := backup(txn.SubTxn.base); err != nil {
		return false, fmt.Errorf("back up the lake before its upgrade: %w", err)
	}
	txn.Next().SetRun(txn.SubTxn.base.Manifest.AsOf, "upgrade")
	return txn.Commit(ctx)
}

// upgrading returns a lake that may have an earlier format.
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

// listsAgain replaces the list of a closed cycle of an earlier format by the new one, if both have the same number of
// files. check compares the files themselves.
func listsAgain(ref, old manifest.CycleRef) manifest.CycleRef {
	if ref.Files != nil && old.Files != nil && ref.Files.Count == old.Files.Count {
		old.Files = ref.Files
	}
	return old
}
