package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake/lakeerr"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Step converts manifests and lists from one format into the next one. It gets and returns JSON, because the types of
// this program are those of its own format alone. Data files keep their bytes: a table's reader knows the columns that
// earlier versions wrote.
type Step struct {
	From int    // it converts to From+1
	Text string // what changes, for people
	// Manifest and List convert the text of a manifest and of a list, the field `format` too. They keep number, parent
	// and the names and hashes of lists.
	Manifest func(old []byte) ([]byte, error)
	List     func(old []byte) ([]byte, error)
}

// Steps are the steps of this program. There are none: the lake has had one format so far.
func Steps() []Step { return nil }

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

// envelope is the part of a manifest that is the same in every format.
type envelope struct {
	Format int   `json:"format"`
	Number int64 `json:"number"`
	Parent Hash  `json:"parent"`
}

// stepsFrom returns the steps from a format to this program's: none for its own. known is false if there is no way.
func (l *Lake) stepsFrom(from int) (steps []Step, known bool) {
	for at := from; at != format; at++ {
		i := 0
		for i < len(l.steps) && l.steps[i].From != at {
			i++
		}
		if i == len(l.steps) {
			return nil, false
		}
		steps = append(steps, l.steps[i])
	}
	return steps, true
}

// PlanUpgrade reads the format of a lake and says what Upgrade would do. It writes nothing. Errors: *CorruptError for a
// format that this program cannot convert, and those of Head.
func PlanUpgrade(st storage.Storage, o Options) (*UpgradePlan, error) {
	snap, err := upgrading(st, o).Head()
	if err != nil {
		return nil, err
	}
	return snap.planUpgrade()
}

// Upgrade copies the live state to a backup, as it is, and then commits it in this program's format: new lists and a
// new manifest, by the write order of any commit. Killed at any point, it leaves the lake in one of the two formats,
// and can be run again. A lake in the program's format is neither copied nor changed (LAKE-16). The clock of the lake
// stays. Errors are those of Begin, Copy and Commit.
func Upgrade(ctx context.Context, st, backup storage.Storage, o Options) (changed bool, err error) {
	txn, err := upgrading(st, o).Begin()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, txn.Close()) }()
	if len(txn.base.steps) == 0 {
		return false, nil
	}
	if _, err := txn.base.Copy(ctx, backup); err != nil {
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
	files, lists, err := s.all()
	if err != nil {
		return nil, err
	}
	p := &UpgradePlan{Manifest: s.Manifest.Number, Format: format, Program: format, Files: len(files)}
	for _, e := range files {
		p.Bytes += e.Bytes
	}
	for _, step := range s.steps {
		p.Steps = append(p.Steps, step.Text)
	}
	if len(s.steps) > 0 {
		p.Format, p.Lists = s.steps[0].From, len(lists)
	}
	return p, nil
}

// decodeManifest reads a manifest of any format that this program knows, and returns the steps that its lists need.
func (l *Lake) decodeManifest(name string, number int64, b []byte) (*Manifest, []Step, error) {
	var e envelope
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, nil, &lakeerr.CorruptError{Name: name, Detail: err.Error(), Hint: lakeerr.HintRestore}
	}
	steps, known := l.stepsFrom(e.Format)
	if !known || e.Number != number {
		detail := fmt.Sprintf("format %d, number %d: want format %d, number %d", e.Format, e.Number, format, number)
		return nil, nil, &lakeerr.CorruptError{Name: name, Detail: detail, Hint: lakeerr.HintNewer}
	}
	for _, step := range steps {
		var err error
		if b, err = step.Manifest(b); err != nil {
			return nil, nil, &lakeerr.CorruptError{Name: name,
				Detail: fmt.Sprintf("convert it from format %d: %v", step.From, err), Hint: lakeerr.HintRestore}
		}
	}
	m := new(Manifest)
	if err := decode(b, m); err != nil { // with the hash that was written: it is not damaged
		return nil, nil, &lakeerr.CorruptError{Name: name, Detail: err.Error(), Hint: lakeerr.HintNewer}
	}
	return m, steps, nil
}

// convertList brings the text of a list into the program's format.
func convertList(b []byte, steps []Step) ([]byte, error) {
	for _, step := range steps {
		var err error
		if b, err = step.List(b); err != nil {
			return nil, fmt.Errorf("convert it from format %d: %w", step.From, err)
		}
	}
	return b, nil
}

// listsAgain gives a closed cycle of an earlier format the list that an upgrade writes, if it has as many files as the
// list before. Which files they are is what check compares.
func listsAgain(ref, old CycleRef) CycleRef {
	if ref.Files != nil && old.Files != nil && ref.Files.Count == old.Files.Count {
		old.Files = ref.Files
	}
	return old
}
