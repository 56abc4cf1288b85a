package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// commit follows the write order in the package comment from WRITE-2 on, and then DEL-2.
func (t *Txn) commit(ctx context.Context) (bool, error) {
	if err := t.SubTxn.syncs.Wait(); err != nil {
		return false, fmt.Errorf("make the files of the run durable: %w", err)
	}
	m, lists, err := t.next.Plan()
	if err != nil {
		return false, err
	}
	keep, err := t.check(&m)
	if err != nil {
		return false, err
	}
	if err := t.sweep(); err != nil {
		return false, err
	}
	same, err := m.SameAs(t.SubTxn.base.Manifest)
	if err != nil {
		return false, fmt.Errorf("lake: write the manifest: %w", err)
	}
	if same && !(t.next.ResetsClock() && m.AsOf != t.SubTxn.base.Manifest.AsOf) {
		return false, errors.Join(t.dropShared(), t.clearUp(t.SubTxn.named))
	}
	m.Number, m.Parent = t.SubTxn.base.Manifest.Number+1, t.SubTxn.base.Hash
	if t.SubTxn.lake.chain != nil {
		return t.append(ctx, &m, lists)
	}
	hash, err := t.publish(ctx, &m, lists)
	if err != nil {
		return false, err
	}
	if replaced, err := t.replaceHead(ctx, m.Number, hash); err != nil {
		return replaced, err
	}
	for _, l := range lists {
		keep[l.Name] = true
	}
	err = t.SubTxn.lake.stop(BeforeClean)
	if err == nil {
		err = errors.Join(t.dropShared(), t.clearUp(keep))
	}
	if err != nil {
		return true, &CleanError{Number: m.Number, Err: err}
	}
	return true, nil
}

// check rejects a state that would violate an invariant before any of it is written, and returns the data files that it
// names.
func (t *Txn) check(m *Manifest) (map[string]bool, error) {
	keep := make(map[string]bool)
	all := []Cycle{{}}
	for _, cycle := range t.next.Entries.Cycles() {
		all = append(all, CycleOf(cycle))
	}
	for _, cycle := range all {
		for _, e := range t.next.Entries.Files(cycle) {
			made, isMade := t.SubTxn.finished[e.Path]
			switch {
			case e.Path != e.PathOf(e.Hash) || keep[e.Path]:
				return nil, fmt.Errorf("lake: commit %s: named twice, or not by its key and hash", e.Path)
			case !t.SubTxn.named[e.Path] && !isMade, isMade && made.Bytes != e.Bytes:
				return nil, fmt.Errorf("lake: commit %s: neither of the live state nor finished by this run", e.Path)
			}
			keep[e.Path] = true
		}
	}
	return keep, t.checkClosed(m)
}

// checkClosed compares the cycles that were closed before with the new state (LAKE-8).
func (t *Txn) checkClosed(m *Manifest) error {
	through := t.SubTxn.base.Manifest.ClosedThrough
	was := make(map[Cycle]CycleRef)
	for _, ref := range t.SubTxn.base.Manifest.Cycles {
		if ref.Cycle.Compare(through) <= 0 {
			was[ref.Cycle] = ref
		}
	}
	for _, ref := range m.Cycles {
		if ref.Cycle.Compare(through) > 0 {
			continue
		}
		old, found := was[ref.Cycle]
		if !found {
			return &ClosedError{Cycle: ref.Cycle.String(),
				Detail: "it had no files when it was closed, none can be added"}
		}
		if err := t.checkKept(ref, old); err != nil {
			return err
		}
		delete(was, ref.Cycle)
	}
	for cycle := range was {
		return &ClosedError{Cycle: cycle.String(), Detail: "it cannot be removed from the lake"}
	}
	return nil
}

