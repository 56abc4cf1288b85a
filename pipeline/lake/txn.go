package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/problem"
)

// Txn is the write transaction of one run. It holds the lake's lock from Begin until Commit or Close. Create, the
// writers and the temporary files may be used from several goroutines; Commit and Close come after all have ended.
//
// Its SubTxn is the part that does not commit; here it has all files of the next state.
type Txn struct {
	SubTxn *SubTxn
	lock   storage.Lock
	next   *NextState
	// left are the files that earlier runs left, by name; a commit deletes them (DEL-3)
	left map[string]leftover
	// unnamedAtBegin lists files in an object store at the begin that the base does not name; nil for a folder
	unnamedAtBegin map[string]bool

	joined  bool             // it belongs to a task of a shared run: it deletes and commits nothing
	there   map[string]int64 // sizes of all files when a shared run was continued
	dropped bool             // the shared run ended: nothing of it is kept
	ended   bool
}

// Begin takes the lock, reads the live state, and checks that every file that it names exists with its size. Errors:
// *storage.LockedError, *MissingError, *CorruptError.
func (l *Lake) Begin() (*Txn, error) { return l.beginAs("", func(*Snapshot) error { return nil }) }

// beginAs begins a run, or continues a shared run if check accepts its base.
func (l *Lake) beginAs(run Hash, check func(base *Snapshot) error) (*Txn, error) {
	lock, err := l.st.Lock()
	if err != nil {
		return nil, fmt.Errorf("begin a run: %w", err)
	}
	t, err := l.begin(run, check)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	t.lock, t.SubTxn.held = lock, lock.Held
	return t, nil
}

func (l *Lake) begin(run Hash, check func(base *Snapshot) error) (*Txn, error) {
	base, err := l.Head()
	if err == nil {
		err = check(base)
	}
	if err != nil {
		return nil, err
	}
	if l.chain != nil && base.Manifest.Number == 0 {
		if err := l.chain.Probe(); err != nil {
			return nil, err
		}
	}
	files, lists, err := base.All()
	if err != nil {
		return nil, err
	}
	t, err := l.newTxn(base, files, len(files)+len(lists))
	if err != nil {
		return nil, err
	}
	entries, err := l.st.List("")
	if err != nil {
		return nil, fmt.Errorf("list the lake: %w", err)
	}
	if err := l.checkThere(base, files, entries); err != nil {
		return nil, err
	}
	if run != "" {
		t.share(run)
		t.there = make(map[string]int64, len(entries))
		for _, e := range entries {
			t.there[e.Name] = e.Size
		}
	}
	for _, e := range files {
		t.SubTxn.named[e.Path] = true
	}
	for _, name := range lists {
		t.SubTxn.named[name] = true
	}
	if l.chain == nil { // what an object store has confirmed is durable, and every manifest in it is committed
		if err := errors.Join(t.checkUncommitted(entries), t.settle()); err != nil {
			return nil, err
		}
	}
	t.findLeft(entries)
	if l.chain != nil {
		(&sweeper{lake: l, base: base, named: t.SubTxn.named}).sweep(entries)
		t.unnamedAtBegin = make(map[string]bool)
		for _, e := range entries {
			if !t.SubTxn.named[e.Name] {
				t.unnamedAtBegin[e.Name] = true
			}
		}
	}
	return t, nil
}

// newTxn returns a transaction on a base. files are all its data files; named is the number of its files and lists.
func (l *Lake) newTxn(base *Snapshot, files []FileEntry, named int) (*Txn, error) {
	inputs, err := base.Inputs()
	if err != nil {
		return nil, err
	}
	days := make(map[Cycle][]DayRef)
	for _, ref := range base.Manifest.Cycles {
		if ref.Files == nil {
			continue
		}
		if days[ref.Cycle], err = base.lists.DaysOf(ref.Files, ref.Cycle); err != nil {
			return nil, err
		}
	}
	state := NewState(NextBase{Manifest: base.Manifest, Files: files, Days: days, Inputs: inputs,
		CutBytes: l.cut})
	return &Txn{next: state, SubTxn: &SubTxn{files: state.Entries, writing: newWriting(l, base, named)}}, nil
}

