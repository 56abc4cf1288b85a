package lake

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// A shared run is a run whose tasks are done by other processes. Its objects are in runs/<run>/, where run is the hash
// of its plan. A process that begins, continues or commits it holds the lake's lock; one that does a task does not.

// Resume is Begin for a process that continues a shared run. It keeps what the run's tasks made. The base must still be
// the live state. Errors: those of Begin, and *PlanError.
func (l *Lake) Resume(run, base Hash) (*Txn, error) {
	if !ValidHash(string(run)) {
		return nil, &PlanError{Run: run, What: "no run has this name"}
	}
	return l.beginAs(run, func(s *Snapshot) error { return sameBase(run, base, s) })
}

// Join returns a transaction for a task of a shared run. It takes no lock, deletes nothing and cannot be committed.
// Errors: *PlanError if the live state is no longer the base.
func (l *Lake) Join(run, base Hash) (*Txn, error) {
	s, err := l.Head()
	if err != nil {
		return nil, err
	}
	if err := sameBase(run, base, s); err != nil {
		return nil, err
	}
	files, lists, err := s.All()
	if err != nil {
		return nil, err
	}
	t, err := l.newTxn(s, files, len(files)+len(lists))
	if err != nil {
		return nil, err
	}
	none := func() error { return nil }
	t.lock, t.joined = storage.Lock{Held: none, Unlock: none}, true
	t.share(run)
	for _, e := range files {
		t.SubTxn.named[e.Path] = true
	}
	return t, nil
}

func sameBase(run, base Hash, s *Snapshot) error {
	if s.Hash == base {
		return nil
	}
	return &PlanError{Run: run, What: fmt.Sprintf("it was planned for another state of the lake than %s", s.Name())}
}

// PlanError reports that a shared run cannot be continued: it must be planned again.
type PlanError struct {
	Run  Hash
	What string
}

func (e *PlanError) Error() string { return fmt.Sprintf("run %s: %s", e.Run, e.What) }

// Share makes the transaction a shared run, with the plan as its first object, and returns the run: the hash of the
// plan. Close keeps everything that is made from now on. After Drop, the transaction can be shared again.
func (t *Txn) Share(plan []byte) (Hash, error) {
	t.dropped = false
	run := HashBytes(plan)
	t.share(run)
	return run, t.SubTxn.PutShared(planObject, plan)
}

// share sets the name of the shared run and a unique suffix for this process's temporary files.
func (t *Txn) share(run Hash) {
	t.SubTxn.shared, t.SubTxn.suffix = RunsDir+"/"+string(run)+"/", "-"+strings.ToLower(rand.Text())
}

// planObject is the name of the plan among the objects of a shared run.
const planObject = "plan"

// ReadPlan returns the plan of a shared run. Errors: *PlanError if there is none.
func (l *Lake) ReadPlan(run Hash) ([]byte, error) {
	if !ValidHash(string(run)) {
		return nil, &PlanError{Run: run, What: "no run has this name"}
	}
	b, err := l.readFile(RunsDir + "/" + string(run) + "/" + planObject)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &PlanError{Run: run, What: "it was not planned, or was committed, or another run was begun since"}
	}
	if err == nil && HashBytes(b) != run {
		err = &PlanError{Run: run, What: "its plan is damaged"}
	}
	return b, err
}

// SharedRuns lists the shared runs that were planned and not committed, by name.
func (l *Lake) SharedRuns() ([]Hash, error) {
	entries, err := l.st.List(RunsDir + "/")
	if err != nil {
		return nil, fmt.Errorf("list the runs of the lake that are planned: %w", err)
	}
	var runs []Hash
	for _, e := range entries {
		run, is := strings.CutPrefix(strings.TrimSuffix(SharedDir(e.Name), "/"), RunsDir+"/")
		if is && path.Base(e.Name) == planObject {
			runs = append(runs, Hash(run))
		}
	}
	return runs, nil
}