// checkKept compares one closed cycle with its previous state. It must be equal, or its files were moved to an archive
// (once), or it has the same content in another number of buckets.
func (t *Txn) checkKept(ref, old CycleRef) error {
	if t.next.Rebuckets() { // the rows were compared when they were written again (LAKE-19)
		ref.Files, ref.Books = old.Files, old.Books
	}
	if ref.Equal(old) {
		return nil
	}
	away := ref
	away.Files, away.Archived = old.Files, old.Archived
	if old.Archived != nil || ref.Archived == nil || old.Files == nil || ref.Archived.Files != *old.Files ||
		!away.Equal(old) {
		return &ClosedError{Cycle: ref.Cycle.String(),
			Detail: "its files, its month-end and its books do not change"}
	}
	for _, e := range t.next.Entries.Files(ref.Cycle) {
		if !t.SubTxn.named[e.Path] {
			return &ClosedError{Cycle: ref.Cycle.String(), Detail: e.Path +
				" is new: files leave it for an archive, none are added"}
		}
	}
	return nil
}

// publish announces the commit and makes the data files' names durable, then the lists and the manifest (WRITE-2,
// WRITE-3).
func (t *Txn) publish(ctx context.Context, m *Manifest, lists []NextList) (Hash, error) {
	b, err := EncodeManifest(m)
	if err != nil {
		return "", fmt.Errorf("lake: write the manifest: %w", err)
	}
	hash := HashBytes(b)
	if err := t.announce(m.Number, hash); err != nil {
		return "", err
	}
	if err := t.SubTxn.syncs.Sync(); err != nil {
		return "", err
	}
	if err := t.pause(ctx, BeforeManifest); err != nil {
		return "", err
	}
	if err := t.writeLists(lists); err != nil {
		return "", err
	}
	if err := t.SubTxn.writeSmall(NameOf(m.Number), b); err != nil {
		return "", err
	}
	return hash, t.SubTxn.syncs.Sync()
}

// writeLists writes the lists that are not in the base.
func (t *Txn) writeLists(lists []NextList) error {
	for _, l := range lists {
		if t.SubTxn.named[l.Name] {
			continue // unchanged
		}
		if l.Bytes == nil {
			return fmt.Errorf("lake: commit %s: a list of the live state that it does not name", l.Name)
		}
		if err := t.SubTxn.writeSmall(l.Name, l.Bytes); err != nil {
			return err
		}
	}
	return nil
}

// announce writes the number and hash of the manifest that this run is about to commit. The file is durable before the
// manifest has its name, and stays until HEAD is durable. With it the next run can distinguish a manifest that was
// never committed from one whose HEAD was lost (LAKE-14).
func (t *Txn) announce(number int64, hash Hash) error {
	f, err := t.SubTxn.lake.st.Create(IntentName)
	if err != nil {
		return fmt.Errorf("announce manifest %d of the lake: %w", number, err)
	}
	if _, err := f.Write(EncodeHead(number, hash)); err != nil {
		return fmt.Errorf("announce manifest %d of the lake: %w", number, errors.Join(err, f.Close()))
	}
	if err := f.Sync(); err != nil {
		return errors.Join(t.SubTxn.syncs.Failed(IntentName, err), f.Close())
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("announce manifest %d of the lake: %w", number, err)
	}
	t.SubTxn.syncs.Add(TempDir, "")
	return nil
}

// replaceHead is the commit (WRITE-4). replaced reports that HEAD names the new state; if there is also an error, a
// power failure can still revert it.
func (t *Txn) replaceHead(ctx context.Context, number int64, hash Hash) (replaced bool, err error) {
	if err := t.pause(ctx, BeforeHead); err != nil {
		return false, err
	}
	// The lock prevents this, except on a network drive that ignores locks.
	base := t.SubTxn.base
	if now, at, err := t.SubTxn.lake.readHead(); err != nil || now != base.Manifest.Number || at != base.Hash {
		detail := fmt.Sprintf("was %d %s when this run began, is %d %s", base.Manifest.Number, base.Hash, now, at)
		return false, errors.Join(err, &CorruptError{Name: HeadName, Detail: detail,
			Hint: "two writers got past the lake's lock: use a file system that implements locks"})
	}
	if err := t.checkNamed(number); err != nil {
		return false, err
	}
	if err := t.lock.Held(); err != nil {
		return false, err
	}
	if err := t.SubTxn.writeSmall(HeadName, EncodeHead(number, hash)); err != nil {
		return false, err
	}
	if err := t.SubTxn.lake.stop(AfterHead); err != nil {
		return true, err
	}
	if err := t.SubTxn.syncs.Sync(); err != nil {
		return true, err
	}
	return true, nil
}