// checkThere compares the named data files with a listing (LAKE-5).
func (l *Lake) checkThere(s *Snapshot, files []FileEntry, entries []storage.Entry) error {
	sizes := make(map[string]int64, len(entries))
	for _, e := range entries {
		sizes[e.Name] = e.Size
	}
	for _, e := range files {
		size, found := sizes[e.Path]
		if !found && l.chain != nil { // a listing may be late
			f, err := s.open(e)
			if err != nil {
				return err
			}
			size, found = f.Size(), true
			if err := f.Close(); err != nil {
				return err
			}
		}
		if !found {
			return &MissingError{Name: e.Path, Manifest: s.Name(), Detail: NotThereText,
				Hint: HintRestore}
		}
		if size != e.Bytes {
			return &MissingError{Name: e.Path, Manifest: s.Name(), Detail: sizeDetail(size, e.Bytes),
				Hint: HintRestore}
		}
	}
	return nil
}

// checkUncommitted accepts manifests after HEAD's only if a run announced exactly this one and was stopped before its
// commit. Any other was committed once; to delete it and its files would lose a state (LAKE-14, DEL-5).
func (t *Txn) checkUncommitted(entries []storage.Entry) error {
	number := t.SubTxn.base.Manifest.Number
	for _, e := range entries {
		kind, at := Classify(e.Name)
		if kind != ManifestFile || at <= number {
			continue
		}
		announced, hash, err := t.SubTxn.lake.readIntent()
		if err != nil {
			return err
		}
		if at != number+1 || at != announced {
			return t.SubTxn.lake.headLost(number, at)
		}
		b, err := t.SubTxn.lake.readFile(e.Name)
		if err != nil {
			return fmt.Errorf("read %s of the lake: %w", e.Name, err)
		}
		if HashBytes(b) != hash {
			return t.SubTxn.lake.headLost(number, at)
		}
	}
	return nil
}

// settle makes HEAD durable (DEL-1). The run that replaced it may have been killed before it synced the folder, and
// this run deletes files, or reports the state as committed, because of HEAD.
func (t *Txn) settle() error {
	if t.SubTxn.base.Manifest.Number == 0 {
		return nil
	}
	if err := t.SubTxn.lake.st.SyncDir(""); err != nil {
		return t.SubTxn.syncs.Failed("the lake's folder", err)
	}
	return nil
}

// leftover is a file that no state names, and the reason why it may be deleted.
type leftover struct {
	bytes int64
	why   string
}

// findLeft lists the files that no state names.
func (t *Txn) findLeft(entries []storage.Entry) {
	t.left = make(map[string]leftover)
	for _, e := range entries {
		if kind, number := Classify(e.Name); kind == TempFile {
			t.SubTxn.sequence = max(t.SubTxn.sequence, number) // its name is taken
		}
		if why := t.unnamed(e.Name); why != "" {
			t.left[e.Name] = leftover{e.Size, why}
		}
	}
}

// sweep deletes the files that earlier runs left, unless this run made them again (DEL-3, DEL-4). The announcement of a
// commit is deleted last: it must exist as long as the manifest can (LAKE-14).
func (t *Txn) sweep() error {
	if err := t.lock.Held(); err != nil {
		return err
	}
	announced := false
	for _, name := range slices.Sorted(maps.Keys(t.left)) {
		if _, made := t.SubTxn.finished[name]; made {
			continue
		}
		t.SubTxn.lake.log.Info("delete unnamed file", "file", name, "bytes", t.left[name].bytes, "why",
			t.left[name].why)
		if name == IntentName {
			announced = true
			continue
		}
		if err := t.SubTxn.remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("clear up after an earlier run: %w", err)
		}
	}
	if announced {
		if err := t.SubTxn.syncs.Sync(); err != nil {
			return err
		}
		if err := t.SubTxn.remove(IntentName); err != nil {
			return fmt.Errorf("clear up after an earlier run: %w", err)
		}
	}
	t.left = nil
	return t.SubTxn.lake.st.Prune(OwnFolder)
}

