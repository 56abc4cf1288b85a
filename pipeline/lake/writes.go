package lake

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Data files are synced in batches, all files of a batch concurrently, so that the file system writes its journal once
// for several of them. A batch is synced when it has this many files or bytes.
const (
	batchFiles = 32
	batchBytes = 8 << 20
)

// durableWrites tracks what a run wrote that is not durable yet: the contents of data files, and names in folders.
type durableWrites struct {
	st    storage.Storage
	files sync.WaitGroup
	slots chan struct{} // one for each data file that is being synced
	turn  chan struct{} // held while a batch begins: meanwhile each writer adds at most one file to the next one

	mu      sync.Mutex
	batch   []unsynced
	bytes   int64           // of the batch
	touched map[string]bool // folders with names that are not durable yet
	failed  error           // the first failed sync or close: nothing is committed after it
}

// unsynced is a data file that is complete and in place.
type unsynced struct {
	file storage.File
	name string
}

// newDurable returns the writes of a run to a storage, initially none.
func newDurable(st storage.Storage) *durableWrites {
	return &durableWrites{st: st, slots: make(chan struct{}, batchFiles), turn: make(chan struct{}, 1),
		touched: make(map[string]bool)}
}

// File makes a complete data file durable in the background and closes it (WRITE-1). It waits while an earlier batch is
// being synced. The error is that of a file that failed before.
func (s *durableWrites) File(f storage.File, name string, bytes int64) error {
	s.mu.Lock()
	s.batch, s.bytes = append(s.batch, unsynced{f, name}), s.bytes+bytes
	full := len(s.batch) >= batchFiles || s.bytes >= batchBytes
	s.mu.Unlock()
	if full {
		s.begin()
	}
	return s.failure()
}

// begin syncs the batch.
func (s *durableWrites) begin() {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	s.mu.Lock()
	batch := s.batch
	s.batch, s.bytes = nil, 0
	s.mu.Unlock()
	for _, u := range batch {
		s.slots <- struct{}{}
		s.files.Go(func() {
			defer func() { <-s.slots }()
			if s.failure() != nil {
				_ = u.file.Close() // nothing of the run is committed
				return
			}
			if err := u.file.Sync(); err != nil {
				s.note(errors.Join(&SyncError{Name: u.name, Err: err}, u.file.Close()))
			} else if err := u.file.Close(); err != nil {
				s.note(fmt.Errorf("close %s of the lake: %w", u.name, err))
			}
		})
	}
}

// Wait returns when all data files are synced. The error is the first that a sync or a close had.
func (s *durableWrites) Wait() error {
	s.begin()
	s.files.Wait()
	return s.failure()
}

func (s *durableWrites) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// Touch records that a name changed in a folder.
func (s *durableWrites) Touch(name string) {
	dir := path.Dir(name)
	if dir != TempDir { // files in it need not survive a crash
		s.Add(dir)
	}
}

// Add records folders to sync.
func (s *durableWrites) Add(dirs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, dir := range dirs {
		s.touched[dir] = true
	}
}

// Sync makes all data files durable, and then the names in all touched folders, which can be new.
func (s *durableWrites) Sync() error {
	if err := s.Wait(); err != nil {
		return err
	}
	s.mu.Lock()
	dirs := slices.Collect(maps.Keys(s.touched))
	clear(s.touched)
	s.mu.Unlock()
	if err := storage.SyncTree(s.st, dirs...); err != nil {
		return s.Failed("the folders of the lake", err)
	}
	return nil
}

// Failed records a failed sync: from now on the run cannot commit (WRITE-6).
func (s *durableWrites) Failed(name string, err error) error {
	failed := &SyncError{Name: name, Err: err}
	s.note(failed)
	return failed
}

// note keeps the first error that prevents the commit.
func (s *durableWrites) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}