// PutShared stores an object of the shared run durably and in one step, after all data files that the process made for
// it. It replaces an object of the same name.
func (w *writing) PutShared(name string, b []byte) error {
	if err := w.syncs.Wait(); err != nil {
		return err
	}
	return w.writeSmall(w.shared+name, b)
}

// KeepShared closes a temporary file and makes it an object of the shared run, named by the hash of its content, or of
// digest if that is not nil: what the content is known by.
func (w *writing) KeepShared(f storage.File, kind string, digest []byte) (name string, err error) {
	if err := f.Sync(); err != nil {
		return "", errors.Join(w.syncs.Failed(f.Name(), err), f.Close())
	}
	hash := HashBytes(digest)
	if digest == nil {
		if hash, err = w.hashTemp(f.Name()); err != nil {
			return "", errors.Join(err, f.Close())
		}
	}
	name = w.shared + kind + "-" + string(hash)
	return name, w.putInPlace(f, name)
}

func (w *writing) hashTemp(name string) (Hash, error) {
	r, err := w.lake.st.Open(name)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(h, io.NewSectionReader(r, 0, r.Size()))
	return HashSum([sha256.Size]byte(h.Sum(nil))), errors.Join(err, r.Close())
}

// ReadShared returns an object of the shared run. The error is fs.ErrNotExist if it does not exist.
func (w *writing) ReadShared(name string) ([]byte, error) { return w.lake.readFile(w.shared + name) }

// keep ends a transaction without deleting what the shared run needs; it deletes only its own temporary files.
func (t *Txn) keep() error {
	if t.SubTxn.sequence == 0 {
		return t.SubTxn.syncs.Sync()
	}
	left, err := t.SubTxn.lake.st.List(TempDir + "/")
	if err != nil {
		return fmt.Errorf("list the lake's temporary files: %w", err)
	}
	for _, e := range left {
		kind, _ := Classify(e.Name)
		if kind == TempFile && strings.HasSuffix(e.Name, t.SubTxn.suffix) {
			if err := t.SubTxn.remove(e.Name); err != nil {
				return err
			}
		}
	}
	return t.SubTxn.syncs.Sync()
}

// Drop ends the shared run: Close deletes what its tasks made. If the run is not shared, Drop does nothing.
func (t *Txn) Drop() error {
	err := t.dropShared()
	if err == nil {
		t.dropped = true
	}
	return err
}

// dropShared deletes the objects of the shared run.
func (t *Txn) dropShared() error {
	if t.SubTxn.shared == "" {
		return nil
	}
	left, err := t.SubTxn.lake.st.List(t.SubTxn.shared)
	if err != nil {
		return fmt.Errorf("list the objects of a run: %w", err)
	}
	for _, e := range left {
		if err := t.SubTxn.remove(e.Name); err != nil {
			return err
		}
	}
	return nil
}

// checkMade rejects files that a task claims to have made if they do not exist with their sizes (TASK-3).
func (t *Txn) checkMade(made []FileEntry) error {
	if t.SubTxn.shared == "" {
		return nil
	}
	for _, e := range made {
		size, found := t.there[e.Path]
		if !found { // made after the run was begun, or a listing is late
			var err error
			if size, err = t.SubTxn.lake.sizeOf(e.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			found = err == nil
		}
		if !found || size != e.Bytes {
			run := strings.TrimSuffix(strings.TrimPrefix(t.SubTxn.shared, RunsDir+"/"), "/")
			return &PlanError{Run: Hash(run),
				What: fmt.Sprintf("%s, which a task made, is not there", e.Path)}
		}
	}
	return nil
}

// sizeOf returns the size of a file in bytes, without reading it.
func (l *Lake) sizeOf(name string) (int64, error) {
	if l.chain != nil {
		return l.chain.Stat(name)
	}
	f, err := l.st.Open(name)
	if err != nil {
		return 0, err
	}
	return f.Size(), f.Close()
}