// checkNamed checks that the data files that HEAD is about to name exist with their sizes (LAKE-3).
func (t *Txn) checkNamed(number int64) error {
	files := slices.Clone(t.next.Entries.Files(Cycle{}))
	for _, cycle := range t.next.Entries.Cycles() {
		files = append(files, t.next.Entries.Files(CycleOf(cycle))...)
	}
	entries, err := t.SubTxn.lake.st.List("")
	if err != nil {
		return fmt.Errorf("list the lake: %w", err)
	}
	err = t.SubTxn.lake.checkThere(&Snapshot{Manifest: Manifest{Number: number}}, files, entries)
	if missing := new(MissingError); errors.As(err, &missing) {
		missing.Hint = "it was deleted during this run: nothing was committed, start it again"
	}
	return err
}

// pause is a stop point before HEAD is replaced, where the run can still be abandoned.
func (t *Txn) pause(ctx context.Context, point string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("commit, %s: %w", point, err)
	}
	return t.SubTxn.lake.stop(point)
}

// writeSmall writes a file under a temporary name, makes its content durable and puts it in place. Its folder is synced
// later.
func (w *writing) writeSmall(name string, b []byte) error {
	f, err := w.CreateTemp("small")
	if err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return fmt.Errorf("write %s of the lake: %w", name, errors.Join(err, f.Close()))
	}
	if err := f.Sync(); err != nil {
		return errors.Join(w.syncs.Failed(name, err), f.Close())
	}
	return w.putInPlace(f, name)
}

// putInPlace closes a temporary file that is synced and gives it its name.
func (w *writing) putInPlace(f storage.File, name string) error {
	if err := f.Close(); err != nil {
		return fmt.Errorf("close %s of the lake: %w", name, err)
	}
	return w.rename(f, name)
}

// rename gives a temporary file its name.
func (w *writing) rename(f storage.File, name string) error {
	if err := w.held(); err != nil {
		return err
	}
	if err := w.lake.st.Rename(f.Name(), name); err != nil {
		return fmt.Errorf("put %s of the lake in place: %w", name, err)
	}
	w.syncs.Touch(name)
	return nil
}

// clearUp removes the files of the base and of this run that the live state does not name, and the run's temporary
// files (DEL-2). It is only called when HEAD is durable or was not changed.
func (t *Txn) clearUp(keep map[string]bool) error {
	if err := t.lock.Held(); err != nil {
		return err // another run can have made the same files
	}
	var unnamed []string
	if t.SubTxn.lake.chain == nil { // CHAIN-4
		for name := range t.SubTxn.named {
			if !keep[name] {
				unnamed = append(unnamed, name)
			}
		}
		for name := range t.SubTxn.finished {
			if _, before := t.left[name]; !keep[name] && !before {
				unnamed = append(unnamed, name)
			}
		}
	}
	if t.SubTxn.sequence > 0 {
		left, err := t.SubTxn.lake.st.List(TempDir + "/")
		if err != nil {
			return fmt.Errorf("list the lake's temporary files: %w", err)
		}
		for _, e := range left {
			kind, _ := Classify(e.Name)
			if _, before := t.left[e.Name]; kind == TempFile && !before { // also of killed tasks (TASK-3)
				unnamed = append(unnamed, e.Name)
			}
		}
	}
	slices.Sort(unnamed)
	for _, name := range slices.Compact(unnamed) {
		if err := t.SubTxn.remove(name); err != nil {
			return err
		}
	}
	return t.SubTxn.syncs.Sync()
}