// unnamed returns the reason why a file may be deleted; "" = it must be kept.
func (t *Txn) unnamed(name string) string {
	kind, number := Classify(name)
	if t.SubTxn.lake.chain != nil && kind != TempFile && kind != ForeignFile {
		return "" // CHAIN-4
	}
	if t.SubTxn.shared != "" && (kind == DataFile && !t.SubTxn.named[name] || kind == TempFile &&
		name != IntentName || SharedDir(name) == t.SubTxn.shared) {
		return "" // a task of the run may have made it (TASK-3)
	}
	switch {
	case kind == SharedFile:
		return "it is of a run that was planned and not committed"
	case kind == TempFile:
		return "a run that did not end left it unfinished"
	case kind == ManifestFile && number > t.SubTxn.base.Manifest.Number:
		return fmt.Sprintf("HEAD names %s: a run was stopped before its commit", t.SubTxn.base.Name())
	case kind == ListFile && !t.SubTxn.named[name], kind == DataFile && !t.SubTxn.named[name]:
		return fmt.Sprintf("%s does not name it: a run was stopped before its commit, or before clearing up after it",
			t.SubTxn.base.Name())
	case kind == ForeignFile:
		t.SubTxn.lake.log.Warn("leave a file that is not the lake's; readers that use a glob may read it",
			"file", name)
	}
	return ""
}

// Next returns the state that the transaction will commit; it is always the same object.
func (t *Txn) Next() *NextState { return t.next }

// Preview returns the state that Commit would make live now, for reading before the commit. It has the next number and
// no hash. It is valid until the transaction ends.
func (t *Txn) Preview() (*Snapshot, error) {
	m, planned, err := t.next.Plan()
	if err != nil {
		return nil, err
	}
	m.Number, m.Parent = t.SubTxn.base.Manifest.Number+1, t.SubTxn.base.Hash
	of := newLists(t.SubTxn.lake.readNamed, &m)
	of.KeepInputs(t.next.Inputs())
	days := make(map[string][]DayRef)
	for _, list := range planned {
		days[list.Name] = list.Days
	}
	for _, ref := range m.Cycles {
		if ref.Files != nil {
			of.Keep(ref.Cycle, t.next.Entries.Files(ref.Cycle), days[ref.Files.Name])
		}
	}
	return &Snapshot{Manifest: m, lake: t.SubTxn.lake, lists: of}, nil
}

// Close ends the transaction without a commit, if Commit did not end it: it deletes what was made, but nothing that was
// there before, and releases the lock. After Commit it does nothing. After a failed sync it deletes nothing.
func (t *Txn) Close() error {
	if t.ended {
		return nil
	}
	t.ended = true
	if t.SubTxn.syncs.Wait() != nil { // the error was returned to the caller of the sync, or by Commit
		return t.lock.Unlock()
	}
	if t.SubTxn.shared != "" && !t.dropped {
		return errors.Join(t.keep(), t.lock.Unlock())
	}
	return errors.Join(t.clearUp(t.SubTxn.named), t.lock.Unlock())
}

// End is Close for a command that ended with err, which it returns. Unless the command was refused, it first deletes
// what earlier runs left, also after a failure, which can be for lack of that space. After a failed sync it deletes
// nothing.
func (t *Txn) End(err error) error {
	if !t.ended && problem.ClassOf(err) != problem.Refused && t.SubTxn.syncs.Wait() == nil {
		err = errors.Join(err, t.sweep())
	}
	return errors.Join(err, t.Close())
}

// Commit makes Next the live state and ends the transaction, whether it succeeds or not. If Next is equal to the live
// state, nothing is written. changed reports whether HEAD was replaced.
//
// If an error occurs before HEAD is replaced, the old state stays live, and the next run deletes what was made. After a
// *SyncError with changed, a power failure can show either state. A *CleanError means that the new
// state is committed. ctx is checked only until HEAD is replaced.
func (t *Txn) Commit(ctx context.Context) (changed bool, err error) {
	if t.ended {
		return false, errors.New("commit: the transaction has ended")
	}
	if t.joined {
		return false, errors.New("commit: the transaction is for a task")
	}
	t.ended = true
	changed, err = t.commit(ctx)
	return changed, errors.Join(err, t.lock.Unlock())
}
