package lake

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/period"
)

// FileSet is the data files of one state of the lake: those of a snapshot, or those that a transaction will commit.
type FileSet interface {
	// Cycles lists the cycles that may have files, ascending. In the task of a bucket these are cycles of files of that
	// bucket or of none.
	Cycles() []period.Cycle
	// Select returns the files of a cycle whose keys are wanted, sorted by path.
	Select(cycle Cycle, wanted func(FileKey) bool) ([]FileEntry, error)
	// Find returns the files of one key, sorted by path.
	Find(key FileKey) ([]FileEntry, error)
	// Open opens a file for reading. The caller closes it.
	Open(e FileEntry) (storage.ReadFile, error)
}

// Cycles lists the cycles of the manifest, ascending.
func (s *Snapshot) Cycles() []period.Cycle {
	out := make([]period.Cycle, len(s.Manifest.Cycles))
	for i := range s.Manifest.Cycles {
		out[i] = s.Manifest.Cycles[i].Period()
	}
	return out
}

// Select returns the files of a cycle whose keys are wanted, sorted by path. Errors are those of Files.
func (s *Snapshot) Select(cycle Cycle, wanted func(FileKey) bool) ([]FileEntry, error) {
	files, err := s.Files(cycle)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(files), func(e FileEntry) bool { return !wanted(e.FileKey) }), nil
}

// Pending returns the files of the state to come, as they are at each call.
func (s *SubTxn) Pending() FileSet { return pending{s} }

// Reading returns the files of a committed state in the form of a run's task. It takes no lock, and files that it
// writes do not belong to any state.
func (s *Snapshot) Reading() (*SubTxn, error) {
	files, lists, err := s.All()
	if err != nil {
		return nil, err
	}
	t, err := s.lake.newTxn(s, files, len(files)+len(lists))
	if err != nil {
		return nil, err
	}
	return t.SubTxn, nil
}

// pending is the files of a state to come.
type pending struct{ txn *SubTxn }

func (p pending) Cycles() []period.Cycle { return p.txn.files.Cycles() }

func (p pending) Select(cycle Cycle, wanted func(FileKey) bool) ([]FileEntry, error) {
	return p.txn.files.Select(cycle, wanted), nil
}

func (p pending) Find(key FileKey) ([]FileEntry, error) {
	return p.txn.files.Find(key), nil
}

func (p pending) Open(e FileEntry) (storage.ReadFile, error) { return p.txn.Open(e) }
