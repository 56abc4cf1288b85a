package lake

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// syncsAtOnce is how many data files are synced at the same time. Their file system writes its journal once for all.
const syncsAtOnce = 16

// syncs is what a run wrote and is not durable yet: the contents of data files, and names in folders.
type syncs struct {
	st    storage.Storage
	files sync.WaitGroup
	slots chan struct{} // one for each data file that is being synced

	mu      sync.Mutex
	touched map[string]bool // folders with names that are not durable yet
	failed  error           // the first failed sync or close: nothing is committed after it
}

func newSyncs(st storage.Storage) *syncs {
	return &syncs{st: st, slots: make(chan struct{}, syncsAtOnce), touched: make(map[string]bool)}
}

// file makes a data file that is complete durable, in the background, and closes it (WRITE-1). It waits while
// syncsAtOnce files are being synced. The error is that of a sync that failed before.
func (s *syncs) file(f storage.File, name string) error {
	s.slots <- struct{}{}
	if err := s.failure(); err != nil {
		<-s.slots
		return errors.Join(err, f.Close())
	}
	s.files.Go(func() {
		defer func() { <-s.slots }()
		if err := f.Sync(); err != nil {
			s.note(errors.Join(&SyncError{Name: name, Err: err}, f.Close()))
		} else if err := f.Close(); err != nil {
			s.note(fmt.Errorf("close %s of the lake: %w", name, err))
		}
	})
	return nil
}

// wait returns when no data file is being synced any more. The error is the first that a sync or a close had.
func (s *syncs) wait() error {
	s.files.Wait()
	return s.failure()
}

func (s *syncs) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// touch notes that a name changed in a folder, which may be new and so may the folders above it (STO-3).
func (s *syncs) touch(name string) {
	dir := path.Dir(name)
	if dir == tempDir {
		return // nothing in it need outlive a crash
	}
	for ; dir != "."; dir = path.Dir(dir) {
		s.add(dir)
	}
	s.add("")
}

// add notes folders.
func (s *syncs) add(dirs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, dir := range dirs {
		s.touched[dir] = true
	}
}

// sync makes all data files durable, and then the names of all touched folders, the deepest first.
func (s *syncs) sync() error {
	if err := s.wait(); err != nil {
		return err
	}
	s.mu.Lock()
	dirs := slices.SortedFunc(maps.Keys(s.touched), func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.Count(b, "/"), strings.Count(a, "/")), cmp.Compare(len(b), len(a)),
			strings.Compare(a, b))
	})
	clear(s.touched)
	s.mu.Unlock()
	for _, dir := range dirs {
		if err := s.st.SyncDir(dir); err != nil {
			return s.syncFailed("folder "+strconv.Quote(dir), err)
		}
	}
	return nil
}

// syncFailed notes a failed sync: from now on the run commits nothing (WRITE-6).
func (s *syncs) syncFailed(name string, err error) error {
	failed := &SyncError{Name: name, Err: err}
	s.note(failed)
	return failed
}

// note keeps the first error after which nothing is committed.
func (s *syncs) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}
